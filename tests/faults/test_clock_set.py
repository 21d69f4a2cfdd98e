"""Somebody sets the machine's clock while mail flows: +3 h, -3 h, +30 days, and right again; the real process.

What test_clock_jumps.py says of the guard's stories, seen from outside: messages pass and are held at every time, what
waits leaves early by no more than the jump, a hold ends at its deadline by the clock that is right then, once, and its
sender is told; nothing leaves undecided, nothing hangs, and the ledger is whole.
"""

from __future__ import annotations

import smtplib
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from mailguard.core.lifecycle import State
from mailguard.guard.lost_outcomes import OUTCOMES
from mailguard.serve.control import call
from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import eventually
from tests.end_to_end.sink import Sink
from tests.faults.faked_clock import FakedService

POLICY = """\
version: 1
rules:
  - id: visible-list
    describe: Eight or more people outside would see each other's addresses.
    when: {visible_external_recipients: {at_least: 8}}
    action: hold
    rewrite: separate
  - id: quick
    describe: This one waits for a moment.
    when: {subject: {is: Quick}}
    action: hold
    delay: 1s
  - id: slow
    describe: This one waits for two hours.
    when: {subject: {is: Slow}}
    action: hold
    delay: 2h
"""
HOUR, DAY = 3600, 86_400


class Passing:
    """A client that sends mail on one connection all the time. codes: what it heard."""

    def __init__(self, port: int) -> None:
        self.codes: list[int] = []
        self._port = port
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._send)

    def _send(self) -> None:
        with smtplib.SMTP("127.0.0.1", self._port, local_hostname="pc.elmroad.example", timeout=60) as client:
            client.ehlo()
            while not self._stop.wait(0.05):
                client.mail("jo@elmroad.example")
                client.rcpt("passing@out.example")
                self.codes.append(client.data(message(number=9))[0])

    def more(self) -> None:
        """Wait until another three have been answered."""
        before = len(self.codes)
        eventually(lambda: len(self.codes) >= before + 3, what="the mail that passes is answered")

    def __enter__(self) -> Passing:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        self._stop.set()
        self._thread.join(60)


class Surgery:
    def __init__(self, service: FakedService, sink: Sink) -> None:
        self.service, self.sink = service, sink

    def hold(self, name: str) -> str:
        """Its reference."""
        whom = people(8, f"{name}.example")
        code, text = submit(self.service.port, message(whom), whom)
        assert code == 250 and text.startswith("2.0.0 Held"), text
        return text.rpartition(" ")[2]

    def wait(self, subject: str, name: str) -> None:
        code, text = submit(self.service.port, message(subject=subject), [f"x@{name}.example"])
        assert code == 250 and text.startswith("2.0.0 Waiting"), text

    def arrived(self, name: str) -> int:
        """How many recipients, one counted for each time."""
        return sum(each.endswith(f"@{name}.example") for each in self.sink.recipients())

    def state(self, ref: str) -> str:
        asked = {"states": [each.value for each in State]}
        return str(next(each["state"] for each in self.ask("held_list", asked) if each["ref"] == ref))

    def ask(self, what: str, values: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """As a command would, without the second that one takes to begin."""
        return list(call(self.service.folder / "store" / "mailguard.db.sock", what, values or {}))


def test_somebody_sets_the_clock_while_mail_flows(tmp_path: Path, sink: Sink) -> None:
    with FakedService(tmp_path, sink.port, POLICY) as service, Passing(service.port) as passing:
        surgery = Surgery(service, sink)
        first = surgery.hold("first")
        surgery.wait("Slow", "slow1")

        service.clock.set(3 * HOUR)
        passing.more()
        second = surgery.hold("second")
        surgery.wait("Slow", "slow2")
        eventually(lambda: surgery.arrived("slow1") == 1, what="what had less than the jump to wait leaves")
        assert surgery.state(first) == surgery.state(second) == "held"

        service.clock.set(-3 * HOUR)
        passing.more()
        third = surgery.hold("third")
        surgery.wait("Quick", "quick")
        eventually(lambda: surgery.arrived("quick") == 1, what="what waits for a second leaves")
        assert [surgery.state(each) for each in (first, second, third)] == ["held"] * 3
        assert surgery.arrived("slow2") == 0, "its two hours are not over"

        service.clock.set(30 * DAY)
        passing.more()
        for each in (first, second, third):
            eventually(lambda each=each: surgery.state(each) == "expired", what="its deadline is over by this clock")
        eventually(lambda: surgery.arrived("slow2") == 1)

        service.clock.set(0)
        passing.more()
        fourth = surgery.hold("fourth")
        release = {"ref": fourth, "form": "separate", "reason": "They know each other.", "by": "Sam"}
        surgery.ask("held_release", release)
        eventually(lambda: surgery.arrived("fourth") == 8, what="what is released leaves")
        eventually(lambda: not surgery.ask("outbox_list"), what="nothing is stuck in the outbox")
        passing.end()
        assert set(passing.codes) == {250}
        check(service, surgery, [first, second, third])
        assert service.stop() == 0


def kinds_by_reference(surgery: Surgery) -> dict[str, Counter[str]]:
    kinds: dict[str, Counter[str]] = {}
    for each in surgery.ask("audit_list"):
        kinds.setdefault(each["ref"], Counter())[each["kind"]] += 1
    return kinds


def without_outcome(surgery: Surgery) -> list[str]:
    """References of decisions without an outcome."""
    found = kinds_by_reference(surgery)
    return [ref for ref, kinds in found.items() if kinds["message_decided"] and not OUTCOMES & kinds.keys()]


def check(service: FakedService, surgery: Surgery, expired: list[str]) -> None:
    # The outcome of what passes is written after its client has the answer, and shares the next durable step.
    eventually(lambda: not without_outcome(surgery), what="each decision has an outcome")
    kinds = kinds_by_reference(surgery)
    assert all(found["hold_expired"] == 1 for ref, found in kinds.items() if ref in expired)
    assert sum(found["hold_expired"] for found in kinds.values()) == 3
    # Nothing of them left, and their senders were told twice: that they are held, and that they were not sent.
    assert [surgery.arrived(name) for name in ("first", "second", "third")] == [0, 0, 0]
    told = b"".join(each.content for each in surgery.sink.taken if each.recipients == ["jo@elmroad.example"])
    assert all(told.count(ref.encode()) >= 2 for ref in expired)
    assert not [each for each in service.events() if each["event"] in ("round_failed", "outcome_not_recorded")]
    assert service.run("audit", "verify").returncode == 0
