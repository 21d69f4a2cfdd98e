"""The shapes of one slide, layout, master or page of notes (PresentationML, ECMA-376 part 1, 19.3), as written.

Promises: one pass, no tree; what is kept counts against the budget; every letter in the part comes out, in a shape or
as a stray one. It judges nothing: colours are names, places are numbers, and what a slide inherits is not asked for.
Transitional and strict parts read alike, since names are compared without their namespace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ..budget import Budget
from .drawing_colour import CHANGES, COLOURS, FILLS, Colour, Fill, changed, read_colour
from .plane import Matrix, moved, turned
from .slide_shapes import Font, Page, Paragraph, Run, Shape, TableCell, TableShape
from .spreadsheetml import is_true
from .xml_events import LocalNames, joined, read_xml

_OVERHEAD = 512
_SHAPES = frozenset(["sp", "pic", "cxnSp", "graphicFrame", "contentPart"])
_LEVELS = {"defPPr": 0} | {f"lvl{level}pPr": level for level in range(1, 10)}
_TEXT_STYLES = ("titleStyle", "bodyStyle", "otherStyle", "defaultTextStyle", "notesStyle")
_SILENT = frozenset(["attrName", "tableStyleId"])
"""Elements whose letters are words of the format."""
_LINKS = {"chart": "id", "oleObj": "id", "relIds": "dm", "control": "id"}
_MAX_EMU = 10**12


def read_page(pieces: Iterable[bytes], budget: Budget) -> Page:
    reader = _Reader(budget)
    read_xml(pieces, reader.start, reader.end, reader.characters)
    return reader.page


@dataclass(slots=True)
class _Group:
    """matrix: from its children to the slide."""

    matrix: Matrix
    hidden: bool = False


@dataclass(slots=True)
class _Frame:
    degrees: float = 0.0
    numbers: dict[str, tuple[float, float]] = field(default_factory=dict)


class _Reader:
    """open: names of the elements that are open. A fill is kept until it ends, then goes to whatever it stands in."""

    def __init__(self, budget: Budget) -> None:
        self.page = Page()
        self._budget = budget
        self._names = LocalNames()
        self._open: list[str] = []
        self._groups = [_Group(Matrix())]
        self._shapes: list[Shape] = []
        self._fallbacks = 0
        self._frame: _Frame | None = None
        self._fill: tuple[int, str, list[Colour]] | None = None
        self._colour: Colour | None = None
        self._cell: TableCell | None = None
        self._levels: dict[int, Font] | None = None
        self._level = 0
        self._paragraph: Paragraph | None = None
        self._run: Run | None = None
        self._text: str | None = None

    def start(self, full: str, attributes: Mapping[str, str]) -> None:
        name = self._names[full]
        parent = self._open[-1] if self._open else ""
        if not self._open:
            self._start_page(name, attributes)
        self._open.append(name)
        if name in _STARTS:
            _STARTS[name](self, name, parent, attributes)
        elif name in _SHAPES:
            self._start_shape(name)
        elif name in FILLS:
            if self._fill is None:
                self._fill = len(self._open), FILLS[name], []
        elif name in COLOURS:
            self._colour = read_colour(name, attributes)
        elif name in CHANGES and self._colour is not None:
            self._colour = changed(self._colour, name, attributes)
        elif name in _LEVELS:
            self._level = _LEVELS[name]
        elif name in _TEXT_STYLES:
            self._levels = self.page.text_styles.setdefault(name, {})
        elif name in _LINKS and self._shapes:
            self._shapes[-1].links.append((name, _related(attributes, _LINKS[name])))

    def end(self, full: str) -> None:
        name = self._names[full]
        depth = len(self._open)
        self._open.pop()
        if self._fill is not None and depth == self._fill[0]:
            self._end_fill()
        elif name in COLOURS:
            self._end_colour()
        elif name in _ENDS:
            _ENDS[name](self)
        elif name in _SHAPES and self._shapes:
            self.page.shapes.append(self._shapes.pop())
        elif name in _TEXT_STYLES:
            self._levels = None

    def characters(self, text: str) -> None:
        if self._text is not None:
            self._text = joined(self._text, text)
        elif text.strip() and self._open[-1] not in _SILENT:
            self._budget.keep(len(text) + _OVERHEAD)
            self.page.stray.append(text.strip())

    # the page and its shapes

    def _start_page(self, name: str, attributes: Mapping[str, str]) -> None:
        self.page.root = name
        self.page.shows = is_true(attributes.get("show", "1"))
        self.page.shows_master = is_true(attributes.get("showMasterSp", "1"))

    def _start_shape(self, name: str) -> None:
        self._budget.keep(_OVERHEAD)
        self._shapes.append(Shape(name, hidden=self._groups[-1].hidden, fallback=self._fallbacks > 0))

    def _start_group(self, name: str, parent: str, attributes: Mapping[str, str]) -> None:
        self._groups.append(_Group(self._groups[-1].matrix, self._groups[-1].hidden))

    def _end_group(self) -> None:
        if len(self._groups) > 1:
            self._groups.pop()

    def _start_fallback(self, name: str, parent: str, attributes: Mapping[str, str]) -> None:
        self._fallbacks += 1

    def _end_fallback(self) -> None:
        self._fallbacks -= 1

    def _start_named(self, name: str, parent: str, attributes: Mapping[str, str]) -> None:
        """cNvPr: of a shape, or of the group that was begun last."""
        hidden = is_true(attributes.get("hidden"))
        said = [attributes.get(key, "").strip() for key in ("descr", "title")]
        self._budget.keep(sum(map(len, said)))
        if self._shapes:
            self._shapes[-1].hidden |= hidden
            self._shapes[-1].said += [each for each in said if each]
        else:
            self._groups[-1].hidden |= hidden
            self.page.stray += [each for each in said if each]

    def _start_placeholder(self, name: str, parent: str, attributes: Mapping[str, str]) -> None:
        if self._shapes:
            self._shapes[-1].placeholder = attributes.get("type", "obj")[:16], attributes.get("idx", "")[:16]

    def _start_geometry(self, name: str, parent: str, attributes: Mapping[str, str]) -> None:
        if self._shapes:
            self._shapes[-1].geometry = attributes.get("prst", "")[:32] if name == "prstGeom" else "custom"

    def _start_link(self, name: str, parent: str, attributes: Mapping[str, str]) -> None:
        if attributes.get("tooltip", "").strip():
            self._budget.keep(len(attributes["tooltip"]) + _OVERHEAD)
            self.page.stray.append(attributes["tooltip"].strip())
        if self._run is not None and name == "hlinkClick":
            self._run.linked = True

    def _start_mapping(self, name: str, parent: str, attributes: Mapping[str, str]) -> None:
        self.page.mapping = {key[:16]: value[:16] for key, value in attributes.items()}

    # where a shape lies

    def _start_frame(self, name: str, parent: str, attributes: Mapping[str, str]) -> None:
        self._frame = _Frame(_whole(attributes.get("rot", "0")) / 60_000)

    def _start_measure(self, name: str, parent: str, attributes: Mapping[str, str]) -> None:
        if self._frame is not None and parent == "xfrm" and ("x" in attributes or "cx" in attributes):
            first, second = ("x", "y") if name in ("off", "chOff") else ("cx", "cy")
            self._frame.numbers[name] = _whole(attributes.get(first, "0")), _whole(attributes.get(second, "0"))

    def _end_frame(self) -> None:
        frame, self._frame = self._frame, None
        if frame is None or not self._open or "off" not in frame.numbers or "ext" not in frame.numbers:
            return
        (x, y), (width, height) = frame.numbers["off"], frame.numbers["ext"]
        own = turned(frame.degrees, x + width / 2, y + height / 2).after(moved(x, y))
        if self._open[-1] == "grpSpPr":
            group = self._groups[-1]
            left, top = frame.numbers.get("chOff", (x, y))
            across, down = frame.numbers.get("chExt", (width, height))
            scale = Matrix(width / across if across else 1.0, 0.0, 0.0, height / down if down else 1.0)
            group.matrix = group.matrix.after(own).after(scale).after(moved(-left, -top))
        elif self._shapes:
            shape = self._shapes[-1]
            shape.place, shape.width, shape.height = self._groups[-1].matrix.after(own), width, height

    # colours and fills

    def _end_colour(self) -> None:
        colour, self._colour = self._colour, None
        owner = self._open[-1] if self._open else ""
        if colour is None:
            return
        if self._fill is not None:
            self._budget.keep(64)
            self._fill[2].append(colour)
        elif owner == "bgRef" and self.page.background is None:
            self.page.background = Fill("solid", (colour,))
        elif self._shapes and owner == "fillRef" and self._shapes[-1].style_fill is None:
            self._shapes[-1].style_fill = Fill("solid", (colour,))
        elif self._shapes and owner == "fontRef":
            self._shapes[-1].style_font = Font(Fill("solid", (colour,)))

    def _end_fill(self) -> None:
        assert self._fill is not None
        fill, self._fill = Fill(self._fill[1], tuple(self._fill[2])), None
        owner = self._open[-1] if self._open else ""
        if owner == "bgPr":
            self.page.background = fill
        elif owner == "tcPr" and self._cell is not None:
            self._cell.fill = fill
        elif owner == "rPr" and self._run is not None:
            self._run.font = Font(fill, self._run.font.size)
        elif owner == "defRPr" and self._levels is not None:
            self._levels[self._level] = Font(fill, self._levels.get(self._level, Font()).size)
        elif owner in ("spPr", "pic") and self._shapes:
            self._shapes[-1].fill = fill

    def _start_reference(self, name: str, parent: str, attributes: Mapping[str, str]) -> None:
        """fillRef with the index 0 is no fill."""
        if self._shapes and attributes.get("idx") in ("0", "1000"):
            self._shapes[-1].style_fill = Fill("none")

    # texts

    def _start_list(self, name: str, parent: str, attributes: Mapping[str, str]) -> None:
        if self._cell is not None:
            self._levels = self._cell.levels
        elif self._shapes:
            self._levels = self._shapes[-1].levels

    def _end_list(self) -> None:
        self._levels = None

    def _start_default(self, name: str, parent: str, attributes: Mapping[str, str]) -> None:
        if self._levels is not None and parent in _LEVELS:
            self._levels[self._level] = Font(self._levels.get(self._level, Font()).fill, _size(attributes))

    def _start_fit(self, name: str, parent: str, attributes: Mapping[str, str]) -> None:
        if self._shapes and "fontScale" in attributes:
            given = attributes["fontScale"]
            scale = _number(given.removesuffix("%")) / (100 if given.endswith("%") else 100_000)
            self._shapes[-1].scale = scale if 0 < scale < 10 else 1.0

    def _start_paragraph(self, name: str, parent: str, attributes: Mapping[str, str]) -> None:
        self._paragraph = Paragraph()

    def _end_paragraph(self) -> None:
        paragraph, self._paragraph = self._paragraph, None
        if paragraph is None or not paragraph.runs:
            return
        self._budget.keep(_OVERHEAD + sum(len(run.text) + 128 for run in paragraph.runs))
        if self._cell is not None:
            self._cell.paragraphs.append(paragraph)
        elif self._shapes:
            self._shapes[-1].paragraphs.append(paragraph)
        else:
            self.page.stray.append("".join(run.text for run in paragraph.runs))

    def _start_level(self, name: str, parent: str, attributes: Mapping[str, str]) -> None:
        given = attributes.get("lvl", "0")
        if self._paragraph is not None and parent == "p" and given in tuple("012345678"):
            self._paragraph.level = int(given) + 1

    def _start_run(self, name: str, parent: str, attributes: Mapping[str, str]) -> None:
        if self._paragraph is not None:
            self._run = Run("\n" if name == "br" else "")
            self._paragraph.runs.append(self._run)

    def _end_run(self) -> None:
        self._run = None

    def _start_font(self, name: str, parent: str, attributes: Mapping[str, str]) -> None:
        if self._run is not None:
            self._run.font = Font(self._run.font.fill, _size(attributes))

    def _start_text(self, name: str, parent: str, attributes: Mapping[str, str]) -> None:
        self._text = ""

    def _end_text(self) -> None:
        text, self._text = self._text, None
        if text and self._paragraph is not None:
            if self._run is None:
                self._paragraph.runs.append(Run(text))
            else:
                self._run.text = joined(self._run.text, text)
        elif text and text.strip():
            self._budget.keep(len(text) + _OVERHEAD)
            self.page.stray.append(text.strip())

    # tables

    def _start_table(self, name: str, parent: str, attributes: Mapping[str, str]) -> None:
        if self._shapes:
            self._shapes[-1].table = TableShape()

    def _in_table(self, name: str, parent: str, attributes: Mapping[str, str]) -> None:
        table = self._shapes[-1].table if self._shapes else None
        if table is None:
            return
        self._budget.keep(64)
        if name == "tblPr":
            table.marked = frozenset(key for key, value in attributes.items() if is_true(value))
        elif name == "tableStyleId":
            table.styled = True
        elif name == "gridCol":
            table.widths.append(_whole(attributes.get("w", "0")))
        elif name == "tr":
            table.heights.append(_whole(attributes.get("h", "0")))
            table.rows.append([])
        elif table.rows:
            self._budget.spend_cells(1)
            self._budget.keep(_OVERHEAD)
            covered = is_true(attributes.get("hMerge")) or is_true(attributes.get("vMerge"))
            self._cell = TableCell(covered, max(1, int(_whole(attributes.get("gridSpan", "1")))))
            table.rows[-1].append(self._cell)

    def _end_cell(self) -> None:
        self._cell = None


_Start = Callable[[_Reader, str, str, Mapping[str, str]], None]
_STARTS: dict[str, _Start] = {
    "grpSp": _Reader._start_group,
    "Fallback": _Reader._start_fallback,
    "cNvPr": _Reader._start_named,
    "ph": _Reader._start_placeholder,
    "prstGeom": _Reader._start_geometry,
    "custGeom": _Reader._start_geometry,
    "hlinkClick": _Reader._start_link,
    "hlinkHover": _Reader._start_link,
    "clrMap": _Reader._start_mapping,
    "overrideClrMapping": _Reader._start_mapping,
    "xfrm": _Reader._start_frame,
    **dict.fromkeys(("off", "ext", "chOff", "chExt"), _Reader._start_measure),
    "fillRef": _Reader._start_reference,
    "lstStyle": _Reader._start_list,
    "defRPr": _Reader._start_default,
    "normAutofit": _Reader._start_fit,
    "p": _Reader._start_paragraph,
    "pPr": _Reader._start_level,
    **dict.fromkeys(("r", "fld", "br"), _Reader._start_run),
    "rPr": _Reader._start_font,
    "t": _Reader._start_text,
    "tbl": _Reader._start_table,
    **dict.fromkeys(("tblPr", "tableStyleId", "gridCol", "tr", "tc"), _Reader._in_table),
}
_ENDS: dict[str, Callable[[_Reader], None]] = {
    "grpSp": _Reader._end_group,
    "Fallback": _Reader._end_fallback,
    "xfrm": _Reader._end_frame,
    "lstStyle": _Reader._end_list,
    "p": _Reader._end_paragraph,
    **dict.fromkeys(("r", "fld", "br"), _Reader._end_run),
    "t": _Reader._end_text,
    "tc": _Reader._end_cell,
}


def _related(attributes: Mapping[str, str], key: str) -> str:
    """The id of a relationship, which stands in a namespace of its own."""
    return next((value for name, value in attributes.items() if name.endswith(f"}}{key}")), "")


def _size(attributes: Mapping[str, str]) -> float | None:
    size = _number(attributes.get("sz", ""))
    return size / 100 if size > 0 else None


def _whole(value: str) -> float:
    return max(-_MAX_EMU, min(_MAX_EMU, _number(value)))


def _number(value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        return 0.0
    return number if abs(number) < 1e15 else 0.0
