"""What the ledger says of rules: how often each matched, and what became of those messages.

Contract: the decisions of the time asked for are read once, a page at a time and in threads; nothing is opened.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Row, func, select

from ..core.lifecycle import State
from ..guard.console.rules import RuleCount
from . import schema
from .engine import Engine
from .instants import to_micros
from .paging import fetch, pages

_SENT, _CHANGED, _STOPPED, _WAITING = "sent", "changed", "stopped", "waiting"
_EVERY = (_SENT, _CHANGED, _STOPPED, _WAITING)
_ENDS: Mapping[str, str] = {
    State.REJECTED.value: _STOPPED,
    State.CANCELLED.value: _STOPPED,
    State.EXPIRED.value: _STOPPED,
}
_HIDING = frozenset({"separate", "bcc", "cleaned"})


class StoredRuleCounts:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def counts(self, since: datetime) -> Mapping[str, RuleCount]:
        """By rule: of the messages decided since then."""
        table = schema.entries
        query = select(*table.c["ledger", "sequence", "ref", "body"]).where(
            table.c.kind == "message_decided", table.c.at >= to_micros(since)
        )
        held = await self._held(since)
        tally: Counter[tuple[str, str]] = Counter()
        async for rows in pages(self._engine, query, table.c.ledger, table.c.sequence):
            tally.update(await asyncio.to_thread(_tallied, rows, held))
        rules = {rule for rule, _ in tally}
        return {
            rule: _count({end: tally[rule, end] for end in (_SENT, _CHANGED, _STOPPED, _WAITING)}) for rule in rules
        }

    async def version(self, revision: str) -> int:
        """Which of all revisions that were ever in force this one is, from 1; 0 where it never was."""
        table = schema.policies
        mine = select(table.c.at).where(table.c.revision == revision).scalar_subquery()
        query = select(func.count()).select_from(table).where(table.c.at <= mine)
        return int(await self._engine.read(lambda connection: connection.execute(query).scalar_one()))

    async def _held(self, since: datetime) -> Mapping[str, str]:
        """What became of each message held since then."""
        table = schema.held
        query = select(*table.c["ref", "state", "released_as"]).where(table.c.received_at >= to_micros(since))
        return {row.ref: _end_of(row.state, row.released_as) for row in await self._engine.read(partial(fetch, query))}


def _end_of(state: str, released_as: str | None) -> str:
    if state in (State.RELEASED.value, State.RELEASING.value):
        return _CHANGED if released_as in _HIDING else _SENT
    return _ENDS.get(state, _WAITING)


def _tallied(rows: Sequence[Row[Any]], held: Mapping[str, str]) -> Counter[tuple[str, str]]:
    return Counter(_seen(rows, held))


def _seen(rows: Sequence[Row[Any]], held: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    for row in rows:
        decision = json.loads(row.body).get("fields", {})
        end = _ended(decision, held.get(row.ref))
        for rule in decision.get("rules", ()):
            if rule.get("matched"):
                yield str(rule.get("id")), end


def _ended(decision: Mapping[str, Any], held: str | None) -> str:
    """held: what became of it, None where it was never held, or where that was removed."""
    if held is not None:
        return held
    if decision.get("disposition") == "relay":
        return _CHANGED if decision.get("rewrite") else _SENT
    return _STOPPED


def _count(ends: Mapping[str, int]) -> RuleCount:
    return RuleCount(matched=sum(ends.values()), **ends)
