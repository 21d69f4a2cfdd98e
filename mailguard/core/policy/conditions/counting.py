"""Conditions that compare one counted fact, or look at one that is true or false."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

from ...observation import Observation
from ...place import Place, parts
from .declaration import UNSEEN, Condition, Found
from .operands import Flag, Number

Clause = Callable[[Any], str | None]
"""The words for a value, which say nothing of the message besides."""
Places = Callable[[Observation], Iterable[Place]]
"""Where in the message stands what a fact counts."""


def nowhere(observation: Observation) -> Iterable[Place]:
    """Of what is true of the whole message, or stands where no page shows it."""
    return ()


def counted(
    key: str,
    *,
    meaning: str,
    unit: str,
    example: str,
    consequence: str,
    clause: Clause,
    places: Places = nowhere,
) -> Condition:
    """A condition on the fact of its own name. Its clause is told only of a count above nought."""

    def look(observation: Observation, operand: Number) -> Found:
        number = observation.facts[key]
        return Found(operand.holds(number), number)

    def told(observation: Observation, value: Any) -> str | None:
        return clause(value) if value else None

    return Condition(
        *(key, Number, look, meaning, unit, example, consequence, told),
        places=lambda seen, operand: places(seen),
        glimpse=lambda observation: observation.facts[key],
    )


def named(
    key: str,
    *,
    meaning: str,
    unit: str,
    example: str,
    consequence: str,
    clause: Clause,
    closed: Callable[[Observation], Sequence[str]] = lambda observation: observation.closed,
    places: Places | None = None,
) -> Condition:
    """As `counted`, for a fact to which people in `closed` parts add: it asks for these unless its count is reached.

    places: by default the parts that the observation names for the fact.
    """

    def look(observation: Observation, operand: Number) -> Found:
        number = observation.facts[key]
        needs = tuple(path for path in closed(observation) if path not in observation.inspections)
        if needs and not (operand.at_most is None and operand.holds(number)):
            return Found(None, None, needs)
        return Found(operand.holds(number), number)

    def told(observation: Observation, value: Any) -> str | None:
        return clause(value) if value else None

    def glimpse(observation: Observation) -> Hashable:
        return UNSEEN if closed(observation) else observation.facts[key]

    def stands(observation: Observation, operand: Number) -> Iterable[Place]:
        return places(observation) if places else parts(observation.parts.get(key, ()))

    return Condition(
        key,
        Number,
        look,
        meaning,
        unit,
        example,
        consequence,
        told,
        places=stands,
        inspects=True,
        names_only=True,
        glimpse=glimpse,
    )


def flagged(key: str, *, meaning: str, consequence: str, clause: Clause, places: Places = nowhere) -> Condition:
    """A condition on the fact of its own name, which is true or false."""

    def look(observation: Observation, operand: bool) -> Found:
        value = observation.facts[key]
        return Found(value is operand, value)

    def told(observation: Observation, value: Any) -> str | None:
        return clause(value) if value else None

    return Condition(
        key,
        Flag,
        look,
        meaning,
        "true or false",
        "true",
        consequence,
        told,
        places=lambda seen, operand: places(seen),
        glimpse=lambda observation: observation.facts[key],
    )
