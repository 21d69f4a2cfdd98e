"""Sealed originals in the object store: written in parts, read and compared with their hash, removed and swept.

Contract: what is written was put whole before `write` returns. What is read and has another hash than its row says is
SealBroken. Removing is done after the rows are gone, can be done again, and never touches another store's space.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from mailguard.logs import logger

from ..core.errors import ReferenceTaken, StoreUnavailable
from .chain import Chain
from .engine import Engine
from .instants import to_micros
from .object_rows import (
    PART_CHUNKS,
    PART_OCTETS,
    SEAL_OCTETS,
    StoredObject,
    forget_foreign,
    forget_objects,
    give_up_forgotten,
    gone_objects,
    kept_objects,
    known_objects,
    new_object,
    own_space,
)
from .objects import ObjectMissing, ObjectStore
from .sealing import CHUNK_OCTETS, SealBroken, chunk_count

log = logger("store")
ORPHAN_AFTER = timedelta(days=1)
"""No message takes that long to store: what no row knows by then was forgotten by a store that was put back."""
GONE_AT_ONCE = 50
LOOK_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class LookedAt:
    """originals: that lie in the object store. faults: reference of the message -> what is wrong with its original."""

    originals: int
    faults: dict[str, str]


class Bodies:
    """Has to be opened before it is used. objects: the open object store. space: that this store writes into."""

    def __init__(self, engine: Engine, objects: ObjectStore) -> None:
        self._engine = engine
        self.objects = objects
        self.space = ""

    async def open(self) -> None:
        """Find or make the space that this store writes into. StoreUnavailable."""
        try:
            self.space = await self._engine.write(lambda connection, _: own_space(connection), locks=False)
        except ReferenceTaken:
            # Another guard that starts on a new database made it at the same time.
            self.space = await self._engine.read(own_space)

    def takes(self, size: int) -> bool:
        return size > self.objects.settings.larger_than_bytes

    def new(self, size: int) -> StoredObject:
        return new_object(self.space, size)

    async def write(self, body: StoredObject, batches: Iterable[Awaitable[Sequence[bytes]]]) -> StoredObject:
        """Put all parts, one after the other. What comes back has the hash. StoreUnavailable."""
        digest = hashlib.sha256()
        for number, batch in enumerate(batches):
            part = b"".join(await batch)
            await asyncio.to_thread(digest.update, part)
            await self.objects.put(body.part(number), part)
        return replace(body, sha256=digest.hexdigest())

    async def read(self, body: StoredObject) -> AsyncIterator[Sequence[memoryview]]:
        """The sealed chunks, a part at a time. SealBroken at the end where the hash is another; so whoever reads must
        read all before it uses any. ObjectMissing. StoreUnavailable.
        """
        digest, chunks = hashlib.sha256(), chunk_count(body.size)
        sealed_size = body.size + chunks * SEAL_OCTETS
        for number in range(body.parts):
            part = await self.objects.get(body.part(number), PART_OCTETS)
            await asyncio.to_thread(digest.update, part)
            whole = PART_CHUNKS * (CHUNK_OCTETS + SEAL_OCTETS)
            if len(part) != min(whole, sealed_size - number * whole):
                raise SealBroken("an object of a stored original has another size than was put there")
            view, step = memoryview(part), CHUNK_OCTETS + SEAL_OCTETS
            yield [view[start : start + step] for start in range(0, len(part), step)]
        if digest.hexdigest() != body.sha256:
            raise SealBroken("an object of a stored original has another hash than was put there")

    async def remove_gone(self) -> int:
        """Remove what no original needs any more. How many. StoreUnavailable: the rest is removed another time."""
        removed = 0
        while gone := await self._engine.read(lambda connection: gone_objects(connection, self.space, GONE_AT_ONCE)):
            for body in gone:
                for number in range(body.parts):
                    await self.objects.delete(body.part(number))
            names = [body.name for body in gone]
            await self._engine.write(partial(_forget, names), locks=False)
            removed += len(gone)
        left = await self._engine.write(lambda connection, _: forget_foreign(connection, self.space), locks=False)
        if left:
            log.info("objects_left", count=left)
        if removed:
            log.info("objects_removed", count=removed)
        return removed

    async def remove_orphans(self, now: datetime) -> int:
        """Remove what lies in this store's space, is older than a day and known by no row. How many parts."""
        before = to_micros(now - ORPHAN_AFTER)
        await self._engine.write(lambda connection, _: give_up_forgotten(connection, before), locks=False)
        removed = 0
        async for page in self.objects.names(self.space):
            old = {path: path.rpartition("/")[0] for path, written in page if now - written > ORPHAN_AFTER}
            names = set(old.values())
            known = await self._engine.read(partial(known_objects, names=names))
            for path, name in old.items():
                if name not in known:
                    await self.objects.delete(path)
                    removed += 1
        if removed:
            log.warning("orphans_removed", count=removed)
        return removed

    async def look_at_all(self) -> LookedAt:
        """Read every original that lies in the object store and compare it with its hash; nothing is opened.

        StoreUnavailable: the object store does not answer.
        """
        seen, after, faults = 0, "", dict[str, str]()
        while page := await self._engine.read(partial(kept_objects, after=after, limit=LOOK_AT_ONCE)):
            for blob, body in page:
                seen, after = seen + 1, body.name
                try:
                    async for _ in self.read(body):
                        pass
                except ObjectMissing:
                    faults[blob] = "is missing in the object store"
                except SealBroken:
                    faults[blob] = "is not what was put into the object store"
        return LookedAt(seen, faults)

    async def attend(self) -> None:
        """Look whether the object store answers, and remove what is gone if it does."""
        await self.objects.look()
        if self.objects.problem is None:
            await self.tidy()

    async def tidy(self) -> None:
        """`remove_gone` that leaves trouble of the object store for another time."""
        try:
            await self.remove_gone()
        except StoreUnavailable as cause:
            log.warning("objects_not_removed", cause=cause)


def _forget(names: list[str], connection: Connection, _: Chain) -> None:
    forget_objects(connection, names)
