"""What the hot path does its own way says, letter for letter, what the general way says."""

from __future__ import annotations

import asyncio
import gc
import hmac
import json
import weakref
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.errors import ReferenceTaken, StoreUnavailable
from mailguard.core.outcome import Outcome
from mailguard.core.verdict import Published
from mailguard.store.audit import verify
from mailguard.store.canonical import PersonalDataRefused, canonical, canonical_fields, refuse_addresses
from mailguard.store.chain import Chain, Head, LedgerForged, genuine_head, head_mac, prepare
from mailguard.store.deadlines import Deadlines
from mailguard.store.instants import iso, to_micros
from mailguard.store.keys import Keyring, ensure_keys
from mailguard.store.store import Store
from mailguard.store.witness import read_witness, witness_line
from tests.store import samples

PLAIN = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(Outcome)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=40,
)


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return ensure_keys(tmp_path_factory.mktemp("quick") / "keys")


def said(encode: Any, value: object) -> str | type[Exception]:
    try:
        return str(encode(value))
    except (TypeError, ValueError) as error:
        return type(error)


@given(VALUES)
def test_canonical_text_is_what_the_encoder_of_python_says(value: object) -> None:
    assert said(canonical, value) == said(PLAIN.encode, value)


PUBLISHED = st.lists(st.dictionaries(st.text(), VALUES).map(Published), min_size=1)


@given(st.dictionaries(st.text(), VALUES | PUBLISHED))
def test_texts_that_are_made_once_stand_where_the_encoder_puts_them(fields: dict[str, Any]) -> None:
    assert said(canonical_fields, fields) == said(PLAIN.encode, fields)
    assert said(canonical_fields, fields) == said(PLAIN.encode, fields)


@pytest.mark.parametrize("value", [{1: 2}, {"a": 1, 2: 3}, {(1, 2): 3}, {"a": {1}}, b"octets", {None: 1.5}, "text", 7])
def test_odd_values_too(value: object) -> None:
    assert said(canonical, value) == said(PLAIN.encode, value)


def test_what_contains_itself_is_refused_and_spoils_nothing() -> None:
    looped: list[object] = []
    looped.append(looped)
    for _ in range(2):
        with pytest.raises((ValueError, RecursionError)):
            canonical({"a": looped})
        assert canonical({"b": [1, {}]}) == '{"b":[1,{}]}'


@given(st.text(alphabet=st.sampled_from(["@", "\uff20", "\ufe6b", "\\", '"', "u", "f", "2", "0", "é", "\ud800"])))
def test_an_at_sign_is_refused_in_each_of_its_forms(text: str) -> None:
    written = canonical(text)
    refused = any(sign in written for sign in ("@", "\\uff20", "\\ufe6b"))
    try:
        refuse_addresses(written)
    except PersonalDataRefused:
        assert refused
    else:
        assert not refused


@given(st.datetimes(min_value=datetime(1000, 1, 1), max_value=datetime(9999, 12, 31), timezones=st.just(UTC)))
def test_an_instant_is_written_as_ever(moment: datetime) -> None:
    assert iso(to_micros(moment)) == moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@given(st.binary(max_size=200), st.text(max_size=80))
def test_a_kept_mac_is_a_fresh_one(keyring: Keyring, message: bytes, address: str) -> None:
    assert keyring.authenticate(message) == hmac.digest(keyring.active("ledger").octets, message, "sha256").hex()
    octets = address.encode("utf-8", "surrogatepass")
    fresh = hmac.digest(keyring.active("recipients").octets, octets, "sha256")[:16].hex()
    assert keyring.hash_address(address) == keyring.hashes_of_address(address)[0] == fresh


@given(st.text(max_size=40), st.integers(0, 2**62), st.integers(0, 2**40))
def test_a_line_of_the_witness_is_canonical(keyring: Keyring, ledger: str, sequence: int, checkpoint: int) -> None:
    key = keyring.active("ledger")
    line = witness_line(ledger, Head(sequence, "ab" * 32, checkpoint, 0), key)
    fields = json.loads(line)
    assert line == canonical(fields).encode() + b"\n"
    mac = fields.pop("mac")
    assert fields == {
        "checkpoint": checkpoint,
        "hash": "ab" * 32,
        "key": key.identifier,
        "ledger": ledger,
        "sequence": sequence,
    }
    assert mac == hmac.digest(key.octets, b"witness\0" + canonical(fields).encode(), "sha256").hex()


def test_what_the_witness_wrote_is_genuine(keyring: Keyring, tmp_path: Path) -> None:
    path = tmp_path / "witness"
    key = keyring.active("ledger")
    path.write_bytes(b"".join(witness_line(name, Head(5, "ab" * 32, 1, 4), key) for name in ("main", 'a,"sequence":9')))
    assert [(line.ledger, line.sequence, line.genuine) for line in read_witness(path, keyring)] == [
        ("main", 5, True),
        ('a,"sequence":9', 5, True),
    ]


def test_the_body_of_an_entry_is_canonical_and_its_time_in_utc(keyring: Keyring) -> None:
    away = samples.NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    for at in (samples.NOW, away):
        prepared = prepare(samples.entry("MG-A", at=at), "main", keyring)
        body = prepared.body(7)
        assert body == canonical(json.loads(body))
        assert (prepared.at, prepared.at.tzinfo) == (samples.NOW, UTC)


async def test_a_group_that_fails_by_one_keeps_the_others(store: Store) -> None:
    """Of appends alone, which run without savepoints first, and again with them."""
    await store.ledger.append([samples.entry("MG-A", claims_ref=True)])
    results = await asyncio.gather(
        store.ledger.append([samples.entry("MG-B", claims_ref=True)]),
        store.ledger.append([samples.entry("MG-C"), samples.entry("MG-A", claims_ref=True)]),
        store.ledger.append([samples.entry("MG-D", claims_ref=True), samples.entry("MG-D", "message_relayed")]),
        store.ledger.append([samples.entry("MG-B", claims_ref=True)]),
        return_exceptions=True,
    )
    kinds = [type(each) for each in results]
    assert kinds == [list, ReferenceTaken, list, ReferenceTaken]
    assert str(results[1]) == "another message has this reference"
    assert [entry.ref async for entry in store.ledger.entries()] == ["MG-A", "MG-B", "MG-D", "MG-D"]
    await store.ledger.append([samples.entry("MG-E", claims_ref=True)])
    assert (await verify(store)).whole


async def test_a_known_head_is_no_pass_for_another(sqlite_store: Store) -> None:
    """A row that is not the very one that we wrote is asked for its MAC, as ever."""
    engine, ledger = sqlite_store.engine, "main"
    await sqlite_store.ledger.append([samples.entry("MG-A")])
    keyring = sqlite_store.keyring
    genuine = await engine.write(lambda connection, chain: chain.row)
    assert genuine is not None and genuine_head(keyring, ledger, Head(*genuine[:-1]), genuine[-1])

    def look(known: Any, column: str, value: object) -> Callable[[Any, Chain], None]:
        def run(connection: Any, _: Chain) -> None:
            connection.exec_driver_sql(f"UPDATE ledgers SET {column} = ?", (value,))
            chain = Chain(ledger, keyring, 1000, known)
            try:
                with pytest.raises(LedgerForged):
                    chain.load(connection)
            finally:
                before = dict(
                    zip(("sequence", "hash", "checkpoint", "checkpoint_sequence", "mac"), genuine, strict=True)
                )
                connection.exec_driver_sql(f"UPDATE ledgers SET {column} = ?", (before[column],))

        return run

    for known in (None, genuine):
        for column, value in (("sequence", 9), ("hash", "0" * 64), ("checkpoint", 7), ("mac", "0" * 64)):
            await engine.write(look(known, column, value), locks=False)
    older = Head(0, genuine[1], 0, 0)
    assert head_mac(keyring.active("ledger").octets, ledger, older) != genuine[-1]
    await sqlite_store.ledger.append([samples.entry("MG-B")])
    assert (await verify(sqlite_store)).whole


async def test_what_waits_too_long_is_told_in_its_order_and_nothing_of_the_answered_is_kept() -> None:
    class Answer:
        """Of a write."""

    loop = asyncio.get_running_loop()
    deadlines = Deadlines(loop, 0.05)
    slow, gone, answered = loop.create_future(), loop.create_future(), loop.create_future()
    answer = Answer()
    kept = weakref.ref(answer)
    deadlines.add(answered)
    answered.set_result(answer)
    deadlines.forget()
    del answered, answer
    gc.collect()
    assert kept() is None
    for future in (slow, gone):
        deadlines.add(future)
    gone.cancel()
    with pytest.raises(StoreUnavailable) as caught:
        await slow
    assert isinstance(caught.value.__cause__, TimeoutError)
    later = loop.create_future()
    deadlines.add(later)
    with pytest.raises(StoreUnavailable):
        await later
