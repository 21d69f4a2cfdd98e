"""Contacts as vCard (RFC 6350, and 2.1 and 3.0 before it), and calendars (RFC 5545): lines of name, parameters, value.

Promises: total; every line is in the stream: a card as one row of a table, anything else as text. A file within
(photograph, attachment) is handed on. Whom a file names core has counted already.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from ...core.mail.text import decode_base64
from ..budget import Budget
from ..enclosed import Enclosed, Found
from ..stream import Row, Table
from .delimited import decode
from .text import pieces

TYPES = frozenset({"text/vcard", "text/x-vcard", "text/directory", "application/vcard"})
ENDINGS = (".vcf", ".vcard")
CALENDAR_TYPES = frozenset(
    {"text/calendar", "text/x-vcalendar", "text/ics", "application/ics", "application/x-ics", "application/calendar"}
)
CALENDAR_ENDINGS = (".ics", ".ical", ".icalendar", ".ifb", ".vcs")

HEADINGS = ("Name", "E-mail", "Telephone", "Date of birth", "Address", "Organisation", "Title", "Other")
_COLUMNS = {"FN": 0, "N": 0, "EMAIL": 1, "TEL": 2, "BDAY": 3, "ADR": 4, "ORG": 5, "TITLE": 6, "ROLE": 6}
_OTHER = 7
_CARD_COST = 20
"""Cells of the budget: more than a hundred thousand cards take too long."""
_SILENT = frozenset({"VERSION", "PRODID", "REV", "UID", "CLASS", "SORT-STRING", "X-ABUID", "KIND"})
_FOLD = re.compile(r"\r?\n[ \t]")
_QUOTED = re.compile(r"[^:\n]{0,200};(?:ENCODING=)?QUOTED-PRINTABLE[;:]", re.IGNORECASE)
_LINE = re.compile(
    r"(?:[\w-]{1,60}\.)?(?P<name>[\w-]{1,60})(?P<parameters>(?>(?:;(?>(?:[^:;\"\n]++|\"[^\"\n]*+\")*))*)):"
)
_ENCODED = re.compile(r"ENCODING=\"?(B(?:ASE64)?\b|Q)|;BASE64\b|;QUOTED-(?P<q>PRINTABLE)", re.IGNORECASE)
_DATA = re.compile(r"data:[\w.+/-]{0,100}[^,\n]{0,200};base64,", re.IGNORECASE)
_TYPE = re.compile(r"FMTTYPE=\"?([\w.+/-]{1,100})", re.IGNORECASE)
_FILENAME = re.compile(r"FILENAME=\"?([^\";:\n]{1,255})", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([nN,;\\:])")
_SHORT_DAY = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T.*)?\Z", re.DOTALL)


def begins(start: bytes) -> bool:
    return start[:64].lstrip(b"\xef\xbb\xbf\r\n\t ").upper().startswith(b"BEGIN:VCARD")


def begins_calendar(start: bytes) -> bool:
    return start[:64].lstrip(b"\xef\xbb\xbf\r\n\t ").upper().startswith(b"BEGIN:VCALENDAR")


def read(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """One table of all cards."""
    budget.keep(4 * len(data))
    yield Table("contacts", headings=HEADINGS)
    card: list[list[str]] | None = None
    beside: list[str] = []
    number = 0
    for line in _lines(decode(bytes(data))):
        head = line.strip().upper()
        if head == "BEGIN:VCARD":
            card = card or [[] for _ in HEADINGS]
        elif head == "END:VCARD" and card is not None:
            number += 1
            yield from _row(number, card, budget)
            card = None
        elif card is None:
            beside.append(line)
        else:
            yield from _put(card, line, budget)
    if card is not None:
        yield from _row(number + 1, card, budget)
    yield from pieces("\n".join(line for line in beside if line.strip()), "contacts")


def read_calendar(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """Its lines as one text, and the files that are attached to its entries."""
    budget.keep(4 * len(data))
    kept: list[str] = []
    for line in _lines(decode(bytes(data))):
        file = _file(line)
        if file is None:
            kept.append(_unescaped(line))
        else:
            budget.keep(len(file.data))
            yield file
    yield from pieces("\n".join(kept), "calendar")


def _lines(text: str) -> Iterator[str]:
    """Unfolded; a line in quoted-printable goes on behind an equals sign (vCard 2.1)."""
    quoted: list[str] = []
    for line in _FOLD.sub("", text).splitlines():
        if not quoted and not _QUOTED.match(line):
            yield line
            continue
        quoted.append(line.rstrip().removesuffix("="))
        if not line.rstrip().endswith("="):
            yield "".join(quoted)
            quoted = []
    if quoted:
        yield "".join(quoted)


def _put(card: list[list[str]], line: str, budget: Budget) -> Iterator[Found]:
    found = _LINE.match(line)
    if found is None:
        card[_OTHER].append(line)
        return
    file = _file(line)
    if file is not None:
        budget.keep(len(file.data))
        yield file
        return
    name = found["name"].upper()
    if name in _SILENT:
        return
    value = _value(found, line)
    column = _COLUMNS.get(name, _OTHER)
    if name == "N":
        if card[0]:
            return
        family, _, given = value.partition(";")
        value = f"{given.partition(';')[0]} {family}".strip()
    if name == "FN":
        card[0].clear()
    if name == "BDAY":
        value = _SHORT_DAY.sub(r"\1-\2-\3", value)
    if column == 1 or column == 2:
        value = re.sub(r"\A(?:mailto|tel):", "", value, flags=re.IGNORECASE)
    text = " ".join(part for part in value.replace(";", " ").split(" ") if part) if column != _OTHER else value
    if text:
        card[column].append(text)


def _row(number: int, card: list[list[str]], budget: Budget) -> Iterator[Found]:
    """The first value of each kind in its column; what there is besides, in the last one."""
    more = [text for texts in card[:_OTHER] for text in texts[1:]] + card[_OTHER]
    values = [texts[0] if texts else "" for texts in card[:_OTHER]] + ["\n".join(more)]
    columns = tuple(index for index, value in enumerate(values, 1) if value)
    if columns:
        budget.spend_cells(_CARD_COST)
        yield Row(number, tuple(value for value in values if value), columns)


def _value(found: re.Match[str], line: str) -> str:
    value = line[found.end() :]
    encoded = _ENCODED.search(found["parameters"])
    if encoded and (encoded["q"] or (encoded[1] or "").upper() == "Q"):
        value = binascii.a2b_qp(value.encode("utf-8", "replace")).decode("utf-8", "replace")
    return _unescaped(value)


def _file(line: str) -> Enclosed | None:
    """What is attached in a line, decoded; None for a line of text."""
    found = _LINE.match(line)
    if found is None:
        return None
    parameters, value = found["parameters"], line[found.end() :]
    encoded = _ENCODED.search(parameters)
    in_line = _DATA.match(value.lstrip())
    if in_line:
        value = value.lstrip()[in_line.end() :]
    elif not encoded or encoded["q"] or (encoded[1] or "").upper() == "Q":
        return None
    media_type, name = _TYPE.search(parameters), _FILENAME.search(parameters)
    octets = decode_base64(value.encode("ascii", "ignore"))
    names = (name[1],) if name else ()
    return Enclosed(octets, media_type[1] if media_type else "application/octet-stream", names)


def _unescaped(value: str) -> str:
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)
