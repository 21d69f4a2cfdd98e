"""What the store does to itself, bound to the operations of the commands: proving, exporting, purging, migrating."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from ..config import Settings
from ..core.errors import SettingsError
from ..core.policy.load import Policy, load_policy
from ..core.policy.trail import recount
from ..guard import entries
from ..guard.ports import Clock
from ..logs import logger
from ..store.audit import verify
from ..store.export import ExportUnreadable, export
from ..store.export import verify_export as verify_file
from ..store.incident_retention import SETTING_OF_KIND
from ..store.migrate import migrate
from ..store.object_rows import count_kept
from ..store.snapshot import take_snapshot
from ..store.store import Store
from .backup import POSTGRESQL
from .control import BadArguments
from .operations import Live, StoreOperations
from .parts import Parts
from .policies import read_documents
from .quality_operations import rating_of

log = logger("serve")

SNAPSHOT_BLOCK_OCTETS = 192 * 1024
"""One item of a backup: encoding it takes the event loop less than a millisecond."""
PUBLIC_KEY_OCTETS = 32
"""Of an Ed25519 key (RFC 8032 section 5.1.5)."""


class StoreUpkeep:
    """Implements operations.Upkeep on an open store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def verify(self) -> Mapping[str, Any]:
        keyring = self._store.keyring
        public = keyring.public_key(keyring.active("signing").identifier).hex()
        found = await verify(self._store)
        self._store.verified = self._clock.now(), found.whole
        return {**found.to_json(), "public_key": public}

    async def export(self) -> AsyncIterator[str]:
        """Written to a temporary file first: what leaves is one consistent export, however slow its reader is."""
        with tempfile.TemporaryDirectory(prefix="mailguard-export-") as folder:
            path = Path(folder) / "ledger.jsonl"
            await export(self._store, path)
            with path.open(encoding="ascii") as lines:
                for line in lines:
                    yield line.rstrip("\n")

    async def snapshot(self, system_user: str) -> AsyncIterator[Mapping[str, Any]]:
        """The entry goes first, so that the copy holds it: a restored store says which copy it was."""
        if not self._store.settings.is_sqlite:
            raise SettingsError(POSTGRESQL)
        entry = entries.plain("store_backed_up", None, self._clock.now(), system_user=system_user)
        await self._store.ledger.append([entry])
        await self._store.checkpoint()
        taken = await take_snapshot(self._store.settings)
        digest = hashlib.sha256()
        with taken.file as file:
            apart = await self._store.engine.read(count_kept)
            yield {"octets": taken.octets, "revision": taken.revision, "entries": taken.entries, "apart": apart}
            while block := await asyncio.to_thread(file.read, SNAPSHOT_BLOCK_OCTETS):
                digest.update(block)
                yield {"chunk": base64.b64encode(block).decode("ascii")}
        log.info("store_backed_up", octets=taken.octets, count=taken.entries)
        yield {"sha256": digest.hexdigest()}

    async def purge(self) -> Mapping[str, int]:
        return _flat(asdict(await self._store.purge(self._clock.now())))

    async def look_at_objects(self) -> Mapping[str, Any]:
        if self._store.bodies is None:
            return {"set": False, "originals": 0, "faults": []}
        found = await self._store.bodies.look_at_all()
        faults = [{"ref": ref, "what": what} for ref, what in sorted(found.faults.items())]
        return {"set": True, "originals": found.originals, "faults": faults}

    async def due(self) -> Mapping[str, Any]:
        found = _flat(asdict(await self._store.due(self._clock.now())))
        return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in found.items()}


def _flat(counts: dict[str, Any]) -> dict[str, Any]:
    """Records of the register stand beside the rest, each kind under the name of its setting."""
    records = counts.pop("records")
    return counts | {SETTING_OF_KIND[kind]: count for kind, count in records.items()}


def operations_on(
    parts: Parts, live: Live | None = None, policy: Callable[[], Policy] | None = None
) -> StoreOperations:
    """The operations of the commands on open parts; live where a service runs, with the policy that it has in force."""
    in_force = policy or (lambda: load_policy(read_documents(parts.settings.policies)))
    return StoreOperations(
        store=parts.store,
        review=parts.review,
        accounts=parts.account_book,
        links=parts.links,
        console=parts.settings.console.base_url if parts.settings.console else None,
        clock=parts.clock,
        upkeep=StoreUpkeep(parts.store, parts.clock),
        register=parts.register,
        rating=rating_of(parts.store, in_force, parts.clock, parts.register.zone),
        packs=parts.packs,
        describe=describe_rules,
        recount=recount_rules,
        policy=in_force,
        live=live,
    )


def describe_rules(documents: Mapping[str, bytes]) -> Mapping[str, str]:
    """Rule id -> its sentence. DocumentErrors for a policy that this version no longer reads."""
    return {rule.id: rule.describe for rule in load_policy(documents).rules}


def recount_rules(documents: Mapping[str, bytes], decision: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Every condition of every rule as it was decided by. DocumentErrors for what this version no longer reads."""
    return recount(load_policy(documents), decision)


def verify_export(path: Path, public_key: str | None) -> Mapping[str, Any]:
    """The report about an export, checked with nothing but the file, and the public key (hex) if one is given.

    BadArguments for what is no export or no key.
    """
    try:
        key = bytes.fromhex(public_key) if public_key is not None else None
        if key is not None and len(key) != PUBLIC_KEY_OCTETS:
            raise ValueError
        return verify_file(path, key).to_json()
    except ExportUnreadable as cause:
        raise BadArguments(str(cause)) from cause
    except ValueError as cause:
        raise BadArguments("the public key is 64 hexadecimal digits, as `mailguard audit verify` prints it") from cause


def migrate_store(settings: Settings, announce: Callable[[str, str], None]) -> bool:
    """Bring the store to the schema of this version. Whether anything had to be changed. StoreOwned, SettingsError.

    announce: called with both revisions before an older schema is changed.
    """
    before, after = asyncio.run(migrate(settings.store_settings(), announce))
    return before != after
