"""Many rows read at once: one that does not open is told to the log and left out; it does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Row

from ..logs import logger

log = logger("store")

Value = TypeVar("Value")


def readable(rows: Sequence[Row[Any]], read: Callable[[Row[Any]], Value]) -> list[Value]:
    """What the rows hold, in order, without those that cannot be read. The row stays as it is: nothing is lost."""
    values = []
    for row in rows:
        try:
            values.append(read(row))
        except Exception as cause:
            log.error("row_unreadable", ref=row.ref, cause=cause)
    return values
