"""Where the content of a message waits while it arrives: in memory, and above a limit in a file that has no name.

INVARIANT: the file is unlinked before its first byte is written, so that no crash leaves mail behind.
INVARIANT: memory held is at most `above_bytes` and one chunk.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from pathlib import Path

from ..core.mail.message import Buffer


class Spool:
    """One message's content. `append` pieces, then `finish` once, or `discard` at any time."""

    __slots__ = ("_above_bytes", "_directory", "_file", "_pieces", "size")

    def __init__(self, above_bytes: int, directory: Path | None = None) -> None:
        self._above_bytes = above_bytes
        self._directory = directory
        self._pieces: list[bytes] = []
        self._file: int | None = None
        self.size = 0

    def append(self, piece: bytes) -> None:
        """OSError where the disk does not take it."""
        self.size += len(piece)
        if self._file is None:
            self._pieces.append(piece)
            if self.size <= self._above_bytes:
                return
            self._file = _nameless_file(self._directory)
            piece = b"".join(self._pieces)
            self._pieces.clear()
        _write_all(self._file, piece)

    def finish(self) -> Buffer:
        """All of it: bytes, or a read-only map of the file, whose blocks the system frees with the last reference."""
        if self._file is None:
            pieces, self._pieces = self._pieces, []
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)
        try:
            return mmap.mmap(self._file, self.size, access=mmap.ACCESS_READ)
        finally:
            self.discard()

    def discard(self) -> None:
        self._pieces.clear()
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _nameless_file(directory: Path | None) -> int:
    folder = directory or Path(tempfile.gettempdir())
    try:
        return os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError:  # not every file system (NFS, overlay) has O_TMPFILE
        descriptor, name = tempfile.mkstemp(prefix="mailguard-", dir=folder)
        Path(name).unlink()
        return descriptor


def _write_all(descriptor: int, piece: bytes) -> None:
    view = memoryview(piece)
    while view:
        view = view[os.write(descriptor, view) :]
