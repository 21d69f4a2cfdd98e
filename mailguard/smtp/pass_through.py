"""A client's own sign-in, tried at the smarthost, and the connection that then carries that client's mail.

Implements guard.ports.SignIn. Each attempt has a new connection, over TLS whose certificate was checked or to this
machine. docs/decisions/routes.md "Pass-through".

INVARIANT: a connection that a client signed in on carries that session's mail and nobody else's: it is never pooled,
never replaced by another and never on another route. INVARIANT: nothing of a secret is kept, logged or raised.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from ..core.envelope import Envelope
from ..core.outcome import Transmission
from ..core.rewrite.content import Content
from ..core.session import Session
from ..core.sign_in import Credentials, SignInAnswer, SignInOutcome
from ..logs import logger
from .line import Line
from .opener import Opener
from .sasl_exchange import authenticate
from .smarthost import SmarthostPool
from .smarthost_settings import SmarthostSettings, keeps_a_password
from .tell_client import introduce
from .transmission import transmit
from .troubles import InTrouble, Trouble

log = logger("smarthost")

MECHANISMS = ("PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER")
"""Those that carry what the client said as it said it: the guard can pass them on without being able to answer them."""


@dataclass(slots=True)
class _Bound:
    """busy: a message is on it. leaving: the session has ended, and the line goes once it is free."""

    line: Line
    busy: bool = False
    leaving: bool = False


class SmarthostSignIn:
    """smarthost: the first of the default route; what it announced says which mechanisms there are."""

    def __init__(self, smarthost: SmarthostPool, *, hostname: str) -> None:
        self._smarthost = smarthost
        self._hostname = hostname
        self._opener = Opener(smarthost.settings, hostname, signs_in=False)
        self._bound: dict[str, _Bound] = {}
        self._trying: set[str] = set()
        # Whoever is not known yet must not use up what the smarthost takes of connections from this machine.
        self._turns = asyncio.Semaphore(smarthost.settings.connections)
        self._gone: set[str] = set()  # sessions that ended while they were tried
        self._leaving: set[asyncio.Task[None]] = set()

    @property
    def settings(self) -> SmarthostSettings:
        return self._smarthost.settings

    def is_of(self, smarthost: SmarthostPool) -> bool:
        """Whether sign-ins are tried there."""
        return smarthost is self._smarthost

    @property
    def bound(self) -> int:
        """Connections that sessions have signed in on, and keep."""
        return len(self._bound)

    def mechanisms(self) -> Sequence[str]:
        """See guard.ports. What the last EHLO announced; all before the smarthost was reached once: a mail program that
        is offered none tells its user that the settings are wrong, while 454 says to come again (RFC 4954 section 6).
        """
        if not keeps_a_password(self.settings):
            return ()
        known = self._smarthost.capabilities
        return MECHANISMS if known is None else tuple(each for each in MECHANISMS if each in known.auth)

    async def sign_in(self, session: Session, credentials: Credentials) -> SignInAnswer:
        """See guard.ports. Bounded by `connect_timeout_seconds`, and no more than `connections` are tried at once.

        A session that has signed in keeps what it has.
        """
        identifier = session.identifier
        if identifier in self._bound or identifier in self._trying or not keeps_a_password(self.settings):
            return SignInAnswer(SignInOutcome.UNAVAILABLE)
        self._trying.add(identifier)
        try:
            async with asyncio.timeout(self.settings.connect_timeout_seconds), self._turns:
                return await self._try(session, credentials)
        except InTrouble as cause:
            return self._unavailable(session, cause.trouble)
        except TimeoutError:
            return self._unavailable(session, Trouble.TIMED_OUT)
        finally:
            self._trying.discard(identifier)
            self._gone.discard(identifier)

    def is_lost(self, session: str) -> bool:
        """See guard.ports."""
        bound = self._bound.get(session)
        return bound is not None and not bound.busy and not bound.line.is_idle

    async def leave(self, session: str) -> None:
        """See guard.ports. A message that is under way ends first."""
        if session in self._trying:
            self._gone.add(session)
        bound = self._bound.get(session)
        if bound is None:
            return
        bound.leaving = True
        if not bound.busy:
            del self._bound[session]
            await bound.line.quit()

    def connection(self, session: Session) -> BoundConnection:
        """For one message of a session that has signed in."""
        return BoundConnection(self, session)

    async def close(self) -> None:
        """Take leave of the idle ones and cut the others."""
        bound, self._bound = tuple(self._bound.values()), {}
        for each in bound:
            if each.busy:
                each.line.abort()
        await asyncio.gather(*(each.line.quit() for each in bound), *self._leaving, return_exceptions=True)

    # What a bound connection uses.

    def take(self, session: str) -> Line:
        """The session's line, for one message. Raises InTrouble (SIGN_IN_LOST)."""
        bound = self._bound.get(session)
        if bound is None or bound.leaving or not bound.line.is_idle:
            raise InTrouble(Trouble.SIGN_IN_LOST)
        bound.busy = True
        return bound.line

    def give_back(self, session: str) -> None:
        """The message has ended; the line waits for the next one."""
        bound = self._bound.get(session)
        if bound is None or not bound.busy:
            return
        bound.busy = False
        if bound.leaving:
            del self._bound[session]
            self._quit(bound.line)

    async def forward(self, line: Line, session: Session, seconds: float) -> None:
        """XFORWARD, where the settings ask for it and it is announced. Raises InTrouble."""
        if self.settings.tell_client == "xforward" and line.capabilities.xforward:
            await introduce(line, "xforward", session, self._hostname, seconds)

    async def _try(self, session: Session, credentials: Credentials) -> SignInAnswer:
        line = await self._opener.open()
        kept = False
        try:
            seconds = self.settings.connect_timeout_seconds
            if self.settings.tell_client == "xclient":
                await introduce(line, "xclient", session, self._hostname, seconds)
            if credentials.mechanism not in MECHANISMS or credentials.mechanism not in line.capabilities.auth:
                raise InTrouble(Trouble.NO_SIGN_IN)
            answer = await authenticate(line, credentials, seconds)
            if answer.outcome is SignInOutcome.ACCEPTED and session.identifier not in self._gone:
                line.check()
                line.messages = 1  # so that a line which is dead at its first message counts as one that lay idle
                self._bound[session.identifier] = _Bound(line)
                kept = True
            return answer
        finally:
            if not kept:
                self._quit(line)

    def _unavailable(self, session: Session, trouble: Trouble) -> SignInAnswer:
        log.error(
            "sign_in_not_tried",
            smarthost=str(self.settings.address),
            session=session.identifier,
            trouble=trouble.value,
        )
        return SignInAnswer(SignInOutcome.UNAVAILABLE)

    def _quit(self, line: Line) -> None:
        task = asyncio.get_running_loop().create_task(line.quit())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


class BoundConnection:
    """Implements guard.ports.SmarthostConnection, and Lines of transmission.py, on the line that the session signed in
    on and on no other."""

    def __init__(self, sign_in: SmarthostSignIn, session: Session) -> None:
        self._sign_in = sign_in
        self._session = session

    async def transmit(self, envelope: Envelope, content: Content) -> Transmission:
        """See guard.ports. Trouble SIGN_IN_LOST: the line is gone, and nothing was sent."""
        try:
            return await transmit(self, envelope, content, for_outbox=False)
        finally:
            self._sign_in.give_back(self._session.identifier)

    async def release(self) -> None:
        """The line stays for the session's next message."""

    @property
    def settings(self) -> SmarthostSettings:
        return self._sign_in.settings

    async def ready(self, deadline: float, *, fresh: bool) -> Line:
        if fresh:
            raise InTrouble(Trouble.SIGN_IN_LOST)
        line = self._sign_in.take(self._session.identifier)
        seconds = min(self.settings.connect_timeout_seconds, deadline - asyncio.get_running_loop().time())
        try:
            await self._sign_in.forward(line, self._session, seconds)
        except BaseException as cause:
            line.abort()
            if isinstance(cause, InTrouble):
                raise InTrouble(Trouble.SIGN_IN_LOST) from cause
            raise
        return line

    async def pass_on(self) -> bool:
        return False
