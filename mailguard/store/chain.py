"""The chain of a ledger as pure functions and one cursor per group of writes.

hash = SHA-256(previous hash || canonical body); mac = HMAC-SHA-256(ledger key, hash). Whoever can write the tables can
recompute the hashes but not the macs. Signed checkpoints (Ed25519) let somebody without any secret check the chain.

The canonical body of an entry has the keys at, claims, evidence, fields, key, kind, ledger, recipients, ref, sequence
and version, in that order, so that everything but the sequence is made before the writer is asked.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, Table, Update, bindparam, insert, select, update

from ..core.errors import ReferenceTaken, StoreUnavailable
from ..guard.records import Entry, NewEntry, RecipientRecord
from . import schema
from .canonical import canonical, canonical_fields, refuse_addresses
from .driver import execute, rows_of, statement
from .exception_counts import count_uses
from .instants import from_micros, iso, to_micros
from .keys import Keyring
from .sealing import context, seal

VERSION = 1
EVIDENCE_RETENTION = "evidence"


@lru_cache(maxsize=16)
def genesis(ledger: str) -> str:
    """What the first entry of a ledger has as its previous hash."""
    return hashlib.sha256(b"mailguard ledger\0" + ledger.encode()).hexdigest()


def hash_body(previous: str, body: str) -> str:
    return hashlib.sha256(bytes.fromhex(previous) + body.encode("ascii")).hexdigest()


def authenticate(key: bytes, digest: str) -> str:
    return hmac.digest(key, bytes.fromhex(digest), "sha256").hex()


@dataclass(slots=True)
class SealedEvidence:
    """An encrypted evidence record with a key of its own. sha256: of the sealed octets, what the entry commits to.

    Nobody changes it; made for every message, it is not frozen, which would triple what making it takes.
    """

    master: str
    wrapped_key: bytes
    sealed: bytes
    sha256: str


@dataclass(slots=True)
class PreparedEntry:
    """An entry that lacks only its place. head: the canonical body up to the sequence. As SealedEvidence."""

    at: datetime
    micros: int
    kind: str
    ref: str | None
    claims: bool
    head: str
    fields: Mapping[str, Any]
    evidence: SealedEvidence | None
    exceptions: tuple[tuple[str, str], ...] = ()

    def body(self, sequence: int) -> str:
        return f'{self.head}{sequence},"version":{VERSION}}}'


def prepare(entry: NewEntry, ledger: str, keyring: Keyring) -> PreparedEntry:
    """Encrypt the evidence, hash the addresses, make the body. PersonalDataRefused, TypeError, ValueError."""
    if entry.claims_ref and entry.ref is None:
        raise ValueError("an entry that claims a reference names it")
    micros = to_micros(entry.at)
    sealed = None if entry.evidence is None else seal_evidence(entry, keyring)
    before: dict[str, Any] = {
        "at": iso(micros),
        "claims": entry.claims_ref,
        "evidence": sealed.sha256 if sealed else None,
    }
    after: dict[str, Any] = {
        "key": keyring.active("ledger").identifier,
        "kind": entry.kind,
        "ledger": ledger,
        "recipients": [_recipient(record, keyring) for record in entry.recipients],
        "ref": entry.ref,
    }
    fields = dict(entry.fields)
    text = f'{canonical(before)[:-1]},"fields":{canonical_fields(fields)},{canonical(after)[1:]}'
    refuse_addresses(text)
    head = text[:-1] + ',"sequence":'
    return PreparedEntry(
        entry.at if entry.at.tzinfo is UTC else from_micros(micros),
        micros,
        entry.kind,
        entry.ref,
        entry.claims_ref,
        head,
        shown({"fields": fields, **before, **after}),
        sealed,
        entry.exceptions,
    )


def _recipient(record: RecipientRecord, keyring: Keyring) -> dict[str, Any]:
    said: dict[str, Any] = {"hash": keyring.hash_address(record.address)}
    if record.outcome is not None:
        said["outcome"] = record.outcome.value
    if record.code is not None:
        said["code"] = record.code
    if record.status is not None:
        said["status"] = record.status
    return said


def seal_evidence(entry: NewEntry, keyring: Keyring) -> SealedEvidence:
    """The hash is that of the encrypted record: it says nothing of an erased one, and is checked without a key."""
    bound_to = evidence_context(entry.ref)
    key = keyring.new_data_key(bound_to)
    sealed = seal(key, bound_to, canonical(dict(entry.evidence or {})).encode("ascii"))
    return SealedEvidence(key.master, key.wrapped, sealed, hashlib.sha256(sealed).hexdigest())


def evidence_context(ref: str | None) -> bytes:
    return context("evidence", ref or "")


def shown(body: Mapping[str, Any]) -> dict[str, Any]:
    """What `audit list --json` prints of a body besides the fixed keys: the kind's own fields, and what is hashed.

    These are put beside the fields in the body itself, which is then used up.
    """
    fields: dict[str, Any] = body["fields"]
    if body["recipients"]:
        fields.setdefault("recipient_hashes", body["recipients"])
    if body["evidence"]:
        fields.setdefault("evidence_sha256", body["evidence"])
    return fields


def read_entry(ledger: str, sequence: int, digest: str, body_text: str) -> Entry:
    body = json.loads(body_text)
    at = datetime.fromisoformat(body["at"])
    return Entry(ledger, sequence, at, body["kind"], body["ref"], digest, shown(body))


class Head(NamedTuple):
    """The end of a ledger. checkpoint: the number of its last checkpoint, which stands at checkpoint_sequence."""

    sequence: int
    hash: str
    checkpoint: int
    checkpoint_sequence: int


class LedgerForged(StoreUnavailable):
    """The end of the ledger is not what we wrote: nothing is appended or signed (docs/decisions/ledger.md)."""


def head_mac(key: bytes, ledger: str, head: Head) -> str:
    """Authenticates the head row, so that nobody without the key can have us build on, or sign, what he wrote."""
    return hmac.digest(key, _head_text(ledger, head), "sha256").hex()


def _head_text(ledger: str, head: Head) -> bytes:
    return b"head\0" + canonical([ledger, *head]).encode("ascii")


def genuine_head(keyring: Keyring, ledger: str, head: Head, mac: object) -> bool:
    """Whether one of our keys, active or older, authenticated a head row."""
    try:
        return any(hmac.compare_digest(head_mac(key, ledger, head), str(mac)) for key in keyring.all_octets("ledger"))
    except TypeError:
        return False


HeadRow = tuple[Any, ...]
"""What stands in the row of a ledger's head: the fields of Head, and its MAC."""


def checkpoint_text(ledger: str, number: int, sequence: int, digest: str, at: int, key: str) -> str:
    """What a checkpoint signs."""
    signed = {"at": iso(at), "checkpoint": number, "hash": digest, "key": key, "ledger": ledger, "sequence": sequence}
    return canonical(signed)


class Chain:
    """The cursor of one group of writes, inside its transaction. `head` is kept in memory until `save`.

    forged: whether its end was found changed by somebody else; None before `load`. others: the ends of other ledgers
    that the group has recorded (witnessing.py), for the witness file. row: the head row as it was found genuine or is
    written; the next group's chain is given it as `known`, and needs no MAC to tell that the very same row is genuine.
    """

    def __init__(self, ledger: str, keyring: Keyring, checkpoint_entries: int, known: HeadRow | None = None) -> None:
        self.ledger = ledger
        self.keyring = keyring
        self.row = known
        self._every = checkpoint_entries
        self._loaded: Head | None = None
        self.head = Head(0, genesis(ledger), 0, 0)
        self.forged: bool | None = None
        self.others: list[tuple[str, Head]] = []
        self._at = 0

    def load(self, connection: Connection) -> None:
        """Read the head and lock it: whoever else writes this ledger waits, so that it cannot fork."""
        rows = rows_of(connection, statement(connection, "head", _select_head), (self.ledger,))
        if not rows:
            raise LedgerForged("the ledger has lost its head row")
        row = tuple(rows[0])
        head = Head(*row[:-1])
        if row != self.row and not genuine_head(self.keyring, self.ledger, head, row[-1]):
            raise LedgerForged("the head row of the ledger was changed by somebody else")
        self.row = row
        self.head = self._loaded = head
        self.forged = False

    def append(
        self, connection: Connection, prepared: Sequence[PreparedEntry], *, asks_first: bool = True
    ) -> list[Entry]:
        """Give each entry its place. ReferenceTaken: the caller's savepoint has to undo what was written.

        asks_first: whether it looks for references that are taken. Else the table refuses these with an IntegrityError.
        """
        if not prepared:
            return []
        if self._loaded is None:
            self.load(connection)
        if asks_first and any(entry.claims for entry in prepared):
            self._refuse_taken(connection, [entry.ref for entry in prepared if entry.claims])
        rows: list[tuple[Any, ...]] = []
        records: list[tuple[Any, ...]] = []
        appended = [self._place(entry, rows, records) for entry in prepared]
        insert_rows(connection, schema.entries, rows)
        insert_rows(connection, schema.evidence, records)
        count_uses(connection, self.ledger, [(each.micros, use) for each in prepared for use in each.exceptions])
        return appended

    def _refuse_taken(self, connection: Connection, refs: Sequence[str | None]) -> None:
        text = statement(connection, f"taken {len(refs)}", lambda: _select_taken(len(refs)))
        if len(set(refs)) < len(refs) or rows_of(connection, text, tuple(refs)):
            raise ReferenceTaken("another message has this reference")

    def _place(self, entry: PreparedEntry, rows: list[tuple[Any, ...]], records: list[tuple[Any, ...]]) -> Entry:
        """Adds the rows of an entry, in the order of the tables' columns."""
        previous = self.head
        sequence = previous.sequence + 1
        body = entry.body(sequence)
        digest = hash_body(previous.hash, body)
        self.head = Head(sequence, digest, previous.checkpoint, previous.checkpoint_sequence)
        self._at = entry.micros
        ledger, ref, sealed, committed = self.ledger, entry.ref, entry.evidence, None
        if sealed is not None:
            committed = sealed.sha256
            kept = (ledger, sequence, ref, entry.micros, EVIDENCE_RETENTION)
            records.append((*kept, sealed.master, sealed.wrapped_key, sealed.sealed))
        claimed = ref if entry.claims else None
        mac = self.keyring.authenticate(bytes.fromhex(digest))
        rows.append((ledger, sequence, entry.micros, entry.kind, ref, claimed, committed, body, digest, mac))
        return Entry(ledger, sequence, entry.at, entry.kind, ref, digest, entry.fields)

    def save(self, connection: Connection) -> bool:
        """Write the head, with a checkpoint where one is due. Whether anything was appended."""
        if self._loaded is None or self.head == self._loaded:
            return False
        if self.head.sequence - self.head.checkpoint_sequence >= self._every:
            self._sign(connection, self._at)
        self._write_head(connection)
        return True

    def sign(self, connection: Connection) -> bool:
        """A checkpoint now, unless the last entry has one already."""
        if self._loaded is None:
            # Not twice in a group: what it has appended so far would be forgotten, and its places given once more.
            self.load(connection)
        if self.head.sequence == self.head.checkpoint_sequence:
            return False
        table = schema.entries
        at = select(table.c.at).where(table.c.ledger == self.ledger, table.c.sequence == self.head.sequence)
        self._sign(connection, connection.execute(at).scalar_one())
        return True

    def _sign(self, connection: Connection, at: int) -> None:
        head = self.head._replace(checkpoint=self.head.checkpoint + 1, checkpoint_sequence=self.head.sequence)
        key = self.keyring.active("signing").identifier
        text = checkpoint_text(self.ledger, head.checkpoint, head.sequence, head.hash, at, key)
        row = (self.ledger, head.checkpoint, head.sequence, head.hash, at, key, self.keyring.sign(text))
        insert_rows(connection, schema.checkpoints, [row])
        self.head = head

    def _write_head(self, connection: Connection) -> None:
        mac = self.keyring.authenticate(_head_text(self.ledger, self.head))
        self.row = (*self.head, mac)
        execute(connection, statement(connection, "write head", _update_head), (*self.row, self.ledger))


_HEAD = ("sequence", "hash", "checkpoint", "checkpoint_sequence", "mac")


def _select_head() -> Select[Any]:
    table = schema.ledgers
    return select(*table.c[_HEAD]).where(table.c.ledger == bindparam("of")).with_for_update()


def _select_taken(count: int) -> Select[Any]:
    column = schema.entries.c.claimed_ref
    return select(column).where(column.in_([bindparam(f"ref_{each}", type_=column.type) for each in range(count)]))


def _update_head() -> Update:
    """Its columns in the order of the table, which is that of _HEAD."""
    table = schema.ledgers
    return update(table).where(table.c.ledger == bindparam("of")).values({each: bindparam(each) for each in _HEAD})


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert tuples in the order of the table's columns, past the statement compiler: appends are the hot path."""
    if not rows:
        return
    text = statement(connection, f"into {table.name}", lambda: insert(table))
    execute(connection, text, list(rows) if len(rows) > 1 else rows[0])
