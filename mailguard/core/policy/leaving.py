"""In which forms a held message may leave (`release_as`): what a rule may ask, and what several rules come to.

INVARIANT: of several rules the strictest wins; where they have no form in common the message does not leave at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator

from ..verdict import Rewrite

Form = Literal["original", "separate", "bcc", "cleaned"]
FORMS: tuple[Form, ...] = ("original", "separate", "bcc", "cleaned")
ReleaseAs = Annotated[tuple[Form, ...], AfterValidator(lambda forms: tuple(dict.fromkeys(forms)))]
ORIGINAL = "original"
LONGEST_DELAY = timedelta(days=1)
"""A `delay` is for second thoughts: what waits longer wants a person, and a `deadline`."""


def strictest(limits: Iterable[tuple[str, ...] | None]) -> tuple[str, ...] | None:
    """What all allow, None where nobody says."""
    said = [each for each in limits if each is not None]
    return tuple(form for form in FORMS if all(form in each for each in said)) if said else None


def allows(release_as: tuple[str, ...] | None, form: str) -> bool:
    return release_as is None or form in release_as


def offered(rewrite: Rewrite | None, release_as: tuple[str, ...] | None) -> Rewrite | None:
    """The rewrite that is offered first: the rule's own if it is allowed, else the first that is."""
    if allows(release_as, rewrite.value if rewrite else ORIGINAL):
        return rewrite
    return next((each for each in (Rewrite.SEPARATE, Rewrite.BCC) if allows(release_as, each.value)), None)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a rule asks besides `release_as`, as far as the two can contradict each other.

    rewrite: what it does or offers, None for the message as written. by_itself: whether it can leave after a delay.
    """

    release_as: tuple[str, ...]
    rewrite: Rewrite | None
    by_itself: bool
    sender_may: tuple[str, ...]


def contradictions(asked: Asked) -> Iterator[tuple[str, str]]:
    """(key, sentence) of everything that `release_as` forbids and another key of the same rule allows."""
    allowed = ", ".join(asked.release_as)
    if asked.rewrite is not None and asked.rewrite.value not in asked.release_as:
        yield "rewrite", f'"{asked.rewrite.value}" is not among the forms of "release_as" ({allowed})'
    if asked.rewrite is None and asked.by_itself and ORIGINAL not in asked.release_as:
        yield "delay", f'"delay" lets the message leave as written, which "release_as" ({allowed}) forbids'
    for act in asked.sender_may:
        if act in FORMS and act not in asked.release_as:
            yield "sender_may", f'"{act}" is not among the forms of "release_as" ({allowed})'
