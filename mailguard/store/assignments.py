"""The port Assignments: who took which held message on.

Contract: whose it is stands in the clear, so that a list can be asked for it; the name is sealed under the key of the
message, bound to both, and goes with it. Nothing here lets anybody decide, or keeps anybody from deciding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from ..core.errors import AlreadyDecided, UnknownReference
from ..guard.console.queue_records import UNDECIDED
from ..guard.console.records import Assignment
from ..guard.records import NewEntry
from ..logs import logger
from . import schema
from .chain import Chain
from .engine import Engine
from .instants import from_micros, to_micros
from .keys import Keyring
from .lane import in_lane
from .ledger import Prepare
from .message_keys import message_key, unwrap_message_key
from .sealing import SealBroken, context, seal_json, unseal_json

log = logger("store")
_table = schema.assignments
_held = schema.held
_keys = schema.message_keys
ASSIGNMENT = "assignment"


class StoredAssignments:
    def __init__(self, engine: Engine, keyring: Keyring, prepare_all: Prepare) -> None:
        self._engine = engine
        self._keyring = keyring
        self._prepare = prepare_all

    async def assign(self, assignment: Assignment, version: int, was: str | None, entries: Sequence[NewEntry]) -> None:
        """Keep it in place of the one that there was, with the entries, in one durable step.

        AlreadyDecided, and nothing happens: the message is at another version or needs no decision any more, or is no
        longer `was`'s (an account; None for nobody's). UnknownReference.
        """
        prepared = self._prepare(entries)
        states = sorted(state.value for state in UNDECIDED)
        same = (_held.c.ref == assignment.ref, _held.c.version == version, _held.c.state.in_(states))

        def assign(connection: Connection, chain: Chain) -> None:
            # It changes nothing of the message: it is what two guards on one PostgreSQL wait for each other at.
            locked = update(_held).where(*same, in_lane(_held, None)).values(version=_held.c.version)
            if connection.execute(locked).rowcount != 1:
                _refuse(connection, assignment.ref)
            mine = _table.c.ref == assignment.ref
            if connection.execute(select(_table.c.account).where(mine)).scalar() != was:
                raise AlreadyDecided(f'somebody else has taken "{assignment.ref}" on meanwhile')
            connection.execute(delete(_table).where(mine))
            connection.execute(insert(_table), [_row(connection, self._keyring, assignment)])
            chain.append(connection, prepared)

        await self._engine.write(assign)

    async def of(self, refs: Sequence[str]) -> Sequence[Assignment]:
        """Those of these messages, in no order. What cannot be read is left out."""
        query = select(_table, _keys.c.master, _keys.c.wrapped_key).join(_keys, _keys.c.ref == _table.c.ref)
        query = query.where(_table.c.ref.in_(list(refs)))
        rows = await self._engine.read(lambda connection: connection.execute(query).all())
        return [each for row in rows if (each := self._read(row)) is not None]

    def _read(self, row: Row[Any]) -> Assignment | None:
        try:
            key = unwrap_message_key(self._keyring, row.ref, row.master, row.wrapped_key)
            body = unseal_json(key, _bound_to(row.ref, row.account, row.at), row.sealed)
        except SealBroken as cause:
            log.error("assignment_forged", ref=row.ref, cause=cause)
            return None
        return Assignment(row.ref, row.account, body["name"], from_micros(row.at))


def forget_assignment(connection: Connection, ref: str) -> None:
    connection.execute(delete(_table).where(_table.c.ref == ref))


def _refuse(connection: Connection, ref: str) -> None:
    if connection.execute(select(_held.c.version).where(_held.c.ref == ref)).first() is None:
        raise UnknownReference(f'there is no held message "{ref}"')
    raise AlreadyDecided(f'somebody else has changed "{ref}" first')


def _row(connection: Connection, keyring: Keyring, assignment: Assignment) -> dict[str, Any]:
    ref, account, at = assignment.ref, assignment.account, to_micros(assignment.at)
    key = message_key(connection, keyring, ref)
    sealed = seal_json(key, _bound_to(ref, account, at), {"name": assignment.name})
    return {"ref": ref, "account": account, "at": at, "retention": ASSIGNMENT, "sealed": sealed}


def _bound_to(ref: str, account: str, at: int) -> bytes:
    return context("assignment", ref, account, str(at))
