"""The wire of one connection: what is said on it and when, TLS, the time it may take, and how it ends.

INVARIANT: where TLS comes first or has begun, not an octet leaves in plain, whatever fails.
"""

from __future__ import annotations

import asyncio
import math
import ssl

from ..core.reply import Reply
from ..logs import logger
from . import replies
from .dialogue import to_wire
from .encryption import Encryption
from .house import House
from .intake import Intake

log = logger("listener")

LINGER_SECONDS = 2.0
"""How long a closed session still throws away input: closing a socket with unread input resets it, and the client
would never see the reply (RFC 1122 section 4.2.2.13)."""


class Channel:
    """session: its identifier, for the log.

    intake: what has arrived, in plain. pending: what is to be said at the next `flush`. transport: None once the
    connection is lost. leaving: nothing more is read, and nothing said.
    """

    __slots__ = (
        "_clogged",
        "_deadline",
        "_encryption",
        "_house",
        "_linger",
        "_loop",
        "_session",
        "_shaken",
        "_timer",
        "intake",
        "leaving",
        "pending",
        "transport",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        transport: asyncio.Transport,
        house: House,
        session: str,
    ) -> None:
        self._loop = loop
        self._house = house
        self._session = session
        self._clogged: asyncio.Future[None] | None = None
        self._encryption: Encryption | None = None
        self._shaken: asyncio.Future[bool] | None = None
        self._deadline = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._linger: asyncio.TimerHandle | None = None
        self.transport: asyncio.Transport | None = transport
        self.intake = Intake(loop, transport)
        self.intake.takes_auth = house.terms is not None
        self.pending: list[bytes] = []
        self.leaving = False

    # What the connection tells it.

    def receive(self, data: bytes) -> None:
        if self.leaving:
            return
        if self._encryption is None:
            self.intake.push(data)
        else:
            self._decrypt(self._encryption, data)

    def end_of_input(self) -> bool:
        """A half-closed client still gets its replies. Whether the connection stays open for them."""
        if self.leaving:
            return False
        self.intake.end()
        self.give_up_handshake()
        return True

    def clogged(self) -> None:
        """The client does not read its replies: they pile up here."""
        self._clogged = self._loop.create_future()

    def cleared(self) -> None:
        """It has read enough of them, or never will."""
        if self._clogged is not None and not self._clogged.done():
            self._clogged.set_result(None)
        self._clogged = None

    def lost(self) -> None:
        self.leaving = True
        self.cleared()
        for timer in (self._timer, self._linger):
            if timer is not None:
                timer.cancel()
        self.transport = None
        self.intake.end()
        self.give_up_handshake()

    def has_left(self) -> bool:
        """Whether the client is gone, or is being sent away."""
        return self.leaving or self.transport is None

    # TLS.

    async def start_tls(self, ready: bytes) -> bool:
        """STARTTLS. Whether TLS is in use now; if not, the session ends."""
        await self.flush()
        if self.transport is None:
            return False
        if octets := self.intake.discard():  # THREATS.md T3: said in plain, perhaps by somebody else
            log.warning("starttls_input_dropped", session=self._session, octets=octets)
        self.transport.write(ready)
        try:
            async with asyncio.timeout(self._house.limits.handshake_seconds):
                return await self.secure(b"")
        except TimeoutError:
            return self.too_slow()

    async def secure(self, early: bytes) -> bool:
        """The handshake. early: what the client has sent of it already."""
        assert self._house.certificate is not None
        self.disarm()
        self._encryption = encryption = Encryption(self._house.certificate.context)
        self._shaken = self._loop.create_future()
        if early:
            self._decrypt(encryption, early)
        if self.intake.ended or not await self._shaken:
            log.info("handshake_failed", session=self._session)
            return False
        log.info("session_secured", session=self._session, version=encryption.version)
        return True

    def too_slow(self) -> bool:
        """The handshake took too long; False, as `secure` says it."""
        log.info("handshake_timed_out", session=self._session)
        self.abort()
        return False

    def give_up_handshake(self) -> None:
        self._shake(done=False)

    def _decrypt(self, encryption: Encryption, data: bytes) -> None:
        plain, sound = b"", True
        try:
            plain = encryption.receive(data)
        except ssl.SSLError as error:
            log.info("encryption_failed", session=self._session, reason=error.reason)
            sound = False
        if self.transport is not None and (octets := encryption.outgoing()):
            self.transport.write(octets)
        if plain:
            self.intake.push(plain)
        if encryption.ended or not sound:
            self.intake.end()
        if encryption.established or not sound:
            self._shake(done=sound)

    def _shake(self, *, done: bool) -> None:
        """The handshake has come to its end."""
        if self._shaken is not None and not self._shaken.done():
            self._shaken.set_result(done)

    def _wire(self, octets: bytes) -> bytes:
        """Octets as they may leave: in plain only where TLS neither has begun nor comes first."""
        if self._encryption is not None:
            return self._encryption.encrypt(octets)
        return b"" if self._house.settings.tls == "implicit" else octets

    # What is said, and until when something has to be heard.

    def say(self) -> bool:
        """Send what is to be said. False where the client does not read its replies: then `flush` waits for it.

        ConnectionError where there is something to say and nobody left to hear it.
        """
        pending = self.pending
        if not pending:
            return True
        wire = pending[0] if len(pending) == 1 else b"".join(pending)
        pending.clear()
        if self.leaving or self.transport is None or self.transport.is_closing():
            raise ConnectionResetError
        self.transport.write(self._wire(wire))
        return self._clogged is None

    async def flush(self) -> None:
        """Send what is to be said; wait only where the client does not read its replies."""
        self.say()
        if self._clogged is not None:
            self.arm(self._loop.time() + self._house.limits.idle_seconds)
            await self._clogged
            if self.transport is None:
                raise ConnectionResetError

    def arm(self, deadline: float) -> None:
        """The timer is moved only to fire sooner; one that fires too soon sets itself again."""
        self._deadline = deadline
        timer = self._timer
        if timer is not None:
            if timer.when() <= deadline:
                return
            timer.cancel()
        self._timer = self._loop.call_at(deadline, self._time_is_up)

    def disarm(self) -> None:
        self._deadline = math.inf

    def hurry(self) -> None:
        if self.intake.waiting and self._deadline < math.inf:
            self.arm(min(self._deadline, self._loop.time() + self._house.limits.busy_idle_seconds))

    def _time_is_up(self) -> None:
        self._timer = None
        if self.leaving or self._deadline == math.inf:
            return
        if self._loop.time() < self._deadline:
            self.arm(self._deadline)
            return
        log.info("session_timed_out", session=self._session)
        self.farewell(replies.TOO_SLOW)

    # The end.

    def farewell(self, reply: Reply) -> None:
        self.pending.append(to_wire(reply))
        self.leave()

    def leave(self) -> None:
        """Say what is left to say, and close so that it arrives."""
        transport, self.leaving, left = self.transport, True, self.leaving
        if left or transport is None or transport.is_closing():
            return
        transport.write(self._wire(b"".join(self.pending)))
        if self._encryption is not None:
            transport.write(self._encryption.farewell())
        self.pending.clear()
        at_end = self.intake.ended
        self.intake.drop()
        self._linger = self._loop.call_later(LINGER_SECONDS, transport.abort)
        if at_end or not transport.can_write_eof():
            transport.close()
            return
        try:
            transport.write_eof()
        except OSError:  # the client reset the connection, asyncio has not heard of it yet
            transport.abort()

    def abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()
