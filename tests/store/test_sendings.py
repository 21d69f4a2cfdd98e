"""The port Sendings: written down before others are looked at, keyed, expiring, the same on both engines."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from mailguard.core.earlier.trace import Sending
from mailguard.core.earlier.words import plain_words
from mailguard.guard.records import Announced
from mailguard.store import schema, sendings
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.store.samples import NOW, rotate_key

FORTNIGHT = timedelta(days=14)
TEXT = "The clinic on Friday is full. Please ring us for another day, and bring your letter along with you."


def sending(first: int, count: int = 6, sender: str = "jo@elmroad.example", **more: tuple[str, ...]) -> Sending:
    return Sending(
        senders=(sender,),
        identifiers=more.get("identifiers", ()),
        answered=more.get("answered", ()),
        shown=tuple(f"patient{number}@outside.example" for number in range(first, first + count)),
        hidden=more.get("hidden", ()),
        subject=plain_words("Clinic on Friday"),
        words=plain_words(TEXT),
        takes_back=False,
    )


async def announce(store: Store, what: Sending, at: datetime = NOW) -> Announced:
    return await store.sendings.announce(what, at, at - FORTNIGHT, at + FORTNIGHT)


async def count(store: Store) -> tuple[int, int]:
    tables = (schema.sendings, schema.sending_links)
    queries = [select(func.count()).select_from(table) for table in tables]
    found = await store.engine.read(lambda connection: [connection.execute(query).scalar_one() for query in queries])
    return found[0], found[1]


async def test_a_batch_adds_up(store: Store) -> None:
    totals = [
        (await announce(store, sending(first), NOW + timedelta(days=day))).past.batch(FORTNIGHT)
        for day, first in enumerate((1, 7, 13))
    ]
    assert totals == [6, 12, 18]


async def test_a_message_that_is_found_twice_takes_no_place_of_another(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its sender and by their team: each message counts once among those that are compared."""
    monkeypatch.setattr(sendings, "MOST_COMPARED", 4)
    parts = [replace(sending(1 + 6 * part), senders=("jo@elmroad.example", "team clinic")) for part in range(5)]
    found = [await announce(store, part, NOW + timedelta(hours=hour)) for hour, part in enumerate(parts)]
    assert found[-1].past.batch(FORTNIGHT) == 30


async def test_of_many_at_once_the_last_is_told_of_all(store: Store) -> None:
    """Written down before it looks: of any two at least one sees the other, so all but the first few are stopped."""
    found = await asyncio.gather(*(announce(store, sending(1 + 6 * number)) for number in range(20)))
    totals = sorted(each.past.batch(FORTNIGHT) for each in found)
    assert totals[-1] == 120
    assert sum(total < 12 for total in totals) <= 1


async def test_so_many_messages_are_compared_though_each_is_found_twice(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sendings, "MOST_COMPARED", 3)
    found = [
        await announce(
            store, replace(sending(1 + 6 * number), senders=("jo@elm.example", "team x")), NOW + timedelta(hours=number)
        )
        for number in range(5)
    ]
    assert [len(each.past.earlier) for each in found] == [0, 1, 2, 3, 3]
    assert found[-1].past.batch(FORTNIGHT) == 24


async def test_what_stays_is_forgotten_and_what_was_hidden_is_known_as_hidden(store: Store) -> None:
    first = await announce(store, sending(1))
    await store.sendings.withdraw(first.token)
    await store.sendings.withdraw(first.token)
    assert await count(store) == (0, 0)
    second = await announce(store, sending(1))
    await store.sendings.settle(second.token, hidden=True, exposed=False)
    third = await announce(store, sending(1, 4))
    assert (third.past.shown_again(FORTNIGHT), third.past.batch(FORTNIGHT)) == (4, 4)
    assert await store.sendings.settle("unknown", hidden=True, exposed=True) is False


async def test_an_exposed_list_is_known_to_whoever_answers(store: Store) -> None:
    first = await announce(store, sending(1, 30, identifiers=("a@elmroad.example",)))
    await store.sendings.settle(first.token, hidden=False, exposed=True)
    answer = sending(1, 5, sender="dev@elmroad.example", answered=("a@elmroad.example",))
    assert (await announce(store, answer)).past.shown_again(FORTNIGHT) == 5
    other = sending(1, 5, sender="eve@elmroad.example")
    assert (await announce(store, other)).past.shown_again(FORTNIGHT) == 0


async def test_what_is_older_is_not_told_and_what_has_expired_is_purged(store: Store) -> None:
    await announce(store, sending(1))
    late = NOW + timedelta(days=15)
    assert (await announce(store, sending(7), late)).past.earlier == ()
    assert await count(store) == (2, 2)
    await store.purge(late)
    assert await count(store) == (1, 1)


async def test_nothing_is_kept_in_the_clear(store: Store) -> None:
    await announce(store, sending(1, identifiers=("a@elmroad.example",), answered=("b@x.example",)))
    tables = (schema.sendings, schema.sending_links)
    rows = await store.engine.read(
        lambda connection: [tuple(row) for table in tables for row in connection.execute(select(table))]
    )
    text = repr(rows)
    assert len(rows) == 3
    assert not any(word in text for word in ("patient", "outside", "elmroad", "clinic", "Friday", "jo@"))


async def test_a_new_key_does_not_forget(settings: StoreSettings) -> None:
    store = await Store.open(settings)
    first = await announce(store, sending(1))
    await store.sendings.settle(first.token, hidden=True, exposed=False)
    await store.close()
    rotate_key(settings.keys_folder(), "recipients")
    store = await Store.open(settings)
    try:
        assert (await announce(store, sending(1, 4))).past.shown_again(FORTNIGHT) == 4
    finally:
        await store.close()


async def test_a_long_list_and_a_long_text(store: Store) -> None:
    big = Sending(
        ("jo@elmroad.example",),
        (),
        (),
        tuple(f"p{n}@x.example" for n in range(5_000)),
        (),
        (),
        ("word", "other") * 2_000,
        False,
    )
    assert (await announce(store, big)).past.batch(FORTNIGHT) == 5_000
    assert (await announce(store, samples_of_other(big))).past.batch(FORTNIGHT) == 5_002


def samples_of_other(big: Sending) -> Sending:
    shown = ("q1@x.example", "q2@x.example")
    return Sending(big.senders, (), (), shown, (), (), big.words, False)
