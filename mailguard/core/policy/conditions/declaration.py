"""What a condition is: one declaration, from which judging, the schema, the reference and explanations derive."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, NamedTuple

from pydantic import Field, JsonValue

from ...observation import Observation
from ...place import Place


class Found(NamedTuple):
    """What a condition saw. holds: None where it cannot say before `needs` (paths of parts) have been inspected.

    value: a count or true/false, never an address, since it stands in the ledger.
    """

    holds: bool | None
    value: Any
    needs: tuple[str, ...] = ()


UNSEEN: Final = object()
"""What a glimpse is that settles nothing."""


def _no_words(observation: Observation, value: Any) -> None:
    """The clause of a condition that has nothing to tell."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of the vocabulary.

    key: its name in YAML. operand: what the key takes, as a pydantic annotation. look: whether it holds of an
    observation; may raise, which errs the rule. clause: the reason that it gives to people for the value that it found,
    None where it has nothing to tell; says: the same for its operand, where the value alone does not tell enough.
    Neither is asked about nought or false. places: where in the message stands what it tells of, nothing where no page
    shows that. narrows: whether an operand leaves somebody out for certain, so that a rule may lift a floor by it.
    inspects: whether it may ask for inspections; names_only: whether it asks only whom closed parts name. looks_back:
    how long before this message it asks for others; files_look_back: for files that were sent. claimed: whether it
    reads what the author of a message can write at will. glimpse: a few counts and truths that settle, whatever the
    operand, what it finds and the words for that; UNSEEN where they do not (glance.py). meaning, unit, example (YAML),
    consequence: for schema and reference.
    """

    key: str
    operand: Any
    look: Callable[[Observation, Any], Found]
    meaning: str
    unit: str
    example: str
    consequence: str
    clause: Callable[[Observation, Any], str | None] = _no_words
    says: Callable[[Observation, Any], str | None] | None = None
    places: Callable[[Observation, Any], Iterable[Place]] = lambda observation, operand: ()
    narrows: Callable[[Any], bool] = lambda operand: False
    inspects: bool = False
    names_only: bool = False
    claimed: bool = False
    looks_back: Callable[[Any], timedelta | None] = lambda operand: None
    files_look_back: Callable[[Any], timedelta | None] = lambda operand: None
    glimpse: Callable[[Observation], Hashable] | None = None

    @property
    def has_words(self) -> bool:
        """Whether it tells people anything of what it finds."""
        return self.says is not None or self.clause is not _no_words


def declared(meaning: str, *, otherwise: str, unit: str, example: Any, consequence: str, **options: Any) -> Any:
    """A pydantic field whose entry in schema and reference is complete.

    otherwise: what applies where the key is not given. options: of pydantic's Field (default, alias, bounds).
    """
    extra: dict[str, JsonValue] = {"x-default": otherwise, "x-unit": unit, "x-consequence": consequence}
    return Field(description=meaning, examples=[example], json_schema_extra=extra, **options)
