"""Going through a table that may be large: a page at a time, so that memory is bounded."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, Select, tuple_

from .engine import Engine

PAGE_ROWS = 500


async def pages(
    engine: Engine, query: Select[Any], *key: Any, after: tuple[Any, ...] | None = None
) -> AsyncIterator[Sequence[Row[Any]]]:
    """The rows of a query in order of a unique key, a page at a time. after: the key of the row before the first.

    A lower bound of the key that stood in the query itself would be a second one: SQLite seeks to one of two and reads
    on from there for every page, which takes quadratic time.
    """
    place = after
    while True:
        page = query.order_by(*key).limit(PAGE_ROWS)
        if place is not None:
            page = page.where(tuple_(*key) > place)
        rows = await engine.read(partial(fetch, page))
        if rows:
            yield rows
        if len(rows) < PAGE_ROWS:
            return
        place = tuple(getattr(rows[-1], column.name) for column in key)


def fetch(query: Select[Any], connection: Connection) -> Sequence[Row[Any]]:
    return connection.execute(query).all()
