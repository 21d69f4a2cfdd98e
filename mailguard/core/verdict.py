"""What the judgement of a message says, and why: the object of INTERFACE.md "one object"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from .carried.model import Carried
from .inventory import Inventory
from .mail.message import Defect
from .place import Place

SCHEMA = 1
EXCEPTION = "exception"
"""The key, among the values of a rule that did not match, of the exception that spared the message."""


class Disposition(StrEnum):
    RELAY = "relay"
    HOLD = "hold"
    REJECT = "reject"
    DEFER = "defer"


class Rewrite(StrEnum):
    SEPARATE = "separate"
    BCC = "bcc"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a detector found in something that the message carries. Never a value, only kinds and counts.

    people: of rows of people, what rows about just the same people have in common in any file. It is kept nowhere but
    as a keyed digest (core/earlier/files.py), since whoever knows the people could test it. part: the path of the part
    that it was found in, "" where that is not known.
    """

    detector: str
    kind: str
    where: str
    count: int
    summary: str
    hidden: bool = False
    people: bytes = field(default=b"", compare=False, repr=False)
    part: str = field(default="", compare=False)

    def to_json(self) -> dict[str, Any]:
        placed = {"part": self.part} if self.part else {}
        return placed | {
            "detector": self.detector,
            "kind": self.kind,
            "where": self.where,
            "count": self.count,
            "summary": self.summary,
            "hidden": self.hidden,
        }


class Published(dict[str, Any]):
    """The result of a rule as it is published. Many decisions share one, so nobody ever changes it.

    withheld: whether the ledger may not show all of it, shown: what it may (guard/entries.py). text: it as canonical
    JSON (store/canonical.py). Each is None until somebody has asked.
    """

    __slots__ = ("shown", "text", "withheld")

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.withheld: bool | None = None
        self.shown: Published | None = None
        self.text: str | None = None

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        return dict, (dict(self),)


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """One rule's result. reason: its sentence with the values that it saw; values: condition key -> value found.

    places: what the reason speaks of, for a page that leads there. trail: what each condition came to, policy/trail.py.
    Neither is part of the decision as it is published.
    """

    id: str
    mode: str
    action: str
    matched: bool
    error: str | None
    reason: str
    values: Mapping[str, Any]
    places: tuple[Place, ...] = ()
    trail: str = ""
    _published: Published | None = field(init=False, compare=False, repr=False, default=None)

    def to_json(self) -> Published:
        """Made once: what did not match comes again with the next message (policy/glance.py)."""
        if self._published is None:
            made = Published(
                id=self.id,
                mode=self.mode,
                action=self.action,
                matched=self.matched,
                error=self.error,
                reason=self.reason,
                values=dict(self.values),
            )
            object.__setattr__(self, "_published", made)
            return made
        return self._published


def _is_spared(outcome: RuleOutcome) -> bool:
    return not outcome.matched and EXCEPTION in outcome.values


@dataclass(frozen=True, slots=True)
class Verdict:
    """disposition with a rewrite: under relay the message leaves rewritten, under hold a reviewer is offered it first.

    deciding: id of the rule (or floor) that decided, None where nothing matched. reason: its sentence for people.
    rules: every rule in policy order, floors last. visible: canonical addresses; never in the ledger.
    inventory: of each file that was read, what it shows and what it carries.
    approvals, deadline, delay, sender_may: obligations of the deciding rule. release_as: the forms in which the message
    may leave if it is held, None for any; empty where the rules that it meets have none in common. uncounted: parts
    that can name people and that no rule had to have read, so that counts of people are the least that they may be.
    """

    disposition: Disposition
    rewrite: Rewrite | None
    deciding: str | None
    reason: str
    rules: tuple[RuleOutcome, ...]
    facts: Mapping[str, Any]
    visible: tuple[str, ...]
    findings: tuple[Finding, ...]
    defects: tuple[Defect, ...]
    policy_revision: str
    inventory: tuple[Inventory, ...] = ()
    approvals: int = 1
    deadline: timedelta | None = None
    delay: timedelta | None = None
    sender_may: tuple[str, ...] = ()
    hide_inside_above: int | None = None
    errors: tuple[str, ...] = field(default=())
    release_as: tuple[str, ...] | None = None
    uncounted: int = 0

    @property
    def exceptions(self) -> tuple[tuple[str, str], ...]:
        """(rule, exception) of every match that an exception spared."""
        return tuple([(each.id, each.values[EXCEPTION]) for each in self.rules if _is_spared(each)])

    def to_json(self, *, content_sha256: str, sent_sha256: tuple[str, ...] = (), with_visible: bool) -> dict[str, Any]:
        """The decision of INTERFACE.md; without `visible` for the ledger, which holds no address."""
        decision: dict[str, Any] = {
            "schema": SCHEMA,
            "disposition": self.disposition.value,
            "rewrite": self.rewrite.value if self.rewrite else None,
            "rules": [rule.to_json() for rule in self.rules],
            "facts": dict(self.facts),
            "findings": [finding.to_json() for finding in self.findings],
            "defects": [{"kind": defect.kind, "where": defect.where} for defect in self.defects],
            "policy_revision": self.policy_revision,
            "content_sha256": content_sha256,
            "sent_sha256": list(sent_sha256),
        }
        if self.inventory:
            decision["inventory"] = [inventory.to_json() for inventory in self.inventory]
        if self.delay is not None:
            decision["delay_seconds"] = int(self.delay.total_seconds())
        if self.uncounted:
            decision["uncounted_parts"] = self.uncounted
        if self.release_as is not None:
            decision["release_as"] = list(self.release_as)
        if with_visible:
            decision["visible"] = list(self.visible)
        return decision


@dataclass(frozen=True, slots=True)
class Needs:
    """What the judgement still needs before it can say more.

    inspections: paths of the parts that a rule asks to have read. history: keys of questions about earlier messages.
    """

    inspections: tuple[str, ...] = ()
    history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found in one part.

    uninspectable: why something in it could not be read, None where all was. people: whom it names, None where that is
    not known: a part can name all its people in a form that is read and still carry a picture that is not. inventory:
    of the part and of each file in it.
    """

    part: str
    findings: tuple[Finding, ...] = ()
    uninspectable: str | None = None
    people: Carried | None = None
    inventory: tuple[Inventory, ...] = ()
