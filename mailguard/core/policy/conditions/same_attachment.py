"""The condition for a merge job that goes wrong: the same file to one person after another (core/earlier/files.py).

Remembering a file needs no inspection. Only a message whose file others have already has it read, and only that file.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Self

from pydantic import model_validator

from ...duration import Duration
from ...earlier.files import MOST_PEOPLE
from ...finding_kinds import PEOPLE_ROWS
from ...observation import Observation
from ...place import Place, parts
from .. import sentences
from .declaration import UNSEEN, Condition, Found, declared
from .earlier import DEFAULT_WINDOW, MOST_WINDOW
from .operands import Number, Operand, problem


class SameAttachment(Operand):
    """To how many others a file of this message was sent before, and how many people are in it."""

    already_sent_to: Number = declared(
        "How many other people outside have the file already, from messages of their own.",
        otherwise="must be given",
        unit="people",
        example={"at_least": 2},
        consequence="With at_least 2 the third message is the first that the rule stops.",
    )
    people: Number | None = declared(
        "How many people there must be in the rows of the file. Has the file read once it was sent that often.",
        otherwise="not asked: any file counts",
        unit="people",
        example={"at_least": 10},
        consequence="Without it brochures and forms count, and nothing is read.",
        default=None,
    )
    within: Duration | None = declared(
        "How far back earlier messages count.",
        otherwise="14d",
        unit="duration, at most 90d",
        example="14d",
        consequence="A longer time joins more messages; so long is it kept who got which file.",
        default=None,
    )

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if not 1 <= (self.already_sent_to.at_least or 0) <= MOST_PEOPLE:
            raise problem(f'"already_sent_to" needs at_least, from 1 to {MOST_PEOPLE}')
        if self.window > MOST_WINDOW:
            raise problem('"within" is at most 90d')
        return self

    @property
    def window(self) -> timedelta:
        return self.within or DEFAULT_WINDOW


def _look(observation: Observation, operand: SameAttachment) -> Found:
    repeated = _repeated(observation, operand)
    most = max((each.already_sent_to(operand.window) for each in observation.past.files), default=0)
    if operand.people is None or not repeated:
        return Found(bool(repeated), most)
    if needs := tuple(part for part in repeated if part not in observation.inspections):
        return Found(None, None, needs)
    found = _with_people(observation, operand, repeated)
    return Found(bool(found), max((repeated[part] for part in found), default=most))


def _repeated(observation: Observation, operand: SameAttachment) -> dict[str, int]:
    """The files that so many others have, with how many."""
    counts = {each.part: each.already_sent_to(operand.window) for each in observation.past.files}
    return {part: count for part, count in counts.items() if operand.already_sent_to.holds(count)}


def _places(observation: Observation, operand: SameAttachment) -> Iterable[Place]:
    return parts(_with_people(observation, operand, _repeated(observation, operand)))


def _with_people(observation: Observation, operand: SameAttachment, parts: Iterable[str]) -> dict[str, int]:
    """Those of these files with so many people in them, with how many."""
    people = {part: _people_in(observation, part) for part in parts}
    return {part: count for part, count in people.items() if operand.people is None or operand.people.holds(count)}


def _people_in(observation: Observation, part: str) -> int:
    inspection = observation.inspections.get(part)
    findings = inspection.findings if inspection else ()
    return sum(each.count for each in findings if each.kind == PEOPLE_ROWS)


def _told(observation: Observation, operand: SameAttachment) -> str | None:
    """Of several such files the one with the most people."""
    repeated = _repeated(observation, operand)
    people, others = max(
        ((count, repeated[part]) for part, count in _with_people(observation, operand, repeated).items()),
        default=(0, 0),
    )
    return sentences.same_file(people, others) if others else None


SAME_ATTACHMENT = Condition(
    "same_attachment",
    SameAttachment,
    _look,
    meaning="Holds if a file of this message, with so many people in its rows, has gone to so many others outside "
    "already, in messages of the same sender or team.",
    unit="people who have it",
    example="{already_sent_to: {at_least: 2}, people: {at_least: 10}, within: 14d}",
    consequence="Catches the merge job that sends everybody the list of all. What was held does not count, nor does a "
    "second message to the same person; times and properties that a program writes into a file make no difference.",
    says=_told,
    places=_places,
    inspects=True,
    files_look_back=lambda operand: operand.window,
    glimpse=lambda observation: UNSEEN if observation.past.files else 0,
)
