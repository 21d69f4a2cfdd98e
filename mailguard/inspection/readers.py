"""The table of readers: which formats are read, and how each is recognised. A new reader is added here.

A format is recognised by what the octets are and, apart from that, by what they call themselves (media type, names);
both count. A file is read by every reader that either of the two names; one that its own name contradicts is not read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..core.carried.kind import UNTYPED, begins_as_message
from .budget import Uninspectable
from .enclosed import Enclosed, Read
from .read import delimited, mail, msg, office_encryption, ole_object, smime, spreadsheet, text, text_document, tnef


@dataclass(frozen=True, slots=True)
class Reader:
    """One format. name: for people. begins: whether octets are of this format, None where octets cannot tell.

    types: media types; endings: of file names, in lower case. guessed: whether octets without a type of their own look
    like it. own: whether it is a message in another form, which is the message itself where it is a part of its own.
    covers: whether what it recognises is covered, and its names are those of what lies under it: no other reader with
    such a name reads the cover.
    """

    name: str
    read: Read
    types: frozenset[str]
    endings: tuple[str, ...]
    begins: Callable[[bytes | memoryview], bool] | None = None
    guessed: Callable[[bytes], bool] | None = None
    own: bool = False
    covers: bool = False


READERS: tuple[Reader, ...] = (
    Reader("TNEF", tnef.read, tnef.TYPES, tnef.ENDINGS, tnef.begins, own=True),
    Reader("Outlook message", msg.read, msg.TYPES, msg.ENDINGS, msg.begins),
    Reader("mail", mail.read, mail.TYPES, mail.ENDINGS, guessed=begins_as_message),
    Reader("mailbox file", mail.read_mailbox, mail.MAILBOX_TYPES, mail.MAILBOX_ENDINGS),
    Reader("S/MIME", smime.read, smime.TYPES, smime.ENDINGS),
    Reader(
        "spreadsheet", spreadsheet.read_spreadsheet, spreadsheet.TYPES, spreadsheet.ENDINGS, begins=spreadsheet.begins
    ),
    Reader("text document", text_document.read, text_document.TYPES, text_document.ENDINGS, text_document.begins),
    Reader(
        "encrypted office document",
        office_encryption.read,
        office_encryption.TYPES,
        office_encryption.ENDINGS,
        office_encryption.begins,
        covers=True,
    ),
    Reader("object of another program", ole_object.read, ole_object.TYPES, ole_object.ENDINGS, ole_object.begins),
    Reader("table in plain text", delimited.read_delimited, delimited.TYPES, delimited.ENDINGS),
    Reader("text", text.read, text.TYPES, text.ENDINGS),
)

NOBODY_READS = "it holds a file of a type that is not read"
CONTRADICTS = "it holds a file that is not what its name says"


def readers_of(source: Enclosed, readers: Iterable[Reader] = READERS) -> tuple[Reader, ...]:
    """All readers that have to read it, at least one. Raises Uninspectable."""
    start = bytes(source.data[:4_096])
    known = tuple(readers)
    cover = next((each for each in known if each.covers and _is(each, source)), None)
    if cover is None:
        named = [each for each in known if not each.covers]
    else:
        named = [each for each in known if each is cover or not set(each.endings) & set(cover.endings)]
    found = [each for each in named if _is(each, source) or _claims(each, source, start)]
    if not found:
        raise Uninspectable(NOBODY_READS)
    if any(each.begins is not None and not _is(each, source) for each in found):
        raise Uninspectable(CONTRADICTS)
    return tuple(found)


def _is(reader: Reader, source: Enclosed) -> bool:
    return reader.begins is not None and reader.begins(source.data)


def _claims(reader: Reader, source: Enclosed, start: bytes) -> bool:
    media_type = source.media_type.partition(";")[0].strip().lower()
    names = (name.casefold().rstrip(" .\t\0\"'") for name in source.names)
    if media_type in reader.types or any(name.endswith(reader.endings) for name in names):
        return True
    return reader.guessed is not None and media_type in UNTYPED and reader.guessed(start)
