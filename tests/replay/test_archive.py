"""Archives: where messages begin and end in them, in which order they come, and what cannot be read."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.errors import SettingsError
from mailguard.replay.archive import Reader, Unreadable, open_archive
from mailguard.replay.mbox import unquoted

LINE = b"From jo@elmroad.example Tue Mar 12 09:00:00 2026\n"


def read(path: Path) -> list[bytes]:
    reader = Reader()
    found = [reader.read(place) for place in open_archive(path).places()]
    reader.close()
    return found


def written(path: Path, octets: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(octets)
    return path


def test_messages_of_an_mbox_in_order_with_their_delivery(tmp_path: Path) -> None:
    path = written(tmp_path / "a.mbox", LINE + b"Subject: 1\n\nOne\n\n" + LINE + b"Subject: 2\n\nTwo\n\n")
    assert read(path) == [b"Subject: 1\r\n\r\nOne\r\n", b"Subject: 2\r\n\r\nTwo\r\n"]
    places = list(open_archive(path).places())
    assert [each.position for each in places] == [1, 2]
    assert places[0].delivered == datetime(2026, 3, 12, 9, tzinfo=UTC)


def test_an_mbox_with_the_line_ends_of_windows(tmp_path: Path) -> None:
    octets = (LINE + b"Subject: 1\n\nOne\n\n" + LINE + b"Subject: 2\n\nTwo\n\n").replace(b"\n", b"\r\n")
    assert read(written(tmp_path / "a", octets)) == [b"Subject: 1\r\n\r\nOne\r\n", b"Subject: 2\r\n\r\nTwo\r\n"]


def test_quoted_lines_come_back_and_what_only_looks_alike_begins_nothing(tmp_path: Path) -> None:
    body = b">From here\n>>From there\n\nFrom now on\nFrom a@b Tue Mar 12 09:00:00 2026\nend\n"
    (message,) = read(written(tmp_path / "a", LINE + b"Subject: 1\n\n" + body))
    assert b"\r\nFrom here\r\n>From there\r\n\r\nFrom now on\r\nFrom a@b Tue" in message


@given(st.lists(st.sampled_from([b"From ", b">", b">>From x", b"text", b"\n", b"\n\n", LINE]), max_size=12))
def test_what_mboxrd_quotes_comes_back(pieces: list[bytes]) -> None:
    import re

    body = b"".join(pieces)
    assert unquoted(re.sub(rb"^(>*From )", rb">\1", body, flags=re.MULTILINE) + b"x\n\n") == body + b"x\n"


def test_a_maildir_in_order_of_delivery(tmp_path: Path) -> None:
    for folder, name, text in (
        ("cur", "1700000300.b.host:2,S", b"Subject: 3\n\n"),
        ("new", "1700000200.a.host", b"Subject: 2\n\n"),
        ("cur", "1700000100.c.host:2,", b"Subject: 1\n\n"),
        ("tmp", "1700000000.d.host", b"Subject: not delivered\n\n"),
    ):
        written(tmp_path / folder / name, text)
    assert [message[9:10] for message in read(tmp_path)] == [b"1", b"2", b"3"]
    assert next(open_archive(tmp_path).places()).delivered == datetime.fromtimestamp(1700000100, UTC)


def test_a_folder_of_eml_files_in_order_of_their_names_and_one_file(tmp_path: Path) -> None:
    for name in ("b/2.eml", "a/1.EML", "notes.txt", "c.eml"):
        written(tmp_path / name, f"Subject: {name}\n\nx\n".encode())
    assert [message.split(b"\r\n")[0] for message in read(tmp_path)] == [
        b"Subject: a/1.EML",
        b"Subject: b/2.eml",
        b"Subject: c.eml",
    ]
    assert read(tmp_path / "c.eml") == [b"Subject: c.eml\r\n\r\nx\r\n"]


@pytest.mark.parametrize("name", ["nothing", "empty-folder", "empty.mbox"])
def test_where_there_is_no_archive_it_says_so(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty-folder").mkdir()
    written(tmp_path / "empty.mbox", b"")
    with pytest.raises(SettingsError, match=name):
        open_archive(tmp_path / name)


def test_what_cannot_be_read_says_why_without_its_name(tmp_path: Path) -> None:
    written(tmp_path / "1 secret.eml", b"")
    written(tmp_path / "2 secret.eml", b"x" * 200)
    (tmp_path / "3 secret.eml").symlink_to(tmp_path / "gone")
    os.mkfifo(tmp_path / "4 secret.eml")
    reader = Reader(most_bytes=100)
    why = []
    for place in open_archive(tmp_path).places():
        with pytest.raises(Unreadable) as raised:
            reader.read(place)
        why.append(str(raised.value))
    reader.close()
    assert why[:3] == [
        "it is empty",
        "it is larger than limits.message_bytes",
        "its file cannot be read (FileNotFoundError)",
    ]
    assert len(why) == 4
    assert not any("secret" in each for each in why)


def test_an_mbox_that_was_cut_meanwhile(tmp_path: Path) -> None:
    path = written(tmp_path / "a", LINE + b"Subject: 1\n\nOne\n\n" + LINE + b"Subject: 2\n\nTwo\n\n")
    *_, last = open_archive(path).places()
    os.truncate(path, 80)
    with pytest.raises(Unreadable, match="shorter"):
        Reader().read(last)
