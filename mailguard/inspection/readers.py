"""The table of readers: which formats are read, and how each is recognised. A new reader is added here.

A format is recognised by what the octets are and, apart from that, by what they call themselves (media type, names);
both count. A file is read by every reader that either of the two names; one that its own name contradicts is not read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
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
    mac_metadata,
    mail,
    media,
    msg,
    office_encryption,
    ole_object,
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
    beside: how the names begin of what it recognises if they end like that of the file that it lies beside; no reader
    of such files reads it. "" for none.
    plain: of octets without a type and names without an ending, whether they are its own after all.
    textual: whether it reads letters, so that octets which are none are not of its kind.
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
    beside: str = ""
    plain: Callable[[bytes], bool] | None = None
    textual: bool = False

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
    Reader("object of another program", ole_object.read, ole_object.TYPES, ole_object.ENDINGS, ole_object.begins),
    Reader("table in plain text", delimited.read_delimited, delimited.TYPES, delimited.ENDINGS, textual=True),
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
    Reader(
        "metadata of macOS",
        mac_metadata.read,
        mac_metadata.TYPES,
        mac_metadata.ENDINGS,
        begins=mac_metadata.begins,
        beside=mac_metadata.BESIDE,
    ),
    Reader("OpenPGP", openpgp.read, openpgp.TYPES, openpgp.ENDINGS, begins=openpgp.begins),
    Reader("S/MIME signature", detached.read, detached.TYPES, detached.ENDINGS, begins=detached.begins),
    Reader("contacts", vcard.read, vcard.TYPES, vcard.ENDINGS, guessed=vcard.begins, textual=True),
    Reader(
        "calendar",
        vcard.read_calendar,
        vcard.CALENDAR_TYPES,
        vcard.CALENDAR_ENDINGS,
        guessed=vcard.begins_calendar,
        textual=True,
    ),
    Reader("JSON", json_file.read, json_file.TYPES, json_file.ENDINGS, others=json_file.is_other),
    Reader("XML", xml_file.read_any, xml_file.TYPES, xml_file.ENDINGS, others=xml_file.is_other),
    Reader("HTML", html.read, html.TYPES, html.ENDINGS, guessed=html.guessed, written=html.read, textual=True),
    Reader("text", text.read, text.TYPES, text.ENDINGS, others=text.is_other, written=text.read, plain=text.is_plain),
)

_CHARSET = re.compile(r";\s{0,9}charset\s{0,9}=\s{0,9}[\"']?([^\s;\"']{1,60})", re.IGNORECASE)
NOBODY_READS = "it holds a file of a type that is not read"
CONTRADICTS = "it holds a file that is not what its name says"


def readers_of(source: Enclosed, readers: Collection[Reader] = READERS) -> tuple[Reader, ...]:
    """All readers that have to read it, at least one, unless it is empty. Raises Uninspectable."""
    if not source.data:
        return ()
    start = bytes(source.data[:4_096])
    certain = [each for each in readers if each.begins is not None and each.begins(source.data)]
    media_type, names = source.media_type.partition(";")[0].strip().lower(), _names(source)
    if len(certain) == 1 and _is_beside(certain[0], media_type, names):
        return (certain[0],)
    cover = next((each for each in certain if each.covers), None)
    if cover is None:
        known = [each for each in readers if not each.covers]
    else:
        known = [each for each in readers if each is cover or not set(each.endings) & set(cover.endings)]
        certain = [each for each in certain if each in known]
    claiming = [each for each in known if _claims(each, media_type, names, start)]
    if certain:
        claiming = [each for each in claiming if each.allows is None or not each.allows(source.data)]
    found = [each for each in known if each in certain or each in claiming]
    found = found or [each for each in known if each.others and each.others(media_type, names)]
    if not found and media_type in UNTYPED and not any(map(_has_ending, names)):
        found = [each for each in known if each.plain and each.plain(bytes(source.data))]
    if not found:
        raise Uninspectable(NOBODY_READS)
    if any(each.textual for each in found) and not text.is_text(bytes(source.data)):
        raise Uninspectable(text.NOT_TEXT)
    if any(each.begins is not None and each not in certain for each in found):
        raise Uninspectable(CONTRADICTS)
    return tuple(found)


def _charset(media_type: str) -> str:
    """The charset that a media type names, "" where it names none."""
    found = _CHARSET.search(media_type)
    return found[1] if found else ""


def _claims(reader: Reader, media_type: str, names: tuple[str, ...], start: bytes) -> bool:
    if media_type in reader.types or any(name.endswith(reader.endings) for name in names):
        return True
    return reader.guessed is not None and media_type in UNTYPED and reader.guessed(start)


def _has_ending(name: str) -> bool:
    """README and .profile have none."""
    return "." in _last(name).lstrip(".")


def _is_beside(reader: Reader, media_type: str, names: tuple[str, ...]) -> bool:
    """In mail it has a type of its own, and exactly the name of the file (RFC 1740, 4)."""
    if not reader.beside:
        return False
    return media_type in reader.types or (bool(names) and all(_last(each).startswith(reader.beside) for each in names))


def _last(name: str) -> str:
    """Of a path."""
    return re.split(r"[/\\]", name)[-1]


def _names(source: Enclosed) -> tuple[str, ...]:
    """As they are compared: without case, and without what may stand behind an ending."""
    return tuple(name.casefold().rstrip(" .\t\0\"'") for name in source.names)
