"""The lives of held messages, out of entries of the ledgers: held when, by which rules, ended how, by whom. Pure.

Entries of one ledger come in their order; whose ledgers come first does not matter: one guard may hold what another
releases. It keeps a few values of each held message of the time, and nothing of any other message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Any

ENDS = ("message_released", "release_rejected", "hold_cancelled", "hold_expired")
STEPS = ("release_decided", "release_stopped", *ENDS)
"""Kinds of entries that come after a hold, and that say what became of it."""
KINDS = ("message_decided", "message_held", *STEPS)
"""What it wants to be shown: the first two of the time asked for, the others from then on."""

SENDER = "sender"
GUARD = "mailguard"
AS_IT_WAS = "original"


class End(StrEnum):
    """What became of a held message. SENT: as it was. CHANGED: so that people do not see each other. REJECTED: somebody
    decided not to send it. BY_ITSELF: nobody was to decide, it only had to wait. OPEN: nothing yet.
    """

    SENT = "sent"
    CHANGED = "changed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    BY_ITSELF = "by_itself"
    OPEN = "open"


class By(StrEnum):
    """Who ended it. NOBODY: it expired, left by itself or is open."""

    REVIEWER = "reviewer"
    SENDER = "sender"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Life:
    """rules: those because of which it was held. ended_at: of the decision, not of the moment at which it left; None
    while it is open. reviewer: the account or the name of the operating system's user, where a reviewer ended it.
    form: in which it left, None where it did not.
    """

    ref: str
    held_at: datetime
    rules: tuple[str, ...]
    end: End
    by: By = By.NOBODY
    ended_at: datetime | None = None
    reviewer: str | None = None
    form: str | None = None

    @property
    def taken(self) -> timedelta | None:
        """From the hold to a person's decision; None where nobody decided."""
        decided = self.ended_at is not None and self.by is not By.NOBODY
        return max(self.ended_at - self.held_at, timedelta()) if decided and self.ended_at else None


@dataclass(frozen=True, slots=True)
class _Step:
    at: datetime
    kind: str
    form: str | None
    by: By
    reviewer: str | None


@dataclass(slots=True)
class _Hold:
    at: datetime
    rules: tuple[str, ...]
    waits: bool = False


class Lives:
    """`take` each entry, then `lives`."""

    def __init__(self) -> None:
        self._holds: dict[str, _Hold] = {}
        self._steps: dict[str, tuple[_Step, ...]] = {}
        self._decided: tuple[str | None, tuple[str, ...]] = None, ()

    def take(self, kind: str, ref: str | None, at: datetime, fields: Mapping[str, Any]) -> None:
        """An entry of one of KINDS; others are passed over."""
        if ref is None:
            return
        if kind == "message_decided":
            self._take_decision(ref, at, fields)
        elif kind == "message_held":
            self._take_hold(ref, at, fields)
        elif kind in STEPS:
            by, reviewer = _who(fields)
            form = fields.get("form")
            step = _Step(at, kind, form if isinstance(form, str) else None, by, reviewer)
            self._steps[ref] = (*self._steps.get(ref, ()), step)

    def is_held(self, ref: str) -> bool:
        """Whether it was held in the time that was asked for."""
        return ref in self._holds

    def lives(self) -> list[Life]:
        """Of each message that was held, the oldest first."""
        found = [self._life(ref, hold) for ref, hold in self._holds.items()]
        return sorted(found, key=attrgetter("held_at", "ref"))

    def _take_decision(self, ref: str, at: datetime, fields: Mapping[str, Any]) -> None:
        rules = holding_rules(fields)
        # What could not be rewritten is held, and its decision says "relay": message_held, which follows it, tells.
        self._decided = ref, rules
        if fields.get("disposition") == "hold":
            self._holds[ref] = _Hold(at, rules)

    def _take_hold(self, ref: str, at: datetime, fields: Mapping[str, Any]) -> None:
        decided, rules = self._decided
        hold = self._holds.setdefault(ref, _Hold(at, rules if decided == ref else ()))
        hold.waits = fields.get("state") == "waiting"

    def _life(self, ref: str, hold: _Hold) -> Life:
        decided: _Step | None = None
        for step in sorted(self._steps.get(ref, ()), key=attrgetter("at")):
            if step.kind == "release_stopped":
                # It needs a decision, even where it only had to wait before.
                decided, hold = None, _Hold(hold.at, hold.rules)
            elif step.kind == "release_decided":
                decided = step
            else:
                return _ended(ref, hold, step, decided)
        if decided is not None:
            return _ended(ref, hold, decided, None)
        return Life(ref, hold.at, hold.rules, End.OPEN)


def holding_rules(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """The enforced rules because of which a decision holds a message, or would rewrite it where none holds it.

    fields: of message_decided. A rule that erred counts as one that holds.
    """
    met = [each for each in fields.get("rules") or () if _is_met(each)]
    holding = [each for each in met if each.get("action") == "hold" or each.get("error") is not None]
    return tuple(str(each.get("id")) for each in holding or [each for each in met if each.get("action") == "rewrite"])


def _is_met(rule: Mapping[str, Any]) -> bool:
    return rule.get("mode") == "enforce" and (bool(rule.get("matched")) or rule.get("error") is not None)


def _ended(ref: str, hold: _Hold, step: _Step, decided: _Step | None) -> Life:
    if step.kind == "hold_expired":
        return Life(ref, hold.at, hold.rules, End.EXPIRED, By.NOBODY, step.at)
    if step.kind in _NOT_SENT:
        return Life(ref, hold.at, hold.rules, _NOT_SENT[step.kind], step.by, step.at, step.reviewer)
    said = decided or step
    form = step.form or said.form
    if said.by is By.NOBODY and hold.waits:
        return Life(ref, hold.at, hold.rules, End.BY_ITSELF, By.NOBODY, step.at, None, form)
    end = End.SENT if form == AS_IT_WAS else End.CHANGED
    return Life(ref, hold.at, hold.rules, end, said.by, said.at, said.reviewer, form)


_NOT_SENT = {"release_rejected": End.REJECTED, "hold_cancelled": End.CANCELLED}


def _who(fields: Mapping[str, Any]) -> tuple[By, str | None]:
    account = fields.get("account")
    if isinstance(account, str):
        return By.REVIEWER, account
    actor, user = fields.get("actor"), fields.get("system_user")
    if SENDER in (actor, user):
        return By.SENDER, None
    if not isinstance(actor, str) or GUARD in (actor, user):
        return By.NOBODY, None
    return By.REVIEWER, user if isinstance(user, str) else actor
