"""The witness: outside the store, one line for each durable group of writes, saying how far each ledger had come.

Contract: `note` is called after the commit and returns when the line is on disk. Each line carries a MAC under the
ledger key, so that it cannot be forged without the keys. A line that could not be written is kept and written before
the next group commits (`settle`); while that fails, nothing more is committed. The file stays below its limit.
"""

from __future__ import annotations

import hmac
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mailguard.logs import logger

from .canonical import canonical
from .chain import Head
from .keys import Key, Keyring, sync_folder

log = logger("store")


@dataclass(frozen=True, slots=True)
class WitnessLine:
    """How far a ledger had come. genuine: whether the line's MAC holds under one of our keys."""

    ledger: str
    sequence: int
    hash: str
    checkpoint: int
    genuine: bool


class Witness:
    """The open file. Used by one thread at a time. written_at: when it last was, in seconds since 1970."""

    def __init__(self, path: Path, keyring: Keyring, max_bytes: int) -> None:
        self._path = path
        self._key = keyring.active("ledger")
        self._max_bytes = max_bytes
        self._pending = b""
        self._descriptor: int | None = None
        self.written_at: float | None = None
        self._size = 0

    @property
    def failing(self) -> bool:
        return bool(self._pending)

    def settle(self) -> None:
        """Write what is pending. OSError while that still fails."""
        if self._pending:
            self._write()
            log.info("witness_recovered")

    def note(self, ledger: str, head: Head, others: Sequence[tuple[str, Head]] = ()) -> None:
        """Add a line, and one for each other ledger that the group has recorded the end of.

        Does not raise: the group is committed, `settle` holds up the next one.
        """
        self._pending = b"".join([witness_line(*each, self._key) for each in ((ledger, head), *others)])
        try:
            self._write()
        except OSError as error:
            log.error("witness_failed", cause=error)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _write(self) -> None:
        try:
            descriptor = self._open()
            while self._pending:
                written = os.write(descriptor, self._pending)
                self._pending, self._size = self._pending[written:], self._size + written
            os.fdatasync(descriptor)
            self.written_at = time.time()
        except OSError:
            # A half-written line is ended by the newline that the next one starts with.
            self._pending = b"\n" + self._pending.lstrip(b"\n")
            self.close()
            raise
        if self._size > self._max_bytes:
            self._compact()

    def _open(self) -> int:
        if self._descriptor is None:
            new = not self._path.exists()
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._size = os.fstat(self._descriptor).st_size
            if new:
                sync_folder(self._path.parent)
            elif self._size and os.pread(self._descriptor, 1, self._size - 1) != b"\n":
                os.write(self._descriptor, b"\n")
        return self._descriptor

    def _compact(self) -> None:
        """Keep the newer half. A file that may only grow (chattr +a) is left as it is."""
        lines = self._path.read_bytes().splitlines(keepends=True)
        temporary = self._path.with_name(self._path.name + ".new")
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.writelines(_newer(lines))
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(self._path)
            sync_folder(self._path.parent)
        except OSError as error:
            log.warning("witness_compaction_failed", cause=error)
            self._size = 0
        self.close()


def _newer(lines: list[bytes]) -> list[bytes]:
    """The newer half, and before it the last older line of each ledger that would vanish."""
    half = len(lines) // 2
    kept = {line.ledger for line in map(_parse, lines[half:]) if line}
    lost: dict[str, bytes] = {}
    for text in lines[:half]:
        line = _parse(text)
        if line and line.ledger not in kept:
            lost[line.ledger] = text
    return [*lost.values(), *lines[half:]]


def witness_line(ledger: str, head: Head, key: Key) -> bytes:
    said = {
        "checkpoint": head.checkpoint,
        "hash": head.hash,
        "key": key.identifier,
        "ledger": ledger,
        "sequence": head.sequence,
    }
    text = canonical(said)
    before, name, sequence = text.rpartition(',"sequence":')
    return f'{before},"mac":"{_mac(key, text)}"{name}{sequence}\n'.encode("ascii")


def _mac(key: Key, text: str) -> str:
    """Of the canonical text of all else that a line says."""
    return hmac.digest(key.octets, b"witness\0" + text.encode("ascii"), "sha256").hex()


def read_witness(path: Path, keyring: Keyring) -> Iterator[WitnessLine]:
    """The lines in order, one at a time. What a crash left half-written is no line. OSError."""
    with path.open("rb") as file:
        for text in file:
            line = _parse(text, keyring)
            if line is not None:
                yield line


def _parse(text: bytes, keyring: Keyring | None = None) -> WitnessLine | None:
    try:
        said = json.loads(text)
        mac = said.pop("mac")
        key = keyring.find("ledger", said["key"]) if keyring else None
        genuine = key is not None and hmac.compare_digest(_mac(key, canonical(said)), mac)
        return WitnessLine(said["ledger"], int(said["sequence"]), said["hash"], int(said["checkpoint"]), genuine)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
