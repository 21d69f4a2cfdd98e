"""What grows with what: rules, recipients, size, held messages, ledger entries and idle sessions, as curves.

    .venv/bin/python tests/bench/bench_curves.py [--held 100000] [--entries 10000000] [--sessions 2000] [NAME ...]

NAME: rules, recipients, size, sessions, held, entries; all without one. Each curve has four points, n, 2n, 4n and 8n,
in milliseconds of this process's processor time (sessions: kB of the service's memory each), and the growth from n to
8n: linear is 8. Without the options the largest
numbers are smaller: 8,000 held messages and 80,000 entries take minutes, 100,000 and ten million hours.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import ssl
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from mailguard.core.envelope import Envelope
from mailguard.core.lifecycle import OPEN
from mailguard.core.policy.load import Policy, load_policy
from mailguard.logs import configure
from mailguard.store.audit import verify
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.bench.bench_queue import REVIEWER, drained, fill, operations_on
from tests.console.house import browser_on, enters, site_on
from tests.end_to_end.service import Service
from tests.end_to_end.sink import Sink
from tests.faults.load import resident_kilobytes
from tests.guard.console.house import close_house, open_house
from tests.guard.world import SESSION, World, envelope, message, people
from tests.smtp.listen.certificates import make_pair
from tests.store import samples

STEPS = (1, 2, 4, 8)
RULE = """
  - id: rule-{0}
    describe: One of many rules.
    when: {{all: [{{visible_external_recipients: {{at_least: {1}}}}}, {{subject: {{matches: 'word{0}'}}}}]}}
    action: hold
"""


@dataclass(frozen=True)
class Curve:
    """What was measured at n, 2n, 4n and 8n; of: what n counts."""

    name: str
    of: str
    smallest: int
    points: tuple[float, ...]
    unit: str = "ms"

    @property
    def growth(self) -> float:
        return self.points[-1] / max(self.points[0], 1e-9)

    def __str__(self) -> str:
        points = " ".join(f"{point:>10.3f}" for point in self.points)
        return (
            f"{self.name:<44} from {self.smallest:>9,} {self.of:<11} {points} {self.unit}   growth {self.growth:5.1f}"
        )


def rules(smallest: int = 250) -> list[Curve]:
    """Judging one message, from its octets to the recorded decision, against so many rules that do not match."""
    loaded, judged = [], []
    for step in STEPS:
        text = "version: 1\nrules:" + "".join(RULE.format(number, 20) for number in range(smallest * step))
        begun = time.process_time()
        policy = load_policy({"policy.yaml": text.encode()})
        loaded.append((time.process_time() - begun) * 1000)
        judged.append(_submitting(message(people(3)), envelope(*people(3)), policy=policy))
    return [
        Curve("loading a policy", "rules", smallest, tuple(loaded)),
        Curve("a message judged and relayed", "rules", smallest, tuple(judged)),
    ]


def recipients(smallest: int = 250) -> list[Curve]:
    found: dict[str, list[float]] = {"relayed, in the envelope": [], "held, in Cc": [], "separated, in Cc": []}
    policy = load_policy({"policy.yaml": SEPARATES})
    for step in STEPS:
        everybody = people(smallest * step)
        found["relayed, in the envelope"].append(_submitting(message(), envelope(*everybody)))
        found["held, in Cc"].append(_submitting(message(everybody), envelope(*everybody)))
        found["separated, in Cc"].append(_submitting(message(everybody), envelope(*everybody), policy=policy))
    return [Curve(f"a message {name}", "recipients", smallest, tuple(points)) for name, points in found.items()]


SEPARATES = b"""version: 1
rules:
  - id: separate
    describe: All people outside get separate copies.
    when: {visible_external_recipients: {at_least: 5}}
    action: rewrite
    rewrite: separate
"""


def size(smallest: int = 1_000_000) -> list[Curve]:
    points = [
        _submitting(message(body="x" * 76 + ("\r\n" + "x" * 76) * (smallest * step // 78)), envelope("a@b.example"))
        for step in STEPS
    ]
    return [Curve("a message judged and relayed", "octets", smallest, tuple(points))]


def _submitting(raw: bytes, sent: Envelope, policy: Policy | None = None) -> float:
    """Milliseconds, the best of three, with all ports in memory."""

    async def submit() -> float:
        world = World()
        world.policy = policy or world.policy
        begun = time.process_time()
        answer = await world.submission.submit(SESSION, sent, raw)
        assert answer.code == 250
        return (time.process_time() - begun) * 1000

    return min(asyncio.run(submit()) for _ in range(3))


def sessions(smallest: int = 250) -> list[Curve]:
    """Memory of idle sessions after EHLO, in plain and under TLS, as the process has more of it afterwards."""
    found: dict[str, list[float]] = {"none": [], "implicit": []}
    with tempfile.TemporaryDirectory() as name, Sink() as sink:
        folder = Path(name)
        pair = {key: str(value) for key, value in make_pair(folder).items()}
        for tls, points in found.items():
            limits = {"connections": smallest * 12, "connections_per_client": smallest * 12}
            listen = {"address": "127.0.0.1:0", "tls": tls} | (pair if tls != "none" else {})
            with Service(folder / tls, sink.port, listen=[listen], limits=limits) as service:
                kept: list[socket.socket] = [_idle(service.port, tls) for _ in range(10)]
                begun = resident_kilobytes(service.pid)
                for step in STEPS:
                    kept.extend(_idle(service.port, tls) for _ in range(smallest * step - len(kept) + 10))
                    points.append((resident_kilobytes(service.pid) - begun) / (len(kept) - 10))
                for each in kept:
                    each.close()
                service.stop()
    names = {"none": "an idle plain session", "implicit": "an idle session under TLS"}
    return [Curve(names[tls], "sessions", smallest, tuple(points), "kB each") for tls, points in found.items()]


UNCHECKED = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
UNCHECKED.check_hostname, UNCHECKED.verify_mode = False, ssl.CERT_NONE


def _idle(port: int, tls: str) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=60)
    if tls == "implicit":
        client = UNCHECKED.wrap_socket(client)
    assert client.recv(1000).startswith(b"220")
    client.sendall(b"EHLO x\r\n")
    assert client.recv(1000).startswith(b"250")
    return client


LISTING = {"states": sorted(OPEN)}


def held(most: int = 8_000) -> list[Curve]:
    """What the shell and the console show of so many held messages, to twenty people each."""
    names = ("the console's first page", "mailguard held list")
    found: dict[str, list[float]] = {name: [] for name in names}

    async def measure(folder: Path) -> None:
        house = await open_house(folder, teams=("elm",))
        await house.account(REVIEWER, "reviewer:elm")
        operations = operations_on(house)
        async with browser_on(site_on(house)) as browser:
            await enters(browser, house, REVIEWER)
            done = 0
            for step in STEPS:
                await fill(house, most * step // 8, done)
                done = most * step // 8
                await house.queue.warm()
                found[names[0]].append(await _best(lambda: browser.get("/queue")))
                found[names[1]].append(await _best(lambda: drained(operations.run("held_list", LISTING, "root"))))
        await close_house(house)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder)))
    return [Curve(name, "messages", most // 8, tuple(points)) for name, points in found.items()]


async def _best(work: Callable[[], Awaitable[Any]]) -> float:
    best = float("inf")
    for _ in range(2):
        begun = time.process_time()
        await work()
        best = min(best, (time.process_time() - begun) * 1000)
    return best


def entries(most: int = 80_000) -> list[Curve]:
    """The ledger: a thousand entries more, all of them verified, and the store opened, with so many in it."""
    found: dict[str, list[float]] = {"a thousand entries appended": [], "audit verify": [], "opening the store": []}

    async def measure(settings: StoreSettings) -> None:
        store, done = await Store.open(settings), 0
        for step in STEPS:
            while done < most * step // 8 - 1_000:
                done += await _append(store, done, at_once=1_000)
            begun = time.process_time()
            done += await _append(store, done)
            found["a thousand entries appended"].append((time.process_time() - begun) * 1000)
            begun = time.process_time()
            assert (await verify(store)).whole
            found["audit verify"].append((time.process_time() - begun) * 1000)
            await store.close()
            begun = time.process_time()
            store = await Store.open(settings)
            found["opening the store"].append((time.process_time() - begun) * 1000)
            print(f"{done:>10,} entries:", {name: round(points[-1]) for name, points in found.items()}, flush=True)
        await store.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(StoreSettings(url=f"sqlite:///{folder}/mailguard.db")))
    return [Curve(name, "entries", most // 8, tuple(points)) for name, points in found.items()]


async def _append(store: Store, done: int, at_once: int = 100) -> int:
    """A thousand entries with their evidence."""
    for start in range(done, done + 1_000, at_once):
        refs = (f"MG-{start + number}" for number in range(at_once))
        await store.ledger.append([samples.entry(ref, claims_ref=True) for ref in refs])
    return 1_000


def main() -> None:
    configure(level="error")
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--held", type=int, default=8_000)
    parser.add_argument("--entries", type=int, default=80_000)
    parser.add_argument("--sessions", type=int, default=2_000)
    options = parser.parse_args()
    curves: dict[str, Callable[[], list[Curve]]] = {
        "rules": rules,
        "recipients": recipients,
        "size": size,
        "sessions": lambda: sessions(options.sessions // 8),
        "entries": lambda: entries(options.entries),
        "held": lambda: held(options.held),
    }
    for name, measure in curves.items():
        if not options.names or name in options.names:
            for curve in measure():
                print(curve, flush=True)


if __name__ == "__main__":
    main()
