"""The port Accounts: who may sign in to the guard itself.

Contract: a row is found by the keyed hash of its canonical name; all else is sealed, bound to that hash and to the
version, so that write access without keys makes no account, unlocks none, and gives none another's password. A hash
made under an older key finds its row still: rotating `recipients` locks nobody out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from ..core.account import canonical_account
from ..core.errors import AccountExists, AlreadyDecided, ReferenceTaken, UnknownAccount
from ..core.powers import powers_of
from ..guard.records import Account, Federated, NewAccount, NewEntry
from . import schema
from .chain import Chain, PreparedEntry
from .console import end_sessions_of
from .engine import Engine
from .instants import from_micros, to_micros
from .keys import Keyring
from .ledger import Prepare
from .readable import readable
from .saved_views import forget_views
from .sealing import context, seal_json, unseal_json, unwrap

_table = schema.accounts
RETENTION = "account"


class StoredAccounts:
    def __init__(self, engine: Engine, keyring: Keyring, prepare_all: Prepare) -> None:
        self._engine = engine
        self._keyring = keyring
        self._prepare = prepare_all

    async def add(self, account: NewAccount, entries: Sequence[NewEntry]) -> Account:
        """Make an account and append the entries in one durable step. AccountExists: nothing happened."""
        identifiers = self._identifiers(account.name)
        made = Account(
            identifiers[0],
            1,
            account.name,
            account.password_hash,
            account.roles,
            account.at,
            account.at,
            federated=account.federated,
        )
        prepared = self._named(entries, made)
        row = _row(made, self._keyring)
        taken = AccountExists(f'there is already an account "{account.name}"')

        def add(connection: Connection, chain: Chain) -> None:
            there = select(_table.c.version).where(_table.c.identifier.in_(identifiers))
            if connection.execute(there).first() is not None:
                raise taken
            connection.execute(_table.insert(), [row])
            chain.append(connection, prepared)

        try:
            await self._engine.write(add)
        except ReferenceTaken as cause:
            # Another guard on the same PostgreSQL made it between the look and the insert.
            raise taken from cause
        return made

    async def find(self, name: str) -> Account | None:
        """The account of that name, None where there is none. SealBroken where it was changed outside mailguard."""
        query = select(_table).where(_table.c.identifier.in_(self._identifiers(name)))
        row = await self._engine.read(lambda connection: connection.execute(query).first())
        return None if row is None else _read(row, self._keyring)

    async def list(self) -> Sequence[Account]:
        """All accounts, by name."""
        query = select(_table, _table.c.identifier.label("ref"))
        rows = await self._engine.read(lambda connection: connection.execute(query).all())
        found = readable(rows, lambda row: _read(row, self._keyring))
        return sorted(found, key=lambda account: canonical_account(account.name))

    async def change(self, account: Account, entries: Sequence[NewEntry]) -> Account:
        """The conditional UPDATE: the account as it shall be, at the version that was seen. Its sessions end where it
        is locked or has no business in the console any more. AlreadyDecided.
        """
        changed = replace(account, version=account.version + 1)
        prepared = self._named(entries, account)
        row = _row(changed, self._keyring)

        def change(connection: Connection, chain: Chain) -> None:
            if connection.execute(update(_table).where(*_seen(account)).values(row)).rowcount != 1:
                _refuse(connection, account)
            if changed.disabled or not powers_of(changed.roles).uses_console:
                end_sessions_of(connection, account.identifier)
            chain.append(connection, prepared)

        await self._engine.write(change)
        return changed

    async def remove(self, account: Account, entries: Sequence[NewEntry]) -> None:
        """Remove it with its key, if it is still at that version. AlreadyDecided, UnknownAccount."""
        prepared = self._named(entries, account)

        def remove(connection: Connection, chain: Chain) -> None:
            if connection.execute(delete(_table).where(*_seen(account))).rowcount != 1:
                _refuse(connection, account)
            forget_views(connection, account.identifier)
            end_sessions_of(connection, account.identifier)
            chain.append(connection, prepared)

        await self._engine.write(remove)
        await self._engine.compact()

    def _identifiers(self, name: str) -> Sequence[str]:
        return self._keyring.hash_account(canonical_account(name))

    def _named(self, entries: Sequence[NewEntry], account: Account) -> Sequence[PreparedEntry]:
        """The entries prepared, with the hash in the chain and the name in the evidence."""
        return self._prepare(
            [
                replace(
                    entry,
                    fields={**entry.fields, "account": account.identifier},
                    evidence={**(entry.evidence or {}), "account": account.shown},
                )
                for entry in entries
            ]
        )


def _seen(account: Account) -> tuple[Any, ...]:
    return _table.c.identifier == account.identifier, _table.c.version == account.version


def _refuse(connection: Connection, account: Account) -> None:
    there = select(_table.c.version).where(_table.c.identifier == account.identifier)
    if connection.execute(there).first() is None:
        raise UnknownAccount(f'there is no account "{account.name}"')
    raise AlreadyDecided(f'somebody else has changed the account "{account.name}" meanwhile; look, and try again')


def _row(account: Account, keyring: Keyring) -> dict[str, Any]:
    key = keyring.new_data_key(context("account", account.identifier))
    body = {
        "name": account.name,
        "password_hash": account.password_hash,
        "roles": list(account.roles),
        "created_at": to_micros(account.created_at),
        "changed_at": to_micros(account.changed_at),
        "disabled": account.disabled,
        "second_factor": account.second_factor,
        "second_factor_step": account.second_factor_step,
        "shortcuts": account.shortcuts,
        "federated": asdict(account.federated) if account.federated else None,
    }
    return {
        "identifier": account.identifier,
        "version": account.version,
        "retention": RETENTION,
        "master": key.master,
        "wrapped_key": key.wrapped,
        "sealed": seal_json(key, _body_context(account.identifier, account.version), body),
    }


def _read(row: Row[Any], keyring: Keyring) -> Account:
    key = unwrap(keyring, row.master, row.wrapped_key, context("account", row.identifier))
    body = unseal_json(key, _body_context(row.identifier, row.version), row.sealed)
    return Account(
        identifier=row.identifier,
        version=row.version,
        name=body["name"],
        password_hash=body["password_hash"],
        roles=tuple(body["roles"]),
        created_at=from_micros(body["created_at"]),
        changed_at=from_micros(body["changed_at"]),
        disabled=body["disabled"],
        second_factor=body.get("second_factor"),
        second_factor_step=body.get("second_factor_step", 0),
        shortcuts=body.get("shortcuts", False),
        federated=Federated(**body["federated"]) if body.get("federated") else None,
    )


def _body_context(identifier: str, version: int) -> bytes:
    return context("account", "body", identifier, str(version))
