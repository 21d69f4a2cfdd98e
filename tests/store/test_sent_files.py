"""The port FilesSent: written down before others are looked at, keyed, expiring, the same on both engines."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from mailguard.core.earlier.files import MOST_PEOPLE, SentFiles
from mailguard.guard.records import AnnouncedFiles
from mailguard.store import schema, sent_files
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.store.samples import NOW, rotate_key

FORTNIGHT = timedelta(days=14)
TABLE, OTHER = "file 7a", "file 7b"


def sent(*people: str, sender: str = "jo@elmroad.example", files: tuple[str, ...] = (TABLE,)) -> SentFiles:
    named = tuple((str(2 + number), content) for number, content in enumerate(files))
    return SentFiles((sender,), tuple(f"{each}@outside.example" for each in people), named)


async def announce(store: Store, what: SentFiles, at: datetime = NOW) -> AnnouncedFiles:
    return await store.files_sent.announce(what, at, at - FORTNIGHT, at + FORTNIGHT)


async def have_it(store: Store, what: SentFiles, at: datetime = NOW) -> dict[str, int]:
    return {each.part: each.already_sent_to(FORTNIGHT) for each in (await announce(store, what, at)).files}


async def count(store: Store) -> int:
    query = select(func.count()).select_from(schema.sent_files)
    return await store.engine.read(lambda connection: connection.execute(query).scalar_one())


async def test_each_that_is_sent_is_told_of_those_before(store: Store) -> None:
    hours = (NOW + timedelta(hours=number) for number in range(4))
    assert [await have_it(store, sent(each), at) for each, at in zip("abca", hours, strict=True)] == [
        {"2": 0},
        {"2": 1},
        {"2": 2},
        {"2": 2},
    ]


async def test_each_file_of_a_message_is_counted_for_itself(store: Store) -> None:
    await announce(store, sent("a", files=(TABLE, OTHER)))
    await announce(store, sent("b", files=(OTHER,)))
    assert await have_it(store, sent("c", files=(OTHER, TABLE, "file 7c"))) == {"2": 2, "3": 1, "4": 0}


async def test_the_same_content_twice_in_a_message(store: Store) -> None:
    await announce(store, sent("a", files=(TABLE, TABLE)))
    assert await have_it(store, sent("b", files=(TABLE, TABLE))) == {"2": 1, "3": 1}


async def test_a_team_is_one_sender_and_another_sender_is_another(store: Store) -> None:
    one = SentFiles(("jo@elmroad.example", "team clinic"), ("a@outside.example",), (("2", TABLE),))
    two = SentFiles(("ann@elmroad.example", "team clinic"), ("b@outside.example",), (("2", TABLE),))
    await announce(store, one)
    assert await have_it(store, two) == {"2": 1}
    assert await have_it(store, sent("c", sender="eve@elmroad.example")) == {"2": 0}
    assert await have_it(store, sent("c", sender="ann@elmroad.example")) == {"2": 1}


async def test_of_many_at_once_no_more_than_so_many_are_told_of_few(store: Store) -> None:
    """Written down before it looks: the last of any three is told of two others, whatever the order."""
    found = await asyncio.gather(*(announce(store, sent(f"p{number}")) for number in range(20)))
    counts = sorted(each.files[0].already_sent_to(FORTNIGHT) for each in found)
    assert counts[-1] == 19 and sum(each < 2 for each in counts) <= 2


@pytest.mark.parametrize("engine_name", ["postgresql"])
async def test_of_many_on_two_nodes_likewise(settings: StoreSettings) -> None:
    one, two = await Store.open(settings), await Store.open(settings)
    try:
        found = await asyncio.gather(*(announce((one, two)[number % 2], sent(f"p{number}")) for number in range(20)))
        assert sum(each.files[0].already_sent_to(FORTNIGHT) < 2 for each in found) <= 2
    finally:
        await two.close()
        await one.close()


async def test_what_stays_is_forgotten(store: Store) -> None:
    first = await announce(store, sent("a", files=(TABLE, OTHER)))
    await store.files_sent.withdraw(first.token)
    await store.files_sent.withdraw(first.token)
    assert await count(store) == 0
    assert await have_it(store, sent("b")) == {"2": 0}


async def test_what_is_older_is_not_told_and_what_has_expired_is_purged(store: Store) -> None:
    await announce(store, sent("a"))
    late = NOW + timedelta(days=15)
    assert await have_it(store, sent("b"), late) == {"2": 0}
    assert await count(store) == 2
    await store.purge(late)
    assert await count(store) == 1


async def test_more_that_is_known_of_a_message_is_written_down_with_it(store: Store) -> None:
    first = await announce(store, sent("a"))
    more = sent("a", files=(TABLE, "people 7d", "people 7d"))
    told = await store.files_sent.announce(more, NOW, NOW - FORTNIGHT, NOW + FORTNIGHT, first.token)
    assert told.token == first.token and not any(each.earlier for each in told.files)
    assert await have_it(store, sent("b", files=("people 7d",))) == {"2": 1}
    await store.files_sent.withdraw(first.token)
    assert await have_it(store, sent("c", files=("people 7d", TABLE))) == {"2": 1, "3": 0}


async def test_it_survives_a_start(settings: StoreSettings) -> None:
    store = await Store.open(settings)
    await announce(store, sent("a"))
    await store.close()
    store = await Store.open(settings)
    try:
        assert await have_it(store, sent("b")) == {"2": 1}
    finally:
        await store.close()


async def test_a_new_key_does_not_forget(settings: StoreSettings) -> None:
    store = await Store.open(settings)
    await announce(store, sent("a"))
    await store.close()
    rotate_key(settings.keys_folder(), "recipients")
    store = await Store.open(settings)
    try:
        assert await have_it(store, sent("a")) == {"2": 0}, "the same person under the key of then"
        assert await have_it(store, sent("b")) == {"2": 2}, "and another one under that of now, which tightens"
    finally:
        await store.close()


async def test_nothing_is_kept_in_the_clear(store: Store) -> None:
    await announce(store, sent("patient"))
    rows = await store.engine.read(lambda connection: connection.execute(select(schema.sent_files)).all())
    text = repr([tuple(row) for row in rows])
    assert len(rows) == 1
    assert not any(word in text for word in ("patient", "outside", "elmroad", "jo@", TABLE))


async def test_of_very_many_recipients_so_many_are_kept(store: Store) -> None:
    await announce(store, sent(*(f"p{number}" for number in range(5_000))))
    (row,) = await store.engine.read(lambda connection: connection.execute(select(schema.sent_files)).all())
    assert len(row.people) == 8 * MOST_PEOPLE


async def test_a_newsletter_does_not_fill_the_store(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest of a file are kept; what came in the last hour is not touched, since it may still be withdrawn."""
    monkeypatch.setattr(sent_files, "MOST_KEPT", 3)
    monkeypatch.setattr(sent_files, "PURGE_BATCH", 2)
    for number in range(8):
        await announce(store, sent(f"p{number}"), NOW + timedelta(hours=number))
    await announce(store, sent("q", files=(OTHER,)))
    await store.files_sent.purge(NOW + timedelta(hours=7))
    assert await count(store) == 3 + 1 + 1 + 1
    assert await have_it(store, sent("new"), NOW + timedelta(hours=8)) == {"2": 5}
    assert await have_it(store, sent("new", files=(OTHER,)), NOW + timedelta(hours=8)) == {"2": 1}


async def test_a_file_that_everybody_gets_does_not_hide_another(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sent_files, "MOST_COMPARED", 3)
    await announce(store, sent("a"))
    for number in range(6):
        await announce(store, sent(f"p{number}", files=(OTHER,)), NOW + timedelta(hours=1))
    assert await have_it(store, sent("b", files=(OTHER, TABLE)), NOW + timedelta(hours=2)) == {"2": 3, "3": 1}
