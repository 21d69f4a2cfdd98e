"""The parts of a presentation that are no slides: charts, diagrams, comments, files inside, and all that nobody knows.

Promises: a part is read by what its outermost element says it is, whatever leads to it; what is no XML is handed on as
a file. What hides the shape that shows a part hides the part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from ..budget import Budget, Uninspectable
from ..stream import SEEN, ColumnSpan, Member, Person, Stream, Table, Text, Visibility
from .chart import read_chart
from .ole_object import read_embedded
from .package import Package
from .properties import read_properties
from .spreadsheetml import MAX_SPANS
from .xml_events import SEPARATOR, LocalNames, joined, read_xml, root_of
from .xml_texts import read_texts

_OVERHEAD = 256
_MAX_AUTHORS = 10_000
_SILENT = frozenset(
    ["Relationships", "Types", "theme", "themeOverride", "tblStyleLst", "viewPr", "chartStyle", "colorStyle"]
)
_DIAGRAM_LOOKS = frozenset(["layoutDef", "styleDef", "colorsDef", "layoutDefHdr", "styleDefHdr", "colorsDefHdr"])
"""Outermost elements of parts that say how things look; a layout of a diagram has a title that is its own."""
_PICTURES = ("/media/", "docprops/thumbnail")
_NO_TEXT = ("printersettings", ".psmdcp", ".fntdata")


@dataclass(slots=True)
class Parts:
    """done: parts that have been read."""

    package: Package
    budget: Budget
    done: set[str] = field(default_factory=set)

    def root(self, part: str) -> str:
        """The name of its outermost element; "" for what is no XML."""
        for piece in self.package.pieces(part):
            if not piece.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n").startswith(b"<"):
                return ""
            break
        return root_of(self.package.pieces(part)).rpartition(SEPARATOR)[2]

    def read(self, part: str, where: str, visibility: Visibility) -> Stream:
        """One part that a shape shows, with the parts that it leads to; visibility: of the shape."""
        if part in self.done:
            return
        self.done.add(part)
        root = self.root(part)
        if root == "chartSpace":
            yield from self._chart(part, where, visibility)
            for each in self.package.relationships(part):
                if each.target:
                    yield from self._below(each.target, where, visibility)
        else:
            yield from self._plain(part, root, where)

    def _below(self, part: str, where: str, visibility: Visibility) -> Stream:
        """What a chart leads to: its workbook, and shapes that are drawn upon it."""
        if part in self.done or self.root(part) == "chartSpace":
            return
        self.done.add(part)
        if self.root(part) == "userShapes":
            yield from _drawn(self.package, part, where, visibility, self.budget)
        else:
            yield from self._plain(part, self.root(part), where)

    def rest(self) -> Stream:
        """Every part that has not been read, in the order of the file."""
        for part in self.package.parts:
            if part.endswith(".rels"):
                yield from self._outside(part)
            elif part not in self.done:
                self.done.add(part)
                yield from self._plain(part, self.root(part), "")

    def _plain(self, part: str, root: str, where: str) -> Stream:
        if not root:
            yield from self._file(part)
        elif root == "chartSpace":
            yield from self._chart(part, f"chart {part}", Visibility.CHART_CACHE)
        elif root == "dataModel":
            yield from self.diagram(part, "", f"diagram {part}", Visibility.MARKUP)
        elif root in _READERS:
            yield from _READERS[root](self, part)
        elif root not in _SILENT and root not in _DIAGRAM_LOOKS:
            yield from read_texts(self.package.pieces(part), part, _visibility(part, root), self.budget)

    def _file(self, part: str) -> Stream:
        name = part.rpartition("/")[2]
        if any(word in part for word in _NO_TEXT):
            return
        if name.startswith("vbaproject"):
            yield Member(name, "macros", Visibility.MACRO)
        elif any(word in part for word in _PICTURES):
            yield Member(name, "picture", SEEN)
        else:
            yield from read_embedded(name, self.package.read(part), self.budget)

    def _outside(self, part: str) -> Stream:
        """Links: reported, never fetched."""
        folder, _, listed = part.rpartition("_rels/")
        source = folder + listed.removesuffix(".rels")
        for each in self.package.relationships(source):
            if each.outside:
                yield Text(each.outside, f"link in {source or 'the file'}", Visibility.MARKUP)

    # charts and diagrams

    def _chart(self, part: str, where: str, visibility: Visibility) -> Stream:
        """What it draws is seen if its shape is."""
        chart = read_chart(self.package.pieces(part), self.budget)
        for text in chart.texts:
            yield Text(text, where, SEEN if visibility is Visibility.CHART_CACHE else visibility)
        rows = list(chart.rows())
        if rows:
            columns = chart.hidden_columns()
            if len(columns) > MAX_SPANS:
                raise Uninspectable(f"more than {MAX_SPANS} series that a chart does not show")
            spans = tuple(ColumnSpan(each, each, Visibility.CHART_CACHE) for each in columns)
            yield Table(f"{where}, chart", visibility, spans)
            yield from rows

    def diagram(self, data: str, drawing: str, where: str, visibility: Visibility) -> Stream:
        """The points of a diagram (SmartArt); those that its drawing does not show are markup."""
        self.done.add(data)
        drawn: set[str] | None = None
        if drawing:
            self.done.add(drawing)
            drawn = {text for text, _ in _paragraphs(self.package, drawing, self.budget)}
        told: set[str] = set()
        for text, kind in _paragraphs(self.package, data, self.budget):
            hidden = kind not in ("node", "asst", "doc") or (drawn is not None and text not in drawn)
            told.add(text)
            yield Text(text, where, Visibility.MARKUP if hidden and visibility is SEEN else visibility)
        for text in sorted((drawn or set()) - told):
            yield Text(text, where, visibility)

    # comments and their authors

    def comments(self, part: str, where: str) -> Stream:
        if part not in self.done:
            self.done.add(part)
            for text, _ in _paragraphs(self.package, part, self.budget, also=("text",)):
                yield Text(text, f"comment on {where}", Visibility.COMMENT)

    def _authors(self, part: str) -> Stream:
        """Of classic comments, and of modern ones, whose user id is an address where the account is Microsoft's."""
        known = LocalNames()
        found: list[Person] = []

        def start(full: str, attributes: Mapping[str, str]) -> None:
            if known[full] in ("cmAuthor", "author"):
                if len(found) >= _MAX_AUTHORS:
                    raise Uninspectable(f"more than {_MAX_AUTHORS} authors of comments")
                user = attributes.get("userId", "")[:256]
                address = user.rpartition("::")[0].rpartition("::")[2] or user
                name = attributes.get("name", "")[:256]
                found.append(Person("author of a comment", name, address if "@" in address else ""))

        read_xml(self.package.pieces(part), start)
        yield from found

    def _loose_comments(self, part: str) -> Stream:
        self.done.discard(part)
        yield from self.comments(part, "no slide")


def _visibility(part: str, root: str) -> Visibility:
    if root in ("chgInfo", "revInfo"):
        return Visibility.EARLIER_REVISION
    return Visibility.CUSTOM_XML if part.startswith("customxml/") else Visibility.MARKUP


def _properties(parts: Parts, part: str) -> Stream:
    return read_properties(parts.package.pieces(part))


def _drawn(package: Package, part: str, where: str, visibility: Visibility, budget: Budget) -> Stream:
    for text, _ in _paragraphs(package, part, budget):
        yield Text(text, where, visibility)


def _loose_drawing(parts: Parts, part: str) -> Stream:
    return _drawn(parts.package, part, f"drawing {part}", Visibility.MARKUP, parts.budget)


_READERS: dict[str, Callable[[Parts, str], Stream]] = {
    "coreProperties": _properties,
    "Properties": _properties,
    "cmAuthorLst": Parts._authors,
    "authorLst": Parts._authors,
    "cmLst": Parts._loose_comments,
    "drawing": _loose_drawing,
    "userShapes": _loose_drawing,
}


def _paragraphs(package: Package, part: str, budget: Budget, also: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Each paragraph, or text of an element in `also`, and the type of the point of a diagram that it stands in."""
    known = LocalNames()
    found: list[tuple[str, str]] = []
    kind, text, is_open, depth = "", "", False, 0

    def start(full: str, attributes: Mapping[str, str]) -> None:
        nonlocal kind, text, is_open, depth
        name = known[full]
        if name == "pt":
            kind = attributes.get("type", "node")
        elif name == "p":
            depth += 1
            text = "" if depth == 1 else text
        elif name == "br":
            text = joined(text, "\n")
        is_open = is_open or name == "t" or name in also

    def characters(more: str) -> None:
        nonlocal text
        if is_open:
            text = joined(text, more)

    def end(full: str) -> None:
        nonlocal text, is_open, depth
        name = known[full]
        if name == "t" or name in also:
            is_open = False
        depth -= name == "p"
        if (name == "p" and not depth) or name in also:
            if text.strip():
                budget.keep(len(text) + _OVERHEAD)
                found.append((text.strip(), kind))
            text = ""

    read_xml(package.pieces(part), start, end, characters)
    yield from found
