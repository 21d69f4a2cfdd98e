"""The body of a part as text: transfer encoding and charset taken off, leniently, as mail clients do.

Promises: total; linear; at most twice the octets of the part. Where readers could take two charsets (a charset in which
an at sign is not one octet, octets that contradict the charset), both readings are in the text, one after the other.
"""

from __future__ import annotations

import binascii
import codecs
import re

from .message import Message, Part
from .text import decode_base64, decode_charset

_UTF_16 = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DELETED_SPACE = re.compile(r" \n(?:>+ ?)?")


def decoded_octets(message: Message, part: Part, end: int | None = None) -> bytes:
    """The part's body (up to raw[end]) without its transfer encoding. An unknown one is read as none."""
    octets = bytes(message.raw[part.body_start : part.end if end is None else end])
    if part.encoding == "base64":
        return decode_base64(octets)
    return binascii.a2b_qp(octets) if part.encoding == "quoted-printable" else octets


def decoded_text(message: Message, part: Part) -> str:
    """The part's body as text, with line ends as LF."""
    text = as_text(decoded_octets(message, part), part.parameters.get("charset", ""))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def flowing(text: str, part: Part) -> str:
    """The text with what soft line breaks cut in two put together beside it (RFC 3676 section 4.1, DelSp)."""
    if part.parameters.get("delsp", "").lower() != "yes":
        return text
    return text + "\n" + _DELETED_SPACE.sub("", text)


def as_text(octets: bytes, charset: str) -> str:
    """Octets in a charset. Those that hold no "@" where ASCII has it are read a second time as what they look like."""
    for mark, codec in _UTF_16:
        if octets.startswith(mark):
            return octets.decode(codec, "replace")
    text = decode_charset(octets, charset)
    if b"\0" in octets or (b"@" in octets) != ("@" in text):
        return f"{text}\n{decode_charset(octets.replace(bytes(1), b''), 'utf-8')}"
    return text
