"""Calendar text as octets in which ASCII is ASCII, whatever its charset, with the way back.

UTF-8 and the charsets that keep ASCII octets for ASCII stay as they are, so that a fold in the middle of a character
(RFC 5545 section 3.1) is no obstacle. UTF-16, UTF-32 and the charsets that use ASCII octets inside characters are read
as UTF-8 and written back. A charset that does not come back the same is a flaw.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from ..text import codec_named

_BOMS = (
    (codecs.BOM_UTF8, None),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE = (
    (b"B\0\0\0", "utf-32-le"),
    (b"\0\0\0B", "utf-32-be"),
    (b"B\0", "utf-16-le"),
    (b"\0B", "utf-16-be"),
)
"""How BEGIN begins where no mark says the width."""
_UNWRITTEN = frozenset({"utf-7", "hz", "cp037", "cp273", "cp424", "cp500", "cp875", "cp1026", "cp1140"})
"""Charsets in which ASCII stands for something else: most readers do not know them, so two readers disagree."""
_SAFE = (
    *("ascii", "utf-8", "iso8859", "latin", "cp125", "cp43", "cp72", "cp73", "cp77", "cp85", "cp86", "cp874", "cp1125"),
    *("koi8", "mac", "kz1048", "ptcp154", "tis", "euc"),
)
"""How the names of codecs begin in which an ASCII octet is always that character."""


@dataclass(frozen=True, slots=True)
class Text:
    """octets: the text with ASCII as ASCII. codec: None where they are those of the part after its mark.

    mark: the byte order mark before them.
    """

    octets: bytes
    codec: str | None
    mark: bytes
    flawed: bool = False

    def written(self, octets: bytes) -> bytes:
        """Such octets as the part has them. UnicodeError where the charset cannot hold them."""
        return self.mark + (octets if self.codec is None else octets.decode("utf-8").encode(self.codec))


def read_text(octets: bytes, charset: str | None) -> Text:
    """charset: as Content-Type names it."""
    mark, codec = next(((mark, codec) for mark, codec in _BOMS if octets.startswith(mark)), (b"", None))
    body = octets[len(mark) :]
    if not mark:
        head = body[:64].lstrip(b"\r\n\t \0").upper() if body[:1] in b"\r\n\t " else body[:4].upper()
        codec = next((name for start, name in _WIDE if head.startswith(start)), None) or _foreign(charset)
    if codec is None:
        return Text(body, None, mark, b"\0" in body)
    try:
        text = body.decode(codec)
        flawed = codec in _UNWRITTEN or text.encode(codec) != body or "\0" in text
        return Text(text.encode("utf-8"), codec, mark, flawed)
    except UnicodeError:
        return Text(body.decode(codec, "replace").encode("utf-8", "replace"), codec, mark, True)


def _foreign(charset: str | None) -> str | None:
    """The codec of a named charset that has to be read as another; UTF-16 without a mark is big-endian (RFC 2781)."""
    name = codec_named(charset) if charset else None
    if name in ("utf-16", "utf-32"):
        name += "-be"
    return None if name is None or name.startswith(_SAFE) else name
