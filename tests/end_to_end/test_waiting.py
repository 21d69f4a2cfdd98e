"""A rule's `delay` in the real process: it waits, leaves by itself, once, whatever is killed or decided meanwhile."""

from __future__ import annotations

import re
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mailguard.config import load_settings
from mailguard.core.errors import AlreadyDecided, StoreUnavailable
from mailguard.serve.control import call, socket_path
from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink
from tests.peers.postgresql import Postgresql

POLICY = """\
version: 1
rules:
  - id: second-thoughts
    describe: Mail to people outside waits some seconds.
    when: {envelope_external_recipients: {at_least: 1}}
    action: hold
    delay: 12s
  - id: list
    describe: A list waits longer, and leaves as separate copies.
    when: {visible_external_recipients: {at_least: 3}}
    action: hold
    rewrite: separate
    delay: 14s
  - id: long
    describe: This one waits for a day.
    when: {subject: {is: Long}}
    action: hold
    delay: 1d
"""

RELEASED = {"form": "original", "reason": "x"}


def waiting(service: Service, number: int, count: int = 1, subject: str = "Flu clinic") -> tuple[str, list[str]]:
    whom = people(count, f"n{number}.example")
    code, text = submit(service.port, message(whom, subject=subject, number=number), whom)
    found = re.fullmatch(r"2\.0\.0 Waiting (\d+ seconds|1 day), then sent, ref (MG-[0-9A-Z-]+)", text)
    assert code == 250 and found, text
    return found[2], whom


def arrived(sink: Sink, whom: list[str]) -> list[list[str]]:
    return [taken.recipients for taken in list(sink.taken) if set(taken.recipients) & set(whom)]


def state(service: Service, ref: str) -> str:
    (found,) = (each["state"] for each in service.rows("held", "list") if each["ref"] == ref)
    return str(found)


def test_it_leaves_once_through_kills_and_what_is_decided_meanwhile(tmp_path: Path, sink: Sink) -> None:
    service = Service(tmp_path, sink.port, POLICY)
    with service:
        first, whom = waiting(service, 1)
        copies, them = waiting(service, 2, 3)
        long, few = waiting(service, 3, 2, "Long")
        assert [row["state"] for row in service.rows("held", "list")] == ["waiting"] * 3
        service.kill()
    time.sleep(1)
    assert not arrived(sink, [*whom, *them, *few]), "nothing leaves while nobody runs"
    with service:
        eventually(lambda: arrived(sink, whom), what="it leaves by itself after a kill -9")
        eventually(lambda: len(arrived(sink, them)) == 3)
        service.kill()
    with service:
        _decided_by_twenty(service, sink, long, few)
        eventually(lambda: state(service, copies) == "released")
        assert state(service, first) == "released"
        assert "waiting" not in {row["state"] for row in service.rows("held", "list")}
        kinds = [row["kind"] for row in service.rows("audit", "list", first)]
        assert kinds.count("message_released") == 1
        assert service.run("audit", "verify").returncode == 0
    assert arrived(sink, whom) == [whom], "once"
    assert sorted(arrived(sink, them)) == [[each] for each in them]


def _decided_by_twenty(service: Service, sink: Sink, ref: str, whom: list[str]) -> None:
    """At once, over the service's socket as the commands do: one of them decides."""
    socket = socket_path(load_settings(service.settings_file).store_settings())

    def decide(number: int) -> str:
        operation, how = ("held_reject", {"note": "no"}) if number % 2 else ("held_release", RELEASED)
        while True:
            try:
                list(call(socket, operation, {"ref": ref, "by": f"p{number}", **how}))
                return operation
            except AlreadyDecided:
                return "second"
            except StoreUnavailable:
                time.sleep(0.05)  # More commands at once than the service answers.

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(decide, range(20)))
    assert answers.count("second") == 19, answers
    released = "held_release" in answers
    eventually(lambda: state(service, ref) == ("released" if released else "rejected"))
    assert len(arrived(sink, whom)) == int(released)


def test_two_nodes_on_postgresql_let_it_leave_once(tmp_path: Path, sink: Sink) -> None:
    cluster = Postgresql()
    try:
        url, keys = cluster.new_database(), [tmp_path / "keys-one", tmp_path / "keys-two"]
        one = Service(tmp_path / "one", sink.port, POLICY, store=url, keys=str(keys[0]), ledger="one")
        with one:
            shutil.copytree(keys[0], keys[1], ignore=shutil.ignore_patterns("*.sock"))
            with Service(tmp_path / "two", sink.port, POLICY, store=url, keys=str(keys[1]), ledger="two") as two:
                found = [waiting((one, two)[number % 2], number) for number in range(8)]
                one.kill()
                with one:
                    for _, whom in found:
                        eventually(lambda whom=whom: arrived(sink, whom))
                    eventually(lambda: {row["state"] for row in two.rows("held", "list")} == {"released"})
        assert all(arrived(sink, whom) == [whom] for _, whom in found), "each once, whichever node took it"
    finally:
        cluster.close()
