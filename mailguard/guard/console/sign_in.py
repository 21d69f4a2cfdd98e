"""Signing in to the console with an account of the guard's own: name, password, and a code of its second factor.

INVARIANT: one attempt is one hash, whether the account exists, is disabled, has no business in the console, or the code
is wrong; neither the answer nor its time tells them apart (THREATS.md T7). A code is used up by the conditional change
of the account, so that of two who use one at once, one signs in.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import Enum

from ...core.account import prepare_password
from ...core.errors import AlreadyDecided, UnknownAccount
from ...core.one_time_code import SECRET_OCTETS, used_step
from ...core.powers import powers_of
from ...core.sign_in import SignInOutcome
from ...logs import logger
from ..ports import Accounts, Clock, Passwords, Randomness
from ..records import Account
from .ports import Attempts
from .sessions import SessionBook, Visitor, noted

log = logger("console")
_DECOY = bytes(SECRET_OCTETS)


class Refusal(Enum):
    """WRONG: name, password or code. SLOWED: too many attempts, none was tried. UNAVAILABLE: it could not be tried."""

    WRONG = "wrong"
    SLOWED = "slowed"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """token: of the new session. whole: whether it is signed in, or has to set up a second factor first."""

    token: str
    whole: bool


class ConsoleSignIn:
    def __init__(
        self,
        *,
        accounts: Accounts,
        passwords: Passwords,
        sessions: SessionBook,
        attempts: Attempts,
        clock: Clock,
        randomness: Randomness,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._sessions = sessions
        self._attempts = attempts
        self._clock = clock
        self._randomness = randomness
        self._monotonic = monotonic
        self._sleep = sleep

    async def sign_in(
        self, name: str, password: str, code: str, *, peer: str, browser: str, draft: str | None = None
    ) -> SignedIn | Refusal:
        """Try one attempt, in its turn. peer: the address that it counts for. draft: what the session keeps of a form.

        Never raises; keeps no secret.
        """
        now = self._monotonic()
        turn = await self._attempts.reserve(peer, name, now)
        if turn is None:
            log.warning("console_sign_in_slowed")
            return Refusal.SLOWED
        outcome = SignInOutcome.UNAVAILABLE
        try:
            if turn.starts > now:
                await self._sleep(turn.starts - now)
            answer = await self._tried(name, password, code, browser, draft)
            outcome = SignInOutcome.ACCEPTED if isinstance(answer, SignedIn) else SignInOutcome.REFUSED
            return answer
        except Exception as cause:
            log.warning("console_sign_in_not_tried", cause=cause)
            return Refusal.UNAVAILABLE
        finally:
            self._attempts.settle(turn, outcome, self._monotonic())

    async def _tried(self, name: str, password: str, code: str, browser: str, draft: str | None) -> SignedIn | Refusal:
        prepared = prepare_password(password)
        account = await self._accounts.find(name) if name else None
        able = account if account and prepared and _may_enter(account) else None
        right = await self._passwords.verify(able.password_hash if able else None, prepared or "")
        step = self._used_step(able, code)
        if able is None or not right or (able.second_factor and step is None):
            log.info("console_sign_in_refused")
            return Refusal.WRONG
        if able.second_factor is None:
            return SignedIn(await self._sessions.begin(able, browser, self._new_secret()), whole=False)
        using, records = replace(able, second_factor_step=step or 0), []
        if prepared and self._passwords.is_outdated(able.password_hash):
            using = replace(using, password_hash=await self._passwords.hash(prepared))
            records = [noted("account_rehashed", able, self._clock)]
        try:
            used = await self._accounts.change(using, records)
        except (AlreadyDecided, UnknownAccount):
            # Somebody else used the code, or changed the account, in this moment.
            return Refusal.WRONG
        return SignedIn(await self._sessions.begin(used, browser, draft=draft), whole=True)

    async def set_up(self, visitor: Visitor, code: str, *, peer: str, browser: str) -> str | Refusal:
        """Make the offered secret the account's second factor, if the code fits. The token of the session that replaces
        this one comes back. Attempts count as those to sign in do.
        """
        now = self._monotonic()
        turn = await self._attempts.reserve(peer, visitor.account.name, now)
        if turn is None:
            return Refusal.SLOWED
        outcome = SignInOutcome.UNAVAILABLE
        try:
            if turn.starts > now:
                await self._sleep(turn.starts - now)
            token = await self._set_up(visitor, code, browser)
            outcome = SignInOutcome.REFUSED if token is None else SignInOutcome.ACCEPTED
            return Refusal.WRONG if token is None else token
        finally:
            self._attempts.settle(turn, outcome, self._monotonic())

    async def _set_up(self, visitor: Visitor, code: str, browser: str) -> str | None:
        offered = visitor.session.pending_factor
        step = used_step(_octets(offered), code, self._clock.now().timestamp()) if offered else None
        if offered is None or step is None:
            return None
        given = replace(visitor.account, second_factor=offered, second_factor_step=step, changed_at=self._clock.now())
        note = noted("console_second_factor_set", visitor.account, self._clock)
        try:
            changed = await self._accounts.change(given, [note])
        except (AlreadyDecided, UnknownAccount):
            return None
        return await self._sessions.begin(changed, browser)

    def _used_step(self, account: Account | None, code: str) -> int | None:
        secret = _octets(account.second_factor) if account and account.second_factor else _DECOY
        last = account.second_factor_step if account else 0
        return used_step(secret, code, self._clock.now().timestamp(), last)

    def _new_secret(self) -> str:
        return base64.b32encode(self._randomness.octets(SECRET_OCTETS)).decode("ascii")


def _may_enter(account: Account) -> bool:
    return powers_of(account.roles).uses_console and not account.disabled and account.federated is None


def _octets(secret: str) -> bytes:
    return base64.b32decode(secret)
