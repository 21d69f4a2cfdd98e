"""The port ExceptionUses: what was counted, over all ledgers."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from ..guard.records import ExceptionUse
from . import schema
from .engine import Engine
from .instants import from_micros

_table = schema.exception_uses


class StoredExceptionUses:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def list(self) -> Sequence[ExceptionUse]:
        """Those that were used at least once, by rule and exception, over all ledgers."""
        names = (_table.c.rule, _table.c.exception)
        sums = (func.sum(_table.c.uses).label("uses"), func.max(_table.c.last_used_at).label("last_used_at"))
        query = select(*names, *sums).group_by(*names).order_by(*names)
        rows = await self._engine.read(lambda connection: connection.execute(query).all())
        return [ExceptionUse(row.rule, row.exception, int(row.uses), from_micros(row.last_used_at)) for row in rows]
