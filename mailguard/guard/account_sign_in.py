"""Signing in with an account of the guard's own. Implements the port SignIn.

INVARIANT: one attempt is one hash, whether the account exists, is disabled, lacks the role, or the client sent what no
password is; neither the answer nor its time tells them apart (THREATS.md T7). What cannot be tried is UNAVAILABLE.
Accounts are read anew for every attempt, so that a changed password counts at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..core.account import SENDER, canonical_account, prepare_password
from ..core.session import Session
from ..core.sign_in import Credentials, SignInAnswer, SignInOutcome
from ..logs import logger
from . import entries
from .ports import Accounts, Clock, Passwords
from .records import Account

log = logger("sign_in")

MECHANISMS = ("PLAIN", "LOGIN")
"""Those that hand the password over: nothing that others need is kept of it."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """What the client says: who it is, and a password in the form that is hashed."""

    name: str = field(repr=False)
    password: str = field(repr=False)


class AccountSignIn:
    def __init__(self, *, accounts: Accounts, passwords: Passwords, clock: Clock) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._clock = clock

    def mechanisms(self) -> Sequence[str]:
        """PLAIN and LOGIN, always."""
        return MECHANISMS

    async def sign_in(self, session: Session, credentials: Credentials) -> SignInAnswer:
        """Try one attempt. Never raises; keeps no secret."""
        try:
            accepted = await self._is_right(credentials)
        except Exception as cause:
            log.warning("account_not_checked", session=session.identifier, cause=cause)
            return SignInAnswer(SignInOutcome.UNAVAILABLE)
        return SignInAnswer(SignInOutcome.ACCEPTED if accepted else SignInOutcome.REFUSED)

    def is_lost(self, session: str) -> bool:
        """Never: the session signed in on no connection but its own."""
        return False

    async def leave(self, session: str) -> None:
        """Nothing is kept for a session."""

    async def _is_right(self, credentials: Credentials) -> bool:
        claim = _claim(credentials)
        account = await self._accounts.find(claim.name if claim else "")
        able = account if claim and account and _may_send(account) else None
        right = await self._passwords.verify(able.password_hash if able else None, claim.password if claim else "")
        if able is None or claim is None or not right:
            return False
        if self._passwords.is_outdated(able.password_hash):
            await self._renew(able, claim.password)
        return True

    async def _renew(self, account: Account, password: str) -> None:
        """Hash the same password with today's parameters. Whatever goes wrong with it, the next sign-in tries again."""
        try:
            now = self._clock.now()
            renewed = replace(account, password_hash=await self._passwords.hash(password))
            await self._accounts.change(renewed, [entries.plain("account_rehashed", None, now)])
        except Exception as cause:
            log.warning("account_not_rehashed", cause=cause)


def _may_send(account: Account) -> bool:
    return SENDER in account.roles and not account.disabled and account.federated is None


def _claim(credentials: Credentials) -> _Claim | None:
    """None for what names nobody, names two, or holds no password."""
    said = _said(credentials)
    if said is None:
        return None
    acts_as, name, password = said
    prepared = prepare_password(password)
    same = {canonical_account(each) for each in (acts_as, name, credentials.account) if each}
    return _Claim(name, prepared) if name and prepared and len(same) == 1 else None


def _said(credentials: Credentials) -> tuple[str, str, str] | None:
    """Whom to act as (empty: itself), name, password: PLAIN as RFC 4616 section 2 has it, LOGIN as everybody does."""
    responses = credentials.responses
    try:
        if credentials.mechanism == "PLAIN" and len(responses) == 1:
            acts_as, name, password = responses[0].decode("utf-8").split("\0")
        elif credentials.mechanism == "LOGIN" and len(responses) == 2:
            acts_as, name, password = "", responses[0].decode("utf-8"), responses[1].decode("utf-8")
        else:
            return None
    except ValueError:
        return None
    return acts_as, name, password
