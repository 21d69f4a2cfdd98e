"""Rich text as a file (.rtf): everything that one carries, told by what hides it.

Promises: total but for Uninspectable; linear in its octets. What stands in a destination that no program shows is
handed on as markup. Formats are taken as they are written beside the text: a style in rich text repeats what it does.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..budget import Budget, Uninspectable
from ..stream import SEEN, Item, Member, Person, Text, Visibility
from .colour import BLACK, WHITE, same_to_the_eye
from .layered_text import MAX_PARAGRAPH
from .rtf_objects import read_object_data, read_store
from .rtf_tokens import Token, tokens
from .rtf_words import CHARSETS, CLOSED, LETTERS, PARAGRAPHS, PEOPLE, SILENT, STORIES, SYMBOLS, TOLD
from .text_table import Layers, Tables
from .wordml import NARROW_PERCENT, TINY_POINTS

_MAX_DEPTH = 10_000
_MAX_NESTED = 32
_MAX_COLOURS = 65_536
_MAX_NAMED = 10_000
_TOKEN_COST = 6
"""A word or a group takes as long as six tags of XML; a document of fifty pages has some 100,000."""
_BEFORE = b" \t\r\n\xef\xbb\xbf"


@dataclass(slots=True)
class _Look:
    """How letters look. colour, ground, marked: numbers in the table of colours; size in half points."""

    hidden: bool = False
    deleted: bool = False
    inserted: bool = False
    colour: int = 0
    ground: int = 0
    marked: int = 0
    size: int = 24
    scale: int = 100
    font: int = -1

    def copied(self) -> _Look:
        """copy.copy takes four times as long, and every word of a format needs one."""
        return _Look(
            *(self.hidden, self.deleted, self.inserted),
            *(self.colour, self.ground, self.marked, self.size, self.scale, self.font),
        )


@dataclass(slots=True)
class _Group:
    """What a group says and takes back at its end. behind: colour behind the paragraph; nested: depth of tables."""

    look: _Look = field(default_factory=_Look)
    behind: int = 0
    nested: int = 0
    skip: int = 1
    ignorable: bool = False


@dataclass(slots=True)
class _Frame:
    """A destination that is open since a depth of groups. name: its word; a story has where, others gather pieces."""

    name: str
    depth: int
    where: str = ""
    whole: Visibility = SEEN
    is_story: bool = False
    tables: int = 0
    page: int = WHITE
    layers: dict[Visibility, list[str]] = field(default_factory=dict)
    last: Visibility = SEEN
    size: int = 0
    pieces: list[str] = field(default_factory=list)
    octets: bytearray = field(default_factory=bytearray)


def begins(data: bytes | memoryview) -> bool:
    return bytes(data[:256]).lstrip(_BEFORE).startswith(b"{\\rtf")


def read_rtf(data: bytes, budget: Budget) -> Iterator[Item]:
    """The document in these octets."""
    budget.spend_bytes(len(data))
    budget.spend_tags(_TOKEN_COST * (data.count(b"\\") + data.count(b"{")))
    reader = _Reader(budget)
    over = 0
    for token, end in tokens(data):
        reader.take(token)
        if reader.tables.ready:
            yield from reader.tables.ready
            reader.tables.ready.clear()
        if reader.is_over:
            over = end
            break
    yield from reader.finish()
    rest = data[over:].strip(_BEFORE + b"\0").decode("cp1252", "replace")
    if rest:
        yield Text(rest, "what comes after the text", Visibility.MARKUP)


class _Reader:
    def __init__(self, budget: Budget) -> None:
        self.tables = Tables(budget)
        self.is_over = False
        self._budget = budget
        self._groups: list[_Group] = []
        self._group = _Group()
        self._frames = [_Frame("rtf", 0, "the text", is_story=True)]
        self._octets = bytearray()
        self._units: list[int] = []
        self._codec = "cp1252"
        self._fonts: dict[int, str] = {}
        self._font = -1
        self._colours: list[int | None] = []
        self._parts = [0, 0, 0]
        self._has_colour = False
        self._to_skip = 0
        self._cell_grounds: list[int] = []
        self._cell_ground = 0
        self._cell = 0
        self._named: set[tuple[str, str]] = set()
        self._shape: dict[str, str] = {}
        self._shape_name = ""
        self._drawn: set[str] = set()

    def take(self, token: Token) -> None:
        if self._to_skip and not token.brace:
            token = self._skipped(token)
        if token.letters:
            self._take_letters(token.letters)
        elif token.brace:
            self._to_skip = 0
            self._flush()
            if token.brace == "{":
                self._open()
            else:
                self._close()
        elif token.word:
            self._take_word(token.word, token.number)
        elif token.binary is not None:
            self._take_octets(token.binary)
        elif token.symbol == "*":
            self._group.ignorable = True
        elif token.symbol in SYMBOLS:
            self._write(SYMBOLS[token.symbol])
        elif token.symbol in "\r\n" and token.symbol:
            self._end_paragraph()

    def finish(self) -> Iterator[Item]:
        if not self.is_over:
            raise Uninspectable("its rich text is cut off")
        yield from self.tables.ready
        self.tables.ready.clear()

    def _skipped(self, token: Token) -> Token:
        """What older programs read in the place of a letter of Unicode."""
        if token.letters:
            left = token.letters[self._to_skip :]
            self._to_skip = max(0, self._to_skip - len(token.letters))
            return Token(letters=left)
        if token.word == "u" or token.binary is not None:
            self._to_skip = 0
            return token
        self._to_skip -= 1
        return Token()

    # groups and destinations

    def _open(self) -> None:
        if len(self._groups) >= _MAX_DEPTH:
            raise Uninspectable(f"holds groups nested more than {_MAX_DEPTH} deep")
        self._groups.append(self._group)
        outer = self._group
        self._group = _Group(outer.look, outer.behind, outer.nested, outer.skip)

    def _close(self) -> None:
        depth = len(self._groups)
        while len(self._frames) > 1 and self._frames[-1].depth == depth:
            self._end_frame(self._frames.pop())
        if self._groups:
            self._group = self._groups.pop()
        if not self._groups:
            self._end_story(self._frames[0])
            self.tables.end_all()
            self.is_over = True

    def _begin_frame(self, frame: _Frame) -> None:
        if len(self._frames) >= _MAX_DEPTH:
            raise Uninspectable(f"holds groups nested more than {_MAX_DEPTH} deep")
        self._flush()
        self._frames.append(frame)

    def _destination(self, word: str) -> bool:
        """Whether the word opens one."""
        depth = len(self._groups)
        if self._frames[-1].name in CLOSED:
            return False
        if word in STORIES:
            where, whole = STORIES[word]
            outer = self._frames[-1]
            if outer.whole is not SEEN or not outer.is_story:
                whole = outer.whole if outer.whole is not SEEN else Visibility.MARKUP
            self._begin_frame(_Frame(word, depth, where, whole, True, 0, self._page_of(word)))
            self.tables.begin_box()
            self._group.look, self._group.nested, self._group.behind = _Look(), 0, 0
        elif word in TOLD or word in PEOPLE or word in SILENT or word in _OCTETS or word == "sv":
            self._begin_frame(_Frame(word, depth))
        elif self._group.ignorable and word not in _TRANSPARENT:
            self._begin_frame(_Frame("?", depth))
        else:
            return False
        return True

    def _page_of(self, word: str) -> int:
        """What lies behind the text of a shape: white, unless its properties say another filling."""
        fill = self._shape.get("fillColor", "")
        if word != "shptxt" or self._shape.get("fFilled") == "0" or not fill.isdecimal() or len(fill) > 8:
            return WHITE
        value = int(fill)
        return (value & 255) << 16 | value & 0xFF00 | value >> 16 & 255

    def _end_frame(self, frame: _Frame) -> None:
        self._frames.append(frame)
        self._flush()
        self._frames.pop()
        if frame.is_story:
            self._end_story(frame)
            self.tables.end_box()
            return
        text = "".join(frame.pieces).strip()
        name = frame.name
        if name in PEOPLE:
            self._person(PEOPLE[name], text)
        elif name in TOLD and name not in ("shprslt", "nonshppict"):
            self._say(text, *TOLD[name])
        elif name in ("?", "shprslt", "nonshppict"):
            for line in text.split("\n"):
                if line.strip() not in self._drawn:
                    self._say(line, "markup that no program shows", Visibility.MARKUP)
        elif name == "sn":
            self._shape_name = text[:64]
        elif name == "sv":
            self._end_shape_value(text)
        elif name == "objdata":
            self.tables.ready += read_object_data(bytes(frame.octets))
        elif name == "datastore":
            self.tables.ready += read_store(bytes(frame.octets), self._budget)
        elif name == "pict":
            self.tables.ready.append(Member("picture", "picture"))

    def _end_shape_value(self, text: str) -> None:
        name = self._shape_name
        if name in ("fillColor", "fFilled"):
            self._shape[name] = text[:16]
        elif name == "gtextUNICODE":
            self._say(text, "drawing", SEEN)
        elif name in ("wzDescription", "wzTooltip", "wzScript"):
            self._say(text, "description of a picture", Visibility.MARKUP)

    def _say(self, text: str, where: str, visibility: Visibility) -> None:
        if text.strip():
            self.tables.ready.append(Text(text.strip(), where, visibility))

    def _person(self, role: str, text: str) -> None:
        """revtbl has all of them, a semicolon behind each; the first is nobody."""
        for each in text.split(";") if role != "author" else [text]:
            name = each.strip()[:256]
            if name and name != "Unknown" and (role, name) not in self._named:
                if len(self._named) >= _MAX_NAMED:
                    raise Uninspectable(f"more than {_MAX_NAMED} people who made changes or comments")
                self._named.add((role, name))
                self.tables.ready.append(Person(role, name, name if "@" in name else ""))

    # words

    def _take_word(self, word: str, number: int | None) -> None:
        if word == "u" and number is not None:
            self._take_unit(number & 0xFFFF)
            return
        if word in LETTERS:
            self._write(LETTERS[word])
            return
        self._flush()
        opened = self._destination(word)
        self._group.ignorable = False
        if opened:
            return
        name = self._frames[-1].name
        if name == "colortbl":
            self._take_colour(word, number or 0)
        elif name == "fonttbl":
            self._take_font(word, number or 0)
        elif word in _LOOKS:
            self._set_look(word, 1 if number is None else number)
        elif word in PARAGRAPHS:
            self._end_paragraph()
        elif word in _PLACES:
            self._take_place(word, number or 0)
        elif word == "uc":
            self._group.skip = max(0, min(number or 0, 32))
        elif word == "ansicpg":
            self._codec = _codec(number or 0)
        elif word == "shp":
            self._shape = {}
        elif word == "ftnalt" and self._frames[-1].is_story:
            self._frames[-1].where = "an endnote"

    def _set_look(self, word: str, number: int) -> None:
        look = self._group.look
        if word == "plain":
            self._group.look = _Look(font=look.font)
            return
        key = _LOOKS[word]
        look = look.copied()
        setattr(look, key, bool(number) if key in ("hidden", "deleted", "inserted") else number)
        self._group.look = look

    def _take_place(self, word: str, number: int) -> None:
        """Where a paragraph stands, and cells and rows."""
        if not self._frames[-1].is_story:
            return
        if word == "pard":
            self._group.nested = self._group.behind = 0
        elif word == "intbl":
            self._group.nested = max(1, self._group.nested)
        elif word == "itap":
            self._group.nested = max(0, min(number, _MAX_NESTED))
        elif word == "cbpat":
            self._group.behind = number
        elif word == "trowd":
            self._cell_grounds, self._cell_ground, self._cell = [], 0, 0
        elif word == "clcbpat":
            self._cell_ground = number
        elif word == "cellx":
            if len(self._cell_grounds) < _MAX_NAMED:
                self._cell_grounds.append(self._cell_ground)
            self._cell_ground = 0
        elif word in ("cell", "nestcell"):
            self._end_cell(max(1, self._group.nested) if word == "cell" else max(2, self._group.nested))
        elif word in ("row", "nestrow"):
            self._end_row(1 if word == "row" else max(2, self._group.nested))

    # colours and fonts

    def _take_colour(self, word: str, number: int) -> None:
        if word in ("red", "green", "blue"):
            self._parts[("red", "green", "blue").index(word)] = number & 255
            self._has_colour = True

    def _end_colours(self, octets: bytes) -> None:
        for _ in range(octets.count(b";")):
            if len(self._colours) >= _MAX_COLOURS:
                raise Uninspectable(f"more than {_MAX_COLOURS} colours")
            red, green, blue = self._parts
            self._colours.append(red << 16 | green << 8 | blue if self._has_colour else None)
            self._parts, self._has_colour = [0, 0, 0], False

    def _take_font(self, word: str, number: int) -> None:
        if word == "f":
            self._font = number
        elif word == "fcharset" and number in CHARSETS and len(self._fonts) < _MAX_COLOURS:
            self._fonts[self._font] = CHARSETS[number]
        elif word == "cpg":
            self._fonts[self._font] = _codec(number)

    def _colour(self, number: int) -> int | None:
        return self._colours[number] if 0 <= number < len(self._colours) else None

    # letters

    def _take_letters(self, octets: bytes) -> None:
        frame = self._frames[-1]
        if frame.name in _OCTETS:
            self._take_hex(frame, octets)
        elif frame.name == "colortbl":
            self._end_colours(octets)
        elif frame.is_story or frame.name not in SILENT or frame.name == "sn":
            if self._units:
                self._flush()
            self._octets += octets

    def _take_unit(self, unit: int) -> None:
        if self._octets:
            self._flush()
        self._units.append(unit)
        self._to_skip = self._group.skip

    def _take_octets(self, octets: bytes) -> None:
        frame = self._frames[-1]
        if frame.name in _OCTETS:
            self._budget.keep(len(octets))
            frame.octets += octets

    def _take_hex(self, frame: _Frame, octets: bytes) -> None:
        """An odd digit at the end of a piece belongs to the next; none of the writers divides an octet."""
        self._budget.keep(len(octets) // 2)
        try:
            frame.octets += bytes.fromhex(octets.decode("ascii"))
        except ValueError as error:
            raise Uninspectable("holds an object that cannot be decoded") from error

    def _flush(self) -> None:
        if self._octets:
            codec = self._fonts.get(self._group.look.font, self._codec)
            text, self._octets = self._octets.decode(codec, "replace"), bytearray()
            self._write(text)
        if self._units:
            octets = b"".join(unit.to_bytes(2, "little") for unit in self._units)
            self._units = []
            self._write(octets.decode("utf-16-le", "replace"))

    def _write(self, text: str) -> None:
        if self._octets or self._units:
            self._flush()
        frame = self._frames[-1]
        frame.size += len(text)
        if frame.size > MAX_PARAGRAPH:
            raise Uninspectable(f"holds a paragraph of more than {MAX_PARAGRAPH} letters")
        if not frame.is_story:
            frame.pieces.append(text)
            return
        why = self._why_unseen(frame)
        pieces = frame.layers.setdefault(why, [])
        if pieces and why is not frame.last and why not in (SEEN, Visibility.INSERTED_TEXT):
            pieces.append(" ")
        frame.last = why
        pieces.append(text)

    def _why_unseen(self, frame: _Frame) -> Visibility:
        look = self._group.look
        if frame.whole is not SEEN:
            return frame.whole
        if look.deleted:
            return Visibility.DELETED_TEXT
        if look.hidden:
            return Visibility.HIDDEN_TEXT
        if 0 < look.size <= 2 * TINY_POINTS or 0 < look.scale <= NARROW_PERCENT:
            return Visibility.TINY_TEXT
        if self._is_pale(frame, look):
            return Visibility.SAME_COLOUR
        return Visibility.INSERTED_TEXT if look.inserted else SEEN

    def _is_pale(self, frame: _Frame, look: _Look) -> bool:
        """Automatic letters turn white on a dark shading, and stay black under a dark highlight."""
        front, marked = self._colour(look.colour), self._colour(look.marked) if look.marked else None
        if front is None and marked is None:
            return False
        cell = self._cell_grounds[self._cell] if self._group.nested and self._cell < len(self._cell_grounds) else 0
        grounds = [marked, *(self._colour(each) if each else None for each in (look.ground, self._group.behind, cell))]
        ground = next((each for each in grounds if each is not None), frame.page)
        return same_to_the_eye(BLACK if front is None else front, ground)

    # paragraphs, cells and rows

    def _end_paragraph(self) -> None:
        self._flush()
        frame = self._frames[-1]
        frame.size = 0
        if not frame.is_story:
            frame.pieces.append("\n")
            return
        texts: Layers = {}
        for why, pieces in frame.layers.items():
            text = "".join(pieces).strip()
            if text:
                texts[why] = [text]
        frame.layers.clear()
        if frame.name == "dptxbxtext" and frame.whole is not SEEN:
            texts = {why: [text for text in found if text not in self._drawn] for why, found in texts.items()}
        if not texts:
            return
        self._nest(frame, self._group.nested)
        table = self.tables.table
        if table is not None and table.cell is None:
            table.begin_cell()
        if frame.name in ("shptxt", "dptxbxtext"):
            for found in texts.values():
                self._budget.keep(sum(map(len, found)))
                self._drawn.update(line.strip() for text in found for line in text.split("\n"))
        self.tables.say(texts, frame.where)

    def _nest(self, frame: _Frame, depth: int) -> None:
        """As many tables open as the paragraph stands in."""
        while frame.tables > depth:
            self._end_table(frame)
        while frame.tables < depth:
            table = self.tables.table
            if table is not None and table.cell is None:
                table.begin_cell()
            self.tables.begin(frame.where, frame.whole).begin_row()
            frame.tables += 1

    def _end_table(self, frame: _Frame) -> None:
        table = self.tables.table
        if table is not None:
            if table.cell is not None:
                table.end_cell(self._budget)
            self.tables.end_row()
        self.tables.end()
        frame.tables -= 1

    def _end_cell(self, depth: int) -> None:
        nested, self._group.nested = self._group.nested, depth
        self._end_paragraph()
        self._group.nested = nested
        self._nest(self._frames[-1], depth)
        table = self.tables.table
        if table is not None:
            if table.cell is None:
                table.begin_cell()
            table.end_cell(self._budget)
        self._cell += 1

    def _end_row(self, depth: int) -> None:
        frame = self._frames[-1]
        self._end_paragraph()
        self._cell = 0
        if frame.tables < depth:
            return
        self._nest(frame, depth)
        self.tables.end_row()
        table = self.tables.table
        if table is not None:
            table.begin_row()

    def _end_story(self, frame: _Frame) -> None:
        self._frames.append(frame)
        self._end_paragraph()
        self._frames.pop()
        self._nest(frame, 0)


def _codec(page: int) -> str:
    try:
        codecs.lookup(f"cp{page}")
    except LookupError:
        return "utf-8" if page == 65001 else "cp1252"
    return f"cp{page}"


_OCTETS = frozenset(["objdata", "datastore"])
_TRANSPARENT = frozenset(
    ["shppict", "shpinst", "nesttableprops", "background", "ud", "do", "shpgrp", "mailmerge", "rtf"]
)
"""Ignorable destinations whose content counts as if they were not there."""
_LOOKS = {
    "v": "hidden", "deleted": "deleted", "revised": "inserted", "cf": "colour", "chcbpat": "ground", "cb": "ground",
    "highlight": "marked", "fs": "size", "charscalex": "scale", "plain": "", "f": "font",
}  # fmt: skip
_PLACES = frozenset(
    ["pard", "intbl", "itap", "cbpat", "trowd", "clcbpat", "cellx", "cell", "nestcell", "row", "nestrow"]
)
