"""Has sign-ins tried, one for a listener: waits for the attempt's turn, bounds its time, and settles what came of it.

INVARIANT: whatever the part does that tries them (it raises, hangs, answers nonsense), the client hears 454 and the log
has the cause: nobody is signed in by a fault. INVARIANT: `leave` reaches it once for each session that it may have
signed in. No account and no secret is logged.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from ..core.errors import MailguardError
from ..core.outcome import SmarthostReply
from ..core.reference import RANDOM_OCTETS, short_reference
from ..core.reply import Reply
from ..core.session import Session
from ..core.sign_in import Credentials, SignInAnswer, SignInOutcome
from ..guard.ports import SignIn
from ..logs import logger
from . import replies
from .cancellation import cancelled_from_outside
from .sasl import CHALLENGE_OCTETS
from .sign_in_limits import Turns

log = logger("listener")

LEAVE_SECONDS = 5.0
"""For the end of what a session signed in on, and before it for an attempt that was given up."""

Watch = Callable[[str], None]
"""Is told of each attempt: accepted, refused, unavailable or slowed."""


class Doorkeeper:
    """seconds: for one attempt. clock: seconds that never go back. sleep: waits so long."""

    def __init__(
        self,
        sign_in: SignIn,
        limits: Turns,
        seconds: float,
        watch: Watch,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._sign_in = sign_in
        self._limits = limits
        self._seconds = seconds
        self._watch = watch
        self._clock = clock
        self._sleep = sleep
        self._inside: dict[str, asyncio.Task[Any] | None] = {}
        self._ends: set[asyncio.Task[None]] = set()

    def mechanisms(self) -> tuple[str, ...]:
        """What can be tried now; none where that cannot be said."""
        try:
            return tuple(self._sign_in.mechanisms())
        except Exception as cause:
            log.error("mechanisms_not_learned", cause=cause)
            return ()

    def is_lost(self, session: str) -> bool:
        """Whether the session has to sign in again; also where that cannot be said."""
        try:
            return bool(self._sign_in.is_lost(session))
        except Exception as cause:
            log.error("sign_in_not_found", session=session, cause=cause)
            return True

    async def attempt(
        self, session: Session, credentials: Credentials, has_left: Callable[[], bool]
    ) -> SignInAnswer | Reply:
        """The answer, or the reply that says why there is none. has_left: whether the client is gone."""
        now = self._clock()
        turn = await self._limits.reserve(session.peer, credentials.account, now)
        if turn is None:
            return self._slowed(session)
        outcome = SignInOutcome.UNAVAILABLE
        try:
            if turn.starts > now:
                await self._sleep(turn.starts - now)
            if has_left():
                return replies.SIGN_IN_UNAVAILABLE
            answer = await self._tried(session, credentials)
            if isinstance(answer, SignInAnswer):
                outcome = answer.outcome
            return answer
        finally:
            self._limits.settle(turn, outcome, self._clock())

    async def leave(self, session: str) -> None:
        """The session (its identifier) has ended. A cancellation does not keep it from being told."""
        if session in self._inside:
            end = asyncio.ensure_future(self._end(session, self._inside.pop(session)))
            self._ends.add(end)
            end.add_done_callback(self._ends.discard)
            await asyncio.shield(end)

    async def _end(self, session: str, attempt: asyncio.Task[Any] | None) -> None:
        if attempt is not None and not attempt.done():  # it was cancelled, and may yet have signed in
            await asyncio.wait({attempt}, timeout=LEAVE_SECONDS)
        try:
            await _within(LEAVE_SECONDS, self._sign_in.leave(session))
        except (Exception, asyncio.CancelledError) as cause:
            log.error("sign_in_not_ended", session=session, cause=cause)

    async def _tried(self, session: Session, credentials: Credentials) -> SignInAnswer | Reply:
        identifier = session.identifier
        self._inside[identifier] = None
        try:
            attempt = _started(self._sign_in.sign_in(session, credentials))
            self._inside[identifier] = attempt
            answer = _sound(await _result(attempt, self._seconds))
        except (Exception, asyncio.CancelledError) as cause:
            if cancelled_from_outside():
                raise
            return self._failed(identifier, cause)
        if answer.outcome is not SignInOutcome.ACCEPTED:
            del self._inside[identifier]
        self._tell(identifier, credentials.mechanism, answer.outcome)
        return answer

    def _tell(self, session: str, mechanism: str, outcome: SignInOutcome) -> None:
        self._watch(outcome.value)
        if outcome is SignInOutcome.ACCEPTED:
            log.info("sign_in_accepted", session=session, mechanism=mechanism)
        elif outcome is SignInOutcome.REFUSED:
            log.info("sign_in_refused", session=session, mechanism=mechanism)
        else:
            log.warning("sign_in_unavailable", session=session, mechanism=mechanism)

    def _slowed(self, session: Session) -> Reply:
        self._watch("slowed")
        log.warning("sign_in_slowed", session=session.identifier)
        return replies.SIGN_IN_SLOWED

    def _failed(self, session: str, cause: BaseException) -> Reply:
        ref = short_reference(secrets.token_bytes(RANDOM_OCTETS))
        self._watch(SignInOutcome.UNAVAILABLE.value)
        log.error("sign_in_failed", ref=ref, session=session, cause=cause)
        return replies.sign_in_failed(ref)


def _started(work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """A task of its own: what does not heed its cancellation cannot hold up the session."""
    task = asyncio.ensure_future(work)
    task.add_done_callback(_heard)
    return task


def _heard(task: asyncio.Task[Any]) -> None:
    """An error that nobody waits for any more is not reported once again by the event loop."""
    if not task.cancelled():
        task.exception()


async def _within(seconds: float, work: Coroutine[Any, Any, Any]) -> None:
    await _result(_started(work), seconds)


async def _result(task: asyncio.Task[Any], seconds: float) -> Any:
    """TimeoutError, or what the task raised."""
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        if not task.done():
            task.cancel()
    if not task.done():
        raise TimeoutError
    return task.result()


def _sound(answer: object) -> SignInAnswer:
    """An answer that can be acted on. MailguardError for any other."""
    if (
        isinstance(answer, SignInAnswer)
        and isinstance(answer.outcome, SignInOutcome)
        and (answer.reply is None or isinstance(answer.reply, SmarthostReply))
        and (answer.challenge is None or (isinstance(answer.challenge, bytes)))
    ):
        return (
            answer if len(answer.challenge or b"") <= CHALLENGE_OCTETS else SignInAnswer(answer.outcome, answer.reply)
        )
    raise MailguardError("the sign-in did not end in an answer")
