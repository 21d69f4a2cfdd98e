"""Whoever can write the tables but has no key makes nothing leave that should not (THREATS.md T84).

Each column that stands in the clear and decides what leaves, to whom, or by whose word is changed behind the store's
back.
"""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from mailguard.core.lifecycle import State
from mailguard.store.sealing import SealBroken
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.store import samples

LATER = samples.NOW + timedelta(days=9)


def forge(settings: StoreSettings, statement: str, *values: object) -> None:
    """What somebody with write access does."""
    with sqlite3.connect(settings.url.removeprefix("sqlite:///")) as connection:
        assert connection.execute(statement, values).rowcount >= 1
    connection.close()


@pytest.mark.parametrize(
    "change",
    [
        "content_sha256 = 'f'",
        "policy_revision = 'another'",
        "approvals_needed = 1",
        "offers = NULL",
        "hide_inside_above = 9999",
        "team = 'elm'",
        "state = 'waiting'",
        "state = 'approved_once', approvals_given = 1, released_as = 'original'",
        "state = 'releasing'",
        "state = 'rejected'",
    ],
)
async def test_t84_a_forged_column_of_a_held_message(
    sqlite_settings: StoreSettings, tmp_path: Path, change: str
) -> None:
    store = await Store.open(sqlite_settings)
    held = samples.held("MG-A", approvals_needed=2, offers="separate", hide_inside_above=10)
    await store.quarantine.hold(held, b"raw", [samples.entry("MG-A")], [])
    assert (await store.quarantine.get("MG-A")).approvals_needed == 2
    forge(sqlite_settings, f"UPDATE held SET {change} WHERE ref = ?", "MG-A")
    await store.quarantine.hold(samples.held("MG-B"), b"raw", [samples.entry("MG-B")], [])
    with pytest.raises(SealBroken):
        await store.quarantine.get("MG-A")
    for look in (store.quarantine.list(), store.quarantine.due(LATER, 10)):
        assert [each.ref for each in await look] == ["MG-B"], "the forged one is left out, the others go on"
    await store.close()


async def test_t84_a_decided_message_is_not_reopened(sqlite_settings: StoreSettings) -> None:
    store = await Store.open(sqlite_settings)
    await store.quarantine.hold(samples.held("MG-A"), b"raw", [samples.entry("MG-A")], [])
    await store.quarantine.change(samples.change("MG-A", 1, State.HELD, State.REJECTED), [], [])
    forge(sqlite_settings, "UPDATE held SET state = 'held' WHERE ref = ?", "MG-A")
    with pytest.raises(SealBroken):
        await store.quarantine.get("MG-A")
    await store.close()


async def test_t84_a_row_of_the_outbox_cannot_be_made_to_send_another_original(sqlite_settings: StoreSettings) -> None:
    """A sender's own copy, pointed at somebody else's held message, would bring that message to him."""
    store = await Store.open(sqlite_settings)
    await store.quarantine.hold(samples.held("MG-SECRET"), b"secret", [samples.entry("MG-SECRET")], [])
    await store.outbox.add([samples.delivery("MG-OWN", blob="MG-OWN")], b"harmless", [])
    forge(sqlite_settings, "UPDATE outbox SET blob = 'MG-SECRET' WHERE ref = ?", "MG-OWN")
    await store.outbox.add([samples.delivery("MG-OTHER", blob="MG-OTHER")], b"harmless too", [])
    claimed = await store.outbox.claim("worker", LATER, 60, 10)
    assert [row.ref for row in claimed] == ["MG-OTHER"], "the forged one is left out, the others go on"
    await store.close()
