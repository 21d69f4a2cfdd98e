"""What a reader hands on besides the stream: something to be read in its turn, and a message that it found.

A reader knows its own format only. What lies inside as a file, or as the body of a message, it yields as Enclosed, and
the examination (examine.py) has that read by whoever reads its kind, counts its depth, and counts whom it names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from .budget import Budget
from .stream import Item


@dataclass(frozen=True, slots=True)
class Enclosed:
    """Octets to be read in their turn. media_type, names: what they call themselves, parameters included.

    wrapped: whether it is the whole of what holds it (people.csv in people.csv.gz), so that the name of that, less its
    last ending, is a name of this too. charged: whether its reader has charged the budget for it as a member, for its
    octets, and for keeping them.
    """

    data: bytes | memoryview = field(repr=False)
    media_type: str = "application/octet-stream"
    names: tuple[str, ...] = ()
    wrapped: bool = False
    charged: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in Outlook's own form. Addresses canonical. kind: its message class in lower case ("ipm.note").

    embedded: whether it is a message within the one that the file is. authors: who sent it; recipients: whom it lists,
    attendees too; blind: whom it lists without showing them to others.
    """

    kind: str
    authors: tuple[str, ...]
    recipients: tuple[str, ...]
    blind: tuple[str, ...] = ()
    embedded: bool = False


Found = Item | Enclosed | Letter
Read = Callable[[bytes | memoryview, Budget], Iterable[Found]]
"""A reader: pure, total but for Uninspectable; it may give something before it raises."""
