"""The workers of a service with `workers: N` above 1: starts them, answers them, and starts anew what dies.

The process that calls itself the owner has the store, the outbox, the console and everything else; the workers accept
the mail (worker_process.py), on sockets that the owner has bound and that outlive each of them.
docs/decisions/workers.md.

INVARIANT: of a worker that dies nothing is lost that a client was told 250 for: what it relayed is the smarthost's,
what it handed over goes on here. INVARIANT: a decision that it had no outcome of yet gets one (guard/lost_outcomes.py).
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ..config import Settings
from ..core.envelope import Envelope, Recipient
from ..core.errors import SettingsError
from ..core.mail.message import Buffer
from ..core.outcome import RecipientOutcome
from ..core.reply import Reply
from ..core.session import Session
from ..core.sign_in import Credentials, SignInAnswer, SignInOutcome
from ..guard.elsewhere import Submit
from ..guard.lost_outcomes import WORKER_LOST, LostOutcomes
from ..guard.ports import SignIn
from ..guard.records import NewEntry
from ..guard.remainder import Sent, TakesOver
from ..guard.watch import Stage
from ..inspection.process import PACKAGES
from ..logs import logger
from ..smtp.certificate import Certificate
from ..smtp.listen_settings import HostPort
from ..smtp.listener import BACKLOG
from ..smtp.routes import SmarthostRoutes
from ..smtp.shared_connections import SharedConnections, shared_memory
from ..smtp.sign_in_limits import Turn, Turns
from ..smtp.smarthost_capabilities import SmarthostCapabilities
from ..store.store import Store
from .in_use import InUse
from .metrics import Metrics
from .owners_ports import Handed, taken_over
from .peer import Peer
from .reaching_back import ReachingBack
from .tally import Tallied
from .unsettled import Unsettled
from .worker_process import Start

log = logger("serve")

START_SECONDS = 30.0
BIND_SECONDS = 5.0
"""How long a worker of a service that was killed may keep the port after it (worker_process.py)."""
LONGEST_PAUSE = 5.0
YOUNG_SECONDS = 10.0
"""A worker that lived no longer is started again after a pause, which doubles each time."""
PROGRAM = "; ".join(
    (
        "import sys",
        "sys.path.insert(0, sys.argv.pop(1))",
        "from mailguard.serve.worker_process import main",
        "sys.exit(main(int(sys.argv[1])))",
    )
)
"""As inspection/process.py starts its own: the same code as the service's, and -I shuts out everything else."""


@dataclass(frozen=True, slots=True)
class Owned:
    """What workers ask the owner for. submit: for messages that are handed over, remainder, sign_in, attempts: as for
    the owner's own. lost: records what a dead worker did not. policy: the documents in force, None where there are
    none. defers: whether no mail may be taken.
    """

    store: Store
    metrics: Metrics
    submit: Submit
    remainder: TakesOver
    sign_in: SignIn
    attempts: Turns
    reaching_back: ReachingBack
    smarthost: SmarthostRoutes
    lost: LostOutcomes
    policy: Callable[[], Mapping[str, bytes] | None]
    defers: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class SharedListener:
    """A listener of all workers, to say how it stands. open: nobody counts its connections alone. certificate: the
    owner's reading of the files that each worker reads for itself.
    """

    addresses: tuple[tuple[str, int], ...]
    certificate: Certificate | None
    open: None = None


class Workers:
    """settings.workers of them. connections: counts those of all. listeners: from `start` on."""

    def __init__(self, settings: Settings, owned: Owned) -> None:
        self._settings = settings
        self._owned = owned
        self._sockets: list[list[socket.socket]] = []
        self._memory = shared_memory(settings.limits, settings.workers)
        self.connections = SharedConnections(settings.limits, self._memory, None)
        self._peers: dict[int, Peer] = {}
        self._in_use: dict[int, InUse] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._settling: set[asyncio.Task[None]] = set()
        self.listeners: tuple[SharedListener, ...] = ()
        self._stopping = False
        self._deferring = owned.defers()

    @property
    def running(self) -> int:
        """Workers that accept mail now."""
        return len(self._peers)

    @property
    def in_use(self) -> Sequence[InUse]:
        """Of each that accepts mail, half a second ago at most."""
        return list(self._in_use.values())

    async def start(self) -> None:
        """Bind, and wait until every worker accepts mail. SettingsError where one cannot."""
        shown = []
        for listener in self._settings.listen:
            self._sockets.append(bound := await _bound(listener.address))
            certificate = None
            if listener.tls != "none" and listener.certificate is not None:
                certificate = Certificate(listener.certificate, listener.key)
            shown.append(SharedListener(tuple(each.getsockname()[:2] for each in bound), certificate))
        self.listeners = tuple(shown)
        started = [asyncio.get_running_loop().create_future() for _ in range(self._settings.workers)]
        self._keepers = [asyncio.create_task(self._keep(part, each)) for part, each in enumerate(started)]
        await asyncio.gather(*started)

    async def stop(self) -> None:
        """Have all of them finish what runs, for as long as the settings say, and end."""
        self._stopping = True
        grace = float(self._settings.stop_grace_seconds)
        for peer in self._peers.values():
            peer.tell("stop", grace)
        for bound in self._sockets:
            for each in bound:
                each.close()
        if self._keepers:
            await asyncio.wait(self._keepers, timeout=2 * grace + 10.0)
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        await asyncio.gather(*self._settling)
        os.close(self._memory)

    def tell_policy(self, documents: Mapping[str, bytes]) -> None:
        """These are in force from now on."""
        self._tell("policy", dict(documents))

    def tell_reload(self) -> None:
        self._tell("reload")

    def tell_learned(self, smarthost: int, capabilities: SmarthostCapabilities) -> None:
        """The owner heard this in an EHLO of a smarthost, by its number."""
        self._tell("learn", smarthost, capabilities)

    async def look(self) -> None:
        """Tell them whether mail may be taken, where that has changed."""
        if (defers := self._owned.defers()) != self._deferring:
            self._deferring = defers
            self._tell("defer", defers)

    def _tell(self, name: str, *arguments: Any) -> None:
        for peer in self._peers.values():
            peer.tell(name, *arguments)

    async def _keep(self, part: int, started: asyncio.Future[None]) -> None:
        """Keep the worker of a part running until the service stops."""
        pause = 0.0
        while not self._stopping:
            begun = time.monotonic()
            try:
                status = await self._live(part, started)
            except Exception as cause:
                if not started.done():
                    started.set_exception(cause)
                    return
                log.error("worker_not_started", part=part, cause=cause)
                status = None
            if self._stopping:
                return
            self._owned.metrics.service_worker_restarted()
            log.error("worker_lost", part=part, status=status)
            pause = min(LONGEST_PAUSE, max(0.1, 2 * pause)) if time.monotonic() - begun < YOUNG_SECONDS else 0.0
            await asyncio.sleep(pause)

    async def _live(self, part: int, started: asyncio.Future[None]) -> int:
        """The life of one worker, from its start to its end. Its exit status."""
        self.connections.clear(part)
        ours, theirs = socket.socketpair()
        with theirs:
            process = await self._spawn(theirs)
        unsettled = Unsettled()
        peer = await Peer.on(ours, self._handlers(part, unsettled))
        try:
            beginning = self._beginning(part)
            async with asyncio.timeout(START_SECONDS):
                await peer.call("start", beginning)
            self._peers[part] = peer
            self._catch_up(peer, beginning)
            if not started.done():
                started.set_result(None)
            log.info("worker_started", part=part, pid=process.pid)
            await peer.gone.wait()
        finally:
            self._peers.pop(part, None)
            self._in_use.pop(part, None)
            peer.close()
            if not self._stopping:
                with suppress(ProcessLookupError):
                    process.kill()
            status = await asyncio.shield(process.wait())
            # The next worker does not wait for a store that may be slow.
            self._settling.add(task := asyncio.create_task(self._settle(unsettled)))
            task.add_done_callback(self._settling.discard)
        return status

    async def _settle(self, unsettled: Unsettled) -> None:
        """Record that nobody knows what became of what a worker had decided and not finished."""
        if refs := await unsettled.left():
            await self._owned.lost.record(refs, WORKER_LOST)

    def _catch_up(self, peer: Peer, beginning: Start) -> None:
        """What has changed while it started, when it could not be told."""
        documents = self._owned.policy()
        if documents is not None and documents is not beginning.policy:
            peer.tell("policy", dict(documents))
        peer.tell("defer", self._owned.defers())

    async def _spawn(self, theirs: socket.socket) -> asyncio.subprocess.Process:
        handed = [theirs.fileno(), self._memory, *(each.fileno() for bound in self._sockets for each in bound)]
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-X", "utf8", "-c", PROGRAM, PACKAGES, str(theirs.fileno())),
            stdin=asyncio.subprocess.DEVNULL,
            env={name: os.environ[name] for name in ("PYTHONDONTWRITEBYTECODE", "TZ", "TMPDIR") if name in os.environ},
            pass_fds=handed,
            # A signal to the group of a terminal is the owner's to handle: it stops us when nothing is lost by it.
            start_new_session=True,
        )

    def _beginning(self, part: int) -> Start:
        return Start(
            settings=self._settings,
            policy=self._owned.policy(),
            defers=self._owned.defers(),
            sockets=tuple(tuple(each.fileno() for each in bound) for bound in self._sockets),
            memory=self._memory,
            part=part,
            shares=tuple(workers_share(each.connections, self._settings.workers) for each in self._settings.smarthosts),
        )

    def _handlers(self, part: int, unsettled: Unsettled) -> Mapping[str, Callable[..., Awaitable[Any]]]:
        owned = self._owned

        async def append(handed: Sequence[Handed], patient: bool) -> list[tuple[str, int, str]]:
            prepared = [taken_over(each) for each in handed]
            with unsettled.recording():
                kept = await owned.store.engine.append(prepared, patient=patient)
                unsettled.recorded(prepared)
            return [(each.ledger, each.sequence, each.hash) for each in kept]

        async def hand_over(session: Session, envelope: Envelope, raw: Buffer) -> Reply:
            if peer := self._peers.get(part):
                owned.reaching_back.workers[session.identifier] = peer
            try:
                return await owned.submit(session, envelope, raw)
            finally:
                owned.reaching_back.workers.pop(session.identifier, None)

        async def take_over(
            sent: Sent, waiting: tuple[Recipient, ...], refused: tuple[RecipientOutcome, ...], entry: NewEntry
        ) -> None:
            with unsettled.recording():
                await owned.remainder.take_over(sent, waiting, refused, entry)
                unsettled.settled(entry.ref)

        async def sign_in(session: Session, credentials: Credentials) -> SignInAnswer:
            return await owned.sign_in.sign_in(session, credentials)

        async def reserve(peer: str, account: str, now: float) -> Turn | None:
            return await owned.attempts.reserve(peer, account, now)

        async def settle(turn: Turn, outcome: SignInOutcome, now: float) -> None:
            owned.attempts.settle(turn, outcome, now)

        async def watched(counts: Mapping[tuple[str, tuple[Any, ...]], int], stages: Mapping[Stage, Tallied]) -> None:
            owned.metrics.relayed(counts, stages)

        async def take_in_use(told: InUse) -> None:
            if part in self._peers:
                self._in_use[part] = told

        async def learned(smarthost: int, capabilities: SmarthostCapabilities) -> None:
            owned.smarthost.smarthosts[smarthost].learn(capabilities)
            for other, peer in self._peers.items():
                if other != part:
                    peer.tell("learn", smarthost, capabilities)

        return {
            "in_use": take_in_use,
            "learned": learned,
            "append": append,
            "hand_over": hand_over,
            "take_over": take_over,
            "sign_in": sign_in,
            "reserve": reserve,
            "settle": settle,
            "watched": watched,
        }


def owners_share(connections: int, workers: int) -> int:
    """How many of the connections to a smarthost the owner may open, for the outbox and what is handed over."""
    return max(1, connections - workers * workers_share(connections, workers))


def workers_share(connections: int, workers: int) -> int:
    """How many each worker may: four fifths go to them, and one is left for the owner (config.py sees to that)."""
    return max(1, (connections - max(1, connections // 5)) // workers)


async def _bound(address: HostPort) -> list[socket.socket]:
    """The sockets that accept on an address, as asyncio would bind them. SettingsError."""
    loop = asyncio.get_running_loop()
    until = loop.time() + BIND_SECONDS
    while True:
        try:
            found = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            return _bind(found)
        except OSError as error:
            if loop.time() >= until or address.port == 0:
                why = error.strerror or "no such address"
                raise SettingsError(f'cannot listen on "{address}": {why}') from error
        await asyncio.sleep(0.1)


def _bind(found: Sequence[Any]) -> list[socket.socket]:
    bound: list[socket.socket] = []
    try:
        for family, kind, protocol, _, place in dict.fromkeys(found):
            made = socket.socket(family, kind, protocol)
            bound.append(made)
            made.setblocking(False)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            made.bind(place)
            made.listen(BACKLOG)
    except BaseException:
        for each in bound:
            each.close()
        raise
    return bound
