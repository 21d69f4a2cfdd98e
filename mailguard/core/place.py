"""Where in a message the thing stands that a reason speaks of, so that whoever reads the reason can be led there.

Promises: names of places only, never what stands there. Whether somebody may be led there is for whoever shows it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Where(StrEnum):
    RECIPIENTS = "recipients"
    FIELDS = "fields"
    PART = "part"


@dataclass(frozen=True, slots=True)
class Place:
    """where: the list of people whom it goes to or shows, the header fields that a reader shows (safe_text.py), or a
    part. part: the path of that (mail.message), "" of a message that is one part, and of the other places.
    """

    where: Where
    part: str = ""


RECIPIENTS = Place(Where.RECIPIENTS)
FIELDS = Place(Where.FIELDS)


def parts(paths: Iterable[str]) -> tuple[Place, ...]:
    """These parts, each once."""
    return tuple(Place(Where.PART, path) for path in dict.fromkeys(paths))
