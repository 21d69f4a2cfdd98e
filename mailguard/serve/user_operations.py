"""What `mailguard user` does, on the book of accounts. Passwords come in over the socket and never go out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Protocol

from pydantic import Field

from ..guard.accounts import Actor
from ..guard.console.links import LASTS, NewLink
from ..guard.records import Account
from .arguments import Arguments, Item

MAX_TEXT = 1024
"""Characters of a name or a password on the socket; what an account may have is less, and is said in words."""
Text = Annotated[str, Field(max_length=MAX_TEXT)]


class Book(Protocol):
    """What operations need of guard.accounts.AccountBook."""

    async def list(self) -> Sequence[Account]: ...
    async def add(self, name: str, password: str, roles: Sequence[str], actor: Actor) -> Account: ...
    async def set_password(self, name: str, password: str, actor: Actor) -> Account: ...
    async def set_roles(self, name: str, roles: Sequence[str], actor: Actor) -> Account: ...
    async def disable(self, name: str, actor: Actor) -> Account: ...
    async def enable(self, name: str, actor: Actor) -> Account: ...
    async def remove(self, name: str, actor: Actor) -> Account: ...


class LinkMaker(Protocol):
    """What operations need of guard.console.links.LinkBook."""

    async def make(self, name: str | None, actor: Actor) -> NewLink: ...


class NameArguments(Arguments):
    name: Text
    by: str = Field(min_length=1, max_length=200)

    def actor(self, system_user: str) -> Actor:
        return Actor(self.by, system_user)


class PasswordArguments(NameArguments):
    password: Text = Field(repr=False)


class LinkArguments(Arguments):
    name: Text | None = None
    by: str = Field(min_length=1, max_length=200)


class RolesArguments(NameArguments):
    roles: list[Text] = Field(max_length=20)


class AddArguments(PasswordArguments):
    roles: list[Text] = Field(max_length=20)


async def list_users(book: Book, _: Arguments, __: str) -> AsyncIterator[Item]:
    for account in await book.list():
        yield account_item(account)


async def add(book: Book, given: AddArguments, system_user: str) -> AsyncIterator[Item]:
    yield account_item(await book.add(given.name, given.password, given.roles, given.actor(system_user)))


async def set_password(book: Book, given: PasswordArguments, system_user: str) -> AsyncIterator[Item]:
    yield account_item(await book.set_password(given.name, given.password, given.actor(system_user)))


async def set_roles(book: Book, given: RolesArguments, system_user: str) -> AsyncIterator[Item]:
    yield account_item(await book.set_roles(given.name, given.roles, given.actor(system_user)))


def _named(act: Callable[[Book, str, Actor], Awaitable[Account]]) -> Act:
    """An operation that needs only a name."""

    async def run(book: Book, given: NameArguments, system_user: str) -> AsyncIterator[Item]:
        yield account_item(await act(book, given.name, given.actor(system_user)))

    return run


Act = Callable[[Book, Any, str], AsyncIterator[Item]]

USER_OPERATIONS: dict[str, tuple[type[Arguments], Act]] = {
    "user_list": (Arguments, list_users),
    "user_add": (AddArguments, add),
    "user_password": (PasswordArguments, set_password),
    "user_role": (RolesArguments, set_roles),
    "user_disable": (NameArguments, _named(lambda book, name, actor: book.disable(name, actor))),
    "user_enable": (NameArguments, _named(lambda book, name, actor: book.enable(name, actor))),
    "user_remove": (NameArguments, _named(lambda book, name, actor: book.remove(name, actor))),
}


def link_item(link: NewLink, base_url: str) -> Item:
    """`user link --json`. name: None for the first admin's."""
    return {
        "url": start_url(base_url, link.token),
        "name": link.name,
        "minutes": LASTS // timedelta(minutes=1),
    }


def start_url(base_url: str, token: str) -> str:
    """Where a one-time link leads."""
    return f"{base_url}/start/{token}"


def account_item(account: Account) -> Item:
    """`user list --json`. account: the keyed hash by which the ledger names it. mailbox, issuer: of
    who signs in with the organisation's own sign-in service.
    """
    return {
        "name": account.name,
        "roles": list(account.roles),
        "disabled": account.disabled,
        "created_at": _when(account.created_at),
        "changed_at": _when(account.changed_at),
        "version": account.version,
        "account": account.identifier,
        "mailbox": account.federated.mailbox if account.federated else None,
        "issuer": account.federated.issuer if account.federated else None,
    }


def _when(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
