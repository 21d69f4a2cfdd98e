"""Files that only their owner can read, from their first byte on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, TextIO


def open_private(path: Path, *, append: bool = False) -> TextIO:
    """A text file of mode 0600: a new one (FileExistsError where there is one), or the end of an old one."""
    return os.fdopen(_opened(path, os.O_APPEND if append else os.O_EXCL), "w", encoding="utf-8")


def open_private_octets(path: Path) -> BinaryIO:
    """A new file of octets of mode 0600. FileExistsError where there is one."""
    return os.fdopen(_opened(path, os.O_EXCL), "wb")


def _opened(path: Path, flags: int) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | flags, 0o600)
