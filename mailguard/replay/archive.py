"""Archives of messages: an mbox file, a Maildir, a folder of .eml files, one .eml file. Nothing in them is changed.

A message has a place: its position, counted from 1, and where its octets are. Places are cheap to list and travel to
other processes; reading one is done where it is judged. What cannot be read raises Unreadable, which is counted.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from ..core.errors import SettingsError
from . import mbox

MAX_MESSAGE_BYTES = 50 * 1024 * 1024
"""The door's default `limits.message_bytes`: what is larger never comes to be judged."""
TOO_LARGE = "it is larger than limits.message_bytes"


class Unreadable(Exception):
    """A message of an archive cannot be had; str() says why in a few words, without a name of a file."""


@dataclass(frozen=True, slots=True)
class Place:
    """start, end: where in the file its octets are; the whole file where end is None. quoted: as mbox quotes lines.

    weight: for the progress; before: that of all places before it. delivered: as the archive has it. unreadable: why
    there is nothing to read, where that is known already.
    """

    position: int
    path: str
    start: int = 0
    end: int | None = None
    weight: int = 1
    before: int = 0
    delivered: datetime | None = None
    quoted: bool = False
    unreadable: str | None = None


class Archive(Protocol):
    """weight: of all places together. identity: what tells whether it is still the same one."""

    weight: int

    @property
    def identity(self) -> str: ...

    def places(self, after: int = 0) -> Iterator[Place]:
        """In order, those behind this position."""
        ...


def open_archive(path: Path) -> Archive:
    """The archive at this path. SettingsError where there is none that can be read."""
    try:
        if path.is_dir():
            maildir = (path / "cur").is_dir() and (path / "new").is_dir()
            files = _maildir(path) if maildir else _letters(path)
            if not files:
                what = "message" if maildir else "file *.eml, and it is no Maildir (new/ and cur/)"
                raise SettingsError(f'there is no {what} in "{path}"')
            return Files(str(path.resolve()), files)
        with path.open("rb") as opened:
            head = opened.read(len(mbox.BEGINNING))
    except OSError as cause:
        raise SettingsError(f'"{path}" cannot be read: {cause.strerror}') from cause
    if not head:
        raise SettingsError(f'"{path}" is empty')
    if head == mbox.BEGINNING:
        return Mbox(path)
    return Files(str(path.resolve()), [(path, None)])


class Files:
    """A message in each file, in this order. files: with the time of delivery, where it is known."""

    def __init__(self, name: str, files: list[tuple[Path, datetime | None]]) -> None:
        self._files = files
        self.weight = len(files)
        self.identity = f"{name} of {len(files)} files"

    def places(self, after: int = 0) -> Iterator[Place]:
        for position, (path, delivered) in enumerate(self._files[after:], after + 1):
            yield Place(position, str(path), before=position - 1, delivered=delivered)


class Mbox:
    """Messages one after the other in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.weight = path.stat().st_size
        self.identity = f"{path.resolve()} of {self.weight} octets"

    def places(self, after: int = 0) -> Iterator[Place]:
        for position, found in enumerate(mbox.messages(self._path), 1):
            if position > after:
                weight = found.end - found.start
                yield Place(
                    position, str(self._path), found.start, found.end, weight, found.start, found.delivered, quoted=True
                )


class Reader:
    """Reads places. One file stays open, since those of an mbox come one after the other."""

    def __init__(self, most_bytes: int = MAX_MESSAGE_BYTES) -> None:
        self._most_bytes = most_bytes
        self._path = ""
        self._opened = -1

    def read(self, place: Place) -> bytes:
        """The message with the line ends of SMTP. Unreadable where it cannot be had, is empty or too large."""
        if place.unreadable is not None:
            raise Unreadable(place.unreadable)
        raw = self._octets(place)
        if place.quoted:
            raw = mbox.unquoted(raw)
        if not raw.strip():
            raise Unreadable("it is empty")
        return raw if b"\r\n" in raw else raw.replace(b"\n", b"\r\n")

    def close(self) -> None:
        if self._opened >= 0:
            os.close(self._opened)
        self._path, self._opened = "", -1

    def _octets(self, place: Place) -> bytes:
        try:
            if self._path != place.path:
                self.close()
                # A pipe that lies in a folder of messages must not be waited for.
                self._opened = os.open(place.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
                self._path = place.path
            size = os.fstat(self._opened).st_size
            length = (size if place.end is None else place.end) - place.start
            if length > self._most_bytes:
                raise Unreadable(TOO_LARGE)
            return _exactly(self._opened, length, place.start)
        except OSError as cause:
            self.close()
            raise Unreadable(f"its file cannot be read ({type(cause).__name__})") from cause


def _exactly(opened: int, length: int, start: int) -> bytes:
    """pread returns at most 2 GB, and less where a signal comes in between."""
    pieces: list[bytes] = []
    while length > 0 and (piece := os.pread(opened, length, start)):
        pieces.append(piece)
        start, length = start + len(piece), length - len(piece)
    if length > 0:
        raise Unreadable("its file has become shorter")
    return b"".join(pieces)


def _letters(folder: Path) -> list[tuple[Path, datetime | None]]:
    found = (Path(parent, name) for parent, _, names in os.walk(folder) for name in names)
    return [(path, None) for path in sorted(found) if path.suffix.lower() == ".eml"]


def _maildir(folder: Path) -> list[tuple[Path, datetime | None]]:
    """By the time that stands first in the name of each file, as it was delivered; then by name."""
    found = [path for each in ("new", "cur") for path in (folder / each).iterdir() if not path.name.startswith(".")]
    dated = [(_delivered(path.name), path) for path in found]
    dated.sort(key=lambda each: (each[0] or datetime.min.replace(tzinfo=UTC), each[1].name))
    return [(path, delivered) for delivered, path in dated]


def _delivered(name: str) -> datetime | None:
    """https://cr.yp.to/proto/maildir.html: a name begins with the seconds since 1970."""
    seconds = name.partition(".")[0]
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 11):
        return None
    return datetime.fromtimestamp(int(seconds), UTC)
