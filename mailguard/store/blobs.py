"""Stored originals: encrypted in chunks under a key of their own, kept once a message.

Contract: memory is bounded by a batch, not by the message, while one is stored; encrypting happens in a thread. What
is larger than a batch is staged in transactions of its own, and only the last one, which also does what it is stored
for, keeps it. Staged remains of a crash are swept. Chunks cannot be changed, swapped, cut or moved to another blob
unnoticed. Of a large original that is held, the same sealed chunks may lie in an object store (bodies.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from mmap import mmap

from sqlalchemy import Connection, delete, select, update

from ..core.errors import ReferenceTaken, StoreUnavailable, UnknownReference
from ..core.mail.message import Buffer
from . import schema
from .bodies import Bodies
from .chain import Chain, insert_rows
from .engine import Engine
from .instants import to_micros
from .keys import DataKey, Keyring
from .object_rows import (
    PART_CHUNKS,
    StoredObject,
    begin_object,
    complete_object,
    give_up,
    object_of,
)
from .sealing import CHUNK_OCTETS, SealBroken, chunk_count, context, seal_chunks, unseal_chunk, unwrap

BATCH_CHUNKS = 16
IN_MEMORY_OCTETS = 1024 * 1024
INLINE_OCTETS = 64 * 1024
"""Up to here a thread costs more than the encryption."""
RETENTION = "message"


@dataclass(frozen=True, slots=True)
class Stage:
    """An original on its way in: what `keep` still has to write. staged: whether some of it may be there. apart: where
    it lies in the object store, None where it is in the database.
    """

    blob: str
    ref: str
    size: int
    created_at: int
    key: DataKey
    first: int
    chunks: tuple[bytes, ...]
    staged: bool
    apart: StoredObject | None = None


class StoredBlobs:
    """The port Blobs, and what quarantine and outbox need to put an original in. bodies: the object store, if any."""

    def __init__(self, engine: Engine, keyring: Keyring, bodies: Bodies | None = None) -> None:
        self._engine = engine
        self._keyring = keyring
        self._bodies = bodies

    async def read(self, blob: str) -> Buffer:
        """The whole original: bytes, or above 1 MiB an anonymous map, never a file. UnknownReference, SealBroken."""
        table = schema.blobs
        query = select(*table.c["size", "master", "wrapped_key"]).where(table.c.blob == blob, table.c.kept)
        row, apart = await self._engine.read(
            lambda connection: (connection.execute(query).one_or_none(), object_of(connection, blob))
        )
        if row is None:
            raise UnknownReference(f'there is no stored original "{blob}"')
        key = unwrap(self._keyring, row.master, row.wrapped_key, _bound_to(blob, row.size))
        if apart is not None:
            return await self._read_apart(apart, blob, key, row.size)
        if row.size <= IN_MEMORY_OCTETS:
            return b"".join(await self._read_batch(blob, key, row.size, 0))
        return await self._read_map(blob, key, row.size)

    async def _read_map(self, blob: str, key: DataKey, size: int) -> mmap:
        memory = mmap(-1, size)
        for first in range(0, chunk_count(size), BATCH_CHUNKS):
            for piece in await self._read_batch(blob, key, size, first):
                memory.write(piece)
        memory.seek(0)
        return memory

    async def _read_apart(self, apart: StoredObject, blob: str, key: DataKey, size: int) -> Buffer:
        """From the object store. Nothing is given out before the hash of all of it was compared."""
        if self._bodies is None:
            raise StoreUnavailable("a stored original lies in an object store, and the settings name none")
        if apart.size != size:
            raise SealBroken("a stored original has another size than its object")
        memory = mmap(-1, size)
        last, number = chunk_count(size) - 1, 0
        async for chunks in self._bodies.read(apart):
            opened = await asyncio.to_thread(_unseal_all, key, blob, number, last, chunks)
            number += len(chunks)
            for piece in opened:
                memory.write(piece)
        memory.seek(0)
        return memory if size > IN_MEMORY_OCTETS else memory.read()

    async def _read_batch(self, blob: str, key: DataKey, size: int, first: int) -> list[bytes]:
        count = min(BATCH_CHUNKS, chunk_count(size) - first)
        table = schema.chunks
        query = (
            select(table.c.number, table.c.sealed)
            .where(table.c.blob == blob, table.c.number >= first, table.c.number < first + count)
            .order_by(table.c.number)
        )
        rows = await self._engine.read(lambda connection: connection.execute(query).all())
        if [row.number for row in rows] != list(range(first, first + count)):
            raise SealBroken("chunks of a stored original are missing")
        last = chunk_count(size) - 1

        def unseal_all() -> list[bytes]:
            return [unseal_chunk(key, blob, row.number, row.number == last, row.sealed) for row in rows]

        pieces = unseal_all() if count == 1 else await asyncio.to_thread(unseal_all)
        expected = min(size - first * CHUNK_OCTETS, count * CHUNK_OCTETS)
        if sum(map(len, pieces)) != expected:
            raise SealBroken("a stored original has another size than its record says")
        return pieces

    async def stage(self, blob: str, ref: str, raw: Buffer, at: datetime, *, apart: bool = False) -> Stage:
        """Encrypt an original, writing all but the last batch. The Stage goes to `keep` or to `discard`.

        apart: whether it goes to the object store, if there is one and it is large enough: then all of it is there.
        """
        size, created_at = len(raw), to_micros(at)
        key = self._keyring.new_data_key(_bound_to(blob, size))
        total = chunk_count(size)
        if apart and self._bodies is not None and self._bodies.takes(size):
            return await self._stage_apart(
                self._bodies, Stage(blob, ref, size, created_at, key, 0, (), True, self._bodies.new(size)), raw
            )
        in_batches = total > BATCH_CHUNKS
        stage = Stage(blob, ref, size, created_at, key, 0, (), in_batches)
        try:
            for first in range(0, total, BATCH_CHUNKS):
                sealed = await _seal_batch(key, blob, raw, first, min(BATCH_CHUNKS, total - first))
                stage = Stage(blob, ref, size, created_at, key, first, sealed, in_batches)
                if first + BATCH_CHUNKS < total:
                    await self._engine.write(partial(_write_part, stage), locks=False)
        except BaseException:
            await self.discard(stage)
            raise
        return stage

    async def _stage_apart(self, bodies: Bodies, stage: Stage, raw: Buffer) -> Stage:
        """Its row is durable before anything is put there, so that what a crash leaves is found."""
        apart, total = stage.apart, chunk_count(stage.size)
        assert apart is not None
        batches = (
            _seal_batch(stage.key, stage.blob, raw, first, min(PART_CHUNKS, total - first))
            for first in range(0, total, PART_CHUNKS)
        )
        try:
            await self._engine.write(partial(_begin_apart, stage, apart), locks=False)
            return replace(stage, apart=await bodies.write(apart, batches))
        except BaseException:
            await self.discard(stage)
            raise

    async def discard(self, stage: Stage) -> None:
        """Remove what was staged, as far as the store is there; `sweep` gets the rest.

        Whoever calls this may only believe that it failed: what was kept meanwhile stays, with its object, and so does
        what somebody else staged under this name.
        """
        if not stage.staged:
            return

        def remove(connection: Connection, _: Chain) -> None:
            remove_staged(connection, stage.blob, stage.key.wrapped)

        await asyncio.gather(asyncio.shield(self._engine.write(remove, locks=False)), return_exceptions=True)


async def _seal_batch(key: DataKey, blob: str, raw: Buffer, first: int, count: int) -> tuple[bytes, ...]:
    if len(raw) <= INLINE_OCTETS:
        return tuple(seal_chunks(key, blob, raw, first, count))
    return await asyncio.to_thread(lambda: tuple(seal_chunks(key, blob, raw, first, count)))


def _write_part(stage: Stage, connection: Connection, _: Chain) -> None:
    _write(connection, stage)


def _begin_apart(stage: Stage, apart: StoredObject, connection: Connection, _: Chain) -> None:
    _write_row(connection, stage)
    begin_object(connection, stage.blob, apart, stage.created_at)


def _write_row(connection: Connection, stage: Stage) -> None:
    key = stage.key
    row = (stage.blob, stage.ref, stage.size, False, stage.created_at, RETENTION, key.master, key.wrapped)
    insert_rows(connection, schema.blobs, [row])


def _unseal_all(key: DataKey, blob: str, first: int, last: int, chunks: Sequence[memoryview]) -> list[bytes]:
    """chunks: from number first on. last: the number of the last chunk of all."""
    return [
        unseal_chunk(key, blob, number, number == last, bytes(sealed)) for number, sealed in enumerate(chunks, first)
    ]


def _write(connection: Connection, stage: Stage) -> None:
    if stage.first == 0:
        _write_row(connection, stage)
    rows = [(stage.blob, stage.first + index, sealed) for index, sealed in enumerate(stage.chunks)]
    insert_rows(connection, schema.chunks, rows)


def keep(connection: Connection, stage: Stage) -> None:
    """Write what is left of a stage and keep the original. ReferenceTaken where its name is in use."""
    table = schema.blobs
    if stage.apart is None:
        _write(connection, stage)
    query = update(table).where(table.c.blob == stage.blob, table.c.ref == stage.ref, table.c.kept.is_(False))
    # Before its object, as in `remove_staged`: another guard that sweeps waits, and neither is broken off.
    if connection.execute(query.values(kept=True)).rowcount != 1:
        raise ReferenceTaken("a stored original of this name exists already")
    if stage.apart is not None and not complete_object(connection, stage.apart):
        raise StoreUnavailable("an original was given up before it was kept")


def is_kept(connection: Connection, blob: str, ref: str | None = None, size: int | None = None) -> bool:
    """Whether an original is there; with ref and size, whether it is that message's."""
    table = schema.blobs
    query = select(table.c.blob).where(table.c.blob == blob, table.c.kept)
    if ref is not None:
        query = query.where(table.c.ref == ref)
    if size is not None:
        query = query.where(table.c.size == size)
    return connection.execute(query).first() is not None


def remove_staged(connection: Connection, blob: str, wrapped_key: bytes | None = None) -> None:
    """Remove an original that is not kept, with its key and its object. wrapped_key: only if it is sealed with that."""
    table = schema.blobs
    mine = delete(table).where(table.c.blob == blob, table.c.kept.is_(False))
    if wrapped_key is not None:
        mine = mine.where(table.c.wrapped_key == wrapped_key)
    if connection.execute(mine).rowcount:
        connection.execute(delete(schema.chunks).where(schema.chunks.c.blob == blob))
        give_up(connection, [blob])


def remove_blobs(connection: Connection, ref: str) -> int:
    """Remove every original of a message. How many there were."""
    found: Sequence[str] = (
        connection.execute(select(schema.blobs.c.blob).where(schema.blobs.c.ref == ref)).scalars().all()
    )
    for blob in found:
        connection.execute(delete(schema.chunks).where(schema.chunks.c.blob == blob))
    connection.execute(delete(schema.blobs).where(schema.blobs.c.ref == ref))
    give_up(connection, found)
    return len(found)


def sweep(connection: Connection, before: int | None = None) -> int:
    """Remove staged remains of crashes, of before a time where other guards may be staging. How many."""
    table = schema.blobs
    query = select(table.c.blob).where(table.c.kept.is_(False))
    if before is not None:
        query = query.where(table.c.created_at < before)
    found = connection.execute(query).scalars().all()
    for blob in found:
        remove_staged(connection, blob)
    return len(found)


def _bound_to(blob: str, size: int) -> bytes:
    return context("blob", blob, str(size))
