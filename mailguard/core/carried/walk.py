"""Reads everything in a message that can name people, but for whom a calendar invites and what detectors look into.

Promises: total; work is bounded by the size of the message; what was not read to its end is in `unread`, so that the
floor holds where a rule asked for it, and no count is cut without that. Attached messages are read by the same parser,
at any depth that occurs; what is signed opaquely is read like what is not, since everybody can read it.
"""

from __future__ import annotations

import binascii
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..mail.address import list_mailboxes
from ..mail.decoded import (
    WINDOW_OCTETS,
    TooLong,
    decoded_buffer,
    decoded_octets,
    decoded_texts,
    flowing,
    is_flowed,
)
from ..mail.header import BLIND_FIELDS, MAX_PART_HEADER_OCTETS, ORIGINATOR_FIELDS, VISIBLE_FIELDS
from ..mail.markup import readable
from ..mail.mentions import MOST_MENTIONS, TooManyMentions, mentions
from ..mail.message import Buffer, Field, Mailbox, Message, Part
from ..mail.parse import parse
from ..mail.quoted import Quoted, quoted_blocks
from ..mail.text import codec_named, decode_text
from ..rewrite.opaque import Unreadable, is_encrypted, signed_content
from .calendar_text import calendar_text
from .contacts import contact_text
from .kind import PROBED_OCTETS, VCARD_OCTETS, Kind, is_usual, kind_of
from .model import HEADER, Attached, Carried, Parts

MAX_DEPTH = 20
"""Messages within messages: a thread that was forwarded as an attachment each time is rarely deeper than five."""
MAX_MESSAGES = 500
"""Attached messages of one message: the digest of a busy month has a hundred."""
MAX_GROWTH = 4
"""All attached messages together, each with what is attached to it, have at most so many times the whole's octets."""

MOST_SIGNS = 1_000_000
"""At signs that are looked at in one message; each costs a few microseconds (THREATS.md T80)."""
MOST_BLOCKS = 20_000
"""Quoted header blocks of one message."""

_TEXTS = frozenset({Kind.TEXT, Kind.HTML, Kind.CONTACTS})
_PGP = re.compile(r"-----(?<=^.{5})(?i:BEGIN PGP MESSAGE)-----[ \t]*$", re.MULTILINE)
_ENCODED_FILE = re.compile(
    r"[bB=(](?<=^.)(?:(?<=[bB])(?i:egin(?:-base64)? [0-7]{3,4} [^\n]{1,255}\n[ -~]{2,78}\n)"
    r"|(?<==)(?i:ybegin line=)"
    r"|(?<=\()(?i:this file must be converted with binhex))",
    re.MULTILINE,
)
"""A file within a text (uuencode, yEnc, BinHex). Some readers show it as an attachment; nothing here decodes it.

Both patterns begin with what a line has to begin with, and then look back whether one begins there: the interpreter
runs to the next such sign at once, where it would try `^` and a word in either case at every character.
"""
_SHOWN_FIELDS = ("subject", "comments", "keywords", "thread-topic")
"""Header fields of free text, in which a list can be pasted as well as in the text below."""
_OTHERWISE_READ = VISIBLE_FIELDS | BLIND_FIELDS | ORIGINATOR_FIELDS
_SIGNS = (b"@", b"%", b"&", b"\\")
"""One of them, or an encoded word, is in every at sign but one that is spelled out, "[at]"."""
_SPELLED = (b"at]", b"at)", b"at}")
_IDENTIFIERS = re.compile(
    rb"(?i:(?:resent-)?message-id|references|in-reply-to|content-id):[ \t\r\n]*+"
    rb"(?>(?:<[A-Za-z0-9!#$*+./=@^_`|~:-]{1,250}+>[ \t\r\n]*+)+)"
)
"""A field of nothing but identifiers, as programs write them: it mentions nobody (mail/mentions.py)."""
_ASCII = frozenset({None, "ascii", "utf-8", "iso8859-1", "iso8859-15", "cp1252"})
"""Codecs in which ASCII is what it is; an unknown charset is read as UTF-8."""
_LIST_OF_PEOPLE = 3
"""So many addresses in one field of an attached message are a list; trace fields name one or two each."""
_SEPARATOR = re.compile(rb"(?:\A|(?<=\n))From [^\r\n]*\r?\n")
_COUNT_LINE = re.compile(rb"[0-9]{1,12}[ \t]*\r?\n")
_OUTER = "hp-outer"
CUT = frozenset(
    {
        *("header-too-long", "too-many-fields", "too-many-parts", "too-many-delimiter-lines", "nested-too-deep"),
        *("boundary-missing", "boundary-reused", "multipart-without-parts", "message-partial", "transfer-encoding"),
    }
)
"""Defects by which an attached message was not read to its end. What else is wrong with it concerns who sent it."""


@dataclass(frozen=True, slots=True)
class _Entity:
    """A message or MIME entity that waits to be read. path: of the part of the whole message that it lies in."""

    message: Message
    path: str
    depth: int
    attached: bool


def carried(message: Message) -> Carried:
    """Whom the contents of this message name."""
    return _Walk(message).read()


def each_text(message: Message, look: Callable[[str], None]) -> None:
    """Have every text looked at that a recipient can read in this message, as far as its parts can be read."""
    _Walk(message, look).read()


class _Walk:
    """Collects in order of appearance, level by level; no text is kept."""

    def __init__(self, message: Message, look: Callable[[str], None] | None = None) -> None:
        self.waiting = deque([_Entity(message, "", 0, attached=False)])
        self.look = look
        self.octets = len(message.raw) * MAX_GROWTH
        self.messages = self.signs = self.blocks = 0
        self.text: dict[str, str] = {}
        self.contacts: dict[str, str] = {}
        self.quoted: dict[Quoted, None] = {}
        self.attached: list[Attached] = []
        self.repeated: list[Mailbox] = []
        self.unread: dict[str, None] = {}
        self.cut: dict[str, None] = {}
        self.encrypted: dict[str, None] = {}

    def read(self) -> Carried:
        while self.waiting:
            self._read_entity(self.waiting.popleft())
        return Carried(
            tuple(self.text),
            tuple(self.quoted),
            tuple(self.attached),
            tuple(self.contacts),
            tuple(self.repeated),
            bool(self.encrypted),
            tuple(self.unread),
            tuple(self.cut),
            parts=Parts(self.text, self.contacts, tuple(self.encrypted)),
        )

    def _read_entity(self, entity: _Entity) -> None:
        self._read_fields(entity)
        inner = [mailbox for part in entity.message.root.walk() for mailbox in _repeated(entity, part)]
        if entity.attached:
            self._note_attached(entity, inner)
        else:
            self.repeated += inner if not entity.depth else [*entity.message.visible, *inner]
        for part in entity.message.root.walk():
            path = entity.path or part.path
            if part.media_type == "multipart/encrypted":
                for leaf in (each for each in part.walk() if not each.children):
                    self._seal(entity.path or leaf.path)
            if part.children:
                for text in _between(entity.message, part):
                    self._read_text(text, path)
            else:
                self._read_leaf(entity, part, path)

    def _read_fields(self, entity: _Entity) -> None:
        """All that list no recipients: the message's own, whatever their names, and those of its parts."""
        message = entity.message
        for each in message.fields:
            if each.name not in _OTHERWISE_READ:
                everything = each.name in _SHOWN_FIELDS or not entity.attached
                least = 1 if everything else _LIST_OF_PEOPLE
                self._read_field(message, each, entity.path, least, entity.path or HEADER)
        for part in message.root.walk():
            for each in () if part is message.root else part.fields:
                if each.name not in _OTHERWISE_READ and each.name != _OUTER:
                    path = entity.path or part.path
                    self._read_field(message, each, path, 1, path)

    def _read_field(self, message: Message, field: Field, path: str, least: int, stands: str) -> None:
        """least: a field that names fewer people names none. stands: as in Parts."""
        value = bytes(message.raw[field.start : field.end])
        if not _may_name(value) or (least == 1 and self._holds_identifiers(value)):
            return
        text = decode_text(value).replace("''", " ")  # RFC 2231: utf-8''name
        if least == 1 or text.count("@") >= least:
            self._mention(text, self.text, path, stands)

    def _holds_identifiers(self, value: bytes) -> bool:
        """Whether a field mentions nobody for certain; its signs count as looked at."""
        if self._is_full() or _IDENTIFIERS.fullmatch(value) is None:
            return False
        self.signs += value.count(b"@")
        return self.signs <= MOST_SIGNS

    def _is_full(self) -> bool:
        """Whether texts are no longer read, whatever is in them."""
        return self.signs > MOST_SIGNS or len(self.text) > MOST_MENTIONS or self.blocks > MOST_BLOCKS

    def _note_attached(self, entity: _Entity, inner: list[Mailbox]) -> None:
        message = entity.message
        blind = [each for each in message.fields if each.name in BLIND_FIELDS]
        shown = [*message.visible, *inner, *_listed(message, blind)]
        recipients = tuple(dict.fromkeys(mailbox.address for mailbox in shown))
        self.attached.append(Attached(message.originators, recipients, entity.path))
        if any(defect.kind in CUT and defect.holds for defect in message.defects):
            self._cut(entity.path)

    def _read_leaf(self, entity: _Entity, part: Part, path: str) -> None:
        kind = kind_of(part, _beginning(entity.message, part))
        if kind is Kind.OPAQUE:
            self.unread[path] = None
        elif kind is Kind.CIPHERTEXT:
            self._seal(path)
        elif kind in _TEXTS or (kind is Kind.CALENDAR and entity.depth):
            self._read_texts(entity.message, part, kind, path)
        elif kind is Kind.CALENDAR:
            self._read_calendar(entity.message, part, path)
        elif kind is Kind.CMS:
            self._open(entity, part, path)
        elif kind in (Kind.MESSAGE, Kind.MAILBOX):
            for content in messages_in(kind, decoded_buffer(entity.message, part)):
                self._enter(entity, content, path, attached=entity.attached or not _is_wrapping(part))

    def _read_calendar(self, message: Message, part: Part, path: str) -> None:
        """Not looked at by each_text: a rewrite takes hidden people out of the lines of a calendar itself."""
        for calendar in message.calendars:
            if calendar.part is part:
                text = calendar_text(calendar)
                self._quote(text, path)
                self._mention(text, self.text, path)

    def _read_texts(self, message: Message, part: Part, kind: Kind, path: str) -> None:
        if kind is Kind.TEXT and not self.look and not self._is_full() and _names_nobody(message, part):
            return
        try:
            for text in decoded_texts(message, part):
                if kind is Kind.HTML:
                    self._read_text(readable(text), path)
                elif kind is Kind.TEXT:
                    self._read_text(flowing(text, part), path)
                else:
                    self._read_contacts(contact_text(text), path)
        except TooLong:
            self._cut(path)

    def _read_contacts(self, text: str, path: str) -> None:
        if self.look:
            self.look(text)
        self._mention(text, self.contacts, path)

    def _read_text(self, text: str, path: str) -> None:
        if self.look:
            self.look(text)
        if _PGP.search(text):
            self._seal(path)
        if _ENCODED_FILE.search(text):
            self._cut(path)
        if self.blocks <= MOST_BLOCKS:
            self._quote(text, path)
        self._mention(text, self.text, path)

    def _quote(self, text: str, path: str) -> None:
        try:
            found = quoted_blocks(text)
        except TooManyMentions:
            self._cut(path)
            return
        self.blocks += len(found)
        self.quoted.update(dict.fromkeys(found))
        if self.blocks > MOST_BLOCKS:
            self._cut(path)

    def _mention(self, text: str, into: dict[str, str], path: str, stands: str | None = None) -> None:
        """stands: as in Parts, where that is not the part."""
        self.signs += text.count("@")
        if self.signs > MOST_SIGNS or len(into) > MOST_MENTIONS:
            self._cut(path)
            return
        try:
            found = mentions(text)
        except TooManyMentions as more:
            found = more.found
        for address in found:
            into.setdefault(address, path if stands is None else stands)
        if len(into) > MOST_MENTIONS:
            self._cut(path)

    def _open(self, entity: _Entity, part: Part, path: str) -> None:
        """An S/MIME part: ciphertext, or what everybody can read in it."""
        data = decoded_octets(entity.message, part)
        try:
            content = signed_content(data)
        except (Unreadable, binascii.Error):
            self._cut(path)
            return
        if content is not None:
            self._enter(entity, content, path, attached=entity.attached)
        elif is_encrypted(data):
            self._seal(path)

    def _seal(self, path: str) -> None:
        self.encrypted[path] = None

    def _cut(self, path: str) -> None:
        self.unread[path] = self.cut[path] = None

    def _enter(self, entity: _Entity, content: Buffer, path: str, *, attached: bool) -> None:
        self.octets -= len(content)
        self.messages += 1
        if entity.depth >= MAX_DEPTH or self.messages > MAX_MESSAGES or self.octets < 0:
            self._cut(path)
            return
        self.waiting.append(_Entity(parse(content), path, entity.depth + 1, attached))


def _may_name(value: bytes) -> bool:
    """Whether a field could mention somebody, in any reading."""
    if not value.isascii() or any(map(value.__contains__, _SIGNS)) or (b"?" in value and b"=?" in value):
        return True
    return (b")" in value or b"]" in value or b"}" in value) and any(map(value.lower().__contains__, _SPELLED))


def _names_nobody(message: Message, part: Part) -> bool:
    """Whether a text, by its octets alone, mentions nobody and holds neither ciphertext nor a file: most are so."""
    if part.encoding in ("base64", "quoted-printable") or part.end - part.body_start > WINDOW_OCTETS:
        return False
    if codec_named(part.parameters.get("charset", "")) not in _ASCII or is_flowed(part):
        return False
    octets = bytes(message.raw[part.body_start : part.end])
    if b"\0" in octets or b"-----" in octets or _may_name(octets):
        return False
    lowered = octets.lower()
    return b"begin" not in lowered and (b"(" not in lowered or b"binhex" not in lowered)


def _repeated(entity: _Entity, part: Part) -> Iterator[Mailbox]:
    """Recipients in a part's own header: RFC 9788, the drafts before it, and mailers that just repeat the fields."""
    if part is entity.message.root:
        return
    named = [each for each in part.fields if each.name in VISIBLE_FIELDS or each.name in BLIND_FIELDS]
    yield from _listed(entity.message, named)
    for outer in (each for each in part.fields if each.name == _OUTER):
        inside = parse(entity.message.value(outer).strip() + b"\r\n\r\n")
        yield from inside.visible


def _listed(message: Message, fields: list[Field]) -> Iterator[Mailbox]:
    for each in fields:
        octets = bytes(message.raw[each.start : each.end])
        yield from list_mailboxes(octets, each, each.start)[0]


def _is_wrapping(part: Part) -> bool:
    """RFC 8551 section 3.1: `forwarded=no` says that the message inside is this one, under its signature."""
    return part.parameters.get("forwarded", "").lower() == "no"


def messages_in(kind: Kind, octets: Buffer) -> Iterator[Buffer]:
    """The messages in a part: one, behind the count of an .emlx file, or all of a mailbox file."""
    if kind is Kind.MESSAGE:
        count = _COUNT_LINE.match(octets)
        yield octets[count.end() :] if count else octets
        return
    starts = list(_SEPARATOR.finditer(octets))
    for index, start in enumerate(starts):
        yield octets[start.end() : starts[index + 1].start() if index + 1 < len(starts) else len(octets)]
    if not starts:
        yield octets


def _beginning(message: Message, part: Part) -> bytes:
    """The first octets of a leaf, decoded: as many encoded ones as they can take."""
    if is_usual(part) and part.encoding not in ("base64", "quoted-printable"):
        return bytes(message.raw[part.body_start : min(part.end, part.body_start + VCARD_OCTETS)])
    end = min(part.end, part.body_start + 3 * PROBED_OCTETS)
    return decoded_octets(message, part, end)[:PROBED_OCTETS]


def _between(message: Message, part: Part) -> Iterator[str]:
    """What a reader without MIME would show around the parts of a multipart."""
    first, last = part.children[0], part.children[-1]
    for start, end in ((part.body_start, first.start), (last.end, part.end)):
        octets = bytes(message.raw[start : max(start, end)])
        if b"@" in octets:
            yield octets[: 3 * MAX_PART_HEADER_OCTETS].decode("utf-8", "replace")
