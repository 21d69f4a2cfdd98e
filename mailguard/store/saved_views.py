"""The port SavedViews: names for the filters of the list, one's own and those that a team shares.

Contract: whose a view is stands in the clear; its name and its filters, which may name a patient, are sealed and bound
to that, so that write access without keys gives nobody another's view.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select

from ..guard.console.records import SavedView
from ..guard.records import NewEntry
from . import schema
from .chain import Chain
from .engine import Engine
from .instants import from_micros, to_micros
from .keys import Keyring
from .ledger import Prepare
from .readable import readable
from .sealing import context, seal_json, unseal_json, unwrap

_table = schema.saved_views
SAVED_VIEW = "saved-view"


class StoredSavedViews:
    def __init__(self, engine: Engine, keyring: Keyring, prepare_all: Prepare) -> None:
        self._engine = engine
        self._keyring = keyring
        self._prepare = prepare_all

    async def keep(self, view: SavedView, most: int, entries: Sequence[NewEntry]) -> bool:
        """Keep it, with the entries, in one durable step. False, and nothing happens, where its account or its team
        has `most` already.
        """
        row, prepared = _row(view, self._keyring), self._prepare(entries)
        whose = _table.c.team == view.team if view.account is None else _table.c.account == view.account

        def keep(connection: Connection, chain: Chain) -> bool:
            if len(connection.execute(select(_table.c.view).where(whose)).all()) >= most:
                return False
            connection.execute(insert(_table), [row])
            chain.append(connection, prepared)
            return True

        return await self._engine.write(keep)

    async def of(self, account: str, teams: Sequence[str] | None) -> Sequence[SavedView]:
        """Those of an account, and those that these teams share, None for all teams; the oldest first."""
        shared = _table.c.team.is_not(None) if teams is None else _table.c.team.in_(list(teams))
        query = select(_table, _table.c.view.label("ref")).where(or_(_table.c.account == account, shared))
        ordered = query.order_by(_table.c.made_at, _table.c.view)
        rows = await self._engine.read(lambda connection: connection.execute(ordered).all())
        return readable(rows, self._read)

    async def remove(self, identifier: str, entries: Sequence[NewEntry]) -> bool:
        """Remove it, with the entries, in one durable step. False, and nothing happens, where there is none."""
        prepared = self._prepare(entries)

        def remove(connection: Connection, chain: Chain) -> bool:
            if connection.execute(delete(_table).where(_table.c.view == identifier)).rowcount != 1:
                return False
            chain.append(connection, prepared)
            return True

        return await self._engine.write(remove)

    def _read(self, row: Row[Any]) -> SavedView:
        bound_to = _bound_to(row.view, row.account, row.team)
        body = unseal_json(unwrap(self._keyring, row.master, row.wrapped_key, bound_to), bound_to, row.sealed)
        made_at = from_micros(row.made_at)
        return SavedView(row.view, row.account, row.team, body["name"], body["query"], body["by"], made_at)


def forget_views(connection: Connection, account: str) -> None:
    """Remove an account's own; what it shared with a team stays."""
    connection.execute(delete(_table).where(_table.c.account == account))


def _row(view: SavedView, keyring: Keyring) -> dict[str, Any]:
    bound_to = _bound_to(view.identifier, view.account, view.team)
    key = keyring.new_data_key(bound_to)
    return {
        "view": view.identifier,
        "account": view.account,
        "team": view.team,
        "made_at": to_micros(view.made_at),
        "retention": SAVED_VIEW,
        "master": key.master,
        "wrapped_key": key.wrapped,
        "sealed": seal_json(key, bound_to, {"name": view.name, "query": dict(view.query), "by": view.by}),
    }


def _bound_to(identifier: str, account: str | None, team: str | None) -> bytes:
    return context("saved view", identifier, f"account {account}" if account is not None else f"team {team}")
