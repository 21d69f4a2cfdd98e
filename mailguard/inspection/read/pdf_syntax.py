"""The syntax of PDF objects (ISO 32000-2, 7.2 and 7.3): octets to values, one object at a time.

Promises: Broken for what is no object, and nothing else; no recursion; each octet is looked at a bounded number of
times. It must not know what any object means.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from ..budget import Budget

MAX_DEPTH = 128
MAX_STRING = 4_194_304
_OCTETS_A_TAG = 32
"""Of a string that is copied: so many cost as much as one token."""


class Broken(Exception):
    """No object stands here."""


class Name(str):
    """/Like this, without the slash, #xx resolved."""

    __slots__ = ()


class Ref(NamedTuple):
    number: int
    generation: int


class Cipher(Protocol):
    """What a stream is encrypted with (pdf_encryption.py)."""

    def opened(self, octets: bytes) -> bytes: ...

    def of_blanks(self, size: int) -> bytes: ...


@dataclass(slots=True)
class Stream:
    """entries: its dictionary. raw: as it stands in the file, filters and all; start: where. cipher: None where it
    stands there in plain."""

    entries: dict[str, Value]
    raw: memoryview | bytes = field(repr=False)
    start: int = 0
    cipher: Cipher | None = None

    def octets(self) -> bytes:
        """In plain, filters and all."""
        raw = bytes(self.raw)
        return raw if self.cipher is None else self.cipher.opened(raw)

    def blanked(self) -> bytes:
        """What may stand in the place of `raw` so that nothing but blanks is in it."""
        size = len(self.raw)
        return b" " * size if self.cipher is None else self.cipher.of_blanks(size)


Value = None | bool | int | float | bytes | Name | Ref | list["Value"] | dict[str, "Value"] | Stream

_SPACE = rb"\0\t\n\f\r "
_END = rb"\0\t\n\f\r ()<>\[\]{}/%"
_TOKEN = re.compile(
    rb"(?>(?:[" + _SPACE + rb"]|%[^\r\n]{0,4096}+)*)(?:"
    rb"(?P<ref>(?P<number>\d{1,10})[" + _SPACE + rb"]{1,8}(?P<generation>\d{1,5})[" + _SPACE + rb"]{1,8}R(?![^"
    rb"" + _END + rb"]))|/(?P<name>[^" + _END + rb"]*+)|(?P<open><<|\[)|(?P<close>>>|\])|(?P<string>\()"
    rb"|<(?P<hex>[0-9A-Fa-f" + _SPACE + rb"]*+)>|(?P<word>[^" + _END + rb"]++))"
)
_CALM = re.compile(rb"[^()\\]*+")
_ESCAPE = re.compile(rb"\\(\r\n|[0-7]{1,3}|.)|\r\n?", re.DOTALL)
_SIMPLE = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\r\n": b"", b"\r": b"", b"\n": b""}
_NUMBER = re.compile(rb"[+-]*(?:\d{1,30}(?:\.\d*)?|\.\d+)")
_HASH = re.compile(r"#([0-9A-Fa-f]{2})")
_WORDS: dict[bytes, Value] = {b"true": True, b"false": False, b"null": None}
_NO_KEY = object()


def read_value(data: bytes, position: int, budget: Budget) -> tuple[Value, int]:
    """The object at a position, and where it ends. Raises Broken."""
    stack: list[list[Value] | dict[str, Value]] = []
    keys: list[object] = []
    tokens = 0
    while True:
        match = _TOKEN.match(data, position)
        if match is None:
            raise Broken
        tokens += 1
        if not tokens & 1_023:
            budget.spend_tags(1_024)
        position = match.end()
        kind = match.lastgroup
        value: Value
        if kind == "name":
            value = _name(match["name"])
        elif kind == "word":
            value = _word(match["word"])
        elif kind == "ref":
            value = Ref(int(match["number"]), int(match["generation"]))
        elif kind == "open":
            if len(stack) >= MAX_DEPTH:
                raise Broken
            stack.append({} if match["open"] == b"<<" else [])
            keys.append(_NO_KEY)
            continue
        elif kind == "close":
            if not stack or isinstance(stack[-1], list) != (match["close"] == b"]"):
                raise Broken
            value = stack.pop()
            keys.pop()
        elif kind == "string":
            value, position = _string(data, position, budget)
        else:
            value = _hex(match["hex"])
        if not stack:
            budget.spend_tags(tokens & 1_023)
            return value, position
        into = stack[-1]
        if isinstance(into, list):
            into.append(value)
        elif keys[-1] is not _NO_KEY:
            into[str(keys[-1])] = value
            keys[-1] = _NO_KEY
        elif isinstance(value, Name):
            keys[-1] = value
        else:
            raise Broken


def _name(octets: bytes) -> Name:
    text = octets.decode("utf-8", "replace")
    return Name(_HASH.sub(lambda found: chr(int(found[1], 16)), text) if "#" in text else text)


def _word(octets: bytes) -> Value:
    if octets in _WORDS:
        return _WORDS[octets]
    if not _NUMBER.fullmatch(octets):
        raise Broken
    text = octets.lstrip(b"+-")
    sign = -1 if b"-" in octets else 1
    return sign * float(text) if b"." in text else sign * int(text)


def _string(data: bytes, position: int, budget: Budget) -> tuple[bytes, int]:
    """After the parenthesis that opens it."""
    start, depth, steps = position, 1, 0
    try:
        while depth:
            match = _CALM.match(data, position)
            position = match.end() if match else position
            steps += 1
            if position >= len(data) or position - start > MAX_STRING or depth > MAX_DEPTH:
                raise Broken
            letter = data[position]
            depth += (letter == 0x28) - (letter == 0x29)
            position += 2 if letter == 0x5C else 1
    finally:
        budget.spend_tags(steps + (position - start) // _OCTETS_A_TAG)
    text = data[start : position - 1]
    return (_ESCAPE.sub(_unescaped, text) if b"\\" in text or b"\r" in text else text), position


def _unescaped(match: re.Match[bytes]) -> bytes:
    escaped = match[1]
    if escaped is None:
        return b"\n"
    if escaped[:1].isdigit() and escaped[0] < 0x38:
        return bytes([int(escaped, 8) & 0xFF])
    return _SIMPLE.get(escaped, escaped)


def _hex(octets: bytes) -> bytes:
    digits = octets.translate(None, b"\0\t\n\f\r ")
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))


_PDF_DOC = "˘ˇˆ˙˝˛˚˜"
_PDF_DOC_HIGH = "•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž�€"
"""PDFDocEncoding where it differs from Latin-1 (ISO 32000-2, annex D.3): 0x18 to 0x1F, 0x80 to 0xA0."""
_TO_TEXT = {0x18 + at: letter for at, letter in enumerate(_PDF_DOC)} | {
    0x80 + at: letter for at, letter in enumerate(_PDF_DOC_HIGH)
}


def text_of(octets: bytes) -> str:
    """A text string (7.9.2.2): UTF-16 or UTF-8 by their marks, else PDFDocEncoding."""
    if octets.startswith(b"\xfe\xff"):
        return octets[2:].decode("utf-16-be", "replace")
    if octets.startswith(b"\xff\xfe"):
        return octets[2:].decode("utf-16-le", "replace")
    if octets.startswith(b"\xef\xbb\xbf"):
        return octets[3:].decode("utf-8", "replace")
    return octets.decode("latin-1").translate(_TO_TEXT)
