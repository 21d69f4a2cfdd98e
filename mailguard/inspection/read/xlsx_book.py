"""The workbook part: which sheets there are, which of them show, what is named, which caches hang on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..budget import Budget, Uninspectable
from ..stream import SEEN, Item, Person, Text, Visibility
from .package import Package
from .spreadsheetml import is_true, names
from .xml_events import read_xml

STATES = {
    "visible": SEEN,
    "hidden": Visibility.HIDDEN_SHEET,
    "veryhidden": Visibility.VERY_HIDDEN_SHEET,
}
_MAX_NAMED = 200_000
_OVERHEAD = 256


@dataclass(frozen=True, slots=True)
class Sheet:
    """One tab. part: "" where it points nowhere. kind: worksheet, chartsheet, dialogsheet or xlMacrosheet."""

    name: str
    visibility: Visibility
    part: str
    kind: str


@dataclass(frozen=True, slots=True)
class DefinedName:
    name: str
    meaning: str
    hidden: bool
    comment: str


@dataclass(frozen=True, slots=True)
class Book:
    """told: what the workbook part says of people: who reserved it, and the folder in which it was saved, which is
    often named after a person."""

    part: str
    sheets: tuple[Sheet, ...]
    defined: tuple[DefinedName, ...]
    epoch_1904: bool
    told: tuple[Item, ...] = ()


def find_workbook(package: Package) -> str:
    """The part that the package calls its document. Raises Uninspectable where there is none, or it is binary."""
    documents = [each.target for each in package.relationships("") if each.kind == "officeDocument"]
    if len(documents) != 1 or not documents[0]:
        raise Uninspectable("does not say which part is the workbook")
    return documents[0]


def read_book(package: Package) -> Book:
    """Everything that the workbook part says of its sheets."""
    part = find_workbook(package)
    related = {each.id: each for each in package.relationships(part)}
    reader = _Reader(package.archive.budget)
    read_xml(package.pieces(part), reader.start, reader.end, reader.characters)
    if not reader.is_workbook:
        raise Uninspectable("its main part is no workbook")
    window_hidden = bool(reader.windows) and all(state != "visible" for state in reader.windows)
    sheets = []
    for name, state, identifier in reader.sheets:
        link = related.get(identifier)
        visibility = STATES.get(state.lower(), Visibility.HIDDEN_SHEET)
        if window_hidden and visibility is SEEN:
            visibility = Visibility.HIDDEN_SHEET
        sheets.append(Sheet(name, visibility, link.target if link else "", link.kind if link else ""))
    return Book(part, tuple(sheets), tuple(reader.defined), reader.epoch_1904, tuple(reader.told))


class _Reader:
    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self.names = names()
        self.is_workbook = False
        self.sheets: list[tuple[str, str, str]] = []
        self.windows: list[str] = []
        self.told: list[Item] = []
        self.defined: list[DefinedName] = []
        self.epoch_1904 = False
        self._naming: Mapping[str, str] | None = None
        self._text: list[str] = []

    def start(self, full: str, attributes: Mapping[str, str]) -> None:
        name = self.names[full]
        if name == "workbook":
            self.is_workbook = True
        elif name == "sheet":
            self.sheets.append((attributes.get("name", ""), attributes.get("state", "visible"), self._id(attributes)))
        elif name == "workbookView":
            self.windows.append(attributes.get("visibility", "visible"))
        elif name == "workbookPr":
            self.epoch_1904 = is_true(attributes.get("date1904"))
        elif name == "definedName":
            self._naming, self._text = attributes, []
        elif name == "fileSharing" and attributes.get("userName", "").strip():
            self.told.append(Person("reserved by", attributes["userName"].strip()))
        elif full.endswith("}absPath") and attributes.get("url", "").strip():
            self.told.append(Text(attributes["url"].strip(), "folder of the file", Visibility.PROPERTY))
        if name in ("sheet", "definedName"):
            self._budget.keep(_OVERHEAD + sum(map(len, attributes.values())))
        if len(self.sheets) + len(self.defined) > _MAX_NAMED:
            raise Uninspectable(f"more than {_MAX_NAMED} sheets and names")

    def end(self, full: str) -> None:
        if self._naming is not None and self.names[full] == "definedName":
            self.defined.append(
                DefinedName(
                    self._naming.get("name", ""),
                    "".join(self._text),
                    is_true(self._naming.get("hidden")),
                    self._naming.get("comment", "") + self._naming.get("description", ""),
                )
            )
            self._naming = None

    def characters(self, text: str) -> None:
        if self._naming is not None:
            self._budget.keep(len(text))
            self._text.append(text)

    def _id(self, attributes: Mapping[str, str]) -> str:
        return next((value for key, value in attributes.items() if self.names[key] == "id"), "")
