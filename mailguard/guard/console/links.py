"""One-time links: how somebody chooses a password and a second factor without anybody telling them one.

INVARIANT: a link is made only for an account that there is, or, where no account is an admin, for the first admin; the
first visitor of a new console never becomes one. INVARIANT: opening a link changes nothing; using it works once, and
only while its account has the password and the second factor that it had when the link was made: whoever starts an
account again, or uses one of its links, ends every earlier one.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from datetime import timedelta

from ...core.account import ADMIN, canonical_account, name_fault, password_fault, prepare_password
from ...core.errors import AccountExists, AccountRefused, NotAllowed, UnknownAccount
from ...core.one_time_code import SECRET_OCTETS
from ...core.powers import powers_of
from ..accounts import Actor
from ..entries import plain
from ..ports import Accounts, Clock, Passwords, Randomness
from ..records import Account, NewAccount, NewEntry
from .ports import Links
from .records import ConsoleLink
from .sessions import SessionBook, credentials_of
from .tokens import is_token, key_of, new_token

LASTS = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class NewLink:
    """token: what the link ends in; shown once. name: of the account, None for the first admin's."""

    token: str
    name: str | None


class LinkUsed(NotAllowed):
    """The link was used, has expired, or never was one."""


class LinkBook:
    def __init__(
        self,
        *,
        links: Links,
        accounts: Accounts,
        passwords: Passwords,
        sessions: SessionBook,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._links = links
        self._accounts = accounts
        self._passwords = passwords
        self._sessions = sessions
        self._clock = clock
        self._randomness = randomness

    async def has_admin(self) -> bool:
        """Whether some account of the guard's own that can be used is an admin. Who signs in elsewhere does not count:
        on the day on which that service does not answer, the link for the first admin is the way in.
        """
        own = [each for each in await self._accounts.list() if each.federated is None]
        return any(powers_of(each.roles).admin and not each.disabled for each in own)

    async def make(self, name: str | None, actor: Actor) -> NewLink:
        """A link for an account; without a name, for the first admin. UnknownAccount, NotAllowed."""
        if name is None:
            if await self.has_admin():
                raise NotAllowed("there is an admin already; name the account that the link is for")
            return await self._made(None, None, actor.entry("console_link_made", self._clock.now()))
        account = await self._accounts.find(name)
        if account is None:
            raise UnknownAccount(f'there is no account "{canonical_account(name)}"')
        if account.federated is not None:
            raise NotAllowed("they sign in with the organisation's own sign-in service, and have no password here")
        if account.disabled or not powers_of(account.roles).uses_console:
            raise NotAllowed(f'the account "{account.name}" is disabled or has no role in the console')
        entry = actor.entry("console_link_made", self._clock.now(), account=account.identifier)
        evidence = {**(entry.evidence or {}), "account": account.name}
        return await self._made(account.name, credentials_of(account), replace(entry, evidence=evidence))

    async def look(self, token: str) -> ConsoleLink:
        """The link, if it can be used now. LinkUsed."""
        link = await self._links.find(key_of(token)) if is_token(token) else None
        if link is None or link.used_at is not None or link.expires_at <= self._clock.now():
            raise LinkUsed("this link was used already, or its time has run out")
        if link.name is not None:
            await self._account_of(link)
        return link

    async def use(self, token: str, name: str, password: str, browser: str) -> str:
        """Choose the password, and for the first admin the name. The token of a session comes back in which a second
        factor is to be set up; an earlier one, and every other session, counts no more.

        AccountRefused, AccountExists: the link can be used still. LinkUsed.
        """
        link = await self.look(token)
        chosen = link.name if link.name is not None else name.strip()
        fault = (name_fault(chosen) if link.name is None else None) or password_fault(chosen, password)
        prepared = prepare_password(password)
        if fault is not None or prepared is None:
            raise AccountRefused(fault or "this is no password")
        if link.name is None and await self._accounts.find(chosen) is not None:
            raise AccountExists(f'there is already an account "{chosen}"')
        password_hash = await self._passwords.hash(prepared)
        if not await self._links.use(link.key, self._clock.now()):
            raise LinkUsed("this link was used already, or its time has run out")
        account = await self._entered(link, chosen, password_hash)
        secret = base64.b32encode(self._randomness.octets(SECRET_OCTETS)).decode("ascii")
        return await self._sessions.begin(account, browser, secret)

    async def _entered(self, link: ConsoleLink, name: str, password_hash: str) -> Account:
        now = self._clock.now()
        entry = plain("console_link_used", None, now, via="console")
        if link.name is None:
            if await self.has_admin():
                raise LinkUsed("somebody else became the first admin meanwhile")
            return await self._accounts.add(NewAccount(name, password_hash, (ADMIN,), now), [entry])
        account = await self._account_of(link)
        changed = replace(account, password_hash=password_hash, second_factor=None, changed_at=now)
        return await self._accounts.change(changed, [entry])

    async def _account_of(self, link: ConsoleLink) -> Account:
        """The account that a link is for, if it is still the one that the link was made for. LinkUsed."""
        account = await self._accounts.find(link.name or "")
        if account is None or account.federated or account.disabled or not powers_of(account.roles).uses_console:
            raise LinkUsed("the account of this link is gone, or was disabled")
        if link.bound_to != credentials_of(account):
            raise LinkUsed("the account of this link has had another password or second factor since it was made")
        return account

    async def _made(self, name: str | None, bound_to: str | None, entry: NewEntry) -> NewLink:
        token = new_token(self._randomness)
        now = self._clock.now()
        await self._links.make(ConsoleLink(key_of(token), name, now, now + LASTS, bound_to=bound_to), [entry])
        return NewLink(token, name)
