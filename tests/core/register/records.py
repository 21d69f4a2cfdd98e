"""Records for the tests of the register: made of YAML as an admin writes it, or of a few fields."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from mailguard.core.document import load_document
from mailguard.core.register.lists import Lists, load_lists
from mailguard.core.register.record import Incident, localised
from mailguard.core.register.revision import Revision

ZONE = ZoneInfo("Europe/London")
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
HERE = Path(__file__).parent
PACKAGED = Path(__file__).parents[3] / "mailguard/core/register/lists.yaml"


def lists(own: str | None = None) -> Lists:
    return load_lists(PACKAGED.read_bytes(), own.encode() if own is not None else None, "own.yaml", "Elm Road Surgery")


def written(name: str) -> dict[str, Any]:
    """The fields of one of the documents beside this file."""
    fields = load_document((HERE / name).read_bytes(), name).value
    assert isinstance(fields, dict)
    return fields


def read(fields: dict[str, Any]) -> Incident:
    return Incident.model_validate(localised(fields, ZONE))


def ombudsman(**changes: Any) -> Incident:
    return read({**written("ombudsman.yaml"), **changes})


def breach(**fields: Any) -> Incident:
    return read({"kind": "breach", "occurred_from": "2026-03-05", "aware_at": "2026-03-05T10:00", **fields})


def revision(record: Incident, incident: str = "IR-7Q4K-2FXB7M", number: int = 1) -> Revision:
    return Revision(incident, number, NOW, "added", "Sam", None, record)
