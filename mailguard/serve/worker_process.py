"""A worker of the service: a process that accepts mail, judges it, and relays what passes at once.

It has no store. What has to be recorded is made ready here and written by the process that owns the store, in groups
with what other workers record; a message that does not pass at once goes there whole (guard/elsewhere.py). It is
started by workers.py and ends with whoever started it. docs/decisions/workers.md.

INVARIANT: nothing reaches the smarthost before the owner has said that the decision is durable. INVARIANT: a worker
whose owner is gone accepts nothing any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from .. import logs
from ..config import Settings
from ..core import reply
from ..core.envelope import Envelope
from ..core.errors import MailguardError
from ..core.mail.message import Buffer
from ..core.outcome import Transmission
from ..core.policy.load import Policy, load_policy
from ..core.reference import RANDOM_OCTETS, short_reference
from ..core.reply import Reply
from ..core.rewrite.content import Content, Edit
from ..core.session import Session
from ..guard.elsewhere import Elsewhere
from ..guard.memory import InvitationMemory
from ..guard.ports import Inspector, SignIn
from ..guard.rewriting import Rewriting
from ..guard.sent_before import SentBefore
from ..guard.submission import Submission
from ..inspection.settings import InspectionSettings
from ..logs import logger
from ..smtp.capabilities import Capabilities
from ..smtp.listener import Listener
from ..smtp.routes import SmarthostRoutes
from ..smtp.shared_connections import SharedConnections
from ..smtp.shared_room import shared_rooms
from ..smtp.smarthost_capabilities import SmarthostCapabilities
from ..smtp.smarthost_settings import SmarthostSettings
from ..store.keys import load_keys
from ..store.ledger import preparer
from .in_use import in_use
from .inspecting import OwnKinds, start_inspector
from .log_file import LogFile
from .owners_ports import OwnersLedger, OwnersRemainder, OwnersSignIn, OwnersTurns, ToldWatch
from .parts import SystemClock, SystemRandomness, hostname, marks_of
from .peer import Handler, Peer
from .rounds import CERTIFICATE_SECONDS, REFRESH_SECONDS, every

log = logger("serve")

TELL_SECONDS = 0.5
ORPHAN_GRACE_SECONDS = 5.0
"""What a worker whose owner is gone still gives its clients: nothing that it decides could be recorded."""


@dataclass(frozen=True, slots=True)
class Start:
    """What a worker begins with. sockets: for each listener of the settings the descriptors that it accepts on. memory:
    of shared_connections, and our part of it. shares: open connections to each smarthost. defers: as `Worker.defer`.
    """

    settings: Settings
    policy: Mapping[str, bytes] | None
    defers: bool
    sockets: tuple[tuple[int, ...], ...]
    memory: int
    part: int
    shares: tuple[int, ...]


class Worker:
    """handlers: what the owner may ask for."""

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self.handlers: dict[str, Handler] = {
            "start": self.start,
            "policy": self.take_policy,
            "defer": self.defer,
            "reload": self.reload,
            "stop": self.stop,
            "transmit": self.transmit,
            "learn": self.learn,
        }
        self.peer: Peer | None = None
        self._policy: Policy | None = None
        self._loading = asyncio.Lock()
        self._defers = False
        self._grace = ORPHAN_GRACE_SECONDS
        self._listeners: list[Listener] = []
        self._smarthost: SmarthostRoutes | None = None
        self._submission: Submission | None = None
        self._watch: ToldWatch | None = None
        self._house = contextlib.AsyncExitStack()
        self._kinds: OwnKinds | None = None
        self._handed: dict[str, tuple[Session, Buffer]] = {}
        self._rounds: list[asyncio.Task[None]] = []
        self._clock, self._randomness = SystemClock(), SystemRandomness()

    async def start(self, start: Start) -> None:
        """Accept mail. SettingsError where the settings cannot be served."""
        settings, peer = start.settings, self._owner()
        logs.configure(LogFile(settings.log_file) if settings.log_file else None, level=settings.log_level)
        await self.take_policy(start.policy)
        self._defers = start.defers
        self._watch = ToldWatch(peer)
        self._smarthost = SmarthostRoutes(
            shared_out(settings.smarthosts, start.shares),
            hostname=hostname(settings),
            connect_watch=partial(self._watch.took, "connect"),
        )
        self._smarthost.learned = partial(peer.tell, "learned")
        await self._smarthost.refresh()
        reading = shared_reading(settings)
        inspector = start_inspector(reading, self._house, self._watch.worker_ended)
        self._kinds = OwnKinds(reading, inspector)
        self._submission = self._make_submission(settings, self._smarthost, self._watch, inspector)
        await self._listen(start, self._smarthost, self._watch)

        async def tell_in_use() -> None:
            peer.tell("in_use", in_use(smarthost, inspector))

        smarthost = self._smarthost
        self._rounds = [
            asyncio.create_task(every("smarthost", REFRESH_SECONDS, self._smarthost.refresh)),
            asyncio.create_task(every("certificates", CERTIFICATE_SECONDS, self._look_at_certificates)),
            asyncio.create_task(every("watch", TELL_SECONDS, self._watch.tell)),
            asyncio.create_task(every("in_use", TELL_SECONDS, tell_in_use)),
        ]
        gc.collect()
        gc.freeze()

    async def take_policy(self, documents: Mapping[str, bytes] | None) -> None:
        """The policy in force from here on; what was judged under another one keeps that one's revision."""
        async with self._loading:  # in the order in which they were told, however long each takes
            try:
                self._policy = None if documents is None else await asyncio.to_thread(load_policy, dict(documents))
            except Exception:
                self._policy = None  # rather none, and all mail is deferred, than one that is no longer in force
                raise

    async def defer(self, defers: bool) -> None:
        """Whether no message may be taken for now (guard/canary/canary.py)."""
        self._defers = defers

    async def reload(self) -> None:
        """Look at the certificates and at the kinds of one's own anew."""
        if self._kinds is not None:
            await self._kinds.reload()
        for listener in self._listeners:
            if listener.certificate is not None:
                await listener.certificate.reload()

    async def stop(self, grace_seconds: float) -> None:
        """Accept nothing more, finish what runs within that time, and end."""
        self._grace = grace_seconds
        self.stopping.set()

    async def transmit(self, identifier: str, envelope: Envelope, edits: tuple[Edit, ...]) -> Transmission:
        """Send a message that the owner was handed, on the connection on which its client signed in."""
        session, raw = self._handed[identifier]
        assert self._smarthost is not None
        connection = await self._smarthost.connect(session)
        try:
            return await connection.transmit(envelope, Content(raw, edits))
        finally:
            await connection.release()

    async def learn(self, smarthost: int, capabilities: SmarthostCapabilities) -> None:
        """What another process heard in the last EHLO of a smarthost, by its number."""
        if self._smarthost is not None:
            self._smarthost.smarthosts[smarthost].learn(capabilities)

    async def close(self) -> None:
        """End everything, each part before what it stands on."""
        await asyncio.gather(*(listener.stop(self._grace) for listener in self._listeners))
        if self._submission is not None:
            await self._submission.settle()
        for task in self._rounds:
            task.cancel()
        if self._watch is not None:
            await self._watch.tell()
        if self._smarthost is not None:
            await self._smarthost.close()
        await self._house.aclose()

    def _owner(self) -> Peer:
        assert self.peer is not None
        return self.peer

    def _make_submission(
        self, settings: Settings, smarthost: SmarthostRoutes, watch: ToldWatch, inspector: Inspector
    ) -> Submission:
        organisation, nowhere = settings.organisation.organisation(), cast(Any, Elsewhere())
        store, peer = settings.store_settings(), self._owner()
        keyring = load_keys(store.keys_folder())
        return Submission(
            organisation=organisation,
            policy=self._policy_in_force,
            ledger=OwnersLedger(peer, preparer(store.ledger, keyring)),
            quarantine=nowhere,
            outbox=nowhere,
            inspector=inspector,
            memory=InvitationMemory(nowhere, self._clock, settings.calendar_memory),
            sent_before=SentBefore(nowhere, nowhere, organisation, self._clock),
            smarthost=smarthost,
            notices=nowhere,
            clock=self._clock,
            randomness=self._randomness,
            watch=watch,
            rewriting=Rewriting(
                organisation=organisation,
                marks=marks_of(settings, keyring),
                clock=self._clock,
                # Rewritten copies alone are signed, by the owner: here none are made.
                dkim_keys=_no_keys,
            ),
            deadline=settings.deadline,
            give_up_after=settings.outbox.give_up_after,
            wake=_nothing,
            hand_over=self._hand_over,
            remainder=OwnersRemainder(peer),
        )

    async def _listen(self, start: Start, smarthost: SmarthostRoutes, watch: ToldWatch) -> None:
        settings = start.settings
        connections = SharedConnections(settings.limits, start.memory, start.part)
        rooms = shared_rooms(settings.limits, start.memory, start.part)
        offered: dict[str, SignIn] = {"smarthost": smarthost.sign_in, "local": OwnersSignIn(self._owner())}
        for each, descriptors in zip(settings.listen, start.sockets, strict=True):
            listener = Listener(
                each,
                settings.limits,
                hostname=hostname(settings),
                submit=self._submit,
                capabilities=lambda: offered_by(smarthost),
                connections=connections,
                rooms=rooms,
                spool_directory=settings.spool,
                sign_in=offered.get(each.sign_in),
                sign_in_limits=OwnersTurns(self._owner()),
                sign_in_watch=watch.signed_in,
                content_watch=partial(watch.took, "content"),
            )
            self._listeners.append(listener)
            bound = [socket.socket(fileno=descriptor) for descriptor in descriptors]
            await listener.start(bound, lambda: connections.ahead)

    def _policy_in_force(self) -> Policy:
        if self._policy is None:
            raise MailguardError("no policy could be loaded")
        return self._policy

    async def _submit(self, session: Session, envelope: Envelope, raw: Buffer) -> Reply:
        assert self._submission is not None and self._watch is not None
        if not self._defers:
            return await self._submission.submit(session, envelope, raw)
        ref = short_reference(self._randomness.octets(RANDOM_OCTETS))
        self._watch.deferred()
        log.error("submission_deferred", ref=ref, session=session.identifier, cause="canary")
        return reply.cannot_check(ref)

    async def _hand_over(self, session: Session, envelope: Envelope, raw: Buffer) -> Reply:
        self._handed[session.identifier] = session, raw
        try:
            return cast(Reply, await self._owner().call("hand_over", session, envelope, bytes(raw)))
        finally:
            del self._handed[session.identifier]

    async def _look_at_certificates(self) -> None:
        for listener in self._listeners:
            if listener.certificate is not None:
                await listener.certificate.look()


def shared_out(smarthosts: Sequence[SmarthostSettings], shares: Sequence[int]) -> tuple[SmarthostSettings, ...]:
    """The smarthosts with our share of the connections that may be open to each."""
    pairs = zip(smarthosts, shares, strict=True)
    return tuple(each.model_copy(update={"connections": share}) for each, share in pairs)


def shared_reading(settings: Settings) -> InspectionSettings:
    """How attachments are read in each process of the service: at least one of `inspection.workers` is its own."""
    share = max(1, settings.inspection.workers // settings.workers)
    return settings.inspection.model_copy(update={"workers": share})


def offered_by(smarthost: SmarthostRoutes) -> Capabilities:
    """What a listener may announce."""
    known = smarthost.capabilities
    if known is None:
        return Capabilities(known=False)
    return Capabilities(eight_bit=known.eight_bit, smtputf8=known.smtputf8, dsn=known.dsn, size_limit=known.size_limit)


def _no_keys() -> Sequence[Any]:
    raise MailguardError("a worker signs nothing")


def _nothing() -> None:
    """The owner knows by itself what its outbox has got."""


async def _work(descriptor: int) -> int:
    worker = Worker()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, worker.stopping.set)
    worker.peer = peer = await Peer.on(socket.socket(fileno=descriptor), worker.handlers)
    ends = [asyncio.create_task(each.wait()) for each in (peer.gone, worker.stopping)]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    if peer.gone.is_set():
        log.error("worker_orphaned")
    await worker.close()
    peer.close()
    for each in ends:
        each.cancel()
    return 0


def main(descriptor: int) -> int:
    """The whole life of a worker process. descriptor: of its socket to the owner."""
    import uvloop

    os.umask(0o077)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_work(descriptor))
