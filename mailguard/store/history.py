"""The port History: which invitations a rule has sent as separate copies, as keyed hashes, until they expire.

Contract: nothing here names a person. Without the key nobody can tell which invitation a hash stands for, and with it
only who already knows organiser and UID.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select, text

from . import schema
from .chain import Chain
from .engine import Engine
from .instants import to_micros
from .keys import Keyring

_table = schema.occasions
RETENTION = "occasion"
_KEEP = text(
    "INSERT INTO occasions (occasion, rule, until, retention) VALUES (:occasion, :rule, :until, :retention) "
    "ON CONFLICT (occasion) DO UPDATE SET rule = excluded.rule, until = excluded.until"
)
"""In order of the hashes: two guards that keep the same invitation at once wait for each other and both succeed."""


class StoredHistory:
    def __init__(self, engine: Engine, keyring: Keyring) -> None:
        self._engine = engine
        self._keyring = keyring

    async def separated(self, occasions: Sequence[str], now: datetime) -> Mapping[str, str]:
        """Which of these a rule has sent as separate copies, with the rule's id. What has expired is not told."""
        by_hash = {digest: each for each in occasions for digest in self._hashes(each)}
        query = select(_table.c.occasion, _table.c.rule).where(
            _table.c.occasion.in_(list(by_hash)), _table.c.until > to_micros(now)
        )
        rows = await self._engine.read(lambda connection: connection.execute(query).all())
        return {by_hash[row.occasion]: row.rule for row in rows}

    async def remember(self, occasions: Sequence[str], rule: str, until: datetime) -> int:
        """Keep that this rule separated them, until then; a later call for the same wins. How many were kept."""
        hashes = sorted({self._hashes(each)[0] for each in occasions})
        rows = [
            {"occasion": digest, "rule": rule, "until": to_micros(until), "retention": RETENTION} for digest in hashes
        ]

        def write(connection: Connection, _: Chain) -> int:
            if rows:
                connection.execute(_KEEP, rows)
            return len(rows)

        return await self._engine.write(write, locks=False)

    async def purge(self, now: datetime) -> int:
        """Forget what has expired. How many."""
        expired = delete(_table).where(_table.c.until <= to_micros(now))
        return await self._engine.write(lambda connection, _: connection.execute(expired).rowcount, locks=False)

    def _hashes(self, occasion: str) -> list[str]:
        """Under each key for hashes of people, the active one first: a new key does not forget what is remembered."""
        message = b"occasion\0" + occasion.encode("utf-8", "surrogatepass")
        return [hmac.digest(key, message, "sha256")[:16].hex() for key in self._keyring.all_octets("recipients")]
