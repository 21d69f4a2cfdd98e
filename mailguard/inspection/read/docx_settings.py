"""The settings of a document, as far as they carry data: the source of a mail merge, variables, colour of pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..budget import Budget, Uninspectable
from ..stream import Item, Row, Table, Text, Visibility
from .wordml import is_on, keys, names
from .xml_events import read_xml

_MAX_ITEMS = 100_000
_OVERHEAD = 96
_MERGE = {
    "query": "query of a mail merge",
    "connectString": "connection of a mail merge",
    "udl": "connection of a mail merge",
    "table": "table of a mail merge",
    "addressFieldName": "column of a mail merge",
    "mailSubject": "subject of a mail merge",
    "name": "column of a mail merge",
    "mappedName": "column of a mail merge",
}


@dataclass(slots=True)
class Settings:
    """shows_page: whether the colour of the page is shown. even: whether even pages have headers of their own.
    variables: names and values that macros keep; merge: what is said of the source of a mail merge, with where."""

    shows_page: bool = False
    even: bool = False
    variables: list[tuple[str, str]] = field(default_factory=list)
    merge: list[tuple[str, str]] = field(default_factory=list)

    def items(self) -> Iterator[Item]:
        for where, text in self.merge:
            yield Text(text, where, Visibility.CONNECTION)
        if self.variables:
            yield Table("variables of the document", Visibility.MARKUP, headings=("variable", "value"))
        for row, pair in enumerate(self.variables, 1):
            yield Row(row, pair)
        for name, value in self.variables:
            yield Text(f"{name}: {value}", "variables of the document", Visibility.MARKUP)


def read_settings(pieces: Iterator[bytes] | None, budget: Budget) -> Settings:
    """The part may be missing."""
    found = Settings()
    known = names()
    within: list[str] = []

    def start(full: str, attributes: Mapping[str, str]) -> None:
        name = known[full]
        if name in ("mailMerge", "docVars"):
            within.append(name)
        elif name in ("displayBackgroundShape", "evenAndOddHeaders"):
            on = is_on(keys(known, attributes).get("val"))
            if name == "evenAndOddHeaders":
                found.even = on
            else:
                found.shows_page = on
        elif within:
            said = keys(known, attributes)
            if within[-1] == "docVars" and name == "docVar" and said.get("val", "").strip():
                add(found.variables, said.get("name", ""), said["val"])
            elif within[-1] == "mailMerge" and name in _MERGE and said.get("val", "").strip():
                add(found.merge, _MERGE[name], said["val"])

    def add(kept: list[tuple[str, str]], one: str, other: str) -> None:
        if len(kept) >= _MAX_ITEMS:
            raise Uninspectable(f"more than {_MAX_ITEMS} settings")
        budget.keep(len(one) + len(other) + _OVERHEAD)
        budget.spend_cells(1)
        kept.append((one, other))

    def end(full: str) -> None:
        if within and known[full] == within[-1]:
            within.pop()

    if pieces is not None:
        read_xml(pieces, start, end)
    return found
