"""The table of readers: which formats are read, and how each is recognised. A new reader is added here.

A format is recognised by what the octets are and, apart from that, by what they call themselves (media type, names);
both count. A file is read by every reader that either of the two names; one that its own name contradicts is not read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..core.carried.kind import UNTYPED, begins_as_message
from .budget import Budget, Uninspectable
from .enclosed import Enclosed, Found, Read
from .read import (
    compressed,
    delimited,
    detached,
    html,
    json_file,
    mail,
    media,
    msg,
    office_encryption,
    openpgp,
    pdf,
    picture,
    rar,
    seven_zip,
    slides,
    smime,
    spreadsheet,
    tar,
    text,
    text_document,
    tnef,
    vcard,
    xml_file,
    zip_archive,
)


@dataclass(frozen=True, slots=True)
class Reader:
    """One format. name: for people. begins: whether octets are of this format, None where octets cannot tell.

    types: media types; endings: of file names, in lower case. guessed: whether octets without a type of their own look
    like it. own: whether it is a message in another form, which is the message itself where it is a part of its own.
    written: the same as read, with the charset that the media type names beside, for what is written in one.
    allows: whether octets that another reader knows by how they begin may go by its type and name (documents are zips).
    others: of a type and names that no reader claims, whether they are its own after all (any text).
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
    written: Callable[[bytes | memoryview, Budget, str], Iterable[Found]] | None = None
    allows: Callable[[bytes | memoryview], bool] | None = None
    others: Callable[[str, tuple[str, ...]], bool] | None = None
    covers: bool = False

    def items(self, source: Enclosed, budget: Budget) -> Iterable[Found]:
        """What it finds in a file. Raises Uninspectable, then or later."""
        if self.written is None:
            return self.read(source.data, budget)
        return self.written(source.data, budget, _charset(source.media_type))


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
    Reader("PDF", pdf.read, pdf.TYPES, pdf.ENDINGS, pdf.begins),
    Reader("slides", slides.read_slides, slides.TYPES, slides.ENDINGS, begins=slides.begins),
    Reader("table in plain text", delimited.read_delimited, delimited.TYPES, delimited.ENDINGS),
    Reader(
        "zip archive",
        zip_archive.read,
        zip_archive.TYPES,
        zip_archive.ENDINGS,
        begins=zip_archive.begins,
        allows=zip_archive.is_zip,
    ),
    Reader(
        "gzip file",
        compressed.read_gzip,
        compressed.GZIP_TYPES,
        compressed.GZIP_ENDINGS,
        begins=compressed.begins_gzip,
    ),
    Reader(
        "bzip2 file",
        compressed.read_bzip2,
        compressed.BZIP2_TYPES,
        compressed.BZIP2_ENDINGS,
        begins=compressed.begins_bzip2,
    ),
    Reader("xz file", compressed.read_xz, compressed.XZ_TYPES, compressed.XZ_ENDINGS, begins=compressed.begins_xz),
    Reader("tar archive", tar.read, tar.TYPES, tar.ENDINGS, begins=tar.begins),
    Reader("7z archive", seven_zip.read, seven_zip.TYPES, seven_zip.ENDINGS, begins=seven_zip.begins),
    Reader("rar archive", rar.read, rar.TYPES, rar.ENDINGS, begins=rar.begins),
    Reader("picture", picture.read, picture.TYPES, picture.ENDINGS, begins=picture.begins),
    Reader("drawing", xml_file.read_svg, xml_file.SVG_TYPES, xml_file.SVG_ENDINGS, begins=xml_file.is_svg),
    Reader("sound, film or font", media.read, media.TYPES, media.ENDINGS, begins=media.begins),
    Reader("OpenPGP", openpgp.read, openpgp.TYPES, openpgp.ENDINGS, begins=openpgp.begins),
    Reader("S/MIME signature", detached.read, detached.TYPES, detached.ENDINGS, begins=detached.begins),
    Reader("contacts", vcard.read, vcard.TYPES, vcard.ENDINGS, guessed=vcard.begins),
    Reader(
        "calendar", vcard.read_calendar, vcard.CALENDAR_TYPES, vcard.CALENDAR_ENDINGS, guessed=vcard.begins_calendar
    ),
    Reader("JSON", json_file.read, json_file.TYPES, json_file.ENDINGS, others=json_file.is_other),
    Reader("XML", xml_file.read_any, xml_file.TYPES, xml_file.ENDINGS, others=xml_file.is_other),
    Reader("HTML", html.read, html.TYPES, html.ENDINGS, guessed=html.guessed, written=html.read),
    Reader("text", text.read, text.TYPES, text.ENDINGS, others=text.is_other, written=text.read),
)

_CHARSET = re.compile(r";\s{0,9}charset\s{0,9}=\s{0,9}[\"']?([^\s;\"']{1,60})", re.IGNORECASE)
NOBODY_READS = "it holds a file of a type that is not read"
CONTRADICTS = "it holds a file that is not what its name says"


def readers_of(source: Enclosed, readers: Iterable[Reader] = READERS) -> tuple[Reader, ...]:
    """All readers that have to read it, at least one, unless it is empty. Raises Uninspectable."""
    if not source.data:
        return ()
    start = bytes(source.data[:4_096])
    known = tuple(readers)
    cover = next((each for each in known if each.covers and _is(each, source)), None)
    if cover is None:
        named = [each for each in known if not each.covers]
    else:
        named = [each for each in known if each is cover or not set(each.endings) & set(cover.endings)]
    found = [each for each in named if _is(each, source) or _claims(each, source, start)]
    if any(_is(each, source) for each in found):
        found = [each for each in found if each.allows is None or _is(each, source) or not each.allows(source.data)]
    found = found or [each for each in known if each.others and each.others(_media_type(source), _names(source))]
    if not found:
        raise Uninspectable(NOBODY_READS)
    if any(each.begins is not None and not _is(each, source) for each in found):
        raise Uninspectable(CONTRADICTS)
    return tuple(found)


def _charset(media_type: str) -> str:
    """The charset that a media type names, "" where it names none."""
    found = _CHARSET.search(media_type)
    return found[1] if found else ""


def _is(reader: Reader, source: Enclosed) -> bool:
    return reader.begins is not None and reader.begins(source.data)


def _claims(reader: Reader, source: Enclosed, start: bytes) -> bool:
    media_type = _media_type(source)
    if media_type in reader.types or any(name.endswith(reader.endings) for name in _names(source)):
        return True
    return reader.guessed is not None and media_type in UNTYPED and reader.guessed(start)


def _media_type(source: Enclosed) -> str:
    return source.media_type.partition(";")[0].strip().lower()


def _names(source: Enclosed) -> tuple[str, ...]:
    """As they are compared: without case, and without what may stand behind an ending."""
    return tuple(name.casefold().rstrip(" .\t\0\"'") for name in source.names)
