"""The ledgers of one store witness each other: each writer records in its own how far the others had come.

Contract: a node's administrator has the keys and can write the database, so he can make another end of his own ledger
that verifies. What he cannot reach is the witness file on another node's disk. It pins that node's ledger, and in it
stands what the node had seen of his. `witness_others` writes it down, `Claims` compares it with what is there now.
An entry that only witnesses is no reason to witness again: ledgers that rest fall silent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from ..core.errors import SettingsError
from ..guard.records import NewEntry
from . import schema
from .chain import Chain, Head, genuine_head
from .engine import Engine
from .keys import Keyring
from .ledger import Prepare
from .paging import fetch
from .walk import Report
from .witness import read_witness

KIND = "ledgers_witnessed"
MOST_AT_ONCE = 8
"""Ledgers in one entry, those seen longest ago first: its size does not grow with the number of nodes."""

Seen = Mapping[str, tuple[int, str]]
"""Of each other ledger the sequence and hash of an entry that this node has seen in it, the longest ago first."""


@dataclass(frozen=True, slots=True)
class Witnessing:
    """What a round found. seen: for the next one. contradicted: ledgers that no longer hold what was seen, or whose
    head nobody of us authenticated.
    """

    seen: Seen
    contradicted: tuple[str, ...]


def witness_others(connection: Connection, chain: Chain, seen: Seen, prepare: Prepare, at: datetime) -> Witnessing:
    """Record, with a checkpoint, how far the other ledgers have come since they were seen. Inside a group of writes.

    A ledger that contradicts what was seen of it is not witnessed again: nothing of ours may speak for its new end.
    """
    wrong = [ledger for ledger, place in seen.items() if not _holds(connection, ledger, *place)]
    heads, forged = _heads(connection, chain.keyring, chain.ledger)
    wrong += [ledger for ledger in forged if ledger not in wrong]
    moved = [each for each in heads if each not in wrong and _moved(connection, each, heads[each], seen)]
    order = list(seen)
    moved.sort(key=lambda each: order.index(each) if each in order else -1)
    chosen = moved[:MOST_AT_ONCE]
    if not chosen:
        return Witnessing(seen, tuple(sorted(wrong)))
    said = [
        {"checkpoint": head.checkpoint, "hash": head.hash, "ledger": each, "sequence": head.sequence}
        for each in chosen
        for head in (heads[each],)
    ]
    chain.append(connection, prepare([NewEntry(KIND, None, at, {"ledgers": said})]))
    chain.sign(connection)
    chain.others += [(each, heads[each]) for each in chosen]
    rest = {ledger: place for ledger, place in seen.items() if ledger not in chosen}
    fresh = {each: (heads[each].sequence, heads[each].hash) for each in chosen}
    return Witnessing(rest | fresh, tuple(sorted(wrong)))


def seen_in_witness(path: Path, keyring: Keyring, ledger: str) -> tuple[int, Seen]:
    """How far the witness file has seen this ledger (0: not at all), and the furthest place of each other one."""
    own, others = 0, dict[str, tuple[int, str]]()
    if not path.exists():
        return own, others
    try:
        for line in read_witness(path, keyring):
            if not line.genuine:
                continue
            if line.ledger == ledger:
                own = max(own, line.sequence)
            elif line.sequence >= others.get(line.ledger, (0, ""))[0]:
                others[line.ledger] = line.sequence, line.hash
    except OSError as cause:
        raise SettingsError(f'witness: "{path}" cannot be read: {cause.strerror}') from cause
    return own, others


def _holds(connection: Connection, ledger: str, sequence: int, digest: str) -> bool:
    table = schema.entries
    query = select(table.c.hash).where(table.c.ledger == ledger, table.c.sequence == sequence)
    return bool(connection.execute(query).scalar() == digest)


def _heads(connection: Connection, keyring: Keyring, own: str) -> tuple[dict[str, Head], list[str]]:
    """The heads of the other ledgers, and the names of those whose head is forged. They are not locked."""
    table = schema.ledgers
    heads, forged = dict[str, Head](), list[str]()
    for row in connection.execute(select(table).where(table.c.ledger != own).order_by(table.c.ledger)):
        head = Head(row.sequence, row.hash, row.checkpoint, row.checkpoint_sequence)
        if genuine_head(keyring, row.ledger, head, row.mac):
            heads[row.ledger] = head
        else:
            forged.append(row.ledger)
    return heads, forged


def _moved(connection: Connection, ledger: str, head: Head, seen: Seen) -> bool:
    """Whether it holds anything new but what it has witnessed itself."""
    sequence = seen[ledger][0] if ledger in seen else 0
    if head.sequence <= sequence:
        return False
    table = schema.entries
    new = select(table.c.sequence).where(table.c.ledger == ledger, table.c.sequence > sequence, table.c.kind != KIND)
    return connection.execute(new.limit(1)).first() is not None


@dataclass(frozen=True, slots=True)
class Claim:
    """That `by`, in its entry `at`, had seen an entry of another ledger."""

    ledger: str
    sequence: int
    hash: str
    by: str
    at: int


def claims_of(by: str, sequence: int, body: Mapping[str, Any]) -> Iterable[Claim]:
    """What the body of an entry says of other ledgers. What is no claim of ours is none: its mac says so too."""
    fields = body.get("fields")
    said = fields.get("ledgers") if body.get("kind") == KIND and isinstance(fields, dict) else None
    for each in said if isinstance(said, list) else ():
        if isinstance(each, dict) and isinstance(each.get("sequence"), int):
            yield Claim(str(each.get("ledger")), each["sequence"], str(each.get("hash")), by, sequence)


class Claims:
    """Compares claims with the ledgers, some at a time. One finding for each ledger and witness: the first place."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._found: dict[tuple[str, str, str], Claim] = {}

    async def check(self, engine: Engine, claims: Sequence[Claim]) -> None:
        """What was claimed was durable before the claim, so it is there however fast a running service moves on."""
        table = schema.entries
        for ledger in sorted({claim.ledger for claim in claims}):
            mine = [claim for claim in claims if claim.ledger == ledger]
            places = {claim.sequence for claim in mine}
            query = select(table.c.sequence, table.c.hash).where(table.c.ledger == ledger, table.c.sequence.in_(places))
            rows = {row.sequence: row.hash for row in await engine.read(partial(fetch, query))}
            for claim in mine:
                self.compare(claim, rows.get(claim.sequence))

    def compare(self, claim: Claim, stored: str | None) -> None:
        """stored: the hash of the entry that stands at the claim's place now; None where none does."""
        if stored == claim.hash:
            return
        key = "tail-cut" if stored is None else "witness-contradicted", claim.ledger, claim.by
        if key not in self._found or claim.sequence < self._found[key].sequence:
            self._found[key] = claim

    def finish(self) -> None:
        """Put what was found into the report."""
        for (kind, ledger, by), claim in sorted(self._found.items()):
            what = "an entry that is not there" if kind == "tail-cut" else "another entry here"
            self._report.add(kind, ledger, claim.sequence, f'the ledger "{by}" has seen {what} (its entry {claim.at})')
