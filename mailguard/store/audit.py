"""Audit: does the ledger still say what was written? Streaming, in bounded memory.

What `verify` finds: every edit, deletion, insertion and swap of entries, checkpoints, heads, evidence records and
revisions of the register, and a tail that was cut, back to the last witness line; also when whoever did it can write
the whole store but has no key. Where several writers share a store, also what somebody with the keys did to one ledger
that another has seen (witnessing.py), as long as that other one stands as its own witness file says.
Evidence and records that an entry of the ledger says were erased or have expired are no finding. What it cannot find: a
tail cut by somebody who can cut the witness too, and anything by somebody who has the keys (docs/decisions/ledger.md).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, and_, func, select

from mailguard.logs import logger

from ..core.errors import StoreUnavailable
from . import schema
from .chain import (
    EVIDENCE_RETENTION,
    Head,
    checkpoint_text,
    evidence_context,
    genesis,
    genuine_head,
)
from .engine import Engine
from .evidence import ERASED_KIND, PURGED_KIND
from .instants import iso
from .keys import PURPOSES, Keyring, signature_holds
from .paging import PAGE_ROWS, fetch, pages
from .record_audit import verify_records
from .sealing import SealBroken, unseal_json, unwrap
from .store import Store
from .walk import SHOWN_FINDINGS, ChainWalk, Report
from .witness import WitnessLine, read_witness
from .witnessing import Claim, Claims, claims_of

log = logger("store")
PLACES_AT_ONCE = 50_000


@dataclass(slots=True)
class Gone:
    """What the ledger says of evidence that is no longer there. horizon: everything before this time has expired."""

    horizon: str = ""


async def verify(store: Store) -> Report:
    """Check everything that the store and its witness file hold. StoreUnavailable."""
    report, engine, keyring = Report(), store.engine, store.keyring
    gone = Gone()
    witness, claims = _Witnessed(store), Claims(report)
    for ledger in await _ledger_names(engine, witness):
        await _readable(report, ledger, _verify_chain(engine, keyring, ledger, report, gone, claims))
    claims.finish()
    await _readable(report, "", witness.verify(report))
    await _readable(report, "", _verify_evidence(engine, keyring, report, gone))
    await _readable(report, "", _verify_strays(engine, report))
    await _readable(report, "", verify_records(engine, keyring, report))
    await _readable(report, "", _verify_keys(engine, keyring, report))
    return report


async def _readable(report: Report, ledger: str, check: Awaitable[None]) -> None:
    """SQLite keeps any type in any column: what a check stumbles over was not written by us."""
    try:
        await check
    except StoreUnavailable:
        raise
    except Exception as error:
        log.warning("audit_stumbled", cause=error)
        report.add("unreadable", ledger, None, "something stands there that the store never writes")


async def _ledger_names(engine: Engine, witness: _Witnessed) -> list[str]:
    """Every ledger that anything speaks of: one that was deleted from all tables stands in the witness still."""
    names = set(witness.ledgers())
    for table in (schema.entries, schema.ledgers, schema.checkpoints, schema.evidence):
        names |= set(await _named_in(engine, table))
    return sorted(names)


async def _verify_chain(
    engine: Engine, keyring: Keyring, ledger: str, report: Report, gone: Gone, claims: Claims
) -> None:
    """Walk from the start to the head, and on while a running service moves it."""
    walk, signed = ChainWalk(ledger, keyring, report), _Checkpoints(ledger, engine, keyring, report)
    head = None
    while (now := await _head(engine, keyring, ledger, report)) != head:
        head = now
        await _walk(engine, walk, signed, head, report, gone, claims)
    assert head is not None
    if head != Head(walk.sequence, walk.hash, signed.number, signed.sequence):
        report.add("head-contradicted", ledger, walk.sequence, "the end of the ledger is not where its head row says")
    await _verify_nothing_beyond(engine, ledger, report)
    report.ledgers[ledger] = walk.sequence
    report.entries += walk.count


async def _head(engine: Engine, keyring: Keyring, ledger: str, report: Report) -> Head:
    table = schema.ledgers
    query = select(*table.c["sequence", "hash", "checkpoint", "checkpoint_sequence", "mac"]).where(
        table.c.ledger == ledger
    )
    rows = await engine.read(partial(fetch, query))
    if not rows:
        return Head(0, "", 0, 0)
    row = rows[0]
    head = Head(row.sequence, row.hash, row.checkpoint, row.checkpoint_sequence)
    if not genuine_head(keyring, ledger, head, row.mac):
        report.add("head-forged", ledger, None, "no key of ours authenticated where the ledger ends")
    return head


async def _walk(
    engine: Engine,
    walk: ChainWalk,
    signed: _Checkpoints,
    head: Head,
    report: Report,
    gone: Gone,
    claims: Claims,
) -> None:
    table = schema.entries
    await signed.extend(head.checkpoint)
    new = and_(table.c.ledger == walk.ledger, table.c.sequence <= head.sequence)
    async for rows in pages(engine, select(table).where(new), table.c.sequence, after=(walk.sequence,)):
        claimed: list[Claim] = []
        for row in rows:
            body = walk.step(row.sequence, row.body, row.hash, row.mac)
            _compare_columns(row, body, report)
            _note_gone(body, gone)
            claimed += claims_of(row.ledger, row.sequence, body)
            await signed.pass_entry(row.sequence, row.hash, row.at)
        await claims.check(engine, claimed)
    await signed.finish()


async def _verify_nothing_beyond(engine: Engine, ledger: str, report: Report) -> None:
    """One statement each, so that an append in between cannot look like an insertion."""
    heads = schema.ledgers
    for table, number, end in (
        (schema.entries, schema.entries.c.sequence, heads.c.sequence),
        (schema.checkpoints, schema.checkpoints.c.number, heads.c.checkpoint),
    ):
        head = select(end).where(heads.c.ledger == ledger).scalar_subquery()
        beyond = select(number).where(table.c.ledger == ledger, number > func.coalesce(head, 0)).limit(1)
        for row in await engine.read(partial(fetch, beyond)):
            report.add("head-contradicted", ledger, row[0], f"something stands in {table.name} beyond the head")


def _compare_columns(row: Row[Any], body: dict[str, Any], report: Report) -> None:
    """What stands beside the body for searching has to say what the body says."""
    beside = {
        "at": iso(row.at),
        "kind": row.kind,
        "ref": row.ref,
        "evidence": row.evidence_sha256,
        "claims": row.claimed_ref is not None,
    }
    wrong = [name for name, value in beside.items() if body.get(name) != value]
    if row.claimed_ref is not None and row.claimed_ref != row.ref:
        wrong.append("claims")
    if wrong:
        report.add("entry-columns-changed", row.ledger, row.sequence, ", ".join(wrong))


def _note_gone(body: dict[str, Any], gone: Gone) -> None:
    fields = body.get("fields")
    if body.get("kind") == PURGED_KIND and isinstance(fields, dict):
        gone.horizon = max(gone.horizon, str(fields.get("before", "")))


class _Checkpoints:
    """The checkpoints of one ledger, read a page at a time beside its entries."""

    def __init__(self, ledger: str, engine: Engine, keyring: Keyring, report: Report) -> None:
        self.ledger = ledger
        self.number = 0
        self.sequence = 0
        self._engine = engine
        self._keyring = keyring
        self._report = report
        self._page: list[Row[Any]] = []
        self._last = 0
        self._passed = (0, genesis(ledger), 0)

    async def extend(self, last: int) -> None:
        """Go on to the checkpoint of this number."""
        self._last = last
        await self._load()
        await self.pass_entry(*self._passed)

    async def _load(self) -> None:
        table = schema.checkpoints
        mine = and_(table.c.ledger == self.ledger, table.c.number > self.number, table.c.number <= self._last)
        query = select(table).where(mine).order_by(table.c.number).limit(PAGE_ROWS)
        self._page = list(await self._engine.read(partial(fetch, query)))
        for row in self._page:
            self._check(row)

    async def pass_entry(self, sequence: int, digest: str, at: int) -> None:
        """Compare with the checkpoint that stands at this entry; those that were passed stand at no entry."""
        self._passed = (sequence, digest, at)
        while self._page and self._page[0].sequence <= sequence:
            row = self._page.pop(0)
            if row.sequence != sequence or row.hash != digest or row.at != at:
                self._report.add("checkpoint-contradicted", self.ledger, row.sequence, "the ledger says otherwise")
            if not self._page:
                await self._load()

    async def finish(self) -> None:
        while self._page:
            for row in self._page:
                self._report.add("tail-cut", self.ledger, row.sequence, "a checkpoint stands beyond the last entry")
            await self._load()

    def _check(self, row: Row[Any]) -> None:
        if row.number != self.number + 1 or row.sequence < self.sequence:
            detail = f"after checkpoint {self.number} comes {row.number}"
            self._report.add("checkpoint-missing", self.ledger, row.sequence, detail)
        text = checkpoint_text(row.ledger, row.number, row.sequence, row.hash, row.at, row.key)
        known = self._keyring.find("signing", row.key) is not None
        if not known or not signature_holds(self._keyring.public_key(row.key), row.signature, text):
            self._report.add("checkpoint-forged", self.ledger, row.sequence, "the signature does not hold")
        self.number, self.sequence = row.number, row.sequence
        self._report.checkpoints += 1


class _Witnessed:
    """The witness file against the ledger."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._path = store.settings.witness_path()

    def _lines(self) -> list[WitnessLine]:
        """The file is bounded by `witness_max_bytes`, so its lines may stand in memory."""
        return list(read_witness(self._path, self._store.keyring)) if self._path.exists() else []

    def ledgers(self) -> set[str]:
        return {line.ledger for line in self._lines() if line.genuine}

    async def verify(self, report: Report) -> None:
        lines = self._lines()
        if not lines and report.entries:
            report.add("witness-missing", "", None, "the witness file is empty or not there")
        for line in lines:
            await self._verify_line(line, report)
        report.witnessed = len(lines)

    async def _verify_line(self, line: WitnessLine, report: Report) -> None:
        if not line.genuine:
            report.add("witness-forged", line.ledger, line.sequence, "a witness line that no key of ours authenticated")
            return
        table, signed = schema.entries, schema.checkpoints
        at = select(table.c.hash).where(table.c.ledger == line.ledger, table.c.sequence == line.sequence)
        rows = await self._store.engine.read(partial(fetch, at))
        if not rows:
            report.add("tail-cut", line.ledger, line.sequence, "a witness has seen an entry that is not there")
        elif rows[0].hash != line.hash:
            report.add("witness-contradicted", line.ledger, line.sequence, "a witness has seen another entry here")
        last = select(signed.c.number).where(signed.c.ledger == line.ledger, signed.c.number == line.checkpoint)
        if line.checkpoint and not await self._store.engine.read(partial(fetch, last)):
            report.add("checkpoint-missing", line.ledger, line.sequence, f"checkpoint {line.checkpoint} is not there")


async def _verify_evidence(engine: Engine, keyring: Keyring, report: Report, gone: Gone) -> None:
    """Every entry's record is there and is the one that it commits to, or the ledger says why not."""
    entries, records = schema.entries, schema.evidence
    of_entry = and_(entries.c.ledger == records.c.ledger, entries.c.sequence == records.c.sequence)
    query = (
        select(*entries.c["ledger", "sequence", "ref", "at", "evidence_sha256"])
        .add_columns(*(column.label(f"record_{column.name}") for column in records.c))
        .select_from(entries.outerjoin(records, of_entry))
        .where(entries.c.evidence_sha256.is_not(None))
    )
    async for rows in pages(engine, query, entries.c.ledger, entries.c.sequence):
        for row in rows:
            if row.record_sealed is None:
                await _verify_gone(engine, row, report, gone)
            else:
                _verify_record(row, keyring, report)


def _verify_record(row: Row[Any], keyring: Keyring, report: Report) -> None:
    report.evidence += 1
    beside = (row.record_ref, row.record_at, row.record_retention)
    if hashlib.sha256(row.record_sealed).hexdigest() != row.evidence_sha256 or beside != (
        row.ref,
        row.at,
        EVIDENCE_RETENTION,
    ):
        report.add("evidence-changed", row.ledger, row.sequence, "the record is not the one that the entry commits to")
        return
    bound_to = evidence_context(row.ref)
    try:
        unseal_json(unwrap(keyring, row.record_master, row.record_wrapped_key, bound_to), bound_to, row.record_sealed)
    except (SealBroken, ValueError):
        report.add("evidence-unreadable", row.ledger, row.sequence, "the record does not open with its key")


async def _verify_gone(engine: Engine, row: Row[Any], report: Report, gone: Gone) -> None:
    report.evidence_gone += 1
    if iso(row.at) < gone.horizon:
        return
    table = schema.entries
    await _note_later(engine, report, gone)
    if iso(row.at) < gone.horizon:
        return
    erasures = select(table.c.body).where(table.c.ref == row.ref, table.c.kind == ERASED_KIND)
    for erasure in await engine.read(partial(fetch, erasures)):
        if [row.ledger, row.sequence] in json.loads(erasure.body)["fields"]["records"]:
            return
    report.add("evidence-missing", row.ledger, row.sequence, "a record is gone and no entry says why")


async def _note_later(engine: Engine, report: Report, gone: Gone) -> None:
    """What a service has purged since the chain was walked."""
    table = schema.entries
    for ledger, sequence in report.ledgers.items():
        later = and_(table.c.ledger == ledger, table.c.sequence > sequence, table.c.kind == PURGED_KIND)
        for row in await engine.read(partial(fetch, select(table.c.body).where(later))):
            _note_gone(json.loads(row.body), gone)


async def _verify_strays(engine: Engine, report: Report) -> None:
    """Records that no entry commits to. Some places at a time: a read has no longer than any step has for the store."""
    entries, records = schema.entries, schema.evidence
    of_entry = and_(entries.c.ledger == records.c.ledger, entries.c.sequence == records.c.sequence)
    query = (
        select(records.c.ledger, records.c.sequence)
        .select_from(records.outerjoin(entries, of_entry))
        .where(entries.c.evidence_sha256.is_(None))
        .limit(SHOWN_FINDINGS)
    )
    for ledger in await _named_in(engine, records):
        mine = records.c.ledger == ledger
        first = await _lowest(engine, records.c.sequence, mine)
        while first is not None:
            last = min(first + PLACES_AT_ONCE, 2**63 - 1)
            here = query.where(mine, records.c.sequence >= first, records.c.sequence <= last)
            for row in await engine.read(partial(fetch, here)):
                report.add("evidence-inserted", row.ledger, row.sequence, "a record that no entry commits to")
            first = await _lowest(engine, records.c.sequence, mine, records.c.sequence > last)


async def _named_in(engine: Engine, table: Table) -> list[str]:
    """The ledgers that a table speaks of, each found by a seek: it may have millions of rows, and has few ledgers."""
    found: list[str] = []
    while (name := await _lowest(engine, table.c.ledger, *(table.c.ledger > each for each in found[-1:]))) is not None:
        found.append(name)
    return found


async def _lowest(engine: Engine, column: ColumnElement[Any], *where: ColumnElement[bool]) -> Any:
    query = select(column).where(*where).order_by(column).limit(1)
    rows = await engine.read(partial(fetch, query))
    return rows[0][0] if rows else None


async def _verify_keys(engine: Engine, keyring: Keyring, report: Report) -> None:
    """The public keys that the store names are those of our signing keys."""
    table = schema.keys
    rows = await engine.read(partial(fetch, select(table)))
    for row in rows:
        known = keyring.find(row.purpose, row.identifier) if row.purpose in PURPOSES else None
        public = keyring.public_key(row.identifier) if known and row.purpose == "signing" else None
        if known is None or row.public != public:
            report.add("key-changed", "", None, f"the record of the {row.purpose} key {row.identifier}")
    missing = set(keyring.identifiers()) - {(row.purpose, row.identifier) for row in rows}
    for purpose, identifier in sorted(missing):
        report.add("key-changed", "", None, f"the record of the {purpose} key {identifier} is missing")
