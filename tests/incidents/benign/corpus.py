"""Benign mail of more than sixty structures, by dimension: who writes it, what it is, what it carries."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache

from .contents import contents
from .letters import letters
from .meetings import meetings
from .model import INSIDE, Benign
from .programmed import programmed

MEANT_TO_BE_HELD = frozenset({"a network of eleven in Cc", "rich text of Outlook", "a message in base64"})
"""Well meant, and held all the same: docs/places.md gives the reason of each."""


_BY_ONE_PROGRAM = frozenset({"newsletter by Bcc", "mailing list", "system", "report", "machine"})
"""What one program sends again and again. The other messages are by as many people, of as many departments."""


@cache
def corpus() -> tuple[Benign, ...]:
    made = (*letters(), *meetings(), *programmed(), *contents())
    return tuple(each if each.dimension in _BY_ONE_PROGRAM else _of_department(n, each) for n, each in enumerate(made))


def _of_department(number: int, mail: Benign) -> Benign:
    """By somebody else: thirteen programs are not one person who writes the same thing thirteen times."""
    old, new = f"@{INSIDE}", f"@dept{number}.{INSIDE}"
    raw = mail.raw.replace(old.encode(), new.encode())
    recipients = tuple(each.replace(old, new) for each in mail.recipients)
    return replace(mail, raw=raw, recipients=recipients, reverse_path=mail.reverse_path.replace(old, new))


def structures() -> Counter[tuple[str, str]]:
    return Counter((each.dimension, each.structure) for each in corpus())
