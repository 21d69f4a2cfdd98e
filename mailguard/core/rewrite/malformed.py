"""Which defects a rewrite may start from, and which it may leave behind.

What two readers read differently must not decide who sees an address. A defect of a list of recipients can go with the
items that are taken out; the header that comes of it is parsed again and must have none left. All others (of the MIME
structure, of the line ends, of From, ...) a rewrite does not touch, so it does not start.
"""

from __future__ import annotations

from ..errors import CannotRewrite
from ..mail.header import BLIND_FIELDS, VISIBLE_FIELDS
from ..mail.message import Field, Message
from ..mail.parse import parse
from . import sentences

_LISTS = VISIBLE_FIELDS | BLIND_FIELDS
_TOLERATED = "duplicate-field"
"""Two To fields of which each keeps somebody inside: every address in both was searched, whichever a reader takes."""
_ABOUT_THE_BODY = ("content-type", "content-transfer-encoding", "mime-version", "content-disposition")


def check_before(message: Message) -> None:
    """CannotRewrite for a defect that holds, unless it is one of a list of recipients."""
    for defect in message.defects:
        if defect.holds and defect.where not in _LISTS:
            raise CannotRewrite(sentences.MALFORMED.format(kind=defect.kind))


def check_after(result: Message, message: Message) -> None:
    """CannotRewrite where the rewritten header still has a defect that holds. message: as it was before."""
    tolerated = _TOLERATED if any(defect.kind == _TOLERATED for defect in message.defects) else None
    left = [kind for kind in _kinds(result) if kind != tolerated]
    if left:
        raise CannotRewrite(sentences.MALFORMED.format(kind=left[0]))


def _kinds(message: Message) -> list[str]:
    """Of the holding defects in its header alone; the body is not there to be read."""
    octets = b"".join(_octets(message, field) for field in message.fields if field.name not in _ABOUT_THE_BODY)
    return [defect.kind for defect in parse(octets + b"\r\n").defects if defect.holds]


def _octets(message: Message, field: Field) -> bytes:
    return bytes(message.raw[field.start : field.end])
