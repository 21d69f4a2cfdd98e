"""Splits the octets of a header into fields, leniently, and says what two readers would split differently.

Promises: total; linear; never str.splitlines (THREATS.md T25); each octet of the header belongs to exactly one field.
A reader that ends the header early (at a line without colon, an odd name, a blank line) and one that reads on are both
served: fields go on to the first empty line, and what would end it for somebody is a defect.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from .message import Buffer, Defect, Field

MAX_HEADER_OCTETS = 1024 * 1024
"""THREATS.md T33. Beyond it the message is to be refused; READ_OCTETS are read all the same, so no count is cut."""
READ_OCTETS = 8 * 1024 * 1024
MAX_PART_HEADER_OCTETS = 64 * 1024
"""A part's header is type, encoding and a name; a bound keeps a thousand parts without an empty line linear."""
MAX_FIELDS = 10_000
"""THREATS.md T33; ten times what the longest trace headers of real mail have."""
READ_FIELDS = 100_000
MAX_LINE_OCTETS = 998
"""RFC 5322 section 2.1.1."""

LISTED_FIELDS = frozenset({"to", "cc", "resent-to", "resent-cc", "apparently-to", "resent-apparently-to"})
"""Fields whose grammar is a list of recipients (RFC 5322, and RFC 821's successor to a missing To): a defect holds."""
_COUNTED = """
    x-apparently-to original-to original-cc x-original-to x-original-cc x-to x-cc delivered-to x-delivered-to
    envelope-to x-envelope-to x-rcpt-to x400-recipients
"""
COUNTED_FIELDS = frozenset(_COUNTED.split())
"""Vendors' fields that repeat recipients. Each address counts; they have no grammar that a defect could be held to."""
VISIBLE_FIELDS = LISTED_FIELDS | COUNTED_FIELDS
ORIGINATOR_FIELDS = frozenset({"from", "sender", "resent-from", "resent-sender"})
MIME_FIELDS = frozenset({"content-type", "content-transfer-encoding", "content-disposition"})
BLIND_FIELDS = frozenset({"bcc", "resent-bcc"})
CRUCIAL_FIELDS = LISTED_FIELDS | ORIGINATOR_FIELDS | MIME_FIELDS | BLIND_FIELDS | {"reply-to", "mime-version"}
SINGLE_FIELDS = frozenset({"from", "sender", "reply-to", "to", "cc", "subject"})
"""At most one each (RFC 5322 section 3.6) where two readers that take different ones would see another message."""
SINGLE_NOTED = frozenset({"date", "message-id", "in-reply-to", "references", "mime-version", "bcc"})
"""At most one each, too, but programs that double them are common, and nobody is shown or hidden by it."""

_EMPTY_LINE = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_FIELD = re.compile(rb"[^\r\n]*+(?>(?:(?>\r\n|\n|\r)[ \t][^\r\n]*+)*)(?>\r\n|\n|\r|\Z)")
_NAME = re.compile(rb"[!-9;-~]+")
_NOT_NAME = re.compile(rb"[^!-9;-~]+")
_BLANK_LINE = re.compile(rb"[\r\n][ \t]+(?=[\r\n]|\Z)")
_BARE_LF = re.compile(rb"(?<!\r)\n")
_BARE_CR = re.compile(rb"\r(?!\n)")
_SEPARATED_NAME = re.compile(
    rb"(?:[\x0b\x0c\x1c-\x1e]|(?<![\x80-\xff])\x85|\xc2\x85|\xe2\x80[\xa8\xa9])[ \t]*+([!-9;-~]{2,40})[ \t]*+:"
)
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_USUAL_OCTETS = bytes({*range(0x20, 0x7F), *b"\t\r\n"})
_USUAL_FIELD = re.compile(rb"([!-9;-~]++):[^\r\n]*+(?>(?:\r\n[ \t][^\r\n]*+)*)\r\n")
_USUAL_REACH = 16_384
_SAFE_NAME = re.compile(r"[a-z0-9-]{1,40}")


class Defects:
    """Collects defects, each kind and place once, in order."""

    def __init__(self) -> None:
        self._found: dict[Defect, None] = {}

    def add(self, kind: str, where: str, holds: bool = True) -> None:
        self._found.setdefault(Defect(kind, where, holds))

    def extend(self, defects: Iterable[Defect]) -> None:
        for defect in defects:
            self._found.setdefault(defect)

    def all(self) -> tuple[Defect, ...]:
        return tuple(self._found)


@dataclass(slots=True)
class Header:
    """octets: the header as bytes, beginning at `start` of raw. body_start: after the empty line, in raw.

    hidden: fields that only a reader sees who takes VT, FF, NEL or U+2028 for a line break (THREATS.md T25).
    """

    octets: bytes
    start: int
    body_start: int
    fields: list[Field] = field(default_factory=list)
    hidden: list[Field] = field(default_factory=list)


def read_header(raw: Buffer, start: int, end: int, where: str, defects: Defects) -> Header:
    """The header that begins at raw[start]. where: "" for the message, else the part, for the defects' place."""
    limit, longest = (MAX_PART_HEADER_OCTETS, MAX_PART_HEADER_OCTETS - 1) if where else (READ_OCTETS, MAX_HEADER_OCTETS)
    octets, body_start = _cut(raw, start, min(end, start + limit))
    header = Header(octets, start, body_start)
    if len(octets) > longest:
        defects.add("header-too-long", where or "header")
    usual = _is_usual(octets)
    if not (usual and _split_usual(header)):
        _split(header, where, defects)
    if not usual:
        _note_lines(header, where, defects)
    elif has_long_line(octets, 0, len(octets)):
        defects.add("long-header-line", where or "header", False)
    if not usual or b" \r" in octets or b"\t\r" in octets or octets[-1:] in (b" ", b"\t"):
        _note_blank_lines(header, where, defects)
    if len({each.name for each in header.fields}) != len(header.fields):
        _note_duplicates(header, where, defects)
    return header


def _is_usual(octets: bytes) -> bool:
    """Printable ASCII and tabs in lines that all end in CRLF: of that nothing is to be noted but long lines."""
    ends = octets.count(b"\r\n")
    return octets.count(b"\r") == ends == octets.count(b"\n") and not octets.translate(None, _USUAL_OCTETS)


def _split_usual(header: Header) -> bool:
    """What `_split` does where every field has a name, a colon and a CRLF; False, and nothing done, elsewhere."""
    octets, base, position, match = header.octets, header.start, 0, _USUAL_FIELD.match
    fields: list[Field] = []
    while position < len(octets):
        found = match(octets, position)
        if found is None or len(fields) == MAX_FIELDS:
            return False
        name, end = found[1], found.end()
        fields.append(Field(name.decode("ascii").lower(), base + position, base + position + len(name) + 1, base + end))
        position = end
    header.fields = fields
    return True


def place(name: str, where: str) -> str:
    """What a defect says of a field: its name where that is an ordinary one (it may quote an address), and its part."""
    shown = name if _SAFE_NAME.fullmatch(name) else "header"
    return f"{where} {shown}" if where else shown


def has_long_line(raw: Buffer, start: int, end: int) -> bool:
    """Whether a line has more than 998 octets, found in jumps: a window without a line feed is one."""
    while end - start > MAX_LINE_OCTETS + 2:
        feed = bytes(raw[start : start + MAX_LINE_OCTETS + 2]).rfind(b"\n")
        if feed < 0:
            return True
        start += feed + 1
    return False


def _cut(raw: Buffer, start: int, end: int) -> tuple[bytes, int]:
    first = _LINE_END.match(raw, start, end)
    if first:
        return b"", first.end()
    usual = _usual_end(raw, start, end)
    if usual is not None:
        return bytes(raw[start : usual + 2]), usual + 4
    empty = _EMPTY_LINE.search(raw, start, end)
    if empty is None:
        return bytes(raw[start:end]), end
    head = bytes(raw[start : empty.end()])
    line = 2 if head.endswith(b"\r\n") else 1
    return head[:-line], empty.end()


def _usual_end(raw: Buffer, start: int, end: int) -> int | None:
    """Where the last line of a header ends of which all lines end in CRLF; None where they do not, or it is long."""
    head = bytes(raw[start : min(end, start + _USUAL_REACH)])
    stop = head.find(b"\r\n\r\n")
    if stop < 0:
        return None
    return (
        start + stop
        if head.count(b"\r", 0, stop) == head.count(b"\r\n", 0, stop) == head.count(b"\n", 0, stop)
        else None
    )


def _split(header: Header, where: str, defects: Defects) -> None:
    octets = header.octets
    for found in _FIELD.finditer(octets):
        if found.start() == len(octets):
            break
        if len(header.fields) == MAX_FIELDS:
            defects.add("too-many-fields", where or "header")
        if len(header.fields) >= READ_FIELDS:
            break
        header.fields.append(_field(octets, found.start(), found.end(), header.start, where, defects))


def _field(octets: bytes, start: int, end: int, base: int, where: str, defects: Defects) -> Field:
    colon = octets.find(b":", start, end)
    if colon < 0:
        defects.add("line-without-colon", place("", where))
        return Field("", base + start, base + start, base + end)
    written = octets[start:colon]
    name = written
    if not _NAME.fullmatch(written):
        name = _odd_name(written, start == 0, where, defects)
    return Field(name.decode("ascii").lower(), base + start, base + colon + 1, base + end)


def _odd_name(written: bytes, first: bool, where: str, defects: Defects) -> bytes:
    """What is left of a field name that is none, read as leniently as any client would (THREATS.md T21 to T24)."""
    if first and written.rstrip(b" \t").startswith((b"From ", b">From ")):
        defects.add("mbox-line", place("", where))
        return b""
    name = _NOT_NAME.sub(b"", written)
    shown = place(name.decode("ascii").lower(), where)
    if b"\r" in written or b"\n" in written:
        defects.add("colon-on-continuation", shown)
    elif written[:1] in (b" ", b"\t"):
        defects.add("leading-white-space", shown)
    elif name and _NAME.fullmatch(written.rstrip(b" \t")):
        defects.add("space-before-colon", shown, name.decode("ascii").lower() in CRUCIAL_FIELDS)
    else:
        defects.add("field-name", place("", where))
    return name


def _note_lines(header: Header, where: str, defects: Defects) -> None:
    octets, shown = header.octets, where or "header"
    if _BARE_LF.search(octets):
        defects.add("bare-lf", shown)
    if _BARE_CR.search(octets):
        defects.add("bare-cr", shown)
    if b"\0" in octets:
        defects.add("nul", shown)
    if has_long_line(octets, 0, len(octets)):
        defects.add("long-header-line", shown, False)
    _note_hidden(header, where, defects)
    if _CONTROL.search(octets) or not octets.isascii():
        _note_octets(header, where, defects)


def _note_hidden(header: Header, where: str, defects: Defects) -> None:
    names = list(_SEPARATED_NAME.finditer(header.octets))
    for index, name in enumerate(names):
        lower = name[1].decode("ascii").lower()
        if lower not in CRUCIAL_FIELDS:
            continue
        defects.add("hidden-field", where or "header")
        limit = names[index + 1].start() if index + 1 < len(names) else len(header.octets)
        line = _LINE_END.search(header.octets, name.end(), limit)
        stop = line.end() if line else limit
        header.hidden.append(Field(lower, header.start + name.start(1), header.start + name.end(), header.start + stop))


def _note_octets(header: Header, where: str, defects: Defects) -> None:
    for each in header.fields:
        value = header.octets[each.start - header.start : each.end - header.start]
        if _CONTROL.search(value):
            defects.add("control-character", place(each.name, where), each.name in CRUCIAL_FIELDS)
        if not value.isascii():
            defects.add("8-bit-header", place(each.name, where), False)


def _note_blank_lines(header: Header, where: str, defects: Defects) -> None:
    """A line of nothing but white space ends the header for some (THREATS.md T23): does that hide anything?"""
    blank = _BLANK_LINE.search(header.octets)
    if blank is None:
        return
    position = header.start + blank.end()
    crucial = False
    for each in header.fields:
        rest = header.octets[max(each.start, position) - header.start : each.end - header.start]
        if each.end > position and rest.strip() and (each.name in CRUCIAL_FIELDS or not each.name):
            crucial = True
    defects.add("blank-line-in-header", where or "header", crucial)


def _note_duplicates(header: Header, where: str, defects: Defects) -> None:
    seen: set[str] = set()
    for each in header.fields:
        if each.name in seen and each.name in SINGLE_FIELDS:
            defects.add("duplicate-field", place(each.name, where), not where)
        elif each.name in seen and each.name in SINGLE_NOTED:
            defects.add("duplicate-field", place(each.name, where), False)
        seen.add(each.name)
