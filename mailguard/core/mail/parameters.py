"""Content-Type, Content-Disposition and Content-Transfer-Encoding: the value, its parameters, every reading of them.

RFC 2045 section 5.1, RFC 2231. Promises: total; linear; all names that any client could show are returned
(THREATS.md T32), and the first that clients prefer stands first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .text import decode_charset, decode_percent, decode_text, unfold, without_comments

_SEGMENT = re.compile(
    rb";[ \t]*+(?>(?:([^=;\s\"]++)[ \t]*+"
    rb"(?>(?:=[ \t]*+(?>(?:(\"(?>(?:[^\"\\]++|\\[\s\S])*)\")|([^;]*+))?))?))?)([^;]*+)"
)
_ESCAPED = re.compile(rb"\\([\s\S])")
_UNUSUAL = (b"(", b"\\", b"*", b"?")
"""Comments, escapes, forms of RFC 2231, encoded words."""
_USUAL_PARAMETER = re.compile(rb"[ \t]*+([A-Za-z][A-Za-z0-9-]*+)=(?:\"([^\"]*+)\"|([^\s\"]++))[ \t]*+")
_EXTENDED_NAME = re.compile(r"([^*]+)(?:\*([0-9]{1,4}))?(\*)?")
MAX_PARAMETERS = 200
"""A field with more is not read further; 2 to 4 are common, long RFC 2231 names take some 20."""


@dataclass(slots=True)
class Parameterised:
    """value: before the first semicolon, lower-case, comments removed. readings: each name with all its values.

    flaws: "comment", "junk", "quote-not-closed", "too-many", and "conflict:<name>" where a name has several values.
    raw: parameter values as written, unquoted, with "*" forms under their full names.
    """

    value: str
    readings: dict[str, list[str]] = field(default_factory=dict)
    raw: dict[str, list[bytes]] = field(default_factory=dict)
    flaws: list[str] = field(default_factory=list)

    def first(self, name: str) -> str | None:
        values = self.readings.get(name)
        return values[0] if values else None


def read_parameterised(body: bytes) -> Parameterised:
    """The body of a structured MIME field, folding included.

    Where it has comments it is read with and without them: "(" is common in unquoted file names.
    """
    text = unfold(body)
    usual = _read_usual(text)
    if usual is not None:
        return usual
    bare = without_comments(text).text if b"(" in text else text
    found = _read(bare)
    if bare != text:
        found.flaws.append("comment")
        _add_readings(found, _read(text))
    return found


def _read_usual(text: bytes) -> Parameterised | None:
    """The field where it is ASCII without anything that could be read in two ways; None where it is not."""
    if not text.isascii() or any(map(text.__contains__, _UNUSUAL)):
        return None
    head, *segments = text.split(b";")
    readings: dict[str, list[str]] = {}
    raw: dict[str, list[bytes]] = {}
    for segment in segments:
        found = _USUAL_PARAMETER.fullmatch(segment)
        if found is None:
            return None
        name, value = found[1].decode("ascii").lower(), found[3] if found[2] is None else found[2]
        if name in raw or value.strip() != value or len(raw) >= MAX_PARAMETERS:
            return None
        readings[name], raw[name] = [value.decode("ascii")], [value]
    return Parameterised(head.strip().decode("ascii").lower(), readings, raw)


def _read(text: bytes) -> Parameterised:
    semicolon = text.find(b";")
    head = text if semicolon < 0 else text[:semicolon]
    found = Parameterised(head.strip().decode("latin-1").lower())
    if semicolon >= 0:
        _read_segments(text, semicolon, found)
    _combine(found)
    return found


def _add_readings(found: Parameterised, other: Parameterised) -> None:
    for name, values in other.readings.items():
        known = found.readings.setdefault(name, [])
        added = [value for value in values if value not in known]
        known.extend(added)
        if added:
            found.flaws.append(f"conflict:{name}")


def _read_segments(text: bytes, position: int, found: Parameterised) -> None:
    for count, segment in enumerate(_SEGMENT.finditer(text, position)):
        if count >= MAX_PARAMETERS:
            found.flaws.append("too-many")
            return
        name, quoted, plain, junk = segment.groups()
        if junk.strip():
            found.flaws.append("junk")
        if not name:
            continue
        if quoted is not None:
            value = _ESCAPED.sub(rb"\1", quoted[1:-1])
        else:
            value = _unquoted((plain or b"").strip(), found)
        found.raw.setdefault(name.decode("latin-1").lower(), []).append(value)


def _unquoted(value: bytes, found: Parameterised) -> bytes:
    if value.startswith(b'"'):
        found.flaws.append("quote-not-closed")
        return value[1:]
    if re.search(rb"[ \t]", value):
        found.flaws.append("junk")
    return value


def _combine(found: Parameterised) -> None:
    """Fill readings: the extended form, then continuations, then the plain value, then how it decodes."""
    pieces: dict[str, dict[int, tuple[bytes, bool]]] = {}
    plain: dict[str, list[str]] = {}
    for name, values in found.raw.items():
        match = _EXTENDED_NAME.fullmatch(name)
        if len(set(values)) > 1:
            found.flaws.append(f"conflict:{match[1] if match else name}")
        if match is None or (match[2] is None and match[3] is None):
            plain[name] = [text for value in values for text in _spellings(value)]
            continue
        for value in values:
            _place(pieces, found, match, value)
    for name, numbered in pieces.items():
        found.readings.setdefault(name, []).append(_joined(numbered))
    for name, texts in plain.items():
        known = found.readings.setdefault(name, [])
        known.extend(text for text in dict.fromkeys(texts) if text not in known)


def _place(
    pieces: dict[str, dict[int, tuple[bytes, bool]]], found: Parameterised, match: re.Match[str], value: bytes
) -> None:
    name, number, star = match[1], match[2], match[3] is not None
    if number is None:
        found.readings.setdefault(name, []).append(_joined({0: (value, True)}))
    else:
        pieces.setdefault(name, {})[int(number)] = (value, star)


def _joined(numbered: dict[int, tuple[bytes, bool]]) -> str:
    """RFC 2231 section 4.1: charset'language'octets in the first piece, percent forms in starred ones."""
    charset, octets = "utf-8", b""
    for index, number in enumerate(sorted(numbered)):
        value, star = numbered[number]
        if star and index == 0 and value.count(b"'") >= 2:
            name, _, value = value.split(b"'", 2)
            charset = name.decode("latin-1")
        octets += decode_percent(value).text if star else value
    return decode_charset(octets, charset)


def _spellings(value: bytes) -> list[str]:
    """A plain value as written and with its encoded words decoded, which clients do although RFC 2047 forbids it."""
    decoded = decode_text(value)
    written = decode_charset(value, "utf-8")
    return [decoded, written] if decoded != written else [written]
