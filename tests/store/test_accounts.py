"""The port Accounts on both engines: one durable step with its entries, no name in the clear, nothing forged."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from mailguard.core.errors import AccountExists, AlreadyDecided, StoreUnavailable, UnknownAccount
from mailguard.guard.records import Account, NewAccount, NewEntry
from mailguard.store import schema
from mailguard.store.audit import verify
from mailguard.store.sealing import SealBroken
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.store import samples

NAME = "Reception@ElmRoad.example"
HASH = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA"


def new(name: str = NAME, **changes: Any) -> NewAccount:
    return replace(NewAccount(name, HASH, ("sender",), samples.NOW), **changes)


def entry(kind: str = "account_added") -> NewEntry:
    return NewEntry(kind, None, samples.NOW, {"actor": "Sam"})


async def kinds(store: Store) -> list[tuple[str, Any]]:
    found = [entry async for entry in store.ledger.entries()]
    return [(each.kind, each.fields.get("account")) for each in found]


async def test_an_account_comes_back_as_it_was_made(store: Store) -> None:
    made = await store.accounts.add(new(), [entry()])
    assert made == Account(made.identifier, 1, NAME, HASH, ("sender",), samples.NOW, samples.NOW, False)
    for spelling in (NAME, NAME.lower(), NAME.upper(), "reception@elmroad.EXAMPLE"):
        assert await store.accounts.find(spelling) == made
    assert await store.accounts.find("someone@elmroad.example") is None
    assert await store.accounts.find("") is None
    assert await store.accounts.list() == [made]
    assert await kinds(store) == [("account_added", made.identifier)]


async def test_a_name_is_there_once_however_it_is_spelled(store: Store) -> None:
    made = await store.accounts.add(new(), [entry()])
    with pytest.raises(AccountExists):
        await store.accounts.add(new(NAME.upper()), [entry()])
    assert await store.accounts.list() == [made]
    assert await kinds(store) == [("account_added", made.identifier)]


async def test_of_two_who_make_it_at_once_one_does(store: Store) -> None:
    answers = await asyncio.gather(*(store.accounts.add(new(), [entry()]) for _ in range(5)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in answers) == ["Account", *["AccountExists"] * 4]
    assert len(await kinds(store)) == 1


async def test_a_change_is_a_conditional_update_with_its_entry(store: Store) -> None:
    made = await store.accounts.add(new(), [entry()])
    wanted = replace(made, password_hash="other", changed_at=samples.NOW + timedelta(hours=1))
    changed = await store.accounts.change(wanted, [entry("account_password_changed")])
    assert changed == replace(wanted, version=2) == await store.accounts.find(NAME)
    with pytest.raises(AlreadyDecided):
        await store.accounts.change(replace(made, disabled=True), [entry("account_disabled")])
    with pytest.raises(AlreadyDecided):
        await store.accounts.remove(made, [entry("account_removed")])
    assert await store.accounts.find(NAME) == changed
    assert [kind for kind, _ in await kinds(store)] == ["account_added", "account_password_changed"]


async def test_a_removed_account_is_gone_and_may_come_again(store: Store) -> None:
    made = await store.accounts.add(new(), [entry()])
    await store.accounts.remove(made, [entry("account_removed")])
    assert await store.accounts.find(NAME) is None
    with pytest.raises(UnknownAccount):
        await store.accounts.remove(made, [entry("account_removed")])
    with pytest.raises(UnknownAccount):
        await store.accounts.change(made, [entry("account_disabled")])
    again = await store.accounts.add(new(), [entry()])
    assert again == made
    assert await kinds(store) == [(kind, made.identifier) for kind in ("account_added", "account_removed") * 2][:3]


async def test_an_entry_that_cannot_be_written_undoes_the_change(store: Store) -> None:
    taken = samples.entry("MG-A", claims_ref=True)
    await store.ledger.append([taken])
    with pytest.raises(Exception, match=r"reference|already"):
        await store.accounts.add(new(), [taken])
    assert await store.accounts.list() == []
    made = await store.accounts.add(new(), [entry()])
    with pytest.raises(Exception, match="reference"):
        await store.accounts.change(replace(made, disabled=True), [taken])
    with pytest.raises(Exception, match="reference"):
        await store.accounts.remove(made, [taken])
    assert await store.accounts.find(NAME) == made


async def test_the_list_is_by_name(store: Store) -> None:
    for name in ("zoe", "Adam", "bob@b.example"):
        await store.accounts.add(new(name), [entry()])
    assert [account.name for account in await store.accounts.list()] == ["Adam", "bob@b.example", "zoe"]


async def test_the_name_stands_in_the_evidence_alone(store: Store) -> None:
    made = await store.accounts.add(new(), [entry()])
    rows: list[Any] = []
    for table in schema.metadata.sorted_tables:
        rows += await store.engine.read(lambda connection, table=table: connection.execute(select(table)).all())
    for value in (value for row in rows for value in row):
        text = value if isinstance(value, bytes) else str(value).encode()
        assert b"eception" not in text and b"argon2" not in text and b"sender" not in text
    assert made.identifier != store.keyring.hash_address("reception@elmroad.example")
    assert "argon2" not in repr(made) + repr(new())
    assert (await verify(store)).troubles == []


async def test_a_rotated_key_locks_nobody_out(settings: StoreSettings) -> None:
    store = await Store.open(settings)
    made = await store.accounts.add(new(), [entry()])
    await store.close()
    for purpose in ("recipients", "master", "ledger"):
        samples.rotate_key(settings.keys_folder(), purpose)
    store = await Store.open(settings)
    assert await store.accounts.find(NAME) == made
    with pytest.raises(AccountExists):
        await store.accounts.add(new(), [entry()])
    changed = await store.accounts.change(replace(made, disabled=True), [entry("account_disabled")])
    assert changed.identifier == made.identifier and await store.accounts.find(NAME) == changed
    assert len(await store.accounts.list()) == 1
    await store.close()


async def write(store: Store, name: str, **values: Any) -> None:
    """What somebody does who can write the database and has no key."""
    row = store.keyring.hash_account(name.lower())[0]
    change = update(schema.accounts).where(schema.accounts.c.identifier == row).values(**values)
    await store.engine.write(lambda connection, _: connection.execute(change).rowcount)


async def read_row(store: Store, name: str) -> dict[str, Any]:
    row = store.keyring.hash_account(name.lower())[0]
    query = select(schema.accounts).where(schema.accounts.c.identifier == row)
    return dict((await store.engine.read(lambda connection: connection.execute(query).one()))._mapping)


@pytest.mark.parametrize("columns", [("sealed",), ("sealed", "master", "wrapped_key"), ("version",)])
async def test_nobody_without_a_key_gives_an_account_the_password_of_another(
    store: Store, columns: tuple[str, ...]
) -> None:
    """T84: his own account's row, put in the place of somebody else's."""
    await store.accounts.add(new("mallory"), [entry()])
    own = await store.accounts.find("mallory")
    assert own is not None
    await store.accounts.change(replace(own, password_hash="known"), [entry("account_password_changed")])
    await store.accounts.add(new("reception"), [entry()])
    theirs = await read_row(store, "mallory")
    await write(store, "reception", **{column: theirs[column] for column in columns})
    with pytest.raises(SealBroken):
        await store.accounts.find("reception")
    assert [account.name for account in await store.accounts.list()] == ["mallory"]


async def test_an_unlocked_past_cannot_be_sealed_to_a_locked_present(store: Store) -> None:
    made = await store.accounts.add(new(), [entry()])
    before = await read_row(store, NAME)
    await store.accounts.change(replace(made, disabled=True), [entry("account_disabled")])
    await write(store, NAME, sealed=before["sealed"], wrapped_key=before["wrapped_key"])
    with pytest.raises(SealBroken):
        await store.accounts.find(NAME)


async def test_a_removed_account_leaves_no_ciphertext(sqlite_store: Store) -> None:
    made = await sqlite_store.accounts.add(new(), [entry()])
    row = await read_row(sqlite_store, NAME)
    await sqlite_store.accounts.remove(made, [entry("account_removed")])
    folder = sqlite_store.settings.sqlite_path().parent
    left = b"".join(path.read_bytes() for path in folder.glob("mailguard.db*"))
    assert row["sealed"][:24] not in left and row["wrapped_key"][:24] not in left


async def test_a_closed_store_says_so(settings: StoreSettings) -> None:
    store = await Store.open(settings)
    await store.close()
    for call in (store.accounts.find(NAME), store.accounts.list(), store.accounts.add(new(), [entry()])):
        with pytest.raises(StoreUnavailable):
            await call
