"""The settings as an admin may see them in the console: every one, without what opens something.

INVARIANT: no value under a name that speaks of a secret is shown, and no password in an address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..config import Settings

HIDDEN = "(not shown)"
_SECRET = re.compile(r"password|secret|token|passphrase|credential", re.IGNORECASE)
_IN_ADDRESS = re.compile(r"(?<=//)[^/@\s]*:[^/\s]*(?=@)")


def shown_settings(settings: Settings) -> tuple[tuple[str, str], ...]:
    """(name, value) of every setting, in the order of the file's reference; teams are shown on their own."""
    found = settings.model_dump(mode="json")
    return tuple(row for row in _rows("", found) if not row[0].startswith("organisation.teams"))


def _rows(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _rows(f"{name}.{key}" if name else str(key), inner)
    elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        for index, inner in enumerate(value, 1):
            yield from _rows(f"{name} {index}", inner)
    else:
        yield name, HIDDEN if value and _is_secret(name) else _written(value)


def _is_secret(name: str) -> bool:
    """A file that holds one may be named: the file is closed to others."""
    last = name.rpartition(".")[2]
    return bool(_SECRET.search(last)) and not last.endswith("_file")


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value == [] or value == {}:
        return "none"
    if isinstance(value, list):
        return ", ".join(_written(each) for each in value)
    return _IN_ADDRESS.sub(HIDDEN, str(value))
