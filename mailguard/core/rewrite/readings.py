"""The texts that a reader could make of one piece of header: as it stands, unfolded, and decoded.

Made for searching, not for showing: a reading too many costs little, one too few lets an address through. Every step is
linear in the length of the value, and the number of readings is bounded.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterator
from urllib.parse import unquote_to_bytes

from ..mail.text import decode_base64, decode_charset

_ROUNDS = 3
"""Encodings within encodings: an encoded word in percent-encoding in a copied header (DKIM z=) is three."""
_MOST_CHARACTERS = 16_000_000
"""Of all readings of one field together. A header block is a megabyte, an ordinary field has one to four readings."""

_FOLD = re.compile(r"\r?\n[ \t]+|[\r\n]+")
_CONTINUED = re.compile(r";[ \t]*[\w-]+\*([0-9]{1,4})\*?[ \t]*=[ \t]*\"?(?:[\w-]*'[\w-]*')?")
_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)[ \t\r\n]+(?==\?)")
_QUOTED_OCTET = re.compile(rb"=([0-9A-Fa-f]{2})")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_QUOTED_PRINTABLE = re.compile(r"=[0-9A-Fa-f]{2}")
_ENTITY = re.compile(r"&#?\w{2,31};?")
"""HTML in a field: programs copy the beginning of a page into X- fields."""
_ESCAPE = re.compile(r"\\(?:u00|x)([0-9A-Fa-f]{2})")
"""JSON (RFC 8259 section 7), and the escapes of most languages."""
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
_SPACE = re.compile(r"\s+")
_AROUND = re.compile(r" ?([@.=%!]) ?")
_INNERMOST = re.compile(r"\([^()]*\)")
_PARENTHESIS = re.compile(r"([()])")


class TooManyReadings(Exception):
    """The value can be read in more ways than can be searched; somebody made it so."""


def readings(value: bytes) -> Iterator[str]:
    """All texts to search: lower-case, in compatibility form (NFKC), without quotes, backslashes and invisibles.

    TooManyReadings where they are more than could be searched in reasonable time.
    """
    for text in _texts(_text(value)):
        yield from dict.fromkeys(forms(text))


def _texts(text: str) -> set[str]:
    """The value unfolded both ways (a fold is a space, or only there to keep the line short), then all decodings."""
    found = {_FOLD.sub(" ", text), _FOLD.sub("", text)}
    latest = set(found)
    for _ in range(_ROUNDS):
        latest = {made for each in latest for made in _decoded(each)} - found
        found |= latest
        if sum(map(len, found)) > _MOST_CHARACTERS:
            raise TooManyReadings
    return found | {_base64(each) for each in found if _BASE64.search(each)}


def forms(text: str) -> tuple[str, ...]:
    """A text as it is compared: as written, and without the space around dots and at signs.

    The latter also without comments, and without comments inside comments alone.
    """
    plain = normal(text)
    spaced = _SPACE.sub(" ", plain)
    made = [spaced] if "(" not in spaced else [spaced, _without_comments(spaced), _INNERMOST.sub("", spaced)]
    return plain, *(_AROUND.sub(r"\1", each) for each in made)


def normal(text: str) -> str:
    """Case, width, quoting and invisible characters do not tell one mailbox from another (THREATS.md T31)."""
    if not text.isascii():
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).replace("\u3002", ".")
    return text.replace('"', "").replace("\\", "").lower()


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _decoded(text: str) -> set[str]:
    steps: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
        (_ENCODED_WORD, _words),
        (_CONTINUED, _continued),
        (_PERCENT, _percent),
        (_QUOTED_PRINTABLE, _quoted_printable),
        (_ENTITY, html.unescape),
        (_ESCAPE, _unescaped),
    )
    return {decode(text) for pattern, decode in steps if pattern.search(text)}


def _words(text: str) -> str:
    """RFC 2047 section 6.2: the white space between two encoded words is not shown."""
    return _ENCODED_WORD.sub(_word, _BETWEEN_WORDS.sub(r"\1", text))


def _word(match: re.Match[str]) -> str:
    charset, encoding, payload = match.groups()
    if encoding in "bB":
        return decode_charset(_from_base64(payload), charset.partition("*")[0])
    octets = payload.replace("_", " ").encode("utf-8")
    return decode_charset(_QUOTED_OCTET.sub(lambda pair: bytes([int(pair[1], 16)]), octets), charset.partition("*")[0])


def _continued(text: str) -> str:
    """RFC 2231 section 3: `name*0="le"; name*1="ak@..."` is one value."""
    return _CONTINUED.sub(lambda piece: "" if int(piece[1]) else "; ", text)


def _percent(text: str) -> str:
    return _text(unquote_to_bytes(text))


def _quoted_printable(text: str) -> str:
    octets = text.encode("utf-8", "surrogatepass")
    return _text(_QUOTED_OCTET.sub(lambda pair: bytes([int(pair[1], 16)]), octets))


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text)


def _base64(text: str) -> str:
    """What the base64 in a text says; UTF-16 reads as its ASCII."""
    runs = (_from_base64(match[0]) for match in _BASE64.finditer(text))
    return " ".join(_text(octets.replace(b"\0", b"")) for octets in runs if b"@" in octets)


def _from_base64(payload: str) -> bytes:
    """Both alphabets (RFC 4648 sections 4 and 5)."""
    return decode_base64(payload.replace("-", "+").replace("_", "/").encode("ascii", "ignore"))


def _without_comments(text: str) -> str:
    kept, depth = [], 0
    for piece in _PARENTHESIS.split(text):
        if piece == "(":
            depth += 1
        elif piece == ")":
            depth = max(0, depth - 1)
        elif not depth:
            kept.append(piece)
    return "".join(kept)
