"""A report as it is printed: as text, as CSV, as JSON, on a page. One shape for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Table:
    """name: of the report, as commands have it. keys: of the columns, for JSON; headings: for people."""

    name: str
    title: str
    keys: tuple[str, ...]
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "title": self.title,
            "headings": dict(zip(self.keys, self.headings, strict=True)),
            "rows": [dict(zip(self.keys, row, strict=True)) for row in self.rows],
            "notes": list(self.notes),
        }


def table_from_json(value: Mapping[str, Any]) -> Table:
    """The table of `to_json`."""
    keys = tuple(value["headings"])
    rows = tuple(tuple(row[key] for key in keys) for row in value["rows"])
    return Table(value["name"], value["title"], keys, tuple(value["headings"].values()), rows, tuple(value["notes"]))


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a form. entries: (key, what it asks, what the record says); None where the record does not say it."""

    key: str
    title: str
    entries: tuple[tuple[str, str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Form:
    """One record in the form that somebody asks for. missing: what it asks and the record does not say yet."""

    name: str
    title: str
    incident: str
    revision: int
    sections: tuple[Section, ...]
    notes: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(label for section in self.sections for _, label, said in section.entries if said is None)

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "title": self.title,
            "incident": self.incident,
            "revision": self.revision,
            "sections": [
                {
                    "key": section.key,
                    "title": section.title,
                    "entries": [{"key": key, "label": label, "text": said} for key, label, said in section.entries],
                }
                for section in self.sections
            ],
            "missing": list(self.missing),
            "notes": list(self.notes),
        }


def form_from_json(value: Mapping[str, Any]) -> Form:
    """The form of `to_json`."""
    sections = tuple(
        Section(each["key"], each["title"], tuple((one["key"], one["label"], one["text"]) for one in each["entries"]))
        for each in value["sections"]
    )
    return Form(value["name"], value["title"], value["incident"], value["revision"], sections, tuple(value["notes"]))
