"""An attachment in words: its name, its size, what was found in it. Everything that somebody wrote is made legible."""

from __future__ import annotations

from ..core.attached import Said
from ..core.legible import legible, without_addresses
from ..core.safe_text import OtherPart
from . import words
from . import words_attachments as said


def name_of(part: OtherPart) -> str:
    """All names that mail programs may show."""
    return " = ".join(legible(each) for each in part.names) or words.MESSAGE_FILE_UNNAMED


def first_name_of(part: OtherPart) -> str:
    """The name that what was found in it is kept under; "" where it has none."""
    return legible(part.names[0]) if part.names else ""


def size_of(octets: int) -> str:
    return f"{octets:,} bytes" if octets < 10_000 else f"{octets // 1000:,} kB"


def sentences_of(found: Said) -> list[str]:
    lines = [_unread(each.file, each.why) for each in found.unread]
    lines += [legible(each, 500) for each in found.sentences]
    return [*lines, said.MORE.format(count=f"{found.more:,}")] if found.more else lines


def unread_of(why: str, *, some: bool) -> str:
    """Of the attachment that the page is about. some: whether something of it could be read."""
    if some:
        return said.UNREAD_SOME.format(why=legible(why))
    password = why.startswith(said.ENCRYPTED)
    return said.UNREAD_HERE_PASSWORD if password else said.UNREAD_HERE.format(why=legible(why))


def _unread(file: str, why: str) -> str:
    if why.startswith(said.ENCRYPTED):
        return said.UNREAD_PASSWORD.format(file=legible(file))
    return said.UNREAD.format(file=legible(file), why=legible(without_addresses(why)))
