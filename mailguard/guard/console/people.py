"""Who may use the console, looked after by an admin in the console.

INVARIANT: there is always an admin who can sign in: the last one is not locked, and keeps the role (the command line,
which needs the server, may take it). Who signs in with the organisation's own sign-in service does not stand in for the
last admin with an account here: that service may not answer one day. INVARIANT: nobody learns or chooses another's
password: who needs one gets a one-time link, and until it is used nobody gets in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from ...core.account import ADMIN, canonical_account
from ...core.errors import NotAllowed, UnknownAccount
from ...core.powers import powers_of
from ..accounts import AccountBook, Actor
from ..ports import Randomness
from ..records import Account
from .links import LinkBook, NewLink
from .sessions import LetIn, SessionBook, Visitor


@dataclass(frozen=True, slots=True)
class Person:
    """An account, and at how many browsers it is signed in now."""

    account: Account
    sessions: int


class LastAdmin(NotAllowed):
    """Without this account nobody could look after the console."""


class People:
    """Every method raises NotAllowed for who is no admin, UnknownAccount, and what AccountBook and LinkBook raise."""

    def __init__(
        self,
        *,
        book: AccountBook,
        links: LinkBook,
        sessions: SessionBook,
        randomness: Randomness,
        let_in: LetIn | None = None,
    ) -> None:
        self._let_in = let_in or LetIn()
        self._book = book
        self._links = links
        self._sessions = sessions
        self._randomness = randomness
        self._changing = asyncio.Lock()

    async def list(self, visitor: Visitor) -> Sequence[Account]:
        """All accounts, by name."""
        _refuse(visitor)
        return await self._book.list()

    async def find(self, visitor: Visitor, name: str) -> Person:
        _refuse(visitor)
        account = await self._found(name)
        return Person(account, await self._sessions.count(account))

    async def add(self, visitor: Visitor, name: str, roles: Sequence[str]) -> NewLink | None:
        """A new account, with the link by which its holder chooses a password; None for one that only sends mail."""
        async with self._changing:
            await self._book.add(name, self._nobodys_password(), roles, _actor(visitor))
            return await self._link(visitor, name, roles)

    async def set_roles(self, visitor: Visitor, name: str, roles: Sequence[str]) -> None:
        async with self._changing:
            await self._keep_an_admin(visitor, name, ADMIN in roles)
            await self._book.set_roles(name, roles, _actor(visitor))

    async def lock(self, visitor: Visitor, name: str) -> None:
        async with self._changing:
            await self._keep_an_admin(visitor, name, False)
            await self._book.disable(name, _actor(visitor))

    async def unlock(self, visitor: Visitor, name: str) -> None:
        _refuse(visitor)
        await self._book.enable(name, _actor(visitor))

    async def end_sessions(self, visitor: Visitor, name: str) -> int:
        """Sign it out everywhere. How many sessions there were."""
        _refuse(visitor)
        account = await self._found(name)
        return await self._sessions.end_all(account, _actor(visitor))

    async def make_link(self, visitor: Visitor, name: str) -> NewLink:
        """A link by which its holder chooses another password and sets up another app; the old ones work till then."""
        _refuse(visitor)
        return await self._links.make(name, _actor(visitor))

    async def start_again(self, visitor: Visitor, name: str) -> NewLink:
        """Password and second factor are taken away at once, for example after a phone was lost: only the link that
        comes back leads in. The last admin's are not: should the link be lost, nobody could make another.
        """
        async with self._changing:
            await self._keep_an_admin(visitor, name, False)
            await self._book.reset_factor(name, self._nobodys_password(), _actor(visitor))
            return await self._links.make(name, _actor(visitor))

    async def _link(self, visitor: Visitor, name: str, roles: Sequence[str]) -> NewLink | None:
        return await self._links.make(name, _actor(visitor)) if powers_of(roles).uses_console else None

    async def _keep_an_admin(self, visitor: Visitor, name: str, stays: bool) -> None:
        """One who can be reached by signing in counts: not locked, with a second factor set up."""
        _refuse(visitor)
        account = await self._found(name)
        if stays or not powers_of(account.roles).admin:
            return
        others = [each for each in await self._book.list() if each.identifier != account.identifier]
        if not any(self._stands_in(each, account) for each in others):
            raise LastAdmin("nobody else could look after the console")

    def _stands_in(self, other: Account, account: Account) -> bool:
        """Whether the console is looked after without this account, as long as there is the other."""
        if not powers_of(other.roles).admin or other.disabled or not self._let_in.lets(other):
            return False
        if other.federated is None:
            return bool(other.second_factor)
        return account.federated is not None or not self._let_in.local

    async def _found(self, name: str) -> Account:
        wanted = canonical_account(name)
        for account in await self._book.list():
            if canonical_account(account.name) == wanted:
                return account
        raise UnknownAccount(f'there is no account "{wanted}"')

    def _nobodys_password(self) -> str:
        return self._randomness.octets(32).hex()


def _refuse(visitor: Visitor) -> None:
    if not visitor.powers.admin:
        raise NotAllowed("accounts are looked after by admins")


def _actor(visitor: Visitor) -> Actor:
    _refuse(visitor)
    return Actor(visitor.account.shown, "console", visitor.account.identifier)
