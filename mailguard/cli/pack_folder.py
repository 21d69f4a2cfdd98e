"""Writes an incident pack: a folder of files that only their owner can read, or one ZIP file of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..console.pack_files import zipped
from ..core.errors import SettingsError
from .private import open_private_octets


def refuse_taken(path: Path) -> None:
    """SettingsError where something is there already: a pack never overwrites, and never mixes with another."""
    if path.exists() and not (path.is_dir() and not any(path.iterdir()) and not is_zip(path)):
        raise SettingsError(f'there is something at "{path}" already; name another place for the pack')


def write(path: Path, files: Mapping[str, bytes]) -> None:
    """SettingsError where it cannot be written."""
    try:
        if is_zip(path):
            _write(path, zipped(path.stem, files))
            return
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, content in files.items():
            _write(path / name, content)
    except OSError as cause:
        raise SettingsError(f'"{path}" cannot be written: {cause.strerror}') from cause


def is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip"


def _write(path: Path, content: bytes) -> None:
    with open_private_octets(path) as file:
        file.write(content)
