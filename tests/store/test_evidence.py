"""The port Evidence: encrypted, with a key and a retention of its own; erasing leaves the ledger whole."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from mailguard.core.errors import UnknownReference
from mailguard.store import schema
from mailguard.store.sealing import SealBroken
from mailguard.store.store import Store
from mailguard.store.store_settings import RetentionSettings
from tests.store import samples


async def test_records_come_back_oldest_first(store: Store) -> None:
    later = samples.NOW + timedelta(seconds=2)
    await store.ledger.append([samples.entry("MG-A", evidence={"subject": "\u00e9 one"})])
    await store.ledger.append([samples.entry("MG-A", evidence=None)])
    await store.ledger.append([samples.entry("MG-A", "message_relayed", at=later, evidence={"to": ["a@b.example"]})])
    assert await store.evidence.read("MG-A") == [{"subject": "\u00e9 one"}, {"to": ["a@b.example"]}]
    assert await store.evidence.read("MG-NONE") == []


async def test_erasing_is_itself_an_entry(store: Store) -> None:
    await store.ledger.append([samples.entry("MG-A"), samples.entry("MG-A", "message_relayed"), samples.entry("MG-B")])
    assert await store.erase_evidence("MG-A", "asked by the patient", "manager@elmroad.example", samples.NOW) == 2
    erased = {"erased": True}
    said = {"reason": "asked by the patient", "actor": "manager@elmroad.example"}
    assert await store.evidence.read("MG-A") == [erased, erased, said]
    assert await store.evidence.read("MG-B") == [{"subject": "Flu clinic", "to": ["patient@outside.example"]}]
    last = [entry async for entry in store.ledger.entries()][-1]
    assert (last.kind, last.ref, last.fields["records"]) == ("evidence_erased", "MG-A", [["main", 1], ["main", 2]])
    with pytest.raises(UnknownReference):
        await store.erase_evidence("MG-NONE", "x", "y", samples.NOW)


async def test_purging_removes_what_is_older_than_its_retention(store: Store) -> None:
    old = samples.NOW - timedelta(days=500)
    await store.ledger.append([samples.entry("MG-A", at=old), samples.entry("MG-B")])
    due = await store.due(samples.NOW, RetentionSettings(evidence=timedelta(days=400)))
    assert (due.held, due.evidence, due.evidence_before) == (0, 1, samples.NOW - timedelta(days=400))
    purged = await store.purge(samples.NOW, RetentionSettings(evidence=timedelta(days=400)))
    assert purged.evidence == due.evidence
    assert await store.evidence.read("MG-A") == [{"erased": True}]
    assert len(await store.evidence.read("MG-B")) == 1
    kinds = [entry.kind async for entry in store.ledger.entries()]
    assert kinds == ["message_judged", "message_judged", "evidence_purged"]
    assert (await store.purge(samples.NOW)).evidence == 0


async def test_records_cannot_be_swapped_between_messages(store: Store) -> None:
    await store.ledger.append([samples.entry("MG-A"), samples.entry("MG-B")])
    table = schema.evidence
    await store.engine.write(
        lambda connection, _: connection.execute(
            update(table).where(table.c.ref == "MG-A").values(wrapped_key=b"x" * 60)
        )
    )
    with pytest.raises(SealBroken):
        await store.evidence.read("MG-A")
