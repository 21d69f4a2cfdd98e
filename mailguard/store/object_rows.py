"""Rows that say which original lies in the object store, under which name, and what still has to be removed there.

Contract: a row is durable before the first byte of its object is sent, and goes after the last one was removed; so
nothing lies there that no row knows, but for what a store that was put back from an older backup has forgotten. Only
what lies in this store's own space is ever removed: a store that was put back writes into a new one
(`new_space`), for the one that it was copied from may still run.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, exists, func, insert, select, update

from . import schema
from .chain import insert_rows
from .sealing import CHUNK_OCTETS, chunk_count

_table = schema.objects
RETENTION = "message"
PART_CHUNKS = 16
"""A part of an object, and so what is asked for at once. It stands in what is stored: do not change it."""
SEAL_OCTETS = 28
"""Nonce and tag of each chunk (AES-GCM)."""
_SPACE = 1


@dataclass(frozen=True, slots=True)
class StoredObject:
    """name: space and a random token. size: of the original, in octets. sha256: of all sealed parts in their order,
    None while they are on their way.
    """

    name: str
    size: int
    sha256: str | None

    @property
    def parts(self) -> int:
        return -(-chunk_count(self.size) // PART_CHUNKS)

    def part(self, number: int) -> str:
        """The name of a part in the object store. number: from 0."""
        return f"{self.name}/{number:04}"

    @property
    def space(self) -> str:
        return self.name.partition("/")[0]


PART_OCTETS = PART_CHUNKS * (CHUNK_OCTETS + SEAL_OCTETS)
"""The most that a part can have."""


def new_object(space: str, size: int) -> StoredObject:
    return StoredObject(f"{space}/{secrets.token_hex(16)}", size, None)


def begin_object(connection: Connection, blob: str, object_: StoredObject, created_at: int) -> None:
    insert_rows(connection, _table, [(object_.name, blob, object_.size, None, created_at, False, RETENTION)])


def complete_object(connection: Connection, object_: StoredObject) -> bool:
    """Whether the row was there still, and not given up meanwhile."""
    mine = update(_table).where(_table.c.object == object_.name, _table.c.gone.is_(False))
    return connection.execute(mine.values(sha256=object_.sha256)).rowcount == 1


def object_of(connection: Connection, blob: str) -> StoredObject | None:
    """Where an original lies; None: in the database."""
    query = select(_table).where(_table.c.blob == blob, _table.c.gone.is_(False), _table.c.sha256.is_not(None))
    row = connection.execute(query).first()
    return None if row is None else StoredObject(row.object, row.size, row.sha256)


def give_up(connection: Connection, blobs: Collection[str]) -> None:
    """The originals are gone: what lies in the object store of them is to be removed."""
    if blobs:
        connection.execute(update(_table).where(_table.c.blob.in_(blobs)).values(gone=True))


def give_up_forgotten(connection: Connection, before: int) -> int:
    """Objects whose original is not there any more, as a guard of an older version leaves them. How many."""
    there = exists().where(schema.blobs.c.blob == _table.c.blob)
    forgotten = update(_table).where(~there, _table.c.gone.is_(False), _table.c.created_at < before)
    return connection.execute(forgotten.values(gone=True)).rowcount


def gone_objects(connection: Connection, space: str, limit: int) -> Sequence[StoredObject]:
    """What is to be removed in this space."""
    query = select(_table).where(_table.c.gone, _table.c.object.startswith(f"{space}/", autoescape=True))
    rows = connection.execute(query.order_by(_table.c.object).limit(limit)).all()
    return [StoredObject(row.object, row.size, row.sha256) for row in rows]


def forget_objects(connection: Connection, names: Collection[str]) -> None:
    connection.execute(delete(_table).where(_table.c.object.in_(names)))


def forget_foreign(connection: Connection, space: str) -> int:
    """Rows of gone objects in another space, where nothing is removed. How many."""
    foreign = ~_table.c.object.startswith(f"{space}/", autoescape=True)
    return connection.execute(delete(_table).where(_table.c.gone, foreign)).rowcount


def known_objects(connection: Connection, names: Collection[str]) -> set[str]:
    """Those of the names that a row knows."""
    return set(connection.execute(select(_table.c.object).where(_table.c.object.in_(names))).scalars())


def kept_objects(connection: Connection, after: str, limit: int) -> Sequence[tuple[str, StoredObject]]:
    """Blob and object of originals that are kept there, in order of their names, from behind `after` on."""
    query = select(_table).where(_table.c.gone.is_(False), _table.c.sha256.is_not(None), _table.c.object > after)
    rows = connection.execute(query.order_by(_table.c.object).limit(limit)).all()
    return [(row.blob, StoredObject(row.object, row.size, row.sha256)) for row in rows]


def count_kept(connection: Connection) -> int:
    """How many originals are kept there."""
    kept = select(func.count()).where(_table.c.gone.is_(False), _table.c.sha256.is_not(None))
    return connection.execute(kept).scalar_one()


def any_kept(connection: Connection) -> bool:
    return connection.execute(select(_table.c.object).where(_table.c.gone.is_(False)).limit(1)).first() is not None


def own_space(connection: Connection) -> str:
    """The space that this store writes into; made where there is none."""
    table = schema.object_spaces
    found: str | None = connection.execute(select(table.c.space)).scalar()
    if found is not None:
        return found
    made = secrets.token_hex(8)
    connection.execute(insert(table).values(number=_SPACE, space=made))
    return made


def new_space(connection: Connection) -> None:
    """For a store that was put back: the next `own_space` makes another."""
    connection.execute(delete(schema.object_spaces))
