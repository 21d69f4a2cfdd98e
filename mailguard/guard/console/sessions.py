"""Who is signed in to the console: sessions are begun, looked up with each page, ended.

INVARIANT: a session is worth what its account is worth now: it is read anew with each page. Locked, removed, without a
role in the console, with another password or another second factor: the session ends. So does one of an account of a
kind that is let in no more, and one that was begun under other settings of the sign-in service.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from ...core.powers import Powers, powers_of
from .. import entries
from ..accounts import Actor
from ..ports import Accounts, Clock, Randomness
from ..records import Account, NewEntry
from .ports import Sessions
from .records import ConsoleSession
from .tokens import is_token, key_of, new_token

IDLE = timedelta(minutes=20)
LONGEST = timedelta(hours=8)
"""CONSOLE.md 2.9."""
SEEN_EVERY = timedelta(seconds=30)
"""How exactly it is kept when a session was last used: a write for each page would be one too many."""
MOST_BROWSER_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class LetIn:
    """Whose sessions count. local: those of the guard's own accounts. federation: those begun with the organisation's
    own sign-in service under the settings of this digest; None for no such service. issuer: that service, letter for
    letter: who signed in with another one before does not get in any more.
    """

    local: bool = True
    federation: str | None = None
    issuer: str | None = None

    def lets(self, account: Account) -> bool:
        """Whether this one can sign in at all, locked or not."""
        if account.federated is None:
            return self.local
        return self.federation is not None and account.federated.issuer == self.issuer


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in. whole: with the second factor; without, nothing but setting it up is open."""

    account: Account
    session: ConsoleSession
    powers: Powers

    @property
    def whole(self) -> bool:
        return self.session.pending_factor is None


class SessionBook:
    def __init__(
        self,
        *,
        sessions: Sessions,
        accounts: Accounts,
        clock: Clock,
        randomness: Randomness,
        let_in: LetIn | None = None,
    ) -> None:
        self._let_in = let_in or LetIn()
        self._sessions = sessions
        self._accounts = accounts
        self._clock = clock
        self._randomness = randomness

    async def begin(
        self, account: Account, browser: str, pending_factor: str | None = None, draft: str | None = None
    ) -> str:
        """A new session of the account; its token comes back, which nobody else knows and the store does not keep."""
        token = new_token(self._randomness)
        now = self._clock.now()
        session = ConsoleSession(
            key=key_of(token),
            account=account.identifier,
            name=account.name,
            began_at=now,
            seen_at=now,
            browser=browser[:MOST_BROWSER_CHARACTERS],
            bound_to=self._bound_to(account),
            pending_factor=pending_factor,
            draft=draft,
        )
        way = {} if account.federated is None else {"with": "oidc"}
        records = [] if pending_factor else [noted("console_signed_in", account, self._clock, **way)]
        await self._sessions.begin(session, records)
        return token

    async def look(self, token: str, *, counts: bool = True) -> Visitor | None:
        """Who is signed in with this token; None where nobody is (any more). counts: as used now; not what a page asks
        by itself, or a browser that nobody sits at would stay signed in.
        """
        if not is_token(token):
            return None
        session = await self._sessions.find(key_of(token))
        if session is None or self._is_over(session):
            return None
        account = await self._accounts.find(session.name)
        if account is None or not self._belongs(session, account):
            return None
        now = self._clock.now()
        if counts and now - session.seen_at >= SEEN_EVERY:
            await self._sessions.seen(session.key, now)
        return Visitor(account, session, powers_of(account.roles))

    async def of(self, visitor: Visitor) -> Sequence[ConsoleSession]:
        """All sessions of the account that are still good, the one used last first."""
        found = await self._sessions.of_account(visitor.account.identifier)
        good = [each for each in found if not self._is_over(each) and self._belongs(each, visitor.account)]
        return [each for each in good if each.pending_factor is None]

    async def end(self, visitor: Visitor) -> None:
        """Sign out here."""
        await self._sessions.end(
            [visitor.session.key], [noted("console_signed_out", visitor.account, self._clock, sessions=1)]
        )

    async def end_one(self, visitor: Visitor, key: str) -> bool:
        """Sign out at another browser. False where the account has no such session."""
        if key not in {each.key for each in await self._sessions.of_account(visitor.account.identifier)}:
            return False
        note = noted("console_signed_out", visitor.account, self._clock, sessions=1)
        return await self._sessions.end([key], [note]) == 1

    async def end_others(self, visitor: Visitor) -> int:
        """Sign out everywhere but here. How many there were."""
        found = await self._sessions.of_account(visitor.account.identifier)
        others = [each.key for each in found if each.key != visitor.session.key]
        if not others:
            return 0
        note = noted("console_signed_out", visitor.account, self._clock, sessions=len(others))
        return await self._sessions.end(others, [note])

    async def count(self, account: Account) -> int:
        """At how many browsers an account is signed in."""
        found = await self._sessions.of_account(account.identifier)
        good = [each for each in found if not self._is_over(each) and self._belongs(each, account)]
        return len([each for each in good if each.pending_factor is None])

    async def end_all(self, account: Account, actor: Actor) -> int:
        """Somebody else ends all sessions of an account. How many there were."""
        found = await self._sessions.of_account(account.identifier)
        entry = actor.entry(
            "account_sessions_ended", self._clock.now(), account=account.identifier, sessions=len(found)
        )
        note = replace(entry, evidence={**(entry.evidence or {}), "account": account.shown})
        return await self._sessions.end([each.key for each in found], [note])

    def _is_over(self, session: ConsoleSession) -> bool:
        now = self._clock.now()
        return now - session.seen_at >= IDLE or now - session.began_at >= LONGEST

    def _belongs(self, session: ConsoleSession, account: Account) -> bool:
        able = not account.disabled and powers_of(account.roles).uses_console
        same = session.account == account.identifier and session.bound_to == self._bound_to(account)
        return able and same and self._let_in.lets(account)

    def _bound_to(self, account: Account) -> str:
        """Changes with password and second factor, or with the settings by which somebody signs in elsewhere."""
        if account.federated is None:
            return credentials_of(account)
        who = account.federated
        bound = f"oidc\0{self._let_in.federation}\0{who.issuer}\0{who.subject}"
        return hashlib.sha256(bound.encode()).hexdigest()


def credentials_of(account: Account) -> str:
    """Changes with password and second factor, and tells nobody either."""
    return hashlib.sha256(f"{account.password_hash}\0{account.second_factor}".encode()).hexdigest()


def noted(kind: str, account: Account, clock: Clock, **fields: object) -> NewEntry:
    """An entry of what somebody did at the console: the account by its keyed hash, its name in the evidence alone."""
    plain = entries.plain(kind, None, clock.now(), account=account.identifier, via="console", **fields)
    return NewEntry(plain.kind, None, plain.at, plain.fields, evidence={"account": account.shown})
