"""Files that only their owner can read, from their first byte on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TextIO


def open_private(path: Path, *, append: bool = False) -> TextIO:
    """A text file of mode 0600: a new one (FileExistsError where there is one), or the end of an old one."""
    flags = os.O_APPEND if append else os.O_EXCL
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | flags, 0o600)
    return os.fdopen(descriptor, "w", encoding="utf-8")
