"""All objects of a PDF: those that its cross-reference names and those that it does not, older ones too.

The file is gone through from its first octet to its last, as one does to repair a file, so that nothing that lies in it
depends on a table that leads to it. What a page shows is PDFium's to say (pdf_page.py); here is what else it carries.

Promises: total; linear in the file; streams stay where they are until somebody wants them unpacked; the budget has been
charged for all that PDFium will unpack. Objects that nobody asks for (fonts, structure without words) are not kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from ..budget import Budget, Uninspectable
from .pdf_encryption import Security, security_of
from .pdf_filters import decoded, measure
from .pdf_syntax import Broken, Ref, Stream, Value, read_value, text_of

TakeStream = Callable[["Objects", Stream], None]
MOST_REFERENCES = 32
_SPACE = rb"[\0\t\n\f\r ]"
_MARK = re.compile(
    rb"(?<!\d)(?P<number>\d{1,10})" + _SPACE + rb"{1,8}(?P<generation>\d{1,5})" + _SPACE + rb"{1,8}obj(?![a-z])"
    rb"|(?P<trailer>\btrailer)|(?P<end>%%EOF)"
)
_ENCRYPT = re.compile(rb"/" + b"".join(b"(?:%c|#%02x)" % (letter, letter) for letter in b"Encrypt"), re.IGNORECASE)
"""The name, whose letters may be written by number."""
_STREAM = re.compile(_SPACE + rb"{0,64}stream(?:\r\n|\n|\r)?")
_LENGTH = re.compile(
    rb"(?<!\d)(\d{1,10})" + _SPACE + rb"{1,8}\d{1,5}" + _SPACE + rb"{1,8}obj" + _SPACE + rb"{0,8}(\d{1,10})"
    rb"" + _SPACE + rb"{1,8}endobj"
)
_BROKEN_COST = 64
_OCTETS_A_TOKEN = 64
"""What a value takes in memory, on average, for each token."""
_DULL = frozenset(["Font", "FontDescriptor", "XRef", "ObjStm", "Encoding", "ExtGState", "Pattern", "CMap", "XObject"])
_PAINTED = frozenset(["Form", "Image"])
_WORDS_OF_STRUCTURE = frozenset(["Alt", "ActualText", "E"])
_DULL_IN_STREAM = re.compile(rb"/Type\s*/(?:StructElem|Font|FontDescriptor)\b")
_STRUCTURE = re.compile(rb"/(?:Alt|ActualText|E)\b")


@dataclass(frozen=True, slots=True)
class Defined:
    """One object. current: whether no later one in the file has its number."""

    number: int
    value: Value
    current: bool = True


@dataclass(slots=True)
class Objects:
    """trailers: in the order of the file. ends: where each %%EOF ends. masked: sizes of pictures that are see-through
    in places. tail: where the last object or %%EOF ends. revision: of the security handler, None where the file is not
    encrypted; all values are in plain, whether it is or not."""

    all: list[Defined] = field(default_factory=list)
    trailers: list[dict[str, Value]] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    masked: set[tuple[int, int]] = field(default_factory=set)
    tail: int = 0
    revision: int | None = None
    _latest: dict[int, Value] = field(default_factory=dict)

    def resolved(self, value: Value) -> Value:
        """What a reference leads to, None where that is nothing."""
        for _ in range(MOST_REFERENCES):
            if not isinstance(value, Ref):
                return value
            value = self._latest.get(value.number)
        return None

    def entry(self, of: Value, key: str) -> Value:
        """An entry of a dictionary or of a stream's; None where it has none."""
        of = self.resolved(of)
        entries = of.entries if isinstance(of, Stream) else of
        return self.resolved(entries.get(key)) if isinstance(entries, dict) else None

    def text(self, of: Value, key: str) -> str:
        """A text string as text, "" where there is none."""
        value = self.entry(of, key)
        return text_of(value).strip() if isinstance(value, bytes) else ""

    @property
    def root(self) -> Value:
        roots = [each["Root"] for each in self.trailers if "Root" in each]
        return self.resolved(roots[-1]) if roots else None

    def add(self, number: int, value: Value) -> None:
        self.all.append(Defined(number, value))
        self._latest[number] = value

    def close(self) -> None:
        """Tell the current ones from the others."""
        last = {each.number: at for at, each in enumerate(self.all)}
        self.all = [
            each if last[each.number] == at else Defined(each.number, each.value, False)
            for at, each in enumerate(self.all)
        ]


def read_objects(data: bytes, budget: Budget) -> Objects:
    """Of a whole file. Raises Uninspectable where it is encrypted and does not open without a password."""
    security: Security | None = None
    if _ENCRYPT.search(data):
        kept = budget.kept_bytes
        outline = _go_through(data, budget, None, _take_trailer)
        security = security_of(outline.trailers, [(each.number, each.value) for each in outline.all], budget)
        budget.kept_bytes = kept
    objects = _go_through(data, budget, security, lambda objects, stream: _take_stream(objects, stream, budget))
    objects.revision = None if security is None else security.revision
    objects.close()
    return objects


def _go_through(data: bytes, budget: Budget, security: Security | None, take: TakeStream) -> Objects:
    objects = Objects()
    position = 0
    no_end_after = len(data)
    lengths: dict[int, int] | None = None
    while (match := _MARK.search(data, position)) is not None:
        position = match.end()
        if match.lastgroup == "end":
            objects.ends.append(position)
            objects.tail = position
            continue
        tokens = budget.tags
        try:
            value, position = read_value(data, position, budget)
        except Broken:
            budget.spend_tags(_BROKEN_COST)
            continue
        tokens = budget.tags - tokens
        if match.lastgroup == "trailer":
            if isinstance(value, dict):
                objects.trailers.append(value)
            continue
        if isinstance(value, dict) and (begin := _STREAM.match(data, position)) is not None:
            length = value.get("Length")
            if isinstance(length, Ref):
                lengths = _lengths(data) if lengths is None else lengths
                length = lengths.get(length.number)
            end, position = _end_of_stream(data, begin.end(), length, no_end_after)
            if position == len(data):
                no_end_after = min(no_end_after, begin.end())
            value = Stream(value, memoryview(data)[begin.end() : end], begin.end())
        if security is not None:
            value = security.opened(value, int(match["number"]), int(match["generation"]))
        if isinstance(value, Stream):
            take(objects, value)
        objects.tail = position
        _keep(objects, int(match["number"]), value, tokens, budget)
    return objects


def _keep(objects: Objects, number: int, value: Value, tokens: int, budget: Budget) -> None:
    if not isinstance(value, (dict, Stream, list, bytes, Ref)):
        return
    entries = value.entries if isinstance(value, Stream) else value
    if isinstance(entries, dict):
        kind = entries.get("Type")
        if "OC" not in entries and (kind in _DULL or entries.get("Subtype") in _PAINTED):
            return
        if kind == "StructElem" and _WORDS_OF_STRUCTURE.isdisjoint(entries):
            return
    budget.keep(tokens * _OCTETS_A_TOKEN)
    objects.add(number, value)


def _lengths(data: bytes) -> dict[int, int]:
    """All objects that are but a number: the lengths of streams, which may stand behind them."""
    return {int(match[1]): int(match[2]) for match in _LENGTH.finditer(data)}


def _end_of_stream(data: bytes, start: int, length: Value, no_end_after: int) -> tuple[int, int]:
    """Where its octets end, and where to read on: by its length if that is true, else by the word."""
    if isinstance(length, int) and 0 <= length <= len(data) - start:
        end = start + length
        found = data.find(b"endstream", end, end + 16)
        if found >= 0:
            return end, found + 9
    found = data.find(b"endstream", start) if start < no_end_after else -1
    return (found, found + 9) if found >= 0 else (len(data), len(data))


def _take_trailer(objects: Objects, stream: Stream) -> None:
    if stream.entries.get("Type") == "XRef":
        objects.trailers.append(stream.entries)


def _take_stream(objects: Objects, stream: Stream, budget: Budget) -> None:
    entries = stream.entries
    _take_trailer(objects, stream)
    if entries.get("Type") == "ObjStm":
        _take_inner(objects, stream, budget)
        return
    if entries.get("Subtype") == "Image":
        if any(key in entries for key in ("SMask", "Mask", "ImageMask", "SMaskInData")):
            width, height = entries.get("Width"), entries.get("Height")
            if isinstance(width, int) and isinstance(height, int):
                objects.masked.add((width, height))
        return
    measure(stream, budget)


def _take_inner(objects: Objects, stream: Stream, budget: Budget) -> None:
    """The objects in an object stream (7.5.7). One that is broken is PDFium's to judge, too; here it is not read."""
    count, first = stream.entries.get("N"), stream.entries.get("First")
    octets = decoded(stream, budget)
    if not isinstance(count, int) or not isinstance(first, int) or not 0 <= first <= len(octets):
        raise Uninspectable("holds a stream of objects that is broken")
    head = octets[:first].split()
    try:
        numbers = [int(each) for each in head[: 2 * count]]
    except ValueError as error:
        raise Uninspectable("holds a stream of objects that is broken") from error
    places = list(zip(numbers[::2], numbers[1::2], strict=False))
    for at, (number, offset) in enumerate(places):
        start = first + offset
        follows = first + places[at + 1][1] if at + 1 < len(places) else len(octets)
        if _is_dull(octets, start, follows):
            budget.spend_tags(1)
            continue
        tokens = budget.tags
        try:
            value, _ = read_value(octets, start, budget)
        except Broken:
            budget.spend_tags(_BROKEN_COST)
            continue
        _keep(objects, number, value, budget.tags - tokens, budget)


def _is_dull(octets: bytes, start: int, end: int) -> bool:
    return _DULL_IN_STREAM.search(octets, start, end) is not None and _STRUCTURE.search(octets, start, end) is None
