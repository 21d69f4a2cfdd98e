"""No file of the store ever holds a planted string: while it runs, after kill -9, after purge, on either engine."""

from __future__ import annotations

import base64
import os
import quopri
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
import re2

from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.store import child, samples

PLANTED = (child.ADDRESS, child.SUBJECT, child.BODY, child.NOTE, child.REPLY)


def disguises(text: str) -> Iterator[bytes]:
    """The forms in which text may lie in a file. Base64 in its three alignments, without what the neighbours decide."""
    raw = text.encode()
    yield from (raw, raw.upper(), raw.lower(), raw.hex().encode(), raw.hex().upper().encode())
    yield from (text.encode("utf-16-le"), text.encode("utf-16-be"), text.encode("utf-32-le"))
    yield from (quote(text, safe="").encode(), quote(text).encode(), quopri.encodestring(raw).strip())
    yield text.encode().replace(b"@", b"\\u0040")
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw)
        yield encoded[(shift * 4 + 2) // 3 + 1 : -4]
        yield base64.urlsafe_b64encode(b"\0" * shift + raw)[(shift * 4 + 2) // 3 + 1 : -4]


NEEDLES = sorted({form for text in PLANTED for form in disguises(text)})
_options = re2.Options()
_options.encoding = re2.Options.Encoding.LATIN1
_ANY = re2.compile(b"|".join(b"".join(b"\\x%02x" % octet for octet in needle) for needle in NEEDLES), _options)
"""All needles at once, in linear time: the files of a PostgreSQL are large."""


def found_in(folder: Path) -> list[tuple[str, bytes]]:
    hits, files = [], 0
    for path in folder.rglob("*"):
        if path.is_file():
            files += 1
            match = _ANY.search(path.read_bytes())
            hits += [(path.name, match.group())] if match else []
    assert files
    return hits


def test_the_search_itself_finds_every_disguise(tmp_path: Path) -> None:
    for text in PLANTED:
        for form in (text.encode(), base64.b64encode(b"x" + text.encode() + b"yz"), text.encode("utf-16-le")):
            (tmp_path / "file").write_bytes(b"\0junk" + form + b"junk")
            assert found_in(tmp_path)


def start(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(Path(child.__file__)), "story", f"sqlite:///{folder}/mailguard.db", "5"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    while process.stdout.readline() != b"ready\n":
        assert process.poll() is None
    return process


def test_never_while_running_nor_after_kill_nor_after_purge(tmp_path: Path) -> None:
    process = start(tmp_path)
    assert (tmp_path / "mailguard.db-wal").stat().st_size > 100_000
    assert found_in(tmp_path) == []
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert found_in(tmp_path) == []


async def test_never_after_purge_and_the_ciphertext_is_gone_too(tmp_path: Path) -> None:
    settings = StoreSettings(url=f"sqlite:///{tmp_path}/mailguard.db")
    store = await Store.open(settings)
    await child.story(store, 3)
    before = await sealed_values(store)
    assert found_in(tmp_path) == []
    purged = await store.purge(samples.NOW + timedelta(days=500))
    assert (purged.held, purged.evidence) == (3, 18)
    assert found_in(tmp_path) == []
    left = b"".join(path.read_bytes() for path in tmp_path.glob("mailguard.db*"))
    assert before and not [value for value in before if value in left]
    await store.close()


async def sealed_values(store: Store) -> list[bytes]:
    """The start of every wrapped key and sealed record that the purge has to take away."""
    from sqlalchemy import LargeBinary, select

    from mailguard.store import schema

    tables = [schema.message_keys, schema.blobs, schema.chunks, schema.held, schema.outbox, schema.evidence]
    columns = [column for table in tables for column in table.columns if isinstance(column.type, LargeBinary)]
    found: list[bytes] = []
    for column in columns:
        query = select(column).where(column.is_not(None))
        found += await store.engine.read(lambda connection, query=query: connection.execute(query).scalars().all())
    return [value[:24] for value in found]


async def test_erased_evidence_leaves_no_ciphertext(sqlite_store: Store, tmp_path: Path) -> None:
    await child.story(sqlite_store, 2)
    from sqlalchemy import select

    from mailguard.store import schema

    table = schema.evidence
    query = select(table.c.sealed).where(table.c.ref == "MG-1")
    before = await sqlite_store.engine.read(lambda connection: connection.execute(query).scalars().all())
    await sqlite_store.erase_evidence("MG-1", "asked", "manager", samples.NOW)
    left = b"".join(path.read_bytes() for path in tmp_path.glob("mailguard.db*"))
    assert before and not [value for value in before if value[:24] in left]


async def test_never_in_the_files_of_postgresql(postgresql: object, tmp_path: Path) -> None:
    store = await Store.open(StoreSettings(url=postgresql.new_database(), keys=tmp_path / "keys"))  # type: ignore[attr-defined]
    await child.story(store, 3)
    assert found_in(tmp_path) == []
    assert found_in(postgresql.folder) == []  # type: ignore[attr-defined]
    await store.purge(samples.NOW + timedelta(days=500))
    await store.close()
    assert found_in(postgresql.folder) == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("engine_name", ["sqlite"])
async def test_no_column_in_the_clear_names_anybody(store: Store) -> None:
    from sqlalchemy import select

    from mailguard.store import schema

    await child.story(store, 2)
    for table in schema.metadata.sorted_tables:
        rows = await store.engine.read(lambda connection, table=table: connection.execute(select(table)).all())
        for row in rows:
            for value in row:
                text = value if isinstance(value, bytes) else str(value).encode()
                assert not [needle for needle in NEEDLES if needle in text], table.name
                assert isinstance(value, bytes) or b"@" not in text, table.name
