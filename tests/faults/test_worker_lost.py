"""kill -9 of a worker, and of the whole service, while the smarthost has messages: the ledger tells of all of them.

After each decision stands what became of the message; of those that nobody can tell about, that it is uncertain.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from mailguard.guard.lost_outcomes import OUTCOMES
from tests.end_to_end.mail_client import MailClient
from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.test_clients_sign_in_trouble import Smarthost, servers
from tests.end_to_end.test_workers import Guard
from tests.fakes.smarthost import STALL
from tests.faults.tracing_sink import TracingSink
from tests.peers.authority import Authority

JO = "jo@elmroad.example"
HIDDEN = """\
version: 1
rules:
  - id: hidden
    describe: Two or more people outside do not see each other.
    when: {visible_external_recipients: {at_least: 2}}
    action: rewrite
    rewrite: bcc
"""


@contextmanager
def submitting(port: int, marks: list[str]) -> Iterator[None]:
    """Clients that each send a message, and hear an answer or nothing."""

    def send(number: int, mark: str) -> None:
        try:
            submit(port, message(number=number), [f"x@{mark}.example"], f"{mark}@elmroad.example")
        except Exception:  # whoever took it was killed
            return

    threads = [threading.Thread(target=send, args=each) for each in enumerate(marks)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join(60)


def outcomes(service: Service) -> dict[str, list[dict[str, Any]]]:
    """By reference, of every decision."""
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in service.rows("audit", "list"):
        if entry["kind"] == "message_decided":
            found[entry["ref"]] = []
        elif entry["kind"] in OUTCOMES:
            found[entry["ref"]].append(entry)
    return found


def all_told(service: Service) -> dict[str, list[dict[str, Any]]] | None:
    found = outcomes(service)
    return found if found and all(found.values()) else None


def check(service: Service, why: str) -> None:
    """Each decision has one outcome, those that were being sent an uncertain one, and an admin can see it."""
    found: dict[str, list[dict[str, Any]]] = eventually(lambda: all_told(service), what="each decision has an outcome")
    assert all(len(each) == 1 for each in found.values())
    lost = [entry for (entry,) in found.values() if entry["kind"] == "message_uncertain"]
    assert lost and {each["why"] for each in lost} == {why}
    for each in lost:
        assert each["counts"]["uncertain"] == len(each["recipient_hashes"]) == 1
        assert {one["outcome"] for one in each["recipient_hashes"]} == {"uncertain"}
    said = service.run("explain", lost[0]["ref"]).stdout
    assert f"message uncertain: counts 1 uncertain, why {why}" in said, said
    assert service.run("audit", "verify").returncode == 0
    (event,) = [each for each in service.events() if each["event"] == "outcomes_lost"]
    assert sorted(event["refs"]) == sorted(each["ref"] for each in lost) and event["why"] == why


def test_a_worker_that_dies_while_the_smarthost_has_its_messages_leaves_no_decision_without_an_outcome(
    tmp_path: Path,
) -> None:
    marks = [f"p-{number}" for number in range(8)]
    with TracingSink() as sink, Service(tmp_path, sink.port, workers=2) as service:
        gate = sink.close_gate("dot", "pass")
        with submitting(service.port, marks):
            eventually(lambda: gate.waiting == len(marks), what="the smarthost has all of them")
            guard = Guard(service, None)  # type: ignore[arg-type]
            victim = max(guard.workers(), key=lambda pid: len(guard.clients_of(pid)))
            os.kill(victim, signal.SIGKILL)
            eventually(lambda: [each for each in service.events() if each["event"] == "outcomes_lost"])
            gate.open()
        check(service, "worker lost")
        assert submit(service.port, message(number=99), ["x@p-99.example"], "p-99@elmroad.example")[0] == 250


def test_a_service_that_dies_while_the_smarthost_has_its_messages_tells_of_them_at_its_next_start(
    tmp_path: Path,
) -> None:
    marks = [f"p-{number}" for number in range(4)]
    with TracingSink() as sink, Service(tmp_path, sink.port) as service:
        gate = sink.close_gate("dot", "pass")
        with submitting(service.port, marks):
            eventually(lambda: gate.waiting == len(marks), what="the smarthost has all of them")
            service.kill()
            sink.end_life()
        service.start()
        check(service, "service ended")
        service.kill()
        service.start()
        assert len([each for each in service.events() if each["event"] == "outcomes_lost"]) == 1, "once is enough"


@pytest.mark.parametrize("count", [1, 2])
def test_a_worker_that_dies_while_it_sends_what_its_client_signed_in_for(tmp_path: Path, count: int) -> None:
    """One passes, and is the worker's own; what is sent otherwise is the owner's, who asks the worker to send it."""
    authority = Authority(tmp_path)
    with ExitStack() as house:
        smarthost = house.enter_context(Smarthost(authority, script={"dot": STALL}))
        listen = [{"address": "127.0.0.1:0", "sign_in": "smarthost"}]
        settings = servers(tmp_path, authority, smarthost.port)
        service = house.enter_context(
            Service(tmp_path / "guard", 0, HIDDEN, workers=2, listen=listen, smarthost=settings)
        )
        client = house.enter_context(MailClient(service.port))
        client.hello()
        assert client.sign_in("PLAIN", JO, "pass word").code == 235
        to = people(count, "out.example")
        sending = threading.Thread(target=client.send, args=(message(to), to))
        sending.start()
        smarthost.wait_for(1)
        guard = Guard(service, None)  # type: ignore[arg-type]
        (victim,) = [pid for pid in guard.workers() if guard.clients_of(pid)]
        os.kill(victim, signal.SIGKILL)
        sending.join(60)
        found = eventually(lambda: all_told(service), what="the decision has an outcome")
        ((entry,),) = found.values()
        assert entry["kind"] == "message_uncertain" and entry["counts"]["uncertain"] == count
        assert entry.get("why", entry.get("trouble")) == "worker lost"
        assert service.run("audit", "verify").returncode == 0
