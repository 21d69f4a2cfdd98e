"""Audit of the register: each revision is the one that its entry commits to, and each entry has its revision.

Contract: memory for a name, a number and a hash of each revision that is kept; the ledger is read a page at a time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Row, Select, select

from . import schema
from .engine import Engine
from .incident_retention import RECORDS_PURGED
from .incidents import opens
from .keys import Keyring
from .paging import fetch, pages
from .walk import Report

REVISION_KINDS = ("incident_added", "incident_revised")
_table, _entries = schema.incidents, schema.entries


async def verify_records(engine: Engine, keyring: Keyring, report: Report) -> None:
    """Compare the register with the ledger. StoreUnavailable.

    The order lets a running service go on: whatever row is seen here had its entry before, and whatever was removed
    before the rows were read, or while, has its entry by then.
    """
    kept = await _kept(engine, keyring, report)
    report.records = len(kept)
    gone = await _gone(engine)
    async for rows in pages(engine, _of_kinds(*REVISION_KINDS), _entries.c.ledger, _entries.c.sequence):
        for row in rows:
            incident, revision, digest = _committed(row)
            if (incident, revision, digest) in kept:
                kept.discard((incident, revision, digest))
            elif not _went(gone.get(incident, ()), row) and await _digest(engine, incident, revision) != digest:
                detail = f"revision {revision} of {incident} is not there, or not as it was recorded"
                report.add("record-changed", row.ledger, row.sequence, detail)
    for incident, revision, _ in sorted(kept):
        report.add("record-inserted", "", None, f"no entry commits to revision {revision} of {incident}")


async def _kept(engine: Engine, keyring: Keyring, report: Report) -> set[tuple[str, int, str]]:
    found: set[tuple[str, int, str]] = set()
    async for rows in pages(engine, select(_table), _table.c.incident, _table.c.revision):
        for row in rows:
            found.add((row.incident, row.revision, hashlib.sha256(row.sealed).hexdigest()))
            if not opens(row, keyring):
                detail = f"revision {row.revision} of {row.incident} or what stands beside it was changed"
                report.add("record-unreadable", "", None, detail)
    return found


@dataclass(frozen=True, slots=True)
class _Purge:
    """An entry that says which records retention has removed. at: in microseconds."""

    ledger: str
    sequence: int
    at: int


async def _gone(engine: Engine) -> dict[str, list[_Purge]]:
    """When retention has removed a record: more than once, where somebody entered its message again."""
    found: dict[str, list[_Purge]] = {}
    async for rows in pages(engine, _of_kinds(RECORDS_PURGED), _entries.c.ledger, _entries.c.sequence):
        for row in rows:
            purge = _Purge(row.ledger, row.sequence, row.at)
            for each in json.loads(row.body)["fields"]["incidents"]:
                found.setdefault(str(each), []).append(purge)
    return found


def _went(purges: Sequence[_Purge], row: Row[Any]) -> bool:
    """Whether retention may have removed the revision of an entry: only what came before it. Ledgers of several guards
    have no order but that of their clocks.
    """
    return any(row.sequence < each.sequence if row.ledger == each.ledger else row.at <= each.at for each in purges)


def _of_kinds(*kinds: str) -> Select[Any]:
    return select(*_entries.c["ledger", "sequence", "at", "body"]).where(_entries.c.kind.in_(kinds))


def _committed(row: Row[Any]) -> tuple[str, int, str]:
    fields = json.loads(row.body)["fields"]
    return str(fields["incident"]), int(fields["revision"]), str(fields["record_sha256"])


async def _digest(engine: Engine, incident: str, revision: int) -> str | None:
    """Of the row as it is now: it may have come since the rows were read."""
    query = select(_table.c.sealed).where(_table.c.incident == incident, _table.c.revision == revision)
    rows = await engine.read(partial(fetch, query))
    return hashlib.sha256(rows[0].sealed).hexdigest() if rows else None
