"""The text of an OpenDocument text, from content.xml, styles.xml (headers and footers) or a flat document.

Promises: one pass; what the part holds leaves while it is still being read. Each piece of text is told by what hides
it: its style, its section, a change that nobody has accepted, a comment. Styles come before what uses them.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import StringIO

from ..budget import Budget, Uninspectable
from ..stream import SEEN, Item, Member, Person, Text, Visibility
from .colour import WHITE, same_to_the_eye
from .ods_styles import AUTOMATIC, Style, Styles
from .text_table import Layers, Tables
from .xlsx_styles import TINY_POINTS
from .xml_events import SEPARATOR, xml_steps

MAX_PARAGRAPH = 4_194_304
"""Letters of one paragraph."""
_MAX_OPEN = 256
_MAX_NAMED = 10_000
_MAX_CHANGES = 100_000
_MAX_REPEATED = 1_024
_MAX_SPACES = 256
_OVERHEAD = 96
UNKNOWN = -3
"""What lies behind a text if that is a picture or a gradient: nothing is said of its colour then."""
_SPACE = re.compile(r"[ \t\r\n]+")
_LINK, _DRAWING = "link in {}", "description of a picture in {}"


class _Paragraph:
    """seen: what is written so far and shows; others: the rest, by what hides it. hidden: whether a field hides it."""

    __slots__ = ("hidden", "last", "others", "seen", "size", "spans", "style")

    def __init__(self, style: str) -> None:
        self.style = style
        self.spans: tuple[str, ...] = ()
        self.seen: list[str] = []
        self.others: dict[Visibility, list[str]] = {}
        self.last = SEEN
        self.hidden = False
        self.size = 0

    def write(self, visibility: Visibility, text: str) -> None:
        self.size += len(text)
        if self.size > MAX_PARAGRAPH:
            raise Uninspectable(f"holds a paragraph of more than {MAX_PARAGRAPH} letters")
        if visibility is SEEN:
            self.seen.append(text)
        else:
            between = () if self.last is visibility else (" ",)
            self.others.setdefault(visibility, []).extend((*between, text))
        self.last = visibility

    def texts(self) -> Layers:
        layers = {Visibility.HIDDEN_TEXT if self.hidden else SEEN: self.seen}
        for why, pieces in self.others.items():
            layers[why] = [*layers.get(why, ()), " ", *pieces]
        found = {why: "".join(pieces).strip() for why, pieces in layers.items()}
        return {why: [text] for why, text in found.items() if text}


class Content:
    """Reads one part after the other into the same styles."""

    def __init__(self, budget: Budget) -> None:
        self.styles = Styles()
        self.tables = Tables(budget)
        self._budget = budget
        self._names: dict[str, str] = {}
        self._paragraphs: list[_Paragraph] = []
        self._places: list[tuple[str, Visibility]] = [("the text", SEEN)]
        self._grounds: list[int | None] = []
        self._capture: StringIO | None = None
        self._author = ""
        self._named: set[tuple[str, str]] = set()
        self._change = ""
        self._insertions: set[str] = set()
        self._inserted: set[str] = set()
        self._looks: dict[tuple[object, ...], Visibility | None] = {}
        self._in_body = False
        self._in_style = False
        self._binary: list[str] | None = None
        self._object = False
        self._page = WHITE

    def read(self, pieces: Iterable[bytes]) -> Iterator[Item]:
        for _ in xml_steps(pieces, self.start, self.end, self.characters):
            yield from self._taken()
        while self._paragraphs:
            self._end_paragraph("")
        self.tables.end_all()
        yield from self._taken()

    def _taken(self) -> Iterator[Item]:
        yield from self.tables.ready
        self.tables.ready.clear()

    def start(self, full: str, attributes: Mapping[str, str]) -> None:
        name = self._short(full)
        handler = _STARTS.get(name)
        if handler is not None:
            handler(self, name, {self._short(key): value for key, value in attributes.items()})

    def end(self, full: str) -> None:
        name = self._short(full)
        handler = _ENDS.get(name)
        if handler is not None:
            handler(self, name)

    def characters(self, text: str) -> None:
        if self._binary is not None:
            self._budget.keep(len(text))
            self._binary.append(text)
        elif self._capture is not None:
            if self._capture.tell() < MAX_PARAGRAPH:
                self._capture.write(text)
        elif self._paragraphs:
            self._write(_SPACE.sub(" ", text))
        elif self._in_body and not text.isspace():
            self._say(text, f"markup of {self._where}", Visibility.MARKUP)

    def _short(self, full: str) -> str:
        name = self._names.get(full)
        if name is None:
            uri, _, name = full.rpartition(SEPARATOR)
            if uri.endswith(_TEXT_FIELDS) and name in _DESCRIBED and name != "note-citation":
                name = f"field {name}"
            self._names[full] = name
        return name

    # where text stands, and what hides it

    @property
    def _where(self) -> str:
        return self._places[-1][0]

    def _enter(self, where: str, visibility: Visibility = SEEN) -> None:
        """What stands in something that is hidden is hidden, whatever it says itself."""
        if len(self._places) >= _MAX_OPEN:
            raise Uninspectable(f"holds text nested more than {_MAX_OPEN} deep")
        outer = self._places[-1][1]
        self._places.append((where, outer if outer is not SEEN else visibility))

    def _leave(self, name: str) -> None:
        if len(self._places) > 1:
            self._places.pop()

    def _say(self, text: str, where: str, visibility: Visibility) -> None:
        whole = self._places[-1][1]
        if text.strip():
            self.tables.ready.append(Text(text.strip(), where, whole if visibility is SEEN else visibility))

    def _person(self, role: str, name: str) -> None:
        name = name.strip()[:256]
        if name and (role, name) not in self._named:
            if len(self._named) >= _MAX_NAMED:
                raise Uninspectable(f"more than {_MAX_NAMED} people who made changes or comments")
            self._named.add((role, name))
            self.tables.ready.append(Person(role, name, name if "@" in name else "", self._where))

    def _write(self, text: str) -> None:
        paragraph = self._paragraphs[-1]
        whole = self._places[-1][1]
        if whole is SEEN:
            whole = self._look(paragraph) or (Visibility.INSERTED_TEXT if self._inserted else SEEN)
        paragraph.write(whole, text)

    def _look(self, paragraph: _Paragraph) -> Visibility | None:
        behind = next((each for each in reversed(self._grounds) if each is not None), self._page)
        key = (paragraph.style, paragraph.spans, behind)
        if key not in self._looks:
            if len(self._looks) > _MAX_CHANGES:
                self._looks.clear()
            self._looks[key] = self._judge(paragraph, behind)
        return self._looks[key]

    def _judge(self, paragraph: _Paragraph, behind: int) -> Visibility | None:
        """The innermost span that says something counts, then the paragraph."""
        spans = [self.styles.resolve("text", name) for name in reversed(paragraph.spans)]
        around = self.styles.resolve("paragraph", paragraph.style)
        every = [*spans, around]
        if any(each.concealed for each in every):
            return Visibility.HIDDEN_TEXT
        size = _first(every, "size")
        if size is not None and 0 < size <= TINY_POINTS:
            return Visibility.TINY_TEXT
        ground = _first(every, "ground")
        ground = behind if ground is None else ground
        colour = _first(every, "colour")
        coloured = next((each for each in every if each.colour is not None), None)
        if coloured is not None and coloured.opacity == 0:
            return Visibility.SAME_COLOUR
        if colour is None or colour == AUTOMATIC or ground == UNKNOWN:
            return None
        return Visibility.SAME_COLOUR if same_to_the_eye(int(colour), int(ground)) else None

    # styles

    def _start_style(self, name: str, said: Mapping[str, str]) -> None:
        self._in_style = True
        self.styles.start(name, said)
        self._looks.clear()

    def _end_style(self, name: str) -> None:
        self._in_style = False

    def _start_properties(self, name: str, said: Mapping[str, str]) -> None:
        if name == "page-layout-properties":
            colour = said.get("background-color", "")
            if len(colour) == 7:
                self._page = _hex(colour, self._page)
        elif self._in_style:
            self.styles.start(name, _filled(said) if name == "graphic-properties" else said)

    # paragraphs

    def _start_paragraph(self, name: str, said: Mapping[str, str]) -> None:
        if len(self._paragraphs) >= _MAX_OPEN:
            raise Uninspectable(f"holds paragraphs nested more than {_MAX_OPEN} deep")
        self._paragraphs.append(_Paragraph(said.get("style-name", "")))

    def _end_paragraph(self, name: str) -> None:
        if self._paragraphs:
            self.tables.say(self._paragraphs.pop().texts(), self._where)

    def _start_span(self, name: str, said: Mapping[str, str]) -> None:
        if self._paragraphs:
            if len(self._paragraphs[-1].spans) >= _MAX_OPEN:
                raise Uninspectable(f"holds spans nested more than {_MAX_OPEN} deep")
            self._paragraphs[-1].spans += (said.get("style-name", ""),)

    def _end_span(self, name: str) -> None:
        if self._paragraphs:
            self._paragraphs[-1].spans = self._paragraphs[-1].spans[:-1]

    def _start_mark(self, name: str, said: Mapping[str, str]) -> None:
        if self._paragraphs and self._capture is None:
            count = said.get("c", "1")
            spaces = " " * (min(int(count[:4]), _MAX_SPACES) if count.isdecimal() else 1)
            self._write({"tab": "\t", "line-break": "\n", "s": spaces}[name])

    def _start_link(self, name: str, said: Mapping[str, str]) -> None:
        self._say(said.get("href", ""), _LINK.format(self._where), Visibility.MARKUP)
        self._say(said.get("title", ""), _LINK.format(self._where), Visibility.MARKUP)
        if name == "a":
            self._start_span(name, said)

    # fields that hide or keep something

    def _start_hidden(self, name: str, said: Mapping[str, str]) -> None:
        """A hidden text stands in its field, and shows only if its condition fails (part 3, 7.4.10, 7.7.11)."""
        hidden = said.get("is-hidden", "true") == "true"
        if name == "hidden-paragraph":
            if self._paragraphs:
                self._paragraphs[-1].hidden |= hidden
        elif hidden:
            self._say(said.get("string-value", ""), f"hidden field in {self._where}", Visibility.HIDDEN_TEXT)

    def _start_kept(self, name: str, said: Mapping[str, str]) -> None:
        """What a field or a variable holds and may not show."""
        for key in _KEPT[name]:
            self._say(said.get(key, ""), f"field in {self._where}", Visibility.MARKUP)

    def _start_source(self, name: str, said: Mapping[str, str]) -> None:
        text = " ".join(said.get(key, "") for key in ("database-name", "table-name", "column-name"))
        self._say(text, "source of data", Visibility.CONNECTION)

    # sections, notes, comments, headers, text boxes

    def _start_section(self, name: str, said: Mapping[str, str]) -> None:
        display = said.get("display", "true")
        hidden = display == "none" or (display == "condition" and said.get("is-hidden", "true") == "true")
        self._enter(self._where, Visibility.HIDDEN_TEXT if hidden else SEEN)
        self._grounds.append(self.styles.resolve("section", said.get("style-name", "")).ground)

    def _end_section(self, name: str) -> None:
        self._leave(name)
        if self._grounds:
            self._grounds.pop()

    def _start_note(self, name: str, said: Mapping[str, str]) -> None:
        self._enter("an endnote" if said.get("note-class") == "endnote" else "a footnote")
        self._begin_apart()

    def _start_annotation(self, name: str, said: Mapping[str, str]) -> None:
        self._enter("a comment", Visibility.COMMENT)
        self._begin_apart()

    def _begin_apart(self) -> None:
        """What is written now stands in another paragraph than the one that is open, and in no cell."""
        self.tables.begin_box()
        self._grounds.append(self._page)

    def _end_apart(self, name: str) -> None:
        self._leave(name)
        self.tables.end_box()
        if self._grounds:
            self._grounds.pop()

    def _start_header(self, name: str, said: Mapping[str, str]) -> None:
        shown = said.get("display", "true") != "false"
        self._in_body = True
        self._enter("a header" if name.startswith("header") else "a footer", SEEN if shown else Visibility.MARKUP)

    def _end_header(self, name: str) -> None:
        self._in_body = False
        self._leave(name)

    def _start_box(self, name: str, said: Mapping[str, str]) -> None:
        hidden = said.get("display") == "none"
        self._enter(f"text box in {self._places[0][0]}", Visibility.HIDDEN_TEXT if hidden else SEEN)
        self.tables.begin_box()
        self._grounds.append(self.styles.resolve("graphic", said.get("style-name", "")).ground)

    def _start_described(self, name: str, said: Mapping[str, str]) -> None:
        """Texts of their own inside of something else: who wrote a comment, what a picture shows."""
        self._capture = StringIO()

    def _end_described(self, name: str) -> None:
        text = self._capture.getvalue() if self._capture is not None else ""
        self._capture = None
        if not self._in_body:
            return
        if name == "creator":
            self._person("author of a change" if self._change else "author of a comment", text)
        elif name in ("title", "desc"):
            self._say(text, _DRAWING.format(self._where), Visibility.MARKUP)
        elif name == "note-citation" and self._paragraphs:
            self._write(text)

    # changes

    def _start_region(self, name: str, said: Mapping[str, str]) -> None:
        self._change = said.get("id", "")[:256] or "?"
        self._enter("changes", Visibility.DELETED_TEXT)
        self.tables.begin_box()

    def _end_region(self, name: str) -> None:
        self._change = ""
        self._leave(name)
        self.tables.end_box()

    def _start_insertion(self, name: str, said: Mapping[str, str]) -> None:
        if self._change:
            if len(self._insertions) >= _MAX_CHANGES:
                raise Uninspectable(f"more than {_MAX_CHANGES} changes")
            self._budget.keep(_OVERHEAD)
            self._insertions.add(self._change)

    def _start_change(self, name: str, said: Mapping[str, str]) -> None:
        """The text of an insertion stands where it is, between two marks."""
        change = said.get("change-id", "")[:256]
        if name == "change-start" and change in self._insertions:
            self._inserted.add(change)
        elif name == "change-end":
            self._inserted.discard(change)

    # tables

    def _start_table(self, name: str, said: Mapping[str, str]) -> None:
        self.tables.begin(self._where, self._places[-1][1])
        self._grounds.append(self.styles.resolve("table", said.get("style-name", "")).ground)

    def _end_table(self, name: str) -> None:
        self.tables.end()
        if self._grounds:
            self._grounds.pop()

    def _start_row(self, name: str, said: Mapping[str, str]) -> None:
        hidden = said.get("visibility") in ("collapse", "filter")
        if self.tables.table is not None:
            self.tables.table.begin_row(Visibility.HIDDEN_ROW if hidden else SEEN)
        self._grounds.append(self.styles.resolve("table-row", said.get("style-name", "")).ground)

    def _end_row(self, name: str) -> None:
        self.tables.end_row()
        if self._grounds:
            self._grounds.pop()

    def _start_cell(self, name: str, said: Mapping[str, str]) -> None:
        table = self.tables.table
        if table is not None:
            cell = table.begin_cell(Visibility.COVERED if name == "covered-table-cell" else SEEN)
            cell.ground = None
            kept = said.get("string-value", "")
            if kept.strip():
                self._say(kept, f"value kept in {table.where}", Visibility.MARKUP)
            repeated = said.get("number-columns-repeated", "1")
            if repeated.isdecimal():
                table.next_column += max(1, min(int(repeated[:6]), _MAX_REPEATED)) - 1
        self._grounds.append(self.styles.resolve("table-cell", said.get("style-name", "")).ground)

    def _end_cell(self, name: str) -> None:
        if self.tables.table is not None:
            self.tables.table.end_cell(self._budget)
        if self._grounds:
            self._grounds.pop()

    # bodies and what is embedded

    def _start_body(self, name: str, said: Mapping[str, str]) -> None:
        self._in_body = True

    def _end_body(self, name: str) -> None:
        self._in_body = False

    def _start_object(self, name: str, said: Mapping[str, str]) -> None:
        self._object = True

    def _end_object(self, name: str) -> None:
        self._object = False

    def _start_binary(self, name: str, said: Mapping[str, str]) -> None:
        self._binary = []

    def _end_binary(self, name: str) -> None:
        """A picture or another program's object, written out in base64 in a flat document."""
        try:
            content = b64decode("".join(self._binary or ()))
        except ValueError as error:
            raise Uninspectable("holds an object that cannot be decoded") from error
        self._binary = None
        if self._object:
            self.tables.ready.append(Member("object", "file", Visibility.EMBEDDED, content))
        else:
            self.tables.ready.append(Member("picture", "picture", SEEN, content))


def _first(styles: Iterable[Style], key: str) -> float | None:
    found: float | None = next((value for each in styles if (value := getattr(each, key)) is not None), None)
    return found


def _hex(colour: str, otherwise: int) -> int:
    try:
        return int(colour[1:], 16)
    except ValueError:
        return otherwise


def _filled(said: Mapping[str, str]) -> Mapping[str, str]:
    """A shape says what it is filled with in words of its own (part 3, 20.137)."""
    fill = said.get("fill")
    if fill == "solid" and "fill-color" in said:
        return {"background-color": said["fill-color"]}
    return {"background-color": said["background-color"]} if "background-color" in said and fill is None else {}


_KEPT = {
    "conditional-text": ("string-value-if-true", "string-value-if-false"),
    **dict.fromkeys(("user-field-decl", "variable-set", "user-defined"), ("string-value",)),
    **dict.fromkeys(("placeholder", "text-input"), ("description",)),
    **dict.fromkeys(("label", "text-entry", "hidden"), ("value",)),
    **dict.fromkeys(("textarea", "combobox"), ("current-value", "value")),
    "bibliography-mark": ("author", "note"),
    "option": ("label", "value"),
    "item": ("label",),
}
_Start = Callable[[Content, str, Mapping[str, str]], None]
_End = Callable[[Content, str], None]
_PROPERTIES = (
    *("text-properties", "paragraph-properties", "graphic-properties", "section-properties", "table-properties"),
    *("table-row-properties", "table-cell-properties", "page-layout-properties"),
)
_HEADERS = ("header", "footer", "header-left", "footer-left", "header-first", "footer-first")
_DESCRIBED = (
    *("creator", "date", "date-string", "creator-initials", "meta-creator-initials"),
    *("title", "desc", "note-citation"),
)
_TEXT_FIELDS = "xmlns:text:1.0"
"""In this namespace a title, a date or a creator is a field whose text is shown; note-citation is in no other."""
_STARTS: dict[str, _Start] = {
    **dict.fromkeys(("p", "h"), Content._start_paragraph),
    **dict.fromkeys(("span", "ruby-base", "ruby-text"), Content._start_span),
    **dict.fromkeys(("s", "tab", "line-break"), Content._start_mark),
    **dict.fromkeys(("a", "image", "section-source"), Content._start_link),
    **dict.fromkeys(("style", "default-style"), Content._start_style),
    **dict.fromkeys(_PROPERTIES, Content._start_properties),
    **dict.fromkeys(("hidden-text", "hidden-paragraph"), Content._start_hidden),
    **dict.fromkeys(_KEPT, Content._start_kept),
    **dict.fromkeys(("database-display", "database-row-select", "database-next"), Content._start_source),
    **dict.fromkeys(("section", "index-body"), Content._start_section),
    "note": Content._start_note,
    "annotation": Content._start_annotation,
    **dict.fromkeys(_HEADERS, Content._start_header),
    **dict.fromkeys(("frame", "custom-shape", "rect", "ellipse", "caption"), Content._start_box),
    **dict.fromkeys(_DESCRIBED, Content._start_described),
    "changed-region": Content._start_region,
    "insertion": Content._start_insertion,
    **dict.fromkeys(("change-start", "change-end"), Content._start_change),
    "table": Content._start_table,
    "table-row": Content._start_row,
    **dict.fromkeys(("table-cell", "covered-table-cell"), Content._start_cell),
    **dict.fromkeys(("body",), Content._start_body),
    **dict.fromkeys(("object-ole", "object"), Content._start_object),
    "binary-data": Content._start_binary,
}
_ENDS: dict[str, _End] = {
    **dict.fromkeys(("p", "h"), Content._end_paragraph),
    **dict.fromkeys(("span", "ruby-base", "ruby-text", "a"), Content._end_span),
    **dict.fromkeys(("style", "default-style"), Content._end_style),
    **dict.fromkeys(("section", "index-body"), Content._end_section),
    **dict.fromkeys(("note", "annotation", "frame", "custom-shape", "rect", "ellipse", "caption"), Content._end_apart),
    **dict.fromkeys(_HEADERS, Content._end_header),
    **dict.fromkeys(_DESCRIBED, Content._end_described),
    "changed-region": Content._end_region,
    "table": Content._end_table,
    "table-row": Content._end_row,
    **dict.fromkeys(("table-cell", "covered-table-cell"), Content._end_cell),
    "body": Content._end_body,
    **dict.fromkeys(("object-ole", "object"), Content._end_object),
    "binary-data": Content._end_binary,
}
