"""`workers: 2` from outside: the same promises as with one process, on both cores, and a worker that dies."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from tests.end_to_end.mail_client import MailClient, ports
from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink
from tests.faults.tracing_sink import TracingSink
from tests.ports import free_port

ONE = ["p@out.example"]
LIMITS = {"connections_per_client": 30}


@dataclass
class Guard:
    service: Service
    sink: Sink

    def workers(self) -> list[int]:
        """Process ids of the workers that run, by when they started."""
        return [
            each["pid"] for each in self.service.events() if each["event"] == "worker_started" and alive(each["pid"])
        ]

    def clients_of(self, pid: int) -> set[str]:
        """The connections of clients that a worker has: sockets of its own that are established at our port."""
        table = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        ours = {row[9] for row in table if row[3] == "01" and int(row[1].rpartition(":")[2], 16) == self.service.port}
        held = set()
        for each in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # closed since they were listed
                held.add(os.readlink(each))
        return {inode for inode in ours if f"socket:[{inode}]" in held}

    def metric(self, line: str) -> float:
        address = self.service.rows("status")[0]["metrics"]
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=60) as answer:
            for each in answer.read().decode().splitlines():
                if each.startswith(line + " "):
                    return float(each.rpartition(" ")[2])
        return 0.0

    def sent(self, number: int) -> list[bytes]:
        return [each.content for each in self.sink.taken if f"\nMessage-ID: <{number}@".encode() in each.content]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def started_at(pid: int) -> float:
    """When a process began, in seconds since the epoch."""
    ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + ticks / os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="module")
def guard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guard]:
    folder = tmp_path_factory.mktemp("workers")
    with (
        Sink() as sink,
        Service(folder, sink.port, workers=2, limits=LIMITS, metrics={"address": "127.0.0.1:0"}) as service,
    ):
        yield Guard(service, sink)


def test_both_take_mail_and_each_message_is_in_the_one_ledger(guard: Guard) -> None:
    with ExitStack() as clients:
        opened = [clients.enter_context(MailClient(guard.service.port)) for _ in range(20)]
        for number, client in enumerate(opened):
            client.hello()
            assert client.send(message(to=ONE[0], number=100 + number), ONE).code == 250
        # Clients that connect together and stay are no one worker's alone.
        assert min(len(guard.clients_of(pid)) for pid in guard.workers()) >= 5
    assert all(len(guard.sent(100 + number)) == 1 for number in range(20))
    assert len(guard.workers()) == 2 and guard.service.rows("status")[0]["workers"] == 2
    kinds = eventually(lambda: _settled(guard.service, 20), what="every outcome is recorded")
    assert kinds["message_decided"] == kinds["message_relayed"] == 20
    assert guard.service.run("audit", "verify").returncode == 0
    eventually(
        lambda: guard.metric('mailguard_decisions_total{disposition="relay",rewrite="none"}') == 20,
        what="what the workers counted is in the metrics of the service",
    )
    to = f'mailguard_smarthost_connections{{smarthost="127.0.0.1:{guard.sink.port}",state='
    eventually(
        lambda: guard.metric(f'{to}"idle"}}') > 0 and guard.metric(f'{to}"busy"}}') == 0,
        what="the connections that workers keep to the smarthost are in the metrics of the service",
    )
    # Each reads attachments with a process of its own, and the service with another.
    eventually(lambda: guard.metric('mailguard_inspection_workers{state="idle"}') == 3, what="three that are ready")


def _settled(service: Service, count: int) -> dict[str, int] | None:
    kinds: dict[str, int] = {}
    for entry in service.rows("audit", "list"):
        kinds[entry["kind"]] = kinds.get(entry["kind"], 0) + 1
    return kinds if kinds.get("message_relayed", 0) >= count else None


def test_a_long_list_is_held_and_released(guard: Guard) -> None:
    code, text = submit(guard.service.port, message(people(30), number=200), people(30))
    assert code == 250 and "Held for checking, ref MG-" in text
    ref = text.rpartition(" ")[2].strip()
    assert not guard.sent(200)
    guard.service.run("held", "release", ref, "--as", "separate", "--reason", "asked for")
    eventually(lambda: len(guard.sent(200)) == 30, what="its copies leave")


def test_what_the_smarthost_takes_for_some_is_finished_by_the_service(guard: Guard) -> None:
    guard.sink.refusals = {b"later@elmroad.example": b"450 4.2.1 try later", b"none@elmroad.example": b"550 5.1.1 no"}
    to = [*ONE, "later@elmroad.example", "none@elmroad.example"]
    code, _ = submit(guard.service.port, message(to=ONE[0], number=300), to)
    guard.sink.refusals = {}
    assert code == 250
    assert "recipients_queued" in {entry["kind"] for entry in guard.service.rows("audit", "list")}
    told = eventually(
        lambda: [each for each in guard.sink.taken if b"delivery-status" in each.content], what="the sender is told"
    )
    assert told[0].recipients == ["jo@elmroad.example"]


def test_the_limit_of_connections_is_the_machines(guard: Guard) -> None:
    eventually(lambda: guard.metric("mailguard_client_connections") == 0, what="earlier clients have left")
    with ExitStack() as clients:
        opened = [clients.enter_context(MailClient(guard.service.port)) for _ in range(40)]
        greetings = sorted(each.greeting.code for each in opened)
    assert greetings == [220] * 30 + [421] * 10


def test_the_room_for_messages_is_the_machines(tmp_path: Path) -> None:
    """Two workers with two listeners each: eight of a megabyte are judged at a time, not 32."""
    raw = message(to=ONE[0], body="x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * 15_000)
    limits = {"content_memory_bytes": 8_388_608}
    listen = [{"address": "127.0.0.1:0"}, {"address": "127.0.0.1:0"}]
    with TracingSink() as sink, ExitStack() as house:
        smarthost = {"address": f"127.0.0.1:{sink.port}", "connections": 40}
        settings = {"limits": limits, "listen": listen, "smarthost": smarthost}
        service = house.enter_context(Service(tmp_path, 0, workers=2, **settings))
        gate = sink.close_gate("dot", "pass")
        codes: list[int] = []
        threads = [
            threading.Thread(target=lambda port=port: codes.append(submit(port, raw, ONE, "p@elmroad.example")[0]))
            for port in ports(service) * 8
        ]
        for thread in threads:
            thread.start()
        eventually(lambda: len(codes) == 8 and gate.waiting == 8, what="eight are put off, eight at the smarthost")
        assert codes == [452] * 8
        gate.open()
        for thread in threads:
            thread.join(60)
        assert sorted(codes) == [250] * 8 + [452] * 8
        assert submit(service.port, raw, ONE, "p@elmroad.example")[0] == 250


def test_a_new_policy_is_in_force_in_every_worker(guard: Guard) -> None:
    policies = guard.service.folder / "policies" / "policy.yaml"
    before = policies.read_text()
    rule = "  - {id: no-secrets, describe: Secrets stay here., when: {subject: {matches: secret}}, action: reject}\n"
    policies.write_text(before.replace("rules:\n", "rules:\n" + rule, 1))
    guard.service.signal(signal.SIGHUP)

    def refused_by_all() -> bool:
        raw = message(to=ONE[0], subject="a secret", number=400)
        return all(submit(guard.service.port, raw, ONE)[0] == 550 for _ in range(12))

    eventually(refused_by_all, what="both judge by the new rule")
    policies.write_text(before)
    guard.service.signal(signal.SIGHUP)
    eventually(lambda: submit(guard.service.port, message(to=ONE[0], subject="a secret", number=401), ONE)[0] == 250)


def test_a_worker_that_dies_in_the_middle_of_data_loses_nothing_and_is_started_again(guard: Guard) -> None:
    restarts = guard.metric('mailguard_worker_restarts_total{kind="service"}')
    with ExitStack() as clients:
        opened = [clients.enter_context(MailClient(guard.service.port)) for _ in range(10)]
        for number, client in enumerate(opened):
            client.hello()
            client.ask("MAIL FROM:<jo@elmroad.example>")
            client.ask(f"RCPT TO:<{ONE[0]}>")
            assert client.ask("DATA").code == 354
            client.say(message(to=ONE[0], number=500 + number).decode().rstrip("\r\n"))
        victim = max(guard.workers(), key=lambda pid: len(guard.clients_of(pid)))
        assert guard.clients_of(victim)
        os.kill(victim, signal.SIGKILL)
        answers = []
        for client in opened:
            try:
                answers.append(client.ask(".").code)
            except OSError:
                answers.append(0)
    # Those of the other worker pass; of the dead one's nobody was told 250, and nothing was sent.
    passed = [number for number, code in enumerate(answers) if code == 250]
    assert set(answers) <= {0, 250} and passed != list(range(10))
    assert [len(guard.sent(500 + number)) for number in range(10)] == [int(code == 250) for code in answers]
    lost = eventually(lambda: [each for each in guard.service.events() if each["event"] == "worker_lost"])[-1]
    eventually(lambda: len(guard.workers()) == 2 and victim not in guard.workers(), what="another takes its place")
    at = datetime.fromisoformat(lost["timestamp"]).timestamp()
    assert started_at(guard.workers()[-1]) - at < 5, "at once: how long it takes until it is ready is the machine's"
    assert guard.metric('mailguard_worker_restarts_total{kind="service"}') == restarts + 1
    assert submit(guard.service.port, message(to=ONE[0], number=520), ONE)[0] == 250
    assert guard.service.run("audit", "verify").returncode == 0


def test_workers_killed_again_and_again_under_load_lose_no_message(guard: Guard) -> None:
    acknowledged: list[int] = []
    stop = threading.Event()

    def client(base: int) -> None:
        number = base
        while not stop.is_set():
            number += 1
            try:
                if submit(guard.service.port, message(to=ONE[0], number=number), ONE)[0] == 250:
                    acknowledged.append(number)
            except OSError:
                time.sleep(0.05)
            except Exception:
                pass

    threads = [threading.Thread(target=client, args=(base,)) for base in (10_000, 20_000, 30_000, 40_000)]
    for thread in threads:
        thread.start()
    for _ in range(4):
        time.sleep(1.0)
        running = eventually(guard.workers, what="a worker runs")
        os.kill(running[0], signal.SIGKILL)
    stop.set()
    for thread in threads:
        thread.join(60)
    assert acknowledged and all(guard.sent(number) for number in acknowledged)
    eventually(lambda: len(guard.workers()) == 2, what="all are there again")
    assert guard.service.run("audit", "verify").returncode == 0


def test_it_stops_when_it_is_told_to_and_so_do_they(guard: Guard) -> None:
    workers = guard.workers()
    assert guard.service.stop() == 0
    assert not any(alive(pid) for pid in workers)
    with socket.socket() as tried, pytest.raises(OSError):
        tried.connect(("127.0.0.1", guard.service.port))


def test_workers_whose_service_was_killed_end_and_leave_the_port_to_the_next(tmp_path: Path) -> None:
    port = free_port()
    with Sink() as sink:
        service = Service(tmp_path, sink.port, workers=2, listen=[{"address": f"127.0.0.1:{port}"}])
        with service:
            workers = Guard(service, sink).workers()
            assert submit(port, message(to=ONE[0], number=1), ONE)[0] == 250
            service.kill()
            service.start()
            assert submit(port, message(to=ONE[0], number=2), ONE)[0] == 250
            eventually(lambda: not any(alive(pid) for pid in workers), what="the old ones end")
            assert service.run("audit", "verify").returncode == 0
