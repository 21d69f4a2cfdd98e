"""Conditions on defects, and on what was found in attachments and in the text of the message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import replace
from typing import Any

from ...observation import Observation
from ...place import Place, parts
from ...verdict import Finding
from .. import sentences
from .counting import flagged
from .declaration import UNSEEN, Condition, Found, declared
from .operands import Flag, Number, Operand, Words
from .whereabouts import ambiguous, unread


def _ambiguous(observation: Observation, value: Any) -> str | None:
    return sentences.malformed(defect.where for defect in observation.holding) if value else None


def _unambiguous(observation: Observation) -> Hashable:
    """What is ambiguous is put into words by where it is."""
    return UNSEEN if observation.facts["malformed"] else False


_MALFORMED = flagged(
    "malformed",
    meaning="Whether two readers could read the recipients or the structure of the message differently.",
    consequence="The floor holds such a message anyway; a rule can refuse it, or lift the floor for one sender.",
    clause=lambda value: None,
    places=ambiguous,
)
MALFORMED = replace(_MALFORMED, clause=_ambiguous, glimpse=_unambiguous)


class FindingOperand(Operand):
    """Findings of one or more kinds, how many, and whether they are hidden."""

    kind: Words | None = declared(
        "The kinds of finding that count.",
        otherwise="every kind",
        unit="name or a list of names",
        example=["nhs_number"],
        consequence="Other kinds are not counted.",
        default=None,
    )
    count: Number | None = declared(
        "How many there must be in the text and all attachments together.",
        otherwise="{at_least: 1}",
        unit="findings",
        example={"at_least": 5},
        consequence="Higher bounds let more pass.",
        default=None,
    )
    hidden: Flag | None = declared(
        "Whether only hidden findings (true) or only those in plain sight (false) count.",
        otherwise="both count",
        unit="true or false",
        example=True,
        consequence="true catches hidden sheets and rows and leaves visible tables alone.",
        default=None,
    )


def missing(observation: Observation, paths: tuple[str, ...]) -> tuple[str, ...]:
    """Those of these parts that have not been inspected yet."""
    return tuple(path for path in paths if path not in observation.inspections)


def _finding(observation: Observation, operand: FindingOperand) -> Found:
    if needs := missing(observation, (*observation.bodies, *observation.inspectable)):
        return Found(None, None, needs)
    number = sum(finding.count for finding in _counted(observation, operand))
    return Found((operand.count or Number(at_least=1)).holds(number), number)


def _counted(observation: Observation, operand: FindingOperand) -> list[Finding]:
    return [
        finding
        for finding in observation.findings
        if (operand.kind is None or finding.kind in operand.kind)
        and (operand.hidden is None or finding.hidden is operand.hidden)
    ]


def _told(observation: Observation, operand: FindingOperand) -> str | None:
    counts: Counter[str] = Counter()
    found = _counted(observation, operand)
    for finding in found:
        counts[finding.kind] += finding.count
    return sentences.findings(counts, all(finding.hidden for finding in found)) if counts else None


def _places(observation: Observation, operand: FindingOperand) -> Iterable[Place]:
    """Where most was found first. One that does not know its part was found in the only part of a message."""
    found: Counter[str] = Counter()
    for finding in _counted(observation, operand):
        found[finding.part] += finding.count
    return parts(path for path, _ in found.most_common() if path in observation.inspections)


def _nothing_found(observation: Observation) -> Hashable:
    """Nought where all was read, and nothing found: what was found is put into words by its kinds."""
    inspections = observation.inspections
    read = all(path in inspections for path in observation.bodies + observation.inspectable)
    return UNSEEN if not read or any(each.findings for each in inspections.values()) else 0


def _all_readable(observation: Observation) -> Hashable:
    read = (observation.inspections.get(path) for path in observation.inspectable)
    return 0 if all(each is not None and each.uninspectable is None for each in read) else UNSEEN


def _uninspectable(observation: Observation, operand: bool) -> Found:
    if needs := missing(observation, observation.inspectable):
        return Found(None, None, needs)
    read = (observation.inspections[path] for path in observation.inspectable)
    number = sum(each.uninspectable is not None for each in read)
    return Found((number > 0) is operand, number)


FINDING = Condition(
    "finding",
    FindingOperand,
    _finding,
    meaning="Holds if the text of the message and its attachments hold such findings. Has all of them read.",
    unit="findings",
    example="{kind: nhs_number, count: {at_least: 5}}",
    consequence="Text that is quoted or hidden counts as well. An attachment that cannot be read holds the message"
    " (floor-uninspectable).",
    says=_told,
    places=_places,
    inspects=True,
    glimpse=_nothing_found,
)
UNINSPECTABLE = Condition(
    "uninspectable",
    Flag,
    _uninspectable,
    meaning="Whether an attachment cannot be read: encrypted, broken, too large, of an unknown format.",
    unit="true or false",
    example="true",
    consequence="Has every attachment read; the floor holds what cannot be, a rule can refuse it or lift the floor.",
    clause=lambda observation, value: sentences.unreadable(value) if value else None,
    places=lambda observation, operand: unread(observation, observation.inspectable),
    inspects=True,
    glimpse=_all_readable,
)
