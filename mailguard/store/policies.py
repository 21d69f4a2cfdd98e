"""The port Policies: every revision that a decision may name, sealed, because rules may name people."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from sqlalchemy import Connection, select

from ..core.errors import ReferenceTaken, UnknownReference
from . import schema
from .chain import Chain, insert_rows
from .codec import octets_to_text, text_to_octets
from .engine import Engine
from .instants import to_micros
from .keys import Keyring
from .sealing import context, seal_json, unseal_json, unwrap

_table = schema.policies
RETENTION = "policy"


class StoredPolicies:
    def __init__(self, engine: Engine, keyring: Keyring) -> None:
        self._engine = engine
        self._keyring = keyring

    async def keep(self, revision: str, documents: Mapping[str, bytes], at: datetime) -> None:
        """Keep the documents (name -> text) of a revision. Keeping it again is no error."""
        bound_to = context("policy", revision)
        key = self._keyring.new_data_key(bound_to)
        sealed = seal_json(key, bound_to, {name: octets_to_text(text) for name, text in documents.items()})

        def write(connection: Connection, _: Chain) -> None:
            if connection.execute(select(_table.c.at).where(_table.c.revision == revision)).first() is None:
                row = (revision, to_micros(at), RETENTION, key.master, key.wrapped, sealed)
                insert_rows(connection, _table, [row])

        # Guards whose files change together keep it at the same moment: it is there then, whoever was first.
        with suppress(ReferenceTaken):
            await self._engine.write(write)

    async def get(self, revision: str) -> Mapping[str, bytes]:
        """UnknownReference where it was never kept."""
        query = select(*_table.c["master", "wrapped_key", "sealed"]).where(_table.c.revision == revision)
        row = await self._engine.read(lambda connection: connection.execute(query).one_or_none())
        if row is None:
            raise UnknownReference(f'there is no policy revision "{revision}"')
        bound_to = context("policy", revision)
        documents = unseal_json(unwrap(self._keyring, row.master, row.wrapped_key, bound_to), bound_to, row.sealed)
        return {name: text_to_octets(text) for name, text in documents.items()}
