"""The text of a WordprocessingML part (a story): paragraphs, tables, text boxes, changes, comments, fields.

Promises: one pass; what the part holds leaves while it is still being read. Each piece of text is told by what hides
it: its own format or style (docx_styles.py), a change that nobody has accepted, the story that it stands in. Text where
no program looks for some is handed on as markup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from io import StringIO

from ..budget import Budget, Uninspectable
from ..stream import SEEN, Item, Person, Text, Visibility
from .colour import WHITE
from .docx_shape import Shape
from .docx_styles import Styles
from .layered_text import MAX_PARAGRAPH, LayeredText
from .text_table import Layers, OpenTable, Tables
from .wordml import NO_COLOUR, PROPERTIES, Format, is_on, keys, names, number, read_shading
from .xml_events import Names, xml_steps

_Handler = Callable[["Story", str, Mapping[str, str]], None]
_MAX_NAMED = 10_000
_MAX_OPEN = 256
_OVERHEAD = 96


@dataclass(slots=True)
class Known:
    """What the parts of one document say of each other. page: the colour of its pages. called: (kind, id) of notes
    that the text calls; headers: (kind, type, id) that it asks for, titled: whether some first page has its own; bound:
    texts of content controls that show a custom XML part; named: people, each once."""

    styles: Styles
    budget: Budget
    page: int = WHITE
    called: set[tuple[str, str]] = field(default_factory=set)
    headers: set[tuple[str, str]] = field(default_factory=set)
    titled: bool = False
    bound: set[str] = field(default_factory=set)
    named: set[tuple[str, str]] = field(default_factory=set)

    def call(self, calls: set[tuple[str, str]], one: str, other: str) -> None:
        if len(calls) >= 100 * _MAX_NAMED:
            raise Uninspectable("more notes than are read")
        self.budget.keep(_OVERHEAD)
        calls.add((one, other[:64]))

    def person(self, role: str, name: str, where: str) -> Iterator[Person]:
        """Once for each role."""
        name = name.strip()[:256]
        if name and (role, name) not in self.named:
            if len(self.named) >= _MAX_NAMED:
                raise Uninspectable(f"more than {_MAX_NAMED} people who made changes or comments")
            self.named.add((role, name))
            yield Person(role, name, name if "@" in name else "", where)


class _Paragraph(LayeredText):
    """runs: formats of the runs that are open. look: what hides letters without a format of their own, once that is
    known."""

    __slots__ = ("ground", "look", "runs", "style")

    def __init__(self) -> None:
        super().__init__()
        self.style = ""
        self.ground: int | None = None
        self.runs: list[Format] = []
        self.look: list[Visibility | None] = []


class _Handlers(dict[str, tuple[str, "_Handler | None", bool]]):
    """Name of an element in full -> its short name, who handles it, whether its attributes matter."""

    def __init__(self, names: Names, handlers: Mapping[str, _Handler]) -> None:
        super().__init__()
        self._names, self._known = names, handlers

    def __missing__(self, full: str) -> tuple[str, _Handler | None, bool]:
        name = self._names[full]
        found = self[full] = (name, self._known.get(name), name not in _SAY_NOTHING)
        return found


class Story:
    """Reads one part. where: what it is, for people ("the text", "a header"); whole: what hides all of it."""

    def __init__(self, known: Known, where: str, whole: Visibility = SEEN) -> None:
        self.known, self.where, self.whole = known, where, whole
        self.tables = Tables(known.budget)
        self._part = whole
        own = known.styles.resolve("paragraph", "").behind
        self._page = known.page if own is None or own == NO_COLOUR else own
        self._names = names()
        self._starts, self._ends = _Handlers(self._names, _STARTS), _Handlers(self._names, _ENDS)
        self._paragraphs: list[_Paragraph] = []
        self._properties: list[str] = []
        self._old = 0
        self._format: Format | None = None
        self._fills = False
        self._deleted = self._inserted = 0
        self._fields: list[bool] = []
        self._code = StringIO()
        self._shape: Shape | None = None
        self._boxes: list[tuple[Shape | None, str]] = []
        self._alternatives: list[set[str]] = []
        self._fallback = 0
        self._controls: list[StringIO | None] = []
        self._open = ""
        self._as = SEEN
        self._last = ""

    def read(self, pieces: Iterable[bytes]) -> Iterator[Item]:
        for _ in xml_steps(pieces, self.start, self.end, self.characters):
            yield from self._taken()
        while self._paragraphs:
            self._end_paragraph()
        self.tables.end_all()
        yield from self._taken()

    def _taken(self) -> Iterator[Item]:
        yield from self.tables.ready
        self.tables.ready.clear()

    def start(self, full: str, attributes: Mapping[str, str]) -> None:
        self._last, handler, speaks = self._starts[full]
        if handler is not None:
            handler(self, self._last, keys(self._names, attributes) if speaks else _NOTHING)
        elif self._shape is not None:
            self._shape.start(self._last, keys(self._names, attributes))

    def end(self, full: str) -> None:
        name, handler, _ = self._ends[full]
        if handler is not None:
            handler(self, name, _NOTHING)
        elif self._shape is not None:
            self._shape.end(name)

    def characters(self, text: str) -> None:
        if self._open == "text" and self._paragraphs:
            self._paragraphs[-1].write(self._as, text)
            for control in self._controls:
                if control is not None:
                    control.write(text)
        elif self._open == "code":
            if self._code.tell() < MAX_PARAGRAPH:
                self._code.write(text)
        elif not text.isspace() and self._last not in _NUMBERS:
            self.say(text, f"markup of {self.where}", Visibility.MARKUP)

    def say(self, text: str, where: str, visibility: Visibility) -> None:
        if text.strip():
            self.tables.ready.append(Text(text.strip(), where, self._whole_or(visibility)))

    def _whole_or(self, visibility: Visibility) -> Visibility:
        return self._part if self._part is not SEEN and visibility is SEEN else visibility

    # paragraphs, runs and text

    def _start_paragraph(self, name: str, said: Mapping[str, str]) -> None:
        if len(self._paragraphs) >= _MAX_OPEN:
            raise Uninspectable(f"holds paragraphs nested more than {_MAX_OPEN} deep")
        self._paragraphs.append(_Paragraph())

    def _end_paragraph(self, name: str = "", said: Mapping[str, str] | None = None) -> None:
        if not self._paragraphs:
            return
        texts = self._paragraphs.pop().texts()
        if self._alternatives:
            texts = self._as_alternative(texts)
        self.tables.say(texts, self._boxes[-1][1] if self._boxes else self.where)
        if self._code.tell() and not self._paragraphs:
            self.say(self._code.getvalue(), f"field in {self.where}", Visibility.MARKUP)
            self._code = StringIO()

    def _start_run(self, name: str, said: Mapping[str, str]) -> None:
        if self._paragraphs:
            if len(self._paragraphs[-1].runs) >= _MAX_OPEN:
                raise Uninspectable(f"holds runs nested more than {_MAX_OPEN} deep")
            self._paragraphs[-1].runs.append(_PLAIN)

    def _end_run(self, name: str, said: Mapping[str, str]) -> None:
        if self._paragraphs and self._paragraphs[-1].runs:
            self._paragraphs[-1].runs.pop()

    def _start_text(self, name: str, said: Mapping[str, str]) -> None:
        if not self._paragraphs:
            return
        if name in ("instrText", "delInstrText"):
            self._open = "code"
        else:
            self._open, self._as = "text", self._why_unseen()

    def _end_text(self, name: str, said: Mapping[str, str]) -> None:
        self._open = ""

    def _start_mark(self, name: str, said: Mapping[str, str]) -> None:
        """A tab, a line break, a hyphen among the letters."""
        if self._paragraphs and self._paragraphs[-1].runs and not self._properties:
            self._paragraphs[-1].write(self._why_unseen(), _MARKS[name])

    def _why_unseen(self) -> Visibility:
        if self._part is not SEEN:
            return self._part
        if self._deleted:
            return Visibility.DELETED_TEXT
        if self._fallback or True in self._fields:
            return Visibility.MARKUP
        if self._boxes and self._boxes[-1][0] is not None and self._boxes[-1][0].hidden:
            return Visibility.HIDDEN_TEXT
        return self._look() or (Visibility.INSERTED_TEXT if self._inserted else SEEN)

    def _look(self) -> Visibility | None:
        paragraph = self._paragraphs[-1]
        own = paragraph.runs[-1] if paragraph.runs else _PLAIN
        if own is _PLAIN and paragraph.look:
            return paragraph.look[0]
        behind, painted = self._behind(paragraph)
        look = self.known.styles.judge(own, paragraph.style, behind, painted)
        if own is _PLAIN:
            paragraph.look = [look]
        return look

    def _behind(self, paragraph: _Paragraph) -> tuple[int, int | None]:
        """The colour behind a paragraph, and the one that a table style gives its letters."""
        styles, table = self.known.styles, self.tables.table
        if table is None and not self._boxes and paragraph.ground is None and not paragraph.style:
            return self._page, None
        region = _region(styles, table) if table is not None and table.cell is not None else None
        grounds = [paragraph.ground, styles.resolve("paragraph", paragraph.style).behind]
        if table is not None and table.cell is not None:
            grounds += [table.cell.ground, region[1] if region else None, table.ground]
        if self._boxes and self._boxes[-1][0] is not None:
            grounds.append(self._boxes[-1][0].ground)
        found = next((each for each in grounds if each is not None and each != NO_COLOUR), self.known.page)
        return found, region[0] if region else None

    # properties

    def _start_properties(self, name: str, said: Mapping[str, str]) -> None:
        if len(self._properties) >= _MAX_OPEN:
            raise Uninspectable("holds properties nested without end")
        self._properties.append(name)
        if name == "rPr" and not self._old and self._paragraphs and self._paragraphs[-1].runs:
            self._format = self._paragraphs[-1].runs[-1] = Format()

    def _end_properties(self, name: str, said: Mapping[str, str]) -> None:
        if self._properties:
            self._properties.pop()
        if name == "rPr" and not self._old:
            self._format = None

    def _start_property(self, name: str, said: Mapping[str, str]) -> None:
        if self._old:
            return
        if self._format is not None:
            self._format.read(name, said, self.known.styles.theme)
        elif name == "shd":
            self._shade(read_shading(said, self.known.styles.theme))

    def _shade(self, ground: int | None) -> None:
        within, table = self._properties[-1] if self._properties else "", self.tables.table
        if within == "pPr" and self._paragraphs:
            self._paragraphs[-1].ground = ground
        elif within == "tcPr" and table is not None and table.cell is not None:
            table.cell.ground = ground
        elif within == "tblPr" and table is not None:
            table.ground = ground

    def _start_style(self, name: str, said: Mapping[str, str]) -> None:
        if self._old:
            return
        if name == "pStyle" and self._paragraphs:
            self._paragraphs[-1].style = said.get("val", "")[:256]
        elif name == "tblStyle" and self.tables.table is not None:
            self.tables.table.style = said.get("val", "")[:256]

    def _start_switches(self, name: str, said: Mapping[str, str]) -> None:
        if self.tables.table is not None:
            self.tables.table.switches = _switches(said)

    def _start_filling(self, name: str, said: Mapping[str, str]) -> None:
        """Letters can be filled with nothing (Word 2010), as shapes can."""
        if name == "textFill":
            self._fills = self._format is not None
        elif self._fills and self._format is not None and name in ("noFill", "alpha"):
            self._format.unfilled = name == "noFill" or said.get("val") == "100000"
        elif self._shape is not None:
            self._shape.start(name, said)

    def _end_filling(self, name: str, said: Mapping[str, str]) -> None:
        self._fills = False

    # changes

    def _start_change(self, name: str, said: Mapping[str, str]) -> None:
        """Inside of properties it is the mark of the paragraph, the row or the cell that was changed."""
        self.tables.ready += self.known.person("author of a change", said.get("author", ""), self.where)
        within, table = self._properties[-1] if self._properties else "", self.tables.table
        deletes = name in ("del", "moveFrom", "cellDel")
        why = Visibility.DELETED_TEXT if deletes else Visibility.INSERTED_TEXT
        if within == "trPr" and table is not None and not self._old:
            table.row_visibility = why
        elif within == "tcPr" and table is not None and table.cell is not None:
            table.cell.own = why
        elif not self._properties:
            self._deleted += deletes
            self._inserted += not deletes

    def _end_change(self, name: str, said: Mapping[str, str]) -> None:
        if not self._properties:
            if name in ("del", "moveFrom"):
                self._deleted = max(0, self._deleted - 1)
            elif name in ("ins", "moveTo"):
                self._inserted = max(0, self._inserted - 1)

    def _start_old(self, name: str, said: Mapping[str, str]) -> None:
        """How something looked before a change, which is no property of it any more."""
        self._old += 1
        self.tables.ready += self.known.person("author of a change", said.get("author", ""), self.where)

    def _end_old(self, name: str, said: Mapping[str, str]) -> None:
        self._old = max(0, self._old - 1)

    # tables

    def _start_table(self, name: str, said: Mapping[str, str]) -> None:
        self.tables.begin(self.where, self._part)

    def _end_table(self, name: str, said: Mapping[str, str]) -> None:
        self.tables.end()

    def _start_row(self, name: str, said: Mapping[str, str]) -> None:
        if self.tables.table is not None:
            self.tables.table.begin_row()

    def _end_row(self, name: str, said: Mapping[str, str]) -> None:
        self.tables.end_row()

    def _start_cell(self, name: str, said: Mapping[str, str]) -> None:
        if self.tables.table is not None:
            deleted = self._deleted > 0
            self.tables.table.begin_cell(Visibility.DELETED_TEXT if deleted else SEEN)

    def _end_cell(self, name: str, said: Mapping[str, str]) -> None:
        if self.tables.table is not None:
            self.tables.table.end_cell(self.known.budget)

    def _start_span(self, name: str, said: Mapping[str, str]) -> None:
        """Columns that a cell, or a gap before the first one, takes."""
        table = self.tables.table
        if table is not None and not self._old:
            columns = int(max(0, min(number(said.get("val")) or 0, 63)))
            table.next_column += columns if name == "gridBefore" else max(0, columns - 1)

    def _start_hidden(self, name: str, said: Mapping[str, str]) -> None:
        if self._properties[-1:] == ["trPr"] and self.tables.table is not None and is_on(said.get("val")):
            self.tables.table.row_visibility = Visibility.HIDDEN_ROW

    # text boxes, pictures and alternatives

    def _start_shape(self, name: str, said: Mapping[str, str]) -> None:
        hidden = self._shape is not None and self._shape.hidden
        if name in ("docPr", "cNvPr"):
            for key in ("title", "descr"):
                self.say(said.get(key, ""), f"description of a picture in {self.where}", Visibility.MARKUP)
            hidden = hidden or ("hidden" in said and is_on(said["hidden"]))
        if self._shape is None or name not in ("docPr", "cNvPr"):
            self._shape = Shape(self.known.styles.theme, self.known.page)
        if name in _VML_SHAPES:
            self._shape.start_vml(said)
            for key in ("alt", "title"):
                self.say(said.get(key, ""), f"description of a picture in {self.where}", Visibility.MARKUP)
        self._shape.hidden |= hidden

    def _start_vml(self, name: str, said: Mapping[str, str]) -> None:
        if name == "textpath":
            self.say(said.get("string", ""), f"drawing in {self.where}", SEEN)
        elif name == "imagedata":
            self.say(said.get("title", ""), f"description of a picture in {self.where}", Visibility.MARKUP)
        elif self._shape is not None:
            self._shape.start_vml_fill(said)

    def _end_shape(self, name: str, said: Mapping[str, str]) -> None:
        self._shape = None

    def _start_box(self, name: str, said: Mapping[str, str]) -> None:
        self._boxes.append((self._shape, f"text box in {self.where}"))
        self._shape = None
        self.tables.begin_box()

    def _end_box(self, name: str, said: Mapping[str, str]) -> None:
        if self._boxes:
            self._shape = self._boxes.pop()[0]
            self.tables.end_box()

    def _start_alternative(self, name: str, said: Mapping[str, str]) -> None:
        """A program shows the first choice that it knows; the fallback repeats it for older ones."""
        if name == "AlternateContent":
            if len(self._alternatives) >= _MAX_OPEN:
                raise Uninspectable("holds alternatives nested without end")
            self._alternatives.append(set())
        elif name == "Fallback":
            self._fallback += 1

    def _end_alternative(self, name: str, said: Mapping[str, str]) -> None:
        if name == "Fallback":
            self._fallback = max(0, self._fallback - 1)
        elif self._alternatives:
            inner = self._alternatives.pop()
            if self._alternatives:
                self._alternatives[-1] |= inner

    def _as_alternative(self, texts: Layers) -> Layers:
        chosen = self._alternatives[-1]
        if self._fallback:
            return {
                why: kept for why, found in texts.items() if (kept := [each for each in found if each not in chosen])
            }
        for found in texts.values():
            self.known.budget.keep(sum(map(len, found)) + _OVERHEAD)
            chosen.update(found)
        return texts

    # fields and content controls

    def _start_field(self, name: str, said: Mapping[str, str]) -> None:
        """fldChar: an instruction, which nobody sees, goes before the result."""
        if name == "fldSimple":
            self.say(said.get("instr", ""), f"field in {self.where}", Visibility.MARKUP)
            return
        kind = said.get("fldCharType", "")
        if kind == "begin":
            if len(self._fields) >= _MAX_OPEN:
                raise Uninspectable("holds fields nested without end")
            self._fields.append(True)
        elif kind == "separate" and self._fields:
            self._fields[-1] = False
        elif kind == "end" and self._fields:
            self._fields.pop()

    def _start_control(self, name: str, said: Mapping[str, str]) -> None:
        if len(self._controls) >= _MAX_OPEN:
            raise Uninspectable("holds content controls nested without end")
        self._controls.append(None)

    def _start_binding(self, name: str, said: Mapping[str, str]) -> None:
        if self._controls:
            self._controls[-1] = StringIO()

    def _end_control(self, name: str, said: Mapping[str, str]) -> None:
        control = self._controls.pop() if self._controls else None
        shown = control.getvalue().strip() if control is not None else ""
        if shown and not self._deleted:
            self.known.budget.keep(len(shown) + _OVERHEAD)
            self.known.bound.add(shown)

    def _start_told(self, name: str, said: Mapping[str, str]) -> None:
        """What an element says in its attributes, and a program only in its dialogues."""
        for key in _TOLD[name]:
            self.say(said.get(key, ""), f"markup of {self.where}", Visibility.MARKUP)

    # notes, headers, pages

    def _start_note(self, name: str, said: Mapping[str, str]) -> None:
        """One footnote, endnote, comment or building block of a part that holds many."""
        self._deleted = self._inserted = self._fallback = 0
        self._fields.clear()
        if name == "comment":
            self.tables.ready += self.known.person("author of a comment", said.get("author", ""), self.where)
        elif (name, said.get("id", "")[:64]) in self.known.called or said.get("type", "normal") != "normal":
            self._part = self.whole
        else:
            self._part = Visibility.MARKUP

    def _start_call(self, name: str, said: Mapping[str, str]) -> None:
        self.known.call(self.known.called, name.removesuffix("Reference"), said.get("id", ""))

    def _start_header(self, name: str, said: Mapping[str, str]) -> None:
        self.known.call(self.known.headers, said.get("type", "default"), said.get("id", ""))

    def _start_page(self, name: str, said: Mapping[str, str]) -> None:
        if name == "titlePg":
            self.known.titled |= is_on(said.get("val"))

    def _start_editor(self, name: str, said: Mapping[str, str]) -> None:
        self.tables.ready += self.known.person("may edit", said.get("ed", ""), self.where)


def _switches(said: Mapping[str, str]) -> int:
    """Which parts of a table its style paints (part 1, 17.4.55), as the bits of the older form."""
    try:
        return (
            int(said["val"], 16)
            if "val" in said
            else sum(
                bit
                for key, bit in (("firstRow", 0x20), ("firstColumn", 0x80), ("noHBand", 0x200))
                if is_on(said.get(key, "0"))
            )
        )
    except ValueError:
        return 0


def _region(styles: Styles, table: OpenTable) -> tuple[int | None, int | None]:
    """Colour of letters and ground that a table style gives the cell that is open."""
    regions = styles.resolve("table", table.style).regions
    if not regions or table.cell is None:
        return None, None
    wanted = [""]
    if not table.switches & 0x200:
        wanted.insert(0, "band1Horz" if (table.row - bool(table.switches & 0x20)) % 2 else "band2Horz")
    if table.switches & 0x80 and table.cell.column == 1:
        wanted.insert(0, "firstCol")
    if table.switches & 0x20 and table.row == 1:
        wanted.insert(0, "firstRow")
    found = [regions[each] for each in wanted if each in regions]
    colour = next((each.colour for each in found if each.colour is not None), None)
    return colour, next((each.ground for each in found if each.ground not in (None, NO_COLOUR)), None)


_PLAIN = Format()
_NOTHING: Mapping[str, str] = {}
_MARKS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_SAY_NOTHING = frozenset(
    ["p", "r", "t", "tr", "tc", "rPr", "pPr", "tcPr", "trPr", "tblPr", "tbl", "delText", "tab", "br"]
)
"""Elements whose attributes do not matter here."""
_VML_SHAPES = ("shape", "rect", "roundrect", "oval", "polyline", "line")
_NUMBERS = frozenset(["posOffset", "align", "pctWidth", "pctHeight", "pctPosHOffset", "pctPosVOffset", "fldData"])
_TOLD = {
    "alias": ("val",), "tag": ("val",), "listItem": ("displayText", "value"), "hyperlink": ("tooltip",),
    "attr": ("name", "val"), "default": ("val",), "listEntry": ("val",), "helpText": ("val",), "statusText": ("val",),
    "tblCaption": ("val",), "tblDescription": ("val",), "ffData": (), "OLEObject": ("ProgID",),
}  # fmt: skip
_STARTS: dict[str, _Handler] = {
    "p": Story._start_paragraph,
    "r": Story._start_run,
    **dict.fromkeys(("t", "delText", "instrText", "delInstrText"), Story._start_text),
    **dict.fromkeys(_MARKS, Story._start_mark),
    **dict.fromkeys(("rPr", "pPr", "tcPr", "trPr", "tblPr", "sdtPr", "sectPr"), Story._start_properties),
    **dict.fromkeys(PROPERTIES, Story._start_property),
    **dict.fromkeys(("pStyle", "tblStyle"), Story._start_style),
    "tblLook": Story._start_switches,
    **dict.fromkeys(("textFill", "noFill", "alpha"), Story._start_filling),
    **dict.fromkeys(("ins", "del", "moveFrom", "moveTo", "cellIns", "cellDel"), Story._start_change),
    **dict.fromkeys(
        ("rPrChange", "pPrChange", "tblPrChange", "trPrChange", "tcPrChange", "sectPrChange", "tblPrExChange"),
        Story._start_old,
    ),
    "tbl": Story._start_table,
    "tr": Story._start_row,
    "tc": Story._start_cell,
    **dict.fromkeys(("gridSpan", "gridBefore"), Story._start_span),
    "hidden": Story._start_hidden,
    **dict.fromkeys(("docPr", "cNvPr", "wsp", *_VML_SHAPES), Story._start_shape),
    **dict.fromkeys(("textpath", "imagedata", "fill"), Story._start_vml),
    "txbxContent": Story._start_box,
    **dict.fromkeys(("AlternateContent", "Fallback"), Story._start_alternative),
    **dict.fromkeys(("fldChar", "fldSimple"), Story._start_field),
    "sdt": Story._start_control,
    "dataBinding": Story._start_binding,
    **dict.fromkeys(_TOLD, Story._start_told),
    **dict.fromkeys(("comment", "footnote", "endnote"), Story._start_note),
    **dict.fromkeys(("footnoteReference", "endnoteReference"), Story._start_call),
    **dict.fromkeys(("headerReference", "footerReference"), Story._start_header),
    "titlePg": Story._start_page,
    "permStart": Story._start_editor,
}
_ENDS: dict[str, _Handler] = {
    "p": Story._end_paragraph,
    "r": Story._end_run,
    **dict.fromkeys(("t", "delText", "instrText", "delInstrText"), Story._end_text),
    **dict.fromkeys(("rPr", "pPr", "tcPr", "trPr", "tblPr", "sdtPr", "sectPr"), Story._end_properties),
    "textFill": Story._end_filling,
    **dict.fromkeys(("ins", "del", "moveFrom", "moveTo"), Story._end_change),
    **dict.fromkeys(
        ("rPrChange", "pPrChange", "tblPrChange", "trPrChange", "tcPrChange", "sectPrChange", "tblPrExChange"),
        Story._end_old,
    ),
    "tbl": Story._end_table,
    "tr": Story._end_row,
    "tc": Story._end_cell,
    **dict.fromkeys(("drawing", "pict", "object"), Story._end_shape),
    "txbxContent": Story._end_box,
    **dict.fromkeys(("AlternateContent", "Fallback"), Story._end_alternative),
    "sdt": Story._end_control,
}
