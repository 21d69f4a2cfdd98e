"""The story of the guard's own accounts: made, changed and removed by an admin. Each change is an entry of the ledger.

INVARIANT: no password and no name reaches an entry's fields or a log; a password leaves this file only as a hash.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ..core.account import canonical_account, name_fault, password_fault, prepare_password, roles_fault
from ..core.errors import AccountExists, AccountRefused, UnknownAccount
from . import entries
from .ports import Accounts, Clock, Passwords
from .records import Account, NewAccount, NewEntry


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes an account. by: a name for the record. system_user: what the operating system says. account: the
    identifier of who does it in the console, None on the server.
    """

    by: str
    system_user: str
    account: str | None = None

    def entry(self, kind: str, at: datetime, **fields: Any) -> NewEntry:
        """An entry that names who acts. A name that is an address stands in its evidence."""
        who: dict[str, Any] = {"actor": self.by, "system_user": self.system_user}
        if self.account is not None:
            who |= {"actor_account": self.account, "via": "console"}
        made = entries.plain(kind, None, at, **who, **fields)
        return replace(made, evidence={"actor": self.by}) if "@" in self.by else made


class AccountBook:
    """teams: the names of those that roles can be given for."""

    def __init__(self, *, accounts: Accounts, passwords: Passwords, clock: Clock, teams: Collection[str] = ()) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._clock = clock
        self._teams = teams

    async def list(self) -> Sequence[Account]:
        """All accounts, by name."""
        return await self._accounts.list()

    async def add(self, name: str, password: str, roles: Sequence[str], actor: Actor) -> Account:
        """AccountRefused: name, password or roles cannot be used. AccountExists."""
        kept = tuple(dict.fromkeys(roles))
        _refuse(name_fault(name) or roles_fault(kept, self._teams) or password_fault(name, password))
        if await self._accounts.find(name) is not None:
            raise AccountExists(f'there is already an account "{name}"')
        made = NewAccount(name, await self._hash(password), kept, self._clock.now())
        entry = self._entry("account_added", actor, roles=list(kept))
        return await self._accounts.add(made, [entry])

    async def set_password(self, name: str, password: str, actor: Actor) -> Account:
        """Give it another password, from now on. UnknownAccount, AccountRefused, AlreadyDecided."""
        account = await self._find(name)
        _refuse(_elsewhere(account) or password_fault(account.name, password))
        changed = replace(account, password_hash=await self._hash(password), changed_at=self._clock.now())
        return await self._accounts.change(changed, [self._entry("account_password_changed", actor)])

    async def set_roles(self, name: str, roles: Sequence[str], actor: Actor) -> Account:
        """Give it these roles and no others. UnknownAccount, AccountRefused, AlreadyDecided."""
        account = await self._find(name)
        kept = tuple(dict.fromkeys(roles))
        _refuse(_elsewhere(account) or roles_fault(kept, self._teams))
        if set(kept) == set(account.roles):
            return account
        entry = self._entry("account_roles_changed", actor, before=list(account.roles), roles=list(kept))
        return await self._accounts.change(replace(account, roles=kept, changed_at=self._clock.now()), [entry])

    async def disable(self, name: str, actor: Actor) -> Account:
        """Lock it: nobody signs in with it. Nothing happens where it is locked. UnknownAccount, AlreadyDecided."""
        return await self._lock(await self._find(name), True, self._entry("account_disabled", actor))

    async def enable(self, name: str, actor: Actor) -> Account:
        """Unlock it; the password is the one it had. UnknownAccount, AlreadyDecided."""
        return await self._lock(await self._find(name), False, self._entry("account_enabled", actor))

    async def reset_factor(self, name: str, password: str, actor: Actor) -> Account:
        """Take its second factor away, with its password: with that alone somebody could set up a factor of his own.
        UnknownAccount, AccountRefused, AlreadyDecided.
        """
        account = await self._find(name)
        _refuse(_elsewhere(account))
        hashed = await self._hash(password)
        changed = replace(account, password_hash=hashed, second_factor=None, changed_at=self._clock.now())
        return await self._accounts.change(changed, [self._entry("account_factor_reset", actor)])

    async def remove(self, name: str, actor: Actor) -> Account:
        """Remove it. What was removed comes back. UnknownAccount, AlreadyDecided."""
        account = await self._find(name)
        await self._accounts.remove(account, [self._entry("account_removed", actor)])
        return account

    async def _lock(self, account: Account, disabled: bool, entry: NewEntry) -> Account:
        if account.disabled is disabled:
            return account
        return await self._accounts.change(replace(account, disabled=disabled, changed_at=self._clock.now()), [entry])

    async def _find(self, name: str) -> Account:
        account = await self._accounts.find(name)
        if account is None:
            raise UnknownAccount(f'there is no account "{canonical_account(name)}"')
        return account

    async def _hash(self, password: str) -> str:
        prepared = prepare_password(password)
        if prepared is None:
            raise AccountRefused("this is no password")
        return await self._passwords.hash(prepared)

    def _entry(self, kind: str, actor: Actor, **fields: Any) -> NewEntry:
        return actor.entry(kind, self._clock.now(), **fields)


def _elsewhere(account: Account) -> str | None:
    """Password, second factor and roles of who signs in elsewhere are kept there."""
    if account.federated is None:
        return None
    return (
        "they sign in with the organisation's own sign-in service, which keeps their password and their groups; here "
        "the account can only be locked, unlocked and removed"
    )


def _refuse(fault: str | None) -> None:
    if fault is not None:
        raise AccountRefused(fault)
