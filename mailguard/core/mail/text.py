"""Decoding header text: encoded words (RFC 2047), percent forms (RFC 2231, RFC 3986), comments taken out.

Each decoding is a Reading: text with a way back to the raw octets, so that what is found in it can be spliced.
Promises to be linear and total, and lenient as mail clients are: words are decoded wherever they stand, inside quotes,
in comments, without white space around them. Charsets come from a list: a name in a message never imports a codec.
"""

from __future__ import annotations

import binascii
import codecs
import re
from bisect import bisect_right
from dataclasses import dataclass

_ENCODED_WORD = re.compile(rb"=\?([^?]{1,75})\?([bBqQ])\?((?>(?:[^?]++|\?(?!=))*))\?=")
"""As lenient as any reader: white space in it, question marks in its text."""
_TOUCHING = re.compile(rb"[^ \t\r\n]=\?|\?=[^ \t\r\n]")
_GAP = re.compile(rb"[ \t\r\n]*+")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_Q_OCTET = re.compile(rb"=(?:\r?\n|([0-9A-Fa-f]{2}))")
NOT_BASE64 = bytes({*range(256)} - {*b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"})
"""To be taken out with bytes.translate, which is ten times as fast as a pattern: a large file has many line ends."""
_COMMENT_TOKEN = re.compile(rb'"(?>(?:[^"\\]++|\\[\s\S])*)"|\\[\s\S]|[()]')
_NOT_ALPHANUMERIC = re.compile("[^a-z0-9]")
_COMMENT_EDGE = re.compile(rb"\\[\s\S]|[()]")

_CODECS = """
    ascii utf-8 utf-7 utf-16 utf-16-be utf-16-le utf-32 utf-32-be utf-32-le latin-1 iso8859-2 iso8859-3 iso8859-4
    iso8859-5 iso8859-6 iso8859-7 iso8859-8 iso8859-9 iso8859-10 iso8859-11 iso8859-13 iso8859-14 iso8859-15 iso8859-16
    cp037 cp273 cp424 cp437 cp500 cp720 cp737 cp775 cp850 cp852 cp855 cp857 cp858 cp860 cp861 cp862 cp863 cp864 cp865
    cp866 cp869 cp874 cp875 cp932 cp949 cp950 cp1026 cp1125 cp1140 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256
    cp1257 cp1258 koi8-r koi8-u koi8-t mac-roman mac-cyrillic mac-greek mac-latin2 mac-turkish big5 big5hkscs euc-jp
    euc-kr gb18030 hz iso2022-jp iso2022-jp-1 iso2022-jp-2 iso2022-jp-3 iso2022-jp-ext iso2022-kr johab shift-jis
    shift-jis-2004 euc-jis-2004 tis-620 ptcp154 kz1048
"""
_OTHER_NAMES = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "iso8859-8-i": "iso8859-8",
    "iso8859-8-e": "iso8859-8",
    "iso8859-1": "cp1252",
    "unicode-1-1-utf-7": "utf-7",
    "ks-c-5601-1987": "cp949",
    "ks-c-5601": "cp949",
    "x-sjis": "cp932",
    "x-gbk": "gb18030",
    "x-euc-jp": "euc-jp",
    "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
    "us-ascii": "ascii",
    "utf8": "utf-8",
    "latin1": "cp1252",
    "sjis": "shift-jis",
    "tis620": "tis-620",
}


def _key(charset: str) -> str:
    """A charset's name without what spellings differ in: "Windows-1252" and "cp1252" are one."""
    name = _NOT_ALPHANUMERIC.sub("", charset.lower())
    for prefix in ("windows", "ibm"):
        if name.startswith(prefix) and name[len(prefix) :].isdigit():
            return "cp" + name[len(prefix) :]
    return name


_KNOWN = {_key(name): codecs.lookup(name).name for name in _CODECS.split()}
_KNOWN |= {_key(other): codecs.lookup(name).name for other, name in _OTHER_NAMES.items()}


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a value. text: UTF-8 octets. Segments in order: those as written have equal lengths.

    places: where each segment begins in text. starts, ends: its span in the value that was read.
    """

    text: bytes
    places: tuple[int, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    literal: tuple[bool, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the value that shows text[start:end]; whole encoded words where it lies in them."""
        if not self.places:
            return 0, 0
        first = max(bisect_right(self.places, start) - 1, 0)
        last = max(bisect_right(self.places, max(end - 1, start)) - 1, 0)
        begin = self.starts[first] + (start - self.places[first] if self.literal[first] else 0)
        return begin, self.starts[last] + end - self.places[last] if self.literal[last] else self.ends[last]

    def decoded(self) -> bytes:
        """Only what was decoded, the runs of it separated by spaces."""
        ends = (*self.places[1:], len(self.text))
        spans = zip(self.places, ends, self.literal, strict=True)
        return b" ".join(self.text[place:end] for place, end, literal in spans if not literal)


class _Builder:
    """Collects the segments of a Reading."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._segments: list[tuple[int, int, int, bool]] = []
        self._length = 0

    def add(self, piece: bytes, start: int, end: int, literal: bool) -> None:
        if piece:
            self._segments.append((self._length, start, end, literal))
            self._pieces.append(piece)
            self._length += len(piece)

    def reading(self) -> Reading:
        columns = list(zip(*self._segments, strict=True)) or [(), (), (), ()]
        return Reading(b"".join(self._pieces), *columns)


def touches_words(value: bytes) -> bool:
    """Whether other text stands against an encoded word: some readers then put a space between, others none."""
    return _TOUCHING.search(value) is not None


def decode_words(value: bytes, *, apart: bool = False) -> Reading:
    """The value with every encoded word decoded, adjacent ones joined (RFC 2047 section 6.2).

    apart: with a space on both sides of what was decoded, whether or not one stands there.
    """
    space = b" " if apart else b""
    builder = _Builder()
    position = 0
    # Nothing beyond the last "?=" can be a word; looking there for its end again and again would be quadratic.
    end = value.rfind(b"?=") + 2
    while word := _ENCODED_WORD.search(value, position, end):
        builder.add(value[position : word.start()], position, word.start(), True)
        text, position = _decode_run(value, word, end)
        builder.add(space + text + space, word.start(), position, False)
    builder.add(value[position:], position, len(value), True)
    return builder.reading()


def _decode_run(value: bytes, word: re.Match[bytes], limit: int) -> tuple[bytes, int]:
    """One encoded word and those that follow it after nothing but white space: their text and where they end."""
    pieces: list[bytes] = []
    charset, octets = word[1], [_octets(word)]
    end = word.end()
    while True:
        gap = _GAP.match(value, end)
        following = _ENCODED_WORD.match(value, gap.end() if gap else end, limit)
        if not following:
            break
        more = _octets(following)
        if following[1].lower() != charset.lower() or _begins_anew(more, charset):
            pieces.append(_utf8(b"".join(octets), charset))
            charset, octets = following[1], []
        octets.append(more)
        end = following.end()
    pieces.append(_utf8(b"".join(octets), charset))
    return b"".join(pieces), end


_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)  # UTF-32's little one begins as UTF-16's


def _begins_anew(octets: bytes, charset: bytes) -> bool:
    """A word of UTF-16 or UTF-32 with a byte order mark of its own: joined to the word before it, the mark would stand
    in the middle of the text, and of an address that is split there, where readers see nothing.
    """
    codec = codec_named(charset.partition(b"*")[0].decode("latin-1"))
    return codec in ("utf-16", "utf-32") and octets.startswith(
        (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
    )


def _octets(word: re.Match[bytes]) -> bytes:
    if word[2] in b"bB":
        return decode_base64(word[3])
    return _Q_OCTET.sub(lambda octet: bytes([int(octet[1], 16)]) if octet[1] else b"", word[3].replace(b"_", b" "))


def decode_base64(text: bytes) -> bytes:
    """Base64 read as leniently as any client does: other characters skipped, padding made up. Never raises."""
    clean = text.translate(None, NOT_BASE64)
    clean = clean[:-1] if len(clean) % 4 == 1 else clean
    return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))


def _utf8(octets: bytes, charset: bytes) -> bytes:
    return decode_charset(octets, charset.partition(b"*")[0].decode("latin-1")).encode("utf-8", "replace")


_AS_USUAL = {
    spelling: _KNOWN.get(_key(spelling))
    for name in ("", "unknown", "utf-8", "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252")
    for spelling in (name, name.upper())
}
"""What nearly every text calls its charset, as it stands there."""


def codec_named(charset: str) -> str | None:
    """Python's name of the codec for a charset that is on the list, None for any other."""
    return _AS_USUAL[charset] if charset in _AS_USUAL else _KNOWN.get(_key(charset))


def decode_charset(octets: bytes, charset: str) -> str:
    """Octets in a named charset as text. An unknown name is read as UTF-8, else Latin-1; bad octets are replaced."""
    codec = codec_named(charset)
    if codec is not None:
        try:
            return octets.decode(codec, "replace")
        except (UnicodeError, ValueError):
            pass
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def decode_percent(value: bytes) -> Reading:
    """The value with %40 and the like decoded (RFC 2231 section 4, RFC 3986 section 2.1)."""
    builder = _Builder()
    position = 0
    for octet in _PERCENT.finditer(value):
        builder.add(value[position : octet.start()], position, octet.start(), True)
        builder.add(bytes([int(octet[1], 16)]), octet.start(), octet.end(), False)
        position = octet.end()
    builder.add(value[position:], position, len(value), True)
    return builder.reading()


def without_comments(value: bytes) -> Reading:
    """The value without its comments (RFC 5322 section 3.2.2), nested ones too; an unclosed one stays."""
    builder = _Builder()
    position = search_from = 0
    while token := _COMMENT_TOKEN.search(value, search_from):
        search_from = token.end()
        if token[0] != b"(":
            continue
        end = comment_end(value, token.start(), len(value))
        if end is None:
            break
        builder.add(value[position : token.start()], position, token.start(), True)
        position = search_from = end
    builder.add(value[position:], position, len(value), True)
    return builder.reading()


def comment_end(value: bytes, start: int, end: int) -> int | None:
    """Where the comment that opens at value[start] ends (after its bracket), None where nothing closes it."""
    depth = 0
    for edge in _COMMENT_EDGE.finditer(value, start, end):
        if edge[0] == b"(":
            depth += 1
        elif edge[0] == b")":
            depth -= 1
            if not depth:
                return edge.end()
    return None


def unfold(value: bytes) -> bytes:
    """The value on one line: line breaks removed, white space around it too (RFC 5322 section 2.2.3)."""
    return value.replace(b"\r", b"").replace(b"\n", b"").strip()


def decode_text(value: bytes) -> str:
    """The body of a text field (Subject) as a person reads it, in one line."""
    line = unfold(value)
    if b"=?" not in line and line.isascii():
        return line.decode("ascii")
    return decode_charset(decode_words(line).text, "unknown")
