"""Two writers on one PostgreSQL: what the administrator of one node, who has every key, does to a ledger is found."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from mailguard.store import schema
from mailguard.store.audit import verify
from mailguard.store.canonical import canonical
from mailguard.store.chain import Head, authenticate, checkpoint_text, genesis, hash_body, head_mac
from mailguard.store.keys import Keyring
from mailguard.store.migrate import on_database
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from mailguard.store.walk import Report
from mailguard.store.witness import witness_line
from mailguard.store.witnessing import KIND, MOST_AT_ONCE
from tests.peers.postgresql import Postgresql
from tests.store import samples

ENTRIES = 12
CUT = 7
Attack = Callable[[Connection, Keyring, str], Head]


@pytest.fixture
def node_settings(postgresql: Postgresql, tmp_path: Path) -> Iterator[Callable[[str], StoreSettings]]:
    url = postgresql.new_database()
    yield lambda name: StoreSettings(
        url=url, keys=tmp_path / "keys", witness=tmp_path / f"{name}.witness", ledger=name, checkpoint_entries=5
    )
    postgresql.drop_database(url)


@dataclass(frozen=True)
class Nodes:
    first: Store
    second: Store


@pytest.fixture
async def nodes(node_settings: Callable[[str], StoreSettings]) -> AsyncIterator[Nodes]:
    """Each has twelve entries, of which the other has seen all; then one more each."""
    both = Nodes(await Store.open(node_settings("first")), await Store.open(node_settings("second")))
    for store in (both.first, both.second):
        for number in range(ENTRIES):
            name = f"MG-{store.settings.ledger}-{number}"
            await store.ledger.append([samples.entry(name, claims_ref=True)])
    await both.second.witness_others(samples.NOW)
    await both.first.witness_others(samples.NOW)
    for store in (both.first, both.second):
        await store.ledger.append([samples.entry(f"MG-{store.settings.ledger}-last")])
    yield both
    await both.first.close()
    await both.second.close()


async def entries_of(store: Store, kind: str = KIND) -> list[tuple[str, int]]:
    return [(each.ledger, each.sequence) async for each in store.ledger.entries() if each.kind == kind]


def kinds(report: Report) -> set[tuple[str, str]]:
    return {(each.kind, each.ledger) for each in report.troubles}


async def attack(store: Store, do: Attack, ledger: str, *witnesses: Store) -> None:
    """With the keys: change the ledger and make everything fit, the witness files of these nodes too."""
    keyring = store.keyring
    head = await on_database(store.settings, lambda connection: do(connection, keyring, ledger))
    for node in witnesses:
        path = node.settings.witness_path()
        lines = [line for line in path.read_bytes().splitlines(True) if json.loads(line)["ledger"] != ledger]
        forged = [witness_line(ledger, head, keyring.active("ledger"))] if head.sequence else []
        path.write_bytes(b"".join(lines + forged))


def cut(connection: Connection, keyring: Keyring, ledger: str) -> Head:
    """The tail, with checkpoints and evidence, and a head that fits."""
    for table in (schema.entries, schema.checkpoints, schema.evidence):
        connection.execute(delete(table).where(table.c.ledger == ledger, table.c.sequence > CUT))
    return sign_head(connection, keyring, ledger)


def cut_and_go_on(connection: Connection, keyring: Keyring, ledger: str) -> Head:
    """The tail, and other entries in its place, so that the ledger is as long as it was."""
    missing = connection.execute(
        select(schema.entries).where(schema.entries.c.ledger == ledger, schema.entries.c.sequence > CUT)
    ).all()
    cut(connection, keyring, ledger)
    for row in missing:
        connection.execute(insert(schema.entries).values({**row._mapping, "evidence_sha256": None}))
    return change(connection, keyring, ledger)


def change(connection: Connection, keyring: Keyring, ledger: str) -> Head:
    """The count in an entry, and every hash, mac and signature after it."""
    table, signed = schema.entries, schema.checkpoints
    previous = genesis(ledger)
    ordered = connection.execute(select(table).where(table.c.ledger == ledger).order_by(table.c.sequence)).all()
    for row in ordered:
        body = json.loads(row.body) | {"evidence": row.evidence_sha256}
        if row.sequence > CUT and "count" in body["fields"]:
            body["fields"]["count"] = 2
        text = canonical(body)
        previous = hash_body(previous, text)
        values = {"body": text, "hash": previous, "mac": authenticate(keyring.active("ledger").octets, previous)}
        at = (table.c.ledger == ledger, table.c.sequence == row.sequence)
        connection.execute(update(table).where(*at).values(values))
        for point in connection.execute(
            select(signed).where(signed.c.ledger == ledger, signed.c.sequence == row.sequence)
        ).all():
            said = checkpoint_text(ledger, point.number, row.sequence, previous, row.at, point.key)
            again = update(signed).where(signed.c.ledger == ledger, signed.c.number == point.number)
            connection.execute(again.values(hash=previous, signature=keyring.sign(said)))
    return sign_head(connection, keyring, ledger)


def remove(connection: Connection, keyring: Keyring, ledger: str) -> Head:
    """The whole ledger, out of every table."""
    for table in (schema.entries, schema.checkpoints, schema.evidence, schema.ledgers):
        connection.execute(delete(table).where(table.c.ledger == ledger))
    return Head(0, genesis(ledger), 0, 0)


def sign_head(connection: Connection, keyring: Keyring, ledger: str) -> Head:
    table, signed = schema.entries, schema.checkpoints
    last = connection.execute(
        select(table).where(table.c.ledger == ledger).order_by(table.c.sequence.desc()).limit(1)
    ).one()
    point = connection.execute(
        select(signed).where(signed.c.ledger == ledger).order_by(signed.c.number.desc()).limit(1)
    ).one()
    head = Head(last.sequence, last.hash, point.number, point.sequence)
    mac = head_mac(keyring.active("ledger").octets, ledger, head)
    values = {
        "sequence": head.sequence,
        "hash": head.hash,
        "checkpoint": head.checkpoint,
        "checkpoint_sequence": head.checkpoint_sequence,
        "mac": mac,
    }
    connection.execute(update(schema.ledgers).where(schema.ledgers.c.ledger == ledger).values(values))
    return head


async def test_each_records_how_far_the_other_had_come_with_a_checkpoint(nodes: Nodes) -> None:
    (found,) = [each async for each in nodes.first.ledger.entries() if (each.ledger, each.kind) == ("first", KIND)]
    (said,) = found.fields["ledgers"]
    assert (said["ledger"], said["sequence"]) == ("second", ENTRIES + 1)
    standing = await nodes.first.standing(samples.NOW)
    assert standing.unsigned == 1, "what came after the witnessing"
    assert (await verify(nodes.first)).whole and (await verify(nodes.second)).whole
    lines = [json.loads(line) for line in nodes.first.settings.witness_path().read_text().splitlines()]
    assert {line["ledger"]: line["sequence"] for line in lines} == {"first": ENTRIES + 2, "second": ENTRIES + 1}


async def test_ledgers_that_rest_fall_silent(nodes: Nodes) -> None:
    for _ in range(3):
        await nodes.first.witness_others(samples.NOW)
        await nodes.second.witness_others(samples.NOW)
    assert len(await entries_of(nodes.first)) == 4, "one each for what came last, and none about those"


@pytest.mark.parametrize(
    ("do", "kind"),
    [
        (cut, "tail-cut"),
        (cut_and_go_on, "witness-contradicted"),
        (change, "witness-contradicted"),
        (remove, "tail-cut"),
    ],
)
async def test_what_one_administrator_does_to_his_ledger_with_every_key_stands_in_the_other(
    nodes: Nodes, do: Attack, kind: str
) -> None:
    await attack(nodes.first, do, "first", nodes.first)
    by_others = (await verify(nodes.first)).troubles
    assert [(each.kind, each.ledger, each.sequence) for each in by_others] == [(kind, "first", ENTRIES)]
    assert 'the ledger "second" has seen' in by_others[0].detail
    found = kinds(await verify(nodes.second))
    assert (kind, "first") in found and {ledger for _, ledger in found} == {"first"}, "from its witness file too"


@pytest.mark.parametrize("do", [cut, remove])
async def test_who_makes_both_ledgers_fit_is_found_by_the_witness_file_that_he_cannot_reach(
    nodes: Nodes, do: Attack
) -> None:
    await attack(nodes.first, do, "first", nodes.first)
    await attack(nodes.first, remove, "second", nodes.first)
    assert (await verify(nodes.first)).whole, "his own node knows nothing any more"
    found = kinds(await verify(nodes.second))
    assert {("tail-cut", "second")} < found and {each for _, each in found} == {"first", "second"}


@pytest.mark.parametrize("do", [cut, change, remove])
async def test_the_other_node_notices_within_a_round_and_witnesses_that_ledger_no_more(
    nodes: Nodes, do: Attack
) -> None:
    await attack(nodes.first, do, "first", nodes.first)
    assert not nodes.second.ledger_broken
    before = len(await entries_of(nodes.second))
    await nodes.second.witness_others(samples.NOW)
    assert nodes.second.contradicted == ("first",) and nodes.second.ledger_broken
    assert len(await entries_of(nodes.second)) == before


async def test_what_was_seen_outlives_a_restart(nodes: Nodes, node_settings: Callable[[str], StoreSettings]) -> None:
    await nodes.second.close()
    await attack(nodes.first, cut, "first", nodes.first)
    again = await Store.open(node_settings("second"))
    await again.witness_others(samples.NOW)
    assert again.contradicted == ("first",)
    await again.close()


async def test_a_head_that_nobody_of_us_authenticated_is_not_witnessed(nodes: Nodes) -> None:
    forged = update(schema.ledgers).where(schema.ledgers.c.ledger == "first").values(mac="0" * 64)
    await on_database(nodes.first.settings, lambda connection: connection.execute(forged))
    await nodes.second.witness_others(samples.NOW)
    assert nodes.second.contradicted == ("first",)


async def test_an_entry_names_a_few_ledgers_however_many_there_are(
    node_settings: Callable[[str], StoreSettings],
) -> None:
    """Those that were not seen for longest come first, so that all have their turn."""
    names = [f"guard-{number}" for number in range(MOST_AT_ONCE + 2)]
    for name in names:
        store = await Store.open(node_settings(name))
        await store.ledger.append([samples.entry(f"MG-{name}")])
        await store.close()
    store = await Store.open(node_settings("watcher"))
    for _ in range(3):
        await store.witness_others(samples.NOW + timedelta(minutes=1))
    found = [each async for each in store.ledger.entries() if each.kind == KIND]
    said = [[one["ledger"] for one in each.fields["ledgers"]] for each in found]
    assert [len(each) for each in said] == [MOST_AT_ONCE, 2]
    assert sorted(said[0] + said[1]) == names
    await store.close()


async def test_a_writer_of_another_name_witnesses_the_ledger_before_it(tmp_path: Path) -> None:
    """One SQLite store whose `ledger:` was changed, and its witness file with it."""
    before = StoreSettings(url=f"sqlite:///{tmp_path}/mailguard.db", ledger="before")
    store = await Store.open(before)
    await store.ledger.append([samples.entry("MG-1")])
    await store.close()
    store = await Store.open(before.model_copy(update={"ledger": "after", "witness": tmp_path / "after.witness"}))
    await store.witness_others(samples.NOW)
    await store.witness_others(samples.NOW)
    assert await entries_of(store) == [("after", 1)]
    assert (await verify(store)).whole
    await store.close()
