"""A service that is killed (kill -9) around an apology: everybody gets it after all, and twice at most whose copy had
no recorded outcome in that moment (DESIGN.md: after the final dot a possible duplicate is preferred to a loss).
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.end_to_end.mailing import people
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink, Taken
from tests.end_to_end.test_incident_pack import MONITOR, apologies, sent_out

SHOWN = sorted(people(40))
TEXT = "Subject: We are sorry\n\nHello\n\nOthers could see your address. We are sorry.\n"


class Halting(Sink):
    """Takes what comes until it is told to halt: then `lets` apologies more, and no answer to any other, though it has
    them. at_dot: halts behind the final dot, where it has the copy; else at RCPT, where it has nothing.
    """

    def __init__(self, lets: int, *, at_dot: bool) -> None:
        super().__init__()
        self.halts, self._lets, self._at_dot = False, lets, at_dot
        self.stuck: list[str] = []
        self._goes_on = threading.Event()
        self._counting = threading.Lock()

    def answer_to(self, argument: bytes) -> bytes:
        if not self._at_dot:
            self._halt([argument[argument.index(b"<") + 1 : argument.index(b">")].decode()])
        return super().answer_to(argument)

    def keep(self, taken: Taken) -> None:
        super().keep(taken)
        if self._at_dot:
            self._halt(taken.recipients)

    def go_on(self) -> None:
        self.halts = False
        self._goes_on.set()

    def _halt(self, recipients: list[str]) -> None:
        with self._counting:
            if not self.halts:
                return
            if self._lets > 0:
                self._lets -= 1
                return
            self.stuck += recipients
        self._goes_on.wait(60)


def queued(service: Service) -> list[int]:
    """People of each run of apologies."""
    return [int(each["people"]) for each in service.rows("audit", "list") if each["kind"] == "apology_queued"]


def recorded(service: Service) -> int:
    """Copies of apologies whose outcome is in the ledger."""
    entries = service.rows("audit", "list")
    runs = {each["apology"] for each in entries if each["kind"] == "apology_queued"}
    return sum(each["kind"] == "copy_delivered" and each["ref"] in runs for each in entries)


def got(sink: Sink) -> Counter[str]:
    return Counter(address for each in apologies(sink) for address in each.recipients)


def finished(service: Service, sink: Sink, asked: tuple[str, ...]) -> None:
    """Everybody has it, the outbox is empty, and nobody gets another."""
    eventually(lambda: sorted(got(sink)) == SHOWN and not service.rows("outbox", "list"), 90, "every apology")
    before = got(sink).total()
    again = service.run(*asked)
    assert "40 people had an apology for this message already" in again.stdout, again.stdout
    assert sum(queued(service)) == 40 and service.run("audit", "verify").returncode == 0
    assert not service.rows("outbox", "list") and got(sink).total() == before


def prepared(service: Service, folder: Path) -> tuple[str, ...]:
    """The command that sends it, about a list that got out."""
    draft = folder / "finished.txt"
    draft.write_text(TEXT)
    return ("incident", "apologise", sent_out(service), "--text", str(draft), "--confirm", "40")


@pytest.mark.parametrize(("lets", "at_dot"), [(0, False), (15, True)], ids=["before-any-copy", "half-way"])
def test_killed_between_the_claim_and_the_delivery_everybody_gets_one(tmp_path: Path, lets: int, at_dot: bool) -> None:
    with Halting(lets, at_dot=at_dot) as sink:
        service = Service(tmp_path / "house", sink.port, MONITOR)
        with service:
            asked = prepared(service, tmp_path)
            sink.halts = True
            assert "On its way to 40 people" in service.run(*asked).stdout
            # What was answered is done with while others wait: only these have no outcome when it dies.
            eventually(lambda: sink.stuck and recorded(service) == lets, what="copies that wait for their answers")
            service.kill()
            eventually(lambda: got(sink).total() == (lets + len(sink.stuck) if at_dot else 0), what="what it has")
            sink.go_on()
            stuck = set(sink.stuck)
            service.start()
            assert queued(service) == [40]
            finished(service, sink, asked)
            twice = {address for address, count in got(sink).items() if count > 1}
            assert twice <= (stuck if at_dot else set()) and max(got(sink).values()) <= 2


@pytest.mark.parametrize("seconds", [0.02, 0.15, 0.4])
def test_killed_while_it_is_asked_for_it_was_claimed_as_a_whole_or_not_at_all(tmp_path: Path, seconds: float) -> None:
    with Sink() as sink, Service(tmp_path / "house", sink.port, MONITOR) as service:
        asked = prepared(service, tmp_path)
        asking = threading.Thread(target=service.run, args=asked, kwargs={"check": False})
        asking.start()
        # Where it hits is chance: what holds has to hold wherever it does.
        time.sleep(seconds)
        service.kill()
        asking.join()
        before = got(sink)
        service.start()
        assert queued(service) in ([], [40])
        service.run(*asked)
        finished(service, sink, asked)
        # A copy is repeated only if its answer was lost: those that had come when it died.
        assert {address for address, count in got(sink).items() if count > 1} <= set(before)
