"""What a message can carry that no rewrite of its header reaches, or that a rewrite would contradict.

Until there is a rewrite for them, such messages are held (DESIGN.md "Rewriting"). Bodies are not searched here, and the
calendar parts of the message itself are rewritten elsewhere (invitation/); one inside an opaque signature cannot be.
"""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Iterator

from ..carried.kind import PROBED_OCTETS, Kind, kind_of
from ..errors import CannotRewrite
from ..kinds import begins_as_tnef, is_tnef, plain_names
from ..mail.decoded import decoded_octets
from ..mail.message import Field, Message, Part
from ..mail.parse import parse
from . import sentences
from .opaque import Unreadable, signed_content
from .search import Hidden

_NESTED_TYPES = frozenset({"text/rfc822-headers", "text/rfc822", "application/vnd.ms-outlook", "application/mbox"})
_NESTED_NAME = re.compile(r"\.(?:eml|emlx|msg|mbox|oft)\Z")
_SMIME_TYPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_SMIME_NAME = re.compile(r"\.p7[mz]\Z", re.IGNORECASE)
_REPEATED = re.compile(r"(?:resent-)?(?:to|cc|bcc)\Z|hp-outer\Z")
_ORDINARY_INSIDE = frozenset({"bare-lf", "no-header"})
_MOST_ENTITIES = 20
"""Signed around encrypted around signed (triple wrapping, RFC 2634) is three, each with some parts."""


def check_parts(message: Message, hidden: Hidden) -> None:
    """CannotRewrite where a part of the message could show an address, or repeats what the rewrite changes."""
    waiting = [message]
    for _ in range(_MOST_ENTITIES):
        if not waiting:
            return
        entity = waiting.pop()
        if entity is not message and entity.calendars:
            raise CannotRewrite(sentences.CALENDAR_SIGNED)
        waiting.extend(_check_entity(entity, hidden))
    raise CannotRewrite(sentences.OPAQUE)


def _check_entity(entity: Message, hidden: Hidden) -> list[Message]:
    """Check one MIME entity; the entities inside its opaque parts are for the caller to check."""
    inner = []
    for part in entity.root.walk():
        _check_kind(entity, part)
        _check_repetition(entity, part, hidden)
        content = _readable_inside(entity, part)
        if content is not None:
            inner.append(_parsed(content))
    if any(_REPEATED.match(field.name) for message in inner for field in message.fields):
        raise CannotRewrite(sentences.PROTECTED)
    if any(hidden.stands_in(_whole(message, field)) for message in inner for field in message.fields):
        raise CannotRewrite(sentences.PART_HEADER)
    return inner


def _check_kind(message: Message, part: Part) -> None:
    start = b"" if part.children else bytes(message.raw[part.body_start : min(part.end, part.body_start + 80)])
    if is_tnef(part) or begins_as_tnef(start):
        raise CannotRewrite(sentences.TNEF)
    nested = part.media_type.startswith("message/") or part.media_type in _NESTED_TYPES
    nested = nested or (not part.children and _begins_as_message(message, part))
    if nested or any(map(_NESTED_NAME.search, plain_names(part))):
        raise CannotRewrite(sentences.NESTED)


def _begins_as_message(message: Message, part: Part) -> bool:
    """A part of no type that holds a message: nothing in its To would stop the rewrite as a text does."""
    start = decoded_octets(message, part, min(part.end, part.body_start + 2 * PROBED_OCTETS))
    return kind_of(part, start) in (Kind.MESSAGE, Kind.MAILBOX)


def _check_repetition(message: Message, part: Part, hidden: Hidden) -> None:
    """RFC 9788 (`hp`), its forerunner (`protected-headers`), and older mailers that just repeat the fields."""
    if "hp" in part.parameters or "protected-headers" in part.parameters:
        raise CannotRewrite(sentences.PROTECTED)
    for field in _inner_fields(message, part):
        if _REPEATED.match(field.name):
            raise CannotRewrite(sentences.REPEATED)
        if hidden.stands_in(_whole(message, field)):
            raise CannotRewrite(sentences.PART_HEADER)


def _parsed(content: bytes) -> Message:
    """An entity from inside an opaque part; its line ends and a header of nothing do not make it ambiguous."""
    entity = parse(content)
    if any(defect.holds and defect.kind not in _ORDINARY_INSIDE for defect in entity.defects):
        raise CannotRewrite(sentences.OPAQUE)
    return entity


def _inner_fields(message: Message, part: Part) -> Iterator[Field]:
    """A part's own fields, those of the message's header left out: they are spliced, not searched."""
    return (field for field in part.fields if field.start >= message.body_start)


def _whole(message: Message, field: Field) -> bytes:
    return bytes(message.raw[field.start : field.end])


def _readable_inside(message: Message, part: Part) -> bytes | None:
    """The MIME entity that everybody can read in an opaque S/MIME part, None where there is none."""
    if part.children or not (part.media_type in _SMIME_TYPES or any(map(_SMIME_NAME.search, part.filenames))):
        return None
    try:
        return signed_content(_decoded(bytes(message.raw[part.body_start : part.end]), part.encoding))
    except (Unreadable, binascii.Error):
        raise CannotRewrite(sentences.OPAQUE) from None


def _decoded(body: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        return binascii.a2b_base64(body)
    return quopri.decodestring(body) if encoding == "quoted-printable" else body
