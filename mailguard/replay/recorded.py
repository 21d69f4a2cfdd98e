"""The guard's own ledger as an archive: the decisions in a file that `audit export` or `audit list --json` made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ..core.errors import SettingsError
from ..core.replay.recorded import Decided, decided_in

LONGEST_LINE = 64 * 1024 * 1024


def is_recorded(path: Path) -> bool:
    """Whether the file holds entries of a ledger: lines of JSON objects. A message and an mbox begin otherwise."""
    try:
        with path.open("rb") as opened:
            return opened.read(1) == b"{"
    except OSError:
        return False


def decisions(path: Path) -> Iterator[Decided | None]:
    """Every decision in order, None for one that cannot be read. SettingsError where the file is no such thing.

    Whether the file is whole, `audit verify` proves.
    """
    try:
        with path.open("rb") as opened:
            while line := opened.readline(LONGEST_LINE):
                found = json.loads(line)
                if not isinstance(found, dict):
                    raise SettingsError(f'"{path}" holds no entries of a ledger')
                try:
                    decided = decided_in(found)
                except ValueError:
                    yield None
                    continue
                if decided is not None:
                    yield decided
    except OSError as cause:
        raise SettingsError(f'"{path}" cannot be read: {cause.strerror}') from cause
    except ValueError as cause:
        raise SettingsError(f'"{path}" holds no entries of a ledger: a line of it is no JSON') from cause
