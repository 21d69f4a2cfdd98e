"""How the letters of a Word 97 document look (MS-DOC 2.4.6), of their own and by their styles (2.9.271), and what
hides them.

Promises: total but for Uninspectable; each combination of formats is worked out once. Shares its measures with the
readers of docx and rtf.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from ..budget import Budget, Uninspectable
from ..stream import SEEN, Visibility
from .colour import BLACK, same_to_the_eye
from .doc_file import CUT, STYLES, DocumentFile
from .doc_sprms import AUTOMATIC, colour, named_colour, number, old_shading, shading, sprms
from .wordml import NARROW_PERCENT, TINY_POINTS

_VANISH, _PLAIN, _STYLE = 0x083C, 0x2A33, 0x4A30
_INDEXED, _COLOUR, _SHADING, _OLD_SHADING, _MARKED = 0x2A42, 0x6870, 0xCA71, 0x4866, 0x2A0C
_NUMBERS = {0x0800: "deleted", 0x0801: "inserted", 0x4A43: "size", 0x4852: "scale"}
_UNREAD = frozenset([0xCA31, 0xCA47])
"""Changes that turn on what the letters were before (sprmCIstdPermute, sprmCMajority)."""
_PARAGRAPH, _CHARACTER = 1, 2
_NO_STYLE = 0xFFF
_OVERHEAD = 256
_STYLE_COST = 4

Said = dict[str, int]
"""What formats say: hidden, deleted, inserted; size in half points; scale in per cent; colour, ground, marked."""


@dataclass(frozen=True, slots=True)
class Style:
    """paragraph, letters: sprms."""

    kind: int
    base: int
    paragraph: bytes
    letters: bytes


def read_styles(file: DocumentFile, budget: Budget) -> tuple[Style | None, ...]:
    """2.9.271; None for a number that no style has."""
    octets = file.part(STYLES)
    try:
        (size,) = struct.unpack_from("<H", octets)
        count, base = struct.unpack_from("<HH", octets, 2)
        at, found = 2 + size, list[Style | None]()
        budget.keep(_OVERHEAD * count)
        for _ in range(count):
            (size,) = struct.unpack_from("<H", octets, at)
            if at + 2 + size > len(octets):
                raise Uninspectable(CUT)
            found.append(_style(octets[at + 2 : at + 2 + size], base) if size else None)
            at += 2 + size + size % 2
    except struct.error as error:
        raise Uninspectable(CUT) from error
    return tuple(found)


def _style(octets: bytes, size: int) -> Style:
    """Std (2.9.260): its name lies between what all have and the formats."""
    _, kinds, counts = struct.unpack_from("<3H", octets)
    (letters,) = struct.unpack_from("<H", octets, size)
    at = size + 2 + 2 * letters + 2
    parts = []
    for _ in range(counts & 15):
        at += at % 2
        if at + 2 > len(octets):
            break
        (length,) = struct.unpack_from("<H", octets, at)
        if at + 2 + length > len(octets):
            raise Uninspectable("holds a style that is cut off")
        parts.append(octets[at + 2 : at + 2 + length])
        at += 2 + length
    kind = kinds & 15
    if kind == _PARAGRAPH:
        paragraph, chosen, *_ = *parts, b"", b""
        return Style(kind, kinds >> 4, paragraph[2:], chosen)
    return Style(kind, kinds >> 4, b"", parts[0] if kind == _CHARACTER and parts else b"")


class Styles:
    """The styles of a document, each with those that it is based on."""

    def __init__(self, styles: tuple[Style | None, ...], budget: Budget) -> None:
        self._styles, self._budget = styles, budget
        self._said: dict[int, Said] = {}

    def chain(self, index: int) -> list[Style]:
        """From the outermost on. One that is based on itself ends there."""
        found, seen = list[Style](), set[int]()
        while index != _NO_STYLE and index not in seen and index < len(self._styles):
            seen.add(index)
            style = self._styles[index]
            if style is None:
                break
            self._budget.spend_tags(_STYLE_COST + len(style.paragraph) + len(style.letters))
            found.append(style)
            index = style.base
        return found[::-1]

    def said(self, index: int) -> Said:
        if index not in self._said:
            said: Said = {}
            for style in self.chain(index):
                read_letters(said, style.letters, said.get("hidden", 0))
            self._said[index] = said
        return self._said[index]

    def together(self, paragraph: int, character: int | None) -> Said:
        """Character styles change what the style of the paragraph says; both hidden together show (ECMA-376 17.7.3)."""
        said = dict(self.said(paragraph))
        if character is not None and character < len(self._styles):
            style = self._styles[character]
            if style is not None and style.kind == _CHARACTER:
                own = self.said(character)
                said |= {**own, "hidden": said.get("hidden", 0) ^ own.get("hidden", 0)}
        return said


def read_letters(said: Said, octets: bytes, styled: int) -> None:
    """Into said. styled: whether the style hides."""
    for code, operand in sprms(octets):
        if code in _NUMBERS:
            said[_NUMBERS[code]] = number(operand)
        elif code == _VANISH:
            said["hidden"] = _toggled(operand[0], styled)
        elif code == _INDEXED:
            said["colour"] = named_colour(operand[0])
        elif code == _COLOUR:
            said["colour"] = colour(operand)
        elif code == _MARKED:
            said["marked"] = named_colour(operand[0])
        elif code == _SHADING:
            said["ground"] = shading(operand[1:])
        elif code == _OLD_SHADING:
            said["ground"] = old_shading(operand)
        elif code in _UNREAD:
            raise Uninspectable("changes a format in a way that is not read")


def _toggled(value: int, styled: int) -> int:
    """ToggleOperand (2.9.327)."""
    return styled ^ (value & 1) if value & 0x80 else int(value != 0)


class Looks:
    """How letters look under the style of their paragraph, formats of their own, and changes of their piece."""

    def __init__(self, styles: Styles, budget: Budget) -> None:
        self._styles, self._budget = styles, budget
        self._known: dict[tuple[int, bytes, bytes], Said] = {}

    def of(self, style: int, letters: bytes, changes: bytes) -> Said:
        key = style, letters, changes
        found = self._known.get(key)
        if found is None:
            self._budget.keep(2 * _OVERHEAD + len(letters))
            self._budget.spend_tags(len(letters) + len(changes))
            found = self._known[key] = self._read(style, (letters, changes))
        return found

    def _read(self, style: int, parts: tuple[bytes, bytes]) -> Said:
        character = None
        for part in parts:
            for code, operand in sprms(part):
                character = number(operand) if code == _STYLE else character
        styled = self._styles.together(style, character)
        said = dict(styled)
        for part in parts:
            for code, operand in sprms(part):
                if code == _PLAIN:
                    kept: Said = {key: said[key] for key in ("deleted", "inserted") if key in said}
                    said = {**styled, **kept}
                else:
                    read_letters(said, struct.pack("<H", code) + operand, styled.get("hidden", 0))
        return said


def why_unseen(said: Said, behind: Iterable[int], page: int) -> Visibility:
    """behind: the colours behind the paragraph, the nearest first; page: what lies behind all of them,
    AUTOMATIC where that cannot be told."""
    if said.get("deleted"):
        return Visibility.DELETED_TEXT
    if said.get("hidden"):
        return Visibility.HIDDEN_TEXT
    if 0 < said.get("size", 20) <= 2 * TINY_POINTS or 0 < said.get("scale", 100) <= NARROW_PERCENT:
        return Visibility.TINY_TEXT
    if _is_pale(said, behind, page):
        return Visibility.SAME_COLOUR
    return Visibility.INSERTED_TEXT if said.get("inserted") else SEEN


def _is_pale(said: Said, behind: Iterable[int], page: int) -> bool:
    """Automatic letters turn white on a dark shading, and stay black under a dark highlight."""
    front, marked = said.get("colour", AUTOMATIC), said.get("marked", AUTOMATIC)
    if front == AUTOMATIC and marked == AUTOMATIC:
        return False
    ground = next((each for each in (marked, said.get("ground", AUTOMATIC), *behind) if each != AUTOMATIC), page)
    return ground != AUTOMATIC and same_to_the_eye(BLACK if front == AUTOMATIC else front, ground)
