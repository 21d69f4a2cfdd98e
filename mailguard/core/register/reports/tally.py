"""What the ledgers say of a period, counted entry by entry: decisions, and what became of what was held. Pure.

Each ledger comes in its order, one after the other: a message that one guard held may have been released by another.

It keeps the reference and the rules of each held message of the period, nothing else of a message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ..near_miss import OUTCOMES

KINDS = ("message_decided", *OUTCOMES)
"""What it wants to be shown."""


@dataclass(slots=True)
class RuleTally:
    """Of one rule: messages that it matched in enforce and in monitor mode; and of those held because of it, alone or
    with others, what became of them.
    """

    enforced: int = 0
    monitored: int = 0
    held: int = 0
    refused: int = 0
    rewritten: int = 0
    as_it_was: int = 0
    changed: int = 0
    not_sent: int = 0
    cancelled: int = 0
    expired: int = 0
    errors: int = 0

    @property
    def open(self) -> int:
        return self.held - self.as_it_was - self.changed - self.not_sent - self.cancelled - self.expired

    @property
    def wrong_share(self) -> float | None:
        """Of the holds that a person ended by a decision, those that left as they were: 0 to 1."""
        decided = self.as_it_was + self.changed + self.not_sent
        return self.as_it_was / decided if decided else None


@dataclass(slots=True)
class Tally:
    """decided_after: from the hold to a person's decision, for each."""

    messages: int = 0
    relayed: int = 0
    held: int = 0
    refused: int = 0
    rewritten: int = 0
    rules: dict[str, RuleTally] = field(default_factory=dict)
    decided_after: list[timedelta] = field(default_factory=list)
    _waiting: dict[str, tuple[datetime, tuple[str, ...]]] = field(default_factory=dict)
    _early: dict[str, tuple[str, datetime, Mapping[str, Any]]] = field(default_factory=dict)

    def take(self, kind: str, ref: str | None, at: datetime, fields: Mapping[str, Any]) -> None:
        """An entry of one of KINDS."""
        if kind == "message_decided":
            self._take_decision(ref, at, fields)
        elif ref is not None and ref in self._waiting:
            self._take_outcome(kind, ref, at, fields)
        elif ref is not None:
            self._early[ref] = kind, at, fields

    def _take_decision(self, ref: str | None, at: datetime, fields: Mapping[str, Any]) -> None:
        disposition = fields.get("disposition")
        self.messages += 1
        self.held += disposition == "hold"
        self.refused += disposition == "reject"
        self.rewritten += disposition == "relay" and fields.get("rewrite") is not None
        self.relayed += disposition == "relay" and fields.get("rewrite") is None
        enforced = []
        for rule in fields.get("rules") or ():
            counted = self.rules.setdefault(str(rule["id"]), RuleTally())
            counted.errors += rule.get("error") is not None
            if not rule.get("matched"):
                continue
            if rule.get("mode") == "monitor":
                counted.monitored += 1
                continue
            enforced.append(str(rule["id"]))
            counted.enforced += 1
            counted.held += disposition == "hold"
            counted.refused += disposition == "reject"
            counted.rewritten += disposition == "relay" and fields.get("rewrite") is not None
        if disposition == "hold" and ref is not None:
            self._waiting[ref] = at, tuple(enforced)
            if ref in self._early:
                early, ended_at, said = self._early.pop(ref)
                self._take_outcome(early, ref, ended_at, said)

    def _take_outcome(self, kind: str, ref: str, at: datetime, fields: Mapping[str, Any]) -> None:
        since, rules = self._waiting.pop(ref)
        if kind in ("message_released", "release_rejected"):
            self.decided_after.append(at - since)
        name = _OUTCOME.get(kind) or ("as_it_was" if fields.get("form") == "original" else "changed")
        for rule in rules:
            counted = self.rules[rule]
            setattr(counted, name, getattr(counted, name) + 1)


_OUTCOME = {"release_rejected": "not_sent", "hold_cancelled": "cancelled", "hold_expired": "expired"}
