"""Properties of Outlook (MS-OXCDATA, MS-OXPROPS) and what they say: whom a message lists, who sent it, its text.

TNEF and .msg keep the same properties in two ways; both readers end here. Promises: total but for Uninspectable. Every
string of a message counts: what has no role of its own is searched for addresses like a text, so that no property is a
place to hide a list in. A recipient without an address (a name alone, an Exchange directory entry) names nobody here.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ...core.mail.mentions import TooManyMentions, mentions
from ..budget import Budget, Uninspectable
from ..enclosed import Enclosed, Found, Letter
from . import rtf

STRING8, UNICODE, BINARY, OBJECT = 0x001E, 0x001F, 0x0102, 0x000D
MULTIPLE = 0x1000

MESSAGE_CLASS, RECIPIENT_TYPE, INTERNET_CODE_PAGE, MESSAGE_CODE_PAGE = 0x001A, 0x0C15, 0x3FDE, 0x3FFD
BODY, RTF, HTML, TRANSPORT_HEADERS = 0x1000, 0x1009, 0x1013, 0x007D
ATTACH_DATA, ATTACH_NAME, ATTACH_LONG_NAME, ATTACH_TYPE, DISPLAY_NAME = 0x3701, 0x3704, 0x3707, 0x370E, 0x3001

AUTHORS = frozenset(
    {
        *(0x0C1A, 0x0C1D, 0x0C1F, 0x0C19, 0x5D01, 0x5D0A, 0x0042, 0x0065, 0x003B, 0x0041, 0x5D02, 0x5D0B),
        *(0x004F, 0x0050, 0x3FF8, 0x4022, 0x4023, 0x4024, 0x4025, 0x004D, 0x0051, 0x0080),
    }
)
"""Sender, who is represented, who is to be answered, who made it: name, address, key, entry."""
SHOWN, BLIND = frozenset({0x0E03, 0x0E04}), frozenset({0x0E02})
"""PidTagDisplayCc, PidTagDisplayTo; PidTagDisplayBcc."""
IDENTIFIERS = frozenset({0x1035, 0x1039, 0x1042, 0x3712, 0x3713, 0x0071, 0x300B})
"""Message and content identifiers, search keys: no addresses (DESIGN.md "Rewriting")."""
ATTENDEES = frozenset({0x0006, 0x0007, 0x0008, 0x8238, 0x823B, 0x823C, 0x8536, 0x8537, 0x8538, 0x8540, 0x8541, 0x825D})
"""Named properties by number: attendees required, optional, all, to, cc; those whom it is not or cannot be sent to."""

_MOST_LONE_OCTETS = 262_144
"""Of a binary property, searched for addresses. What is longer is a picture or a file, or is read as what it is."""


@dataclass(frozen=True, slots=True)
class Property:
    """One property. lid: its number if it is a named one. values: octets, one of them unless it has multiple values."""

    tag: int
    kind: int
    values: tuple[bytes, ...] = field(repr=False)
    lid: int | None = None

    @property
    def number(self) -> int:
        return int.from_bytes(self.values[0][:4], "little") if self.values else 0

    def text(self, codec: str) -> str:
        """What it says, whatever it is: strings as such, octets in both readings that an address can have in them."""
        return "\n".join(_text(value, self.kind & ~MULTIPLE, codec) for value in self.values)


def _text(octets: bytes, kind: int, codec: str) -> str:
    if kind == UNICODE:
        return octets.decode("utf-16-le", "replace").rstrip("\0")
    if kind == STRING8:
        return octets.decode(codec, "replace").rstrip("\0")
    if kind != BINARY or len(octets) > _MOST_LONE_OCTETS or b"@" not in octets:
        return ""
    narrow = "".join(map(_printable, octets.decode(codec, "replace")))
    wide = "".join(_printable(each) for start in (0, 1) for each in octets[start:].decode("utf-16-le", "replace"))
    return f"{narrow}\n{wide}"


def _printable(character: str) -> str:
    return character if character.isprintable() else "\n"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a message: its own properties, and what it is where that is known otherwise."""

    properties: tuple[Property, ...]
    enclosed: Enclosed | None


def codec_of(code_page: int) -> str:
    """The codec of a Windows code page; what is not known is read as Windows does in western Europe."""
    special = {65001: "utf-8", 20127: "ascii", 50220: "iso2022_jp", 50221: "iso2022_jp", 50222: "iso2022_jp"}
    special |= {28590 + number: f"iso8859_{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 15)}
    special |= {20866: "koi8_r", 21866: "koi8_u", 51932: "euc_jp", 51949: "euc_kr", 54936: "gb18030", 52936: "hz"}
    name = special.get(code_page, f"cp{code_page}")
    try:
        codecs.lookup(name)
    except LookupError:
        return "cp1252"
    return name


def read_message(
    properties: Iterable[Property],
    recipients: Iterable[tuple[Property, ...]],
    attachments: Iterable[Attachment],
    budget: Budget,
    *,
    codec: str | None = None,
    embedded: bool = False,
    authors: Iterable[str] = (),
) -> Iterator[Found]:
    """The message as a Letter, then its bodies, its files, and whom its other properties name."""
    all_of_it = tuple(properties)
    codec = codec or _code_page(all_of_it)
    reading = _Reading(codec, {name: dict.fromkeys(()) for name in ("authors", "recipients", "blind", "rest")})
    reading.roles["authors"].update(dict.fromkeys(authors))
    kind = ""
    for each in all_of_it:
        if each.tag == MESSAGE_CLASS:
            kind = each.text(codec).strip().lower()[:200]
        elif each.tag not in (BODY, RTF, HTML, TRANSPORT_HEADERS):
            reading.note(_role(each), each.text(codec))
    for row in recipients:
        where = next((each.number & 0xF for each in row if each.tag == RECIPIENT_TYPE), 1)
        for each in row:
            reading.note({0: "authors", 3: "blind"}.get(where, "recipients"), each.text(codec))
    files = tuple(attachments)
    for file in files:
        for each in file.properties:
            reading.note("rest", "" if each.tag in (ATTACH_DATA, *IDENTIFIERS) else each.text(codec))
    yield reading.letter(kind, embedded)
    yield from _bodies(all_of_it, codec, budget)
    yield from (file.enclosed for file in files if file.enclosed is not None)
    if rest := reading.rest():
        yield Enclosed("\n".join(rest).encode("utf-8", "replace"), "text/plain; charset=utf-8")


def _code_page(properties: tuple[Property, ...]) -> str:
    pages = {each.tag: each.number for each in properties if each.tag in (INTERNET_CODE_PAGE, MESSAGE_CODE_PAGE)}
    return codec_of(pages.get(MESSAGE_CODE_PAGE) or pages.get(INTERNET_CODE_PAGE) or 1252)


def _role(each: Property) -> str | None:
    if each.lid is not None:
        return "recipients" if each.lid in ATTENDEES else "rest"
    if each.tag in AUTHORS:
        return "authors"
    if each.tag in SHOWN:
        return "recipients"
    if each.tag in BLIND:
        return "blind"
    return None if each.tag in IDENTIFIERS else "rest"


@dataclass(slots=True)
class _Reading:
    """Addresses by role, in order of appearance."""

    codec: str
    roles: dict[str, dict[str, None]]

    def note(self, role: str | None, text: str) -> None:
        if role is None or "@" not in text:
            return
        try:
            self.roles[role].update(dict.fromkeys(mentions(text)))
        except TooManyMentions as cause:
            raise Uninspectable("it names more people than can be counted") from cause

    def letter(self, kind: str, embedded: bool) -> Letter:
        roles = self.roles
        return Letter(kind, tuple(roles["authors"]), tuple(roles["recipients"]), tuple(roles["blind"]), embedded)

    def rest(self) -> list[str]:
        known = self.roles["authors"] | self.roles["recipients"] | self.roles["blind"]
        return [address for address in self.roles["rest"] if address not in known]


def _bodies(properties: tuple[Property, ...], codec: str, budget: Budget) -> Iterator[Found]:
    for each in properties:
        kind = each.kind & ~MULTIPLE
        for value in each.values:
            if each.tag == BODY:
                yield Enclosed(_text(value, kind, codec).encode("utf-8", "replace"), "text/plain; charset=utf-8")
            elif each.tag == HTML:
                yield Enclosed(*_html(value, kind, codec))
            elif each.tag == RTF:
                yield _from_rtf(value, budget)
            elif each.tag == TRANSPORT_HEADERS:
                yield Enclosed(_text(value, kind, codec).encode("utf-8", "replace"), "text/rfc822-headers")


def _html(value: bytes, kind: int, codec: str) -> tuple[bytes, str]:
    if kind == BINARY:
        return value, f"text/html; charset={codec}"
    return _text(value, kind, codec).encode("utf-8", "replace"), "text/html; charset=utf-8"


def _from_rtf(value: bytes, budget: Budget) -> Enclosed:
    source = rtf.decompress(value, budget)
    media_type = "text/html" if b"\\fromhtml" in source[:4_096] else "text/plain"
    return Enclosed(rtf.text(source).encode("utf-8", "replace"), f"{media_type}; charset=utf-8")
