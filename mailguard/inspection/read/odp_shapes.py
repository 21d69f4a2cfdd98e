"""The slides of an OpenDocument presentation, from styles.xml, content.xml or a flat document, as pages of shapes.

Promises: one pass, no tree; a page leaves when it ends, with its notes and comments; styles are resolved as they come,
since they stand before what uses them. What is kept counts against the budget. It judges nothing.
"""

from __future__ import annotations

import math
import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ..budget import Budget, Uninspectable
from ..stream import SEEN, Item, Member, Person, Text, Visibility
from .drawing_colour import Colour, Fill
from .ods_styles import Style, Styles, length
from .plane import Matrix, moved, turned
from .slide_shapes import Font, Page, Paragraph, Run, Shape, TableCell, TableShape
from .xml_events import LocalNames, joined, xml_steps

_EMU = 12_700
"""To a point."""
_OVERHEAD = 512
_MAX_POINTS = 1e8
_STYLES = ("style", "default-style")
_MAX_REPEATED = 4_096
_SHAPES = frozenset(
    [
        *("frame", "custom-shape", "rect", "ellipse", "circle", "line", "polyline", "polygon", "path", "connector"),
        *("caption", "measure", "regular-polygon", "control", "page-thumbnail", "scene"),
    ]
)
_GEOMETRY = {"rect": "rect", "ellipse": "ellipse", "circle": "ellipse", "frame": "rect"}
_DRAWN = {"rectangle": "rect", "ooxml-rect": "rect", "round-rectangle": "roundRect", "ellipse": "ellipse"} | {
    "ooxml-roundRect": "roundRect",
    "ooxml-ellipse": "ellipse",
    "flowchart-process": "rect",
    "mso-spt1": "rect",
}
_TRANSFORM = re.compile(r"(rotate|translate|scale|skewX|skewY|matrix)\s*\(([^()]{0,200})\)")
_FADED = Fill("picture")
"""For a colour that is not known, or whatever can be read on its ground."""


@dataclass(slots=True)
class Slide:
    """name: of the slide, or of the master. master: the name of its own. size: of what uses this master. comments:
    author and text. told: what stands beside shapes, such as files written into a flat document."""

    name: str
    master: str = ""
    is_master: bool = False
    hidden: bool = False
    layout: str = ""
    page: Page = field(default_factory=Page)
    notes: Page = field(default_factory=lambda: Page("notes"))
    comments: list[Item] = field(default_factory=list)
    told: list[Item] = field(default_factory=list)


class SlideReader:
    """Reads one part after the other into the same styles. sizes: page layout -> width and height in EMU."""

    def __init__(self, budget: Budget) -> None:
        self.styles = Styles()
        self.sizes: dict[str, tuple[float, float]] = {}
        self.stray: list[str] = []
        self._budget = budget
        self._names = LocalNames()
        self._layout = ""
        self._hidden_layers: set[str] = set()
        self._slide: Slide | None = None
        self._ready: list[Slide] = []
        self._notes = False
        self._shapes: list[Shape] = []
        self._own: list[list[Style]] = []
        self._groups: list[bool] = []
        self._cell: TableCell | None = None
        self._cell_styles: list[Style] = []
        self._columns: list[str] = []
        self._row_style = ""
        self._row_repeat = self._cell_repeat = 1
        self._paragraph: Paragraph | None = None
        self._spans: list[Style] = []
        self._paragraphs = 0
        self._comment: list[str] | None = None
        self._author = ""
        self._text: str | None = None
        self._binary: list[str] | None = None

    def read(self, pieces: Iterable[bytes]) -> Iterator[Slide]:
        for _ in xml_steps(pieces, self.start, self.end, self.characters):
            yield from self._ready
            self._ready.clear()

    def start(self, full: str, attributes: Mapping[str, str]) -> None:
        name = self._names[full]
        keys = {self._names[key]: value for key, value in attributes.items()}
        if name in _STARTS:
            _STARTS[name](self, name, keys)
        elif name in _SHAPES:
            self._start_shape(name, keys)
        elif name in _STYLES or name.endswith("-properties"):
            self.styles.start(name, keys)
            if name == "page-layout-properties":
                self.sizes[self._layout] = _emu(keys.get("page-width", "")), _emu(keys.get("page-height", ""))

    def end(self, full: str) -> None:
        name = self._names[full]
        if name in _ENDS:
            _ENDS[name](self)
        elif name in _SHAPES and self._shapes:
            shape = self._shapes.pop()
            self._own.pop()
            self._place().shapes.append(shape)
        elif name in _STYLES:
            self.styles.end()

    def characters(self, text: str) -> None:
        if self._binary is not None:
            self._budget.keep(len(text))
            self._binary.append(text)
        elif self._text is not None:
            self._text = joined(self._text, text)
        elif self._paragraph is not None:
            self._say(text)
        elif self._slide is not None and text.strip():
            self._keep(text)
            self._slide.page.stray.append(text.strip())

    # slides and masters

    def _place(self) -> Page:
        if self._slide is None:
            return Page()
        return self._slide.notes if self._notes else self._slide.page

    def _start_layout(self, name: str, keys: Mapping[str, str]) -> None:
        self._layout = keys.get("name", "")[:64]
        if len(self.sizes) > _MAX_REPEATED:
            raise Uninspectable(f"more than {_MAX_REPEATED} formats of pages")

    def _start_slide(self, name: str, keys: Mapping[str, str]) -> None:
        self._budget.keep(_OVERHEAD)
        style = self.styles.resolve("drawing-page", keys.get("style-name", ""))
        self._notes = False
        self._slide = Slide(keys.get("name", "")[:256], keys.get("master-page-name", ""), name == "master-page")
        self._slide.layout = keys.get("page-layout-name", "")
        self._slide.hidden = bool(style.hidden_page)
        self._slide.page = Page("sldMaster" if name == "master-page" else "sld", not style.hidden_page)
        self._slide.page.shows_master = style.backdrop is not False
        self._slide.page.background = _painted(style)

    def _end_slide(self) -> None:
        if self._slide is not None:
            self._ready.append(self._slide)
        self._slide, self._shapes, self._own, self._groups = None, [], [], []

    def _start_notes(self, name: str, keys: Mapping[str, str]) -> None:
        self._notes = True

    def _end_notes(self) -> None:
        self._notes = False

    def _start_layer(self, name: str, keys: Mapping[str, str]) -> None:
        if keys.get("display") in ("none", "printer"):
            self._budget.keep(_OVERHEAD)
            self._hidden_layers.add(keys.get("name", ""))

    def _start_comment(self, name: str, keys: Mapping[str, str]) -> None:
        self._comment, self._author = [], ""

    def _end_comment(self) -> None:
        texts, self._comment = self._comment or [], None
        if self._slide is not None:
            where = f"slide {self._slide.name}"
            if self._author:
                self._slide.comments.append(Person("author of a comment", self._author, where=where))
            if texts:
                self._slide.comments.append(Text("\n".join(texts), f"comment on {where}", Visibility.COMMENT))

    def _start_said(self, name: str, keys: Mapping[str, str]) -> None:
        self._text = ""

    def _end_author(self) -> None:
        if self._comment is not None:
            self._author = (self._text or "").strip()
        self._text = None

    def _end_said(self) -> None:
        """A title or a description: of a shape, else of the slide."""
        text, self._text = (self._text or "").strip(), None
        if text:
            self._keep(text)
            (self._shapes[-1].said if self._shapes else self._place().stray).append(text)

    def _end_declared(self) -> None:
        """A header, a footer or a date that slides may show."""
        text, self._text = (self._text or "").strip(), None
        if text:
            self._keep(text)
            self.stray.append(text)

    def _drop(self) -> None:
        self._text = None

    # shapes

    def _start_group(self, name: str, keys: Mapping[str, str]) -> None:
        self._groups.append(bool(self._groups and self._groups[-1]) or self._is_hidden(keys))

    def _end_group(self) -> None:
        if self._groups:
            self._groups.pop()

    def _is_hidden(self, keys: Mapping[str, str]) -> bool:
        return keys.get("display") in ("none", "printer") or keys.get("layer", "") in self._hidden_layers

    def _start_shape(self, name: str, keys: Mapping[str, str]) -> None:
        self._budget.keep(_OVERHEAD)
        family = "presentation" if _PRESENTATION in keys else "graphic"
        style = self.styles.resolve(family, keys.get("style-name", ""))
        shape = Shape("sp", hidden=self._is_hidden(keys) or bool(self._groups and self._groups[-1]))
        shape.geometry = _GEOMETRY.get(name, "custom")
        shape.fill = None if name in ("line", "connector", "measure", "control") else _painted(style)
        if name == "frame" and shape.fill is None:
            shape.fill = Fill("none")
        _position(shape, keys)
        if keys.get("class") and self._slide is not None and self._slide.is_master:
            shape.placeholder = keys["class"][:32], ""
        self._shapes.append(shape)
        self._own.append([style, self.styles.resolve("paragraph", keys.get("text-style-name", ""))])

    def _start_geometry(self, name: str, keys: Mapping[str, str]) -> None:
        if self._shapes:
            self._shapes[-1].geometry = _DRAWN.get(keys.get("type", ""), "custom")

    def _start_picture(self, name: str, keys: Mapping[str, str]) -> None:
        """Also the picture that stands for an object or a table where nothing can show it."""
        if self._shapes and not self._shapes[-1].links and self._shapes[-1].table is None:
            self._shapes[-1].kind = "pic"

    def _start_object(self, name: str, keys: Mapping[str, str]) -> None:
        if self._shapes:
            self._shapes[-1].links.append((name, keys.get("href", "").removeprefix("./").strip("/")))
        self._binary = None

    def _start_link(self, name: str, keys: Mapping[str, str]) -> None:
        address = keys.get("href", "").strip()
        if address and self._slide is not None:
            self._keep(address)
            self._place().stray.append(address)

    def _start_binary(self, name: str, keys: Mapping[str, str]) -> None:
        self._binary = []

    def _end_binary(self) -> None:
        """A picture, or another program's object, written out in base64 in a flat document."""
        if self._binary is None:
            return
        try:
            content = b64decode("".join(self._binary))
        except ValueError as error:
            raise Uninspectable("holds an object that cannot be decoded") from error
        self._binary = None
        is_object = bool(self._shapes and self._shapes[-1].links)
        if self._slide is not None:
            kind, why = ("file", Visibility.EMBEDDED) if is_object else ("picture", SEEN)
            self._slide.told.append(Member("object" if is_object else "picture", kind, why, content))

    # texts

    def _start_paragraph(self, name: str, keys: Mapping[str, str]) -> None:
        self._paragraphs += 1
        if self._paragraphs == 1:
            self._paragraph = Paragraph()
            self._spans = [self.styles.resolve("paragraph", keys.get("style-name", ""))]

    def _end_paragraph(self) -> None:
        self._paragraphs -= 1
        if self._paragraphs or self._paragraph is None:
            return
        paragraph, self._paragraph = self._paragraph, None
        text = "".join(run.text for run in paragraph.runs).strip()
        if not text:
            return
        self._keep(text)
        if self._comment is not None:
            self._comment.append(text)
        elif self._cell is not None:
            self._cell.paragraphs.append(paragraph)
        elif self._shapes:
            self._shapes[-1].paragraphs.append(paragraph)
        elif self._slide is not None:
            self._place().stray.append(text)
        else:
            self.stray.append(text)

    def _start_span(self, name: str, keys: Mapping[str, str]) -> None:
        self._spans.append(self.styles.resolve("text", keys.get("style-name", "")))

    def _end_span(self) -> None:
        if len(self._spans) > 1:
            self._spans.pop()

    def _start_space(self, name: str, keys: Mapping[str, str]) -> None:
        if self._paragraph is not None:
            self._say({"tab": "\t", "line-break": "\n"}.get(name, " "))

    def _say(self, text: str) -> None:
        if self._paragraph is None:
            return
        font, concealed = self._font()
        runs = self._paragraph.runs
        if runs and runs[-1].font == font and runs[-1].hidden == concealed:
            runs[-1].text = joined(runs[-1].text, text)
        else:
            self._budget.keep(_OVERHEAD)
            runs.append(Run(text, font, hidden=concealed))

    def _font(self) -> tuple[Font, bool]:
        """Of the innermost style that says something, from the run to the shape."""
        styles = [*reversed(self._spans), *self._cell_styles, *(self._own[-1] if self._own else ())]
        coloured = next((each for each in styles if each.automatic is not None), None)
        fill = _FADED
        if coloured is not None and not coloured.automatic and coloured.colour is not None:
            opacity = 1.0 if coloured.opacity is None else coloured.opacity
            fill = Fill("solid", (Colour(coloured.colour, changes=(("alpha", opacity),)),))
        size = next((each.size for each in styles if each.size is not None), None)
        return Font(fill, size), any(each.concealed for each in self._spans)

    def _keep(self, text: str) -> None:
        self._budget.keep(len(text) + _OVERHEAD)

    # tables

    def _start_table(self, name: str, keys: Mapping[str, str]) -> None:
        if self._shapes:
            self._shapes[-1].table = TableShape()
            self._columns = []

    def _table(self) -> TableShape | None:
        return self._shapes[-1].table if self._shapes else None

    def _start_column(self, name: str, keys: Mapping[str, str]) -> None:
        table = self._table()
        if table is None:
            return
        width = self.styles.resolve("table-column", keys.get("style-name", "")).width
        for _ in range(_repeated(keys, "number-columns-repeated")):
            self._budget.spend_cells(1)
            table.widths.append((width or 0.0) * _EMU)
            self._columns.append(keys.get("default-cell-style-name", ""))

    def _start_row(self, name: str, keys: Mapping[str, str]) -> None:
        table = self._table()
        if table is None:
            return
        self._budget.keep(_OVERHEAD)
        height = self.styles.resolve("table-row", keys.get("style-name", "")).height
        table.heights.append((height or 0.0) * _EMU)
        table.rows.append([])
        self._row_style = keys.get("default-cell-style-name", "")
        self._row_repeat = _repeated(keys, "number-rows-repeated")

    def _end_row(self) -> None:
        table = self._table()
        if table is None or not table.rows:
            return
        for _ in range(self._row_repeat - 1):
            self._budget.spend_cells(1 + len(table.rows[-1]))
            self._budget.keep(_OVERHEAD)
            table.rows.append(table.rows[-1])
            table.heights.append(table.heights[-1])

    def _start_cell(self, name: str, keys: Mapping[str, str]) -> None:
        table = self._table()
        if table is None or not table.rows:
            return
        self._budget.spend_cells(1)
        self._budget.keep(_OVERHEAD)
        place = len(table.rows[-1])
        default = self._columns[place] if place < len(self._columns) else ""
        style = self.styles.resolve("table-cell", keys.get("style-name") or self._row_style or default)
        self._cell = TableCell(name == "covered-table-cell", fill=_painted(style) or _ground(style))
        self._cell_styles = [style]
        self._cell_repeat = _repeated(keys, "number-columns-repeated")

    def _end_cell(self) -> None:
        table, cell = self._table(), self._cell
        self._cell, self._cell_styles = None, []
        if table is None or not table.rows or cell is None:
            return
        self._budget.spend_cells(self._cell_repeat)
        table.rows[-1] += [cell] * self._cell_repeat


_PRESENTATION = "class"

_Start = Callable[[SlideReader, str, Mapping[str, str]], None]
_STARTS: dict[str, _Start] = {
    "page-layout": SlideReader._start_layout,
    **dict.fromkeys(("page", "master-page"), SlideReader._start_slide),
    "notes": SlideReader._start_notes,
    "layer": SlideReader._start_layer,
    "annotation": SlideReader._start_comment,
    **dict.fromkeys(
        ("creator", "date", "title", "desc", "header-decl", "footer-decl", "date-time-decl"), SlideReader._start_said
    ),
    "g": SlideReader._start_group,
    "enhanced-geometry": SlideReader._start_geometry,
    "image": SlideReader._start_picture,
    **dict.fromkeys(("object", "object-ole", "plugin"), SlideReader._start_object),
    "a": SlideReader._start_link,
    "binary-data": SlideReader._start_binary,
    **dict.fromkeys(("p", "h"), SlideReader._start_paragraph),
    "span": SlideReader._start_span,
    **dict.fromkeys(("s", "tab", "line-break"), SlideReader._start_space),
    "table": SlideReader._start_table,
    "table-column": SlideReader._start_column,
    "table-row": SlideReader._start_row,
    **dict.fromkeys(("table-cell", "covered-table-cell"), SlideReader._start_cell),
}
_ENDS: dict[str, Callable[[SlideReader], None]] = {
    **dict.fromkeys(("page", "master-page"), SlideReader._end_slide),
    "notes": SlideReader._end_notes,
    "annotation": SlideReader._end_comment,
    "creator": SlideReader._end_author,
    "date": SlideReader._drop,
    **dict.fromkeys(("title", "desc"), SlideReader._end_said),
    **dict.fromkeys(("header-decl", "footer-decl", "date-time-decl"), SlideReader._end_declared),
    "g": SlideReader._end_group,
    "binary-data": SlideReader._end_binary,
    **dict.fromkeys(("p", "h"), SlideReader._end_paragraph),
    "span": SlideReader._end_span,
    "table-row": SlideReader._end_row,
    **dict.fromkeys(("table-cell", "covered-table-cell"), SlideReader._end_cell),
}


def _painted(style: Style) -> Fill | None:
    """What a shape or a slide is filled with; None where its style says nothing."""
    if style.fill is None:
        return None
    if style.fill == "none":
        return Fill("none")
    alpha = ("alpha", 1.0 if style.fill_opacity is None else style.fill_opacity)
    if style.fill == "solid" and style.fill_colour is not None:
        return Fill("solid", (Colour(style.fill_colour, changes=(alpha,)),))
    return Fill("picture", (Colour(changes=(alpha,)),))


def _ground(style: Style) -> Fill | None:
    return None if style.ground is None else Fill("solid", (Colour(style.ground),))


def _position(shape: Shape, keys: Mapping[str, str]) -> None:
    """svg:x and so on, the two ends of a line, or a transform of a rectangle that begins at 0, 0."""
    if "x1" in keys:
        x, y, right, bottom = (_emu(keys.get(each, "")) for each in ("x1", "y1", "x2", "y2"))
        shape.place = moved(min(x, right), min(y, bottom))
        shape.width, shape.height = abs(right - x), abs(bottom - y)
    elif "width" in keys or "height" in keys:
        shape.width, shape.height = _emu(keys.get("width", "")), _emu(keys.get("height", ""))
        shape.place = moved(_emu(keys.get("x", "")), _emu(keys.get("y", "")))
        if "transform" in keys:
            shape.place = _transform(keys["transform"]).after(shape.place)


def _transform(value: str) -> Matrix:
    """ODF 1.3 part 3, 19.228: steps one after the other. A turn is counter-clockwise."""
    matrix = Matrix()
    for name, given in _TRANSFORM.findall(value[:1_000]):
        matrix = _step(name, given.replace(",", " ").split()).after(matrix)
    return matrix


def _step(name: str, given: list[str]) -> Matrix:
    if name == "translate":
        lengths = [_emu(each) for each in given]
        return moved(*[*lengths, 0.0, 0.0][:2])
    try:
        numbers = [max(-1e6, min(1e6, float(each))) for each in given if each[-1:].isdecimal()]
    except ValueError:
        return Matrix()
    if name == "rotate" and numbers:
        return turned(-math.degrees(numbers[0]))
    if name == "scale" and numbers:
        return Matrix(numbers[0], 0.0, 0.0, numbers[-1])
    if name == "skewX" and numbers:
        return Matrix(c=-math.tan(max(-1.5, min(1.5, numbers[0]))))
    if name == "matrix" and len(given) == 6 and len(numbers) >= 4:
        return Matrix(*numbers[:4], *(_emu(each) for each in given[4:]))
    return Matrix()


def _emu(value: str) -> float:
    points = length(value)
    return 0.0 if points is None or not abs(points) < _MAX_POINTS else points * _EMU


def _repeated(keys: Mapping[str, str], key: str) -> int:
    given = keys.get(key, "1")
    count = int(given) if given.isdecimal() and len(given) < 8 else 1
    if count > _MAX_REPEATED:
        raise Uninspectable("repeats a row or a column of a table without end")
    return max(1, count)
