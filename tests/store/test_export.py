"""An export is checked alone; any change of any line is found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.store.export import ExportUnreadable, export, verify_export
from mailguard.store.keys import Keyring, ensure_keys
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.store import samples


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    import asyncio

    folder = tmp_path_factory.mktemp("exported")

    async def make() -> bytes:
        store = await Store.open(StoreSettings(url=f"sqlite:///{folder}/mailguard.db", checkpoint_entries=4))
        await store.ledger.append([samples.entry(f"MG-{number}") for number in range(5)])
        await store.ledger.append([samples.entry(f"MG-{number}") for number in range(5)])
        assert await export(store, folder / "ledger.jsonl") == {"main": 10}
        await store.close()
        return public(store.keyring)

    return folder / "ledger.jsonl", asyncio.run(make())


def public(keyring: Keyring) -> bytes:
    return keyring.public_key(keyring.active("signing").identifier)


def test_an_export_is_whole_alone(exported: tuple[Path, bytes]) -> None:
    path, key = exported
    report = verify_export(path, key)
    assert report.whole, report.troubles
    assert (report.ledgers, report.entries, report.key_known) == ({"main": 10}, 10, True)
    assert report.checkpoints == 2
    assert not verify_export(path).key_known
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_export_names_nobody(exported: tuple[Path, bytes]) -> None:
    text = exported[0].read_text()
    assert "@" not in text and "Flu clinic" not in text and "outside.example" not in text


@given(data=st.data())
def test_any_changed_octet_is_found(
    exported: tuple[Path, bytes], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path, key = exported
    octets = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(octets) - 1))
    octets[place] ^= data.draw(st.sampled_from([1, 2, 4, 32]))
    assert is_found(tmp_path_factory, bytes(octets), key)


@given(data=st.data())
def test_any_removed_doubled_or_swapped_line_is_found(
    exported: tuple[Path, bytes], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path, key = exported
    lines = path.read_bytes().splitlines(keepends=True)
    one, other = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    act = data.draw(st.sampled_from(["remove", "double", "swap"]))
    if act == "remove":
        del lines[one]
    elif act == "double":
        lines.insert(other, lines[one])
    elif lines[one] == lines[other]:
        return
    else:
        lines[one], lines[other] = lines[other], lines[one]
    assert is_found(tmp_path_factory, b"".join(lines), key)


def is_found(factory: pytest.TempPathFactory, octets: bytes, key: bytes) -> bool:
    path = factory.getbasetemp() / "changed.jsonl"
    path.write_bytes(octets)
    try:
        return not verify_export(path, key).whole
    except ExportUnreadable:
        return True


async def test_an_export_signed_by_somebody_else_is_found(tmp_path: Path, exported: tuple[Path, bytes]) -> None:
    """A forger with keys of his own makes an export that is whole in itself: only the known key tells it."""
    store = await Store.open(StoreSettings(url=f"sqlite:///{tmp_path}/forged.db"))
    await store.ledger.append([samples.entry("MG-0", fields={"disposition": "relay"})])
    await export(store, tmp_path / "forged.jsonl")
    await store.close()
    assert verify_export(tmp_path / "forged.jsonl").whole
    report = verify_export(tmp_path / "forged.jsonl", exported[1])
    assert [trouble.kind for trouble in report.troubles] == ["export-forged"]


@pytest.mark.parametrize(
    "octets", [b"", b"\n", b"hello\n", b"{}\n", b"[1]\n", b'{"mailguard_export":2}\n', b"\xff\xfe\n"]
)
def test_what_is_no_export_says_so(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / "other.jsonl"
    path.write_bytes(octets)
    with pytest.raises(ExportUnreadable):
        verify_export(path)
    with pytest.raises(ExportUnreadable):
        verify_export(tmp_path / "missing.jsonl")


def test_hostile_lines_are_trouble_and_no_crash(exported: tuple[Path, bytes], tmp_path: Path) -> None:
    lines = exported[0].read_bytes().splitlines(keepends=True)
    for hostile in (
        b"[" * 200_000,
        b'{"entry":5,"hash":[]}',
        b'{"entry":{},"hash":""}',
        b'{"checkpoint":{"a":1}}',
        b"7" * 9999,
    ):
        path = tmp_path / "hostile.jsonl"
        path.write_bytes(b"".join([*lines[:3], hostile + b"\n", *lines[3:]]))
        assert not verify_export(path).whole


async def test_it_works_on_both_engines(store: Store, tmp_path: Path) -> None:
    await store.ledger.append([samples.entry(f"MG-{number}") for number in range(700)])
    await export(store, tmp_path / "ledger.jsonl")
    report = verify_export(tmp_path / "ledger.jsonl", public(store.keyring))
    assert (report.whole, report.entries) == (True, 700)
    assert "public_keys" in json.loads((tmp_path / "ledger.jsonl").read_text().splitlines()[0])


def test_keys_made_twice_are_the_same(tmp_path: Path) -> None:
    assert public(ensure_keys(tmp_path / "keys")) == public(ensure_keys(tmp_path / "keys"))
