"""The fields of a record as a person gives them: in a YAML file, and as NAME=VALUE on the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.document import load_document
from ..core.errors import SettingsError

_VALUE = re.compile(r"[\[{].*|[-+]?\d+|true|false", re.DOTALL)
"""What is no text: a list, a mapping, a whole number, a truth. As YAML has them."""
MOST_OCTETS = 60_000
"""What fits into one request of the control socket."""


def fields_of(file: Path | None, given: Sequence[str], flags: Mapping[str, Any]) -> dict[str, Any]:
    """The file's, then those of the options, then each NAME=VALUE; the last counts. SettingsError, DocumentErrors."""
    fields: dict[str, Any] = _of_file(file) if file is not None else {}
    fields |= {name: value for name, value in flags.items() if value not in (None, [], ())}
    for each in given:
        name, equals, text = each.partition("=")
        if not equals or not name.strip():
            raise SettingsError(f'"{each}" is not NAME=VALUE')
        _put(fields, name.strip().split("."), _value(text))
    if len(json.dumps(fields)) > MOST_OCTETS:
        raise SettingsError(f"the record is longer than {MOST_OCTETS:,} octets")
    return fields


def merged(changes: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    """Changes of parts of a field (risk.impact=3) laid over what the record has there; whole fields as they are."""
    return {
        name: {**record[name], **value}
        if isinstance(value, Mapping) and isinstance(record.get(name), Mapping)
        else value
        for name, value in changes.items()
    }


def _of_file(file: Path) -> dict[str, Any]:
    try:
        octets = file.read_bytes()
    except OSError as cause:
        raise SettingsError(f'"{file}" cannot be read: {cause.strerror}') from cause
    value = load_document(octets, str(file)).value
    if not isinstance(value, dict):
        raise SettingsError(f'"{file}" holds no fields: write "name: value" on each line')
    return value


def _put(fields: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for name in path[:-1]:
        inner = fields.setdefault(name, {})
        if not isinstance(inner, dict):
            raise SettingsError(f'"{name}" has no parts')
        fields = inner
    fields[path[-1]] = value


def _value(text: str) -> Any:
    if text == "null":
        return None
    return load_document(text.encode(), "--set").value if _VALUE.fullmatch(text) else text
