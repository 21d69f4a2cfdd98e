"""Benign mail of more than sixty structures, by dimension: who writes it, what it is, what it carries."""

from __future__ import annotations

from collections import Counter
from functools import cache

from .contents import contents
from .letters import letters
from .meetings import meetings
from .model import Benign
from .programmed import programmed

MEANT_TO_BE_HELD = frozenset({"a network of eleven in Cc", "rich text of Outlook", "a message in base64"})
"""Well meant, and held all the same: docs/places.md gives the reason of each."""


@cache
def corpus() -> tuple[Benign, ...]:
    return (*letters(), *meetings(), *programmed(), *contents())


def structures() -> Counter[tuple[str, str]]:
    return Counter((each.dimension, each.structure) for each in corpus())
