"""Mentions: the addresses that a person reads in running text, each in one reading and once.

Promises: total; linear; distinct; canonical. Unlike search.py, which hides and so errs towards every reading of an
address, this counts people: `'anna@x.example'`, `mailto:anna@x.example` and `ANNA@x.example` are one mention. What only
looks like an address is none: message identifiers, content identifiers, names of pictures, versions of packages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .canonical import canonical_address

SEAM = "\x7f"
"""Where markup had a tag within a line (markup.py). It ends an address that is complete there, and else is nothing."""

_LOCAL = "abcdefghijklmnopqrstuvwxyz0123456789._+%-'#!$*^~" + SEAM
_LEFT = re.compile(rf"[\w.+%'#!$*^~{SEAM}-]+\Z")
_AT = re.compile(
    rf"@("
    rf"[a-z0-9{SEAM}-]++(?>(?:\.[a-z0-9{SEAM}-]++)+)(?![^\W_])"
    rf"|[a-z0-9\u00c0-\u024f{SEAM}-]++(?>(?:\.[a-z0-9\u00c0-\u024f{SEAM}-]++)+)"
    rf"|[^\W_][\w{SEAM}-]*+(?>(?:\.[\w{SEAM}-]++)+))"
)
"""An at sign and the domain behind it: ASCII, then Latin, then any script."""
_REACH = 128
"""How far left of an at sign a local part can begin; RFC 5321 section 4.5.3.1.1 allows 64 octets."""
MOST_MENTIONS = 20_000
"""Of one message. THREATS.md T33 lets a header list 10,000; a text that names more is not read further."""
_WINDOW = 1_000_000
"""Characters looked at together, so that a text of 50 MB is never there five times."""
_OVERLAP = 2_000
_NOT_A_START = ".'!#*^~$%-"
_BEYOND_LATIN = re.compile("[\u0250-\ud7ff\uf900-\U0010ffff]")
_FILES = frozenset("png jpg jpeg gif svg webp bmp tif tiff ico css js map woff ttf".split())  # noqa: SIM905
"""`logo@2x.png` is the name of a picture for fine screens."""
_NAMED_CONTENT = ("cid:", "mid:")

_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
_WIDE_AT = re.compile("[\uff20\ufe6b]")
_WIDE_DOT = re.compile("[\uff0e\uff61]|(?<=[a-z0-9])\u3002(?=[a-z0-9])")
_PERCENT = (
    *(("%25", "%"),) * 2,
    *((f"%{octet:02x}", chr(octet)) for octet in b"@,;<> \"':.-_+=&?()[]\r\n"),
)
"""Percent forms of what surrounds an address; a tracking link carries another link, in which they are encoded twice."""
_ESCAPED_AT = re.compile(r"&#0{0,5}64;?|&#x0{0,5}40;?|&commat;?|\\u0040|\\'40")
"""In XML and copied HTML, JSON, and RTF. Pages are decoded in full before (markup.py)."""
_SPELLED_AT = re.compile(r"[ \t]{0,3}[\[({][ \t]?(?:at|\u00e4t|@)[ \t]?[\])}][ \t]{0,3}")
_SPELLED_DOT = re.compile(r"(?<=\w)[ \t]{0,3}[\[({][ \t]?(?:dot|punkt|\.)[ \t]?[\])}][ \t]{0,3}(?=\w)")
_SIGNS = "@%&\\\uff20\ufe6b"
"""One of them is in every at sign but one that is spelled out, "[at]"."""
_IDENTIFIERS = re.compile(
    r"^[> \t|*]{0,99}+(?:resent-)?(?:message-id|references|in-reply-to|content-id"
    r"|[\w-]{1,40}-message-?id)[ \t*]{0,9}:[^\n]*+(?>(?:\n[>\s]{1,99}+<[^<>\s]{1,998}>[^\n]*+)*)",
    re.MULTILINE,
)
_IDENTIFIER = re.compile(r"<[^<>\s]{1,998}>")


class TooManyMentions(Exception):
    """A text mentions more people than are counted. found: those that were read."""

    def __init__(self, found: tuple[str, ...]) -> None:
        super().__init__()
        self.found = found


def mentions(text: str) -> tuple[str, ...]:
    """Every distinct address in the text, canonical, in order. Raises TooManyMentions above MOST_MENTIONS."""
    found: dict[str, None] = {}
    for window in windows(text):
        for address in _found(_plain(window)):
            found[address] = None
        if len(found) > MOST_MENTIONS:
            raise TooManyMentions(tuple(found))
    return tuple(found)


def windows(text: str) -> Iterator[str]:
    """A long text in pieces that end at white space, or overlap where there is none."""
    start = 0
    while len(text) - start > _WINDOW:
        limit = start + _WINDOW
        end = max(text.rfind("\n", limit - _OVERLAP, limit), text.rfind(" ", limit - _OVERLAP, limit))
        yield text[start : end if end > 0 else limit]
        start = end if end > 0 else limit - _OVERLAP
    yield text[start:] if start else text


def without_identifiers(text: str) -> str:
    """Lower-case text in which a copied header's Message-ID, References and the like name nothing (fields.py)."""
    if "-id" not in text and "references" not in text and "in-reply-to" not in text:
        return text
    return _IDENTIFIERS.sub(lambda field: _IDENTIFIER.sub("<>", field[0]), text)


def _plain(text: str) -> str:
    """Lower-case text in which each at sign is one: not wide, not encoded, not escaped, not spelled out.

    "" where there is none.
    """
    if not _may_hold_at_sign(text):
        return ""
    plain = text.lower()
    if not plain.isascii():
        plain = _WIDE_DOT.sub(".", _WIDE_AT.sub("@", _INVISIBLE.sub("", plain)))
    if "%" in plain:
        for encoded, character in _PERCENT:
            plain = plain.replace(encoded, character)
    if "&" in plain or "\\" in plain:
        plain = _ESCAPED_AT.sub("@", plain)
    if "at]" in plain or "at)" in plain or "at}" in plain or "[@" in plain or "(@" in plain:
        plain = _SPELLED_DOT.sub(".", _SPELLED_AT.sub("@", plain))
    return without_identifiers(plain) if "@" in plain else ""


def _may_hold_at_sign(text: str) -> bool:
    """Asked of a text as it is, which costs next to nothing: most texts mention nobody."""
    if any(map(text.__contains__, _SIGNS)):
        return True
    closed = [bracket for bracket in "])}" if bracket in text]
    if not text.isascii():
        return bool(closed)  # something that nobody sees may stand before it
    return any(letter + bracket in text for bracket in closed for letter in "tT")


def _found(text: str) -> Iterator[str]:
    before = 0
    for sign in _AT.finditer(text):
        local, start = _local(text, max(before, sign.start() - _REACH), sign.start())
        domain = _domain(sign[1])
        if local and domain and not _is_name_of_something_else(text[max(start - 4, 0) : start]):
            address = f"{local}@{domain}"
            yield address if address.isascii() else canonical_address(address)
        before = sign.start() + 1


def _is_name_of_something_else(before: str) -> bool:
    """A part of the message, or an account of a network that writes `@anna@social.example`."""
    return before in _NAMED_CONTENT or before.endswith("@")


def _local(text: str, reach: int, at: int) -> tuple[str, int]:
    """What stands before the at sign as a local part, and where it begins."""
    before = text[reach:at]
    if before.isascii():
        local = before[len(before.rstrip(_LOCAL)) :]
    else:
        run = _LEFT.search(before)
        local = run[0] if run else ""
    if SEAM in local:
        at -= len(local) - len(local.rstrip(SEAM))
        local = local.rstrip(SEAM).rpartition(SEAM)[2]
    if not local.isascii():
        local = _last_script(local)
    return local.lstrip(_NOT_A_START), at - len(local)


def _last_script(local: str) -> str:
    """Japanese puts no space before an address: what follows its last letter is the address, if anything does."""
    end = 0
    for letter in _BEYOND_LATIN.finditer(local):
        end = letter.end()
    return local[end:] or local


def _domain(written: str) -> str | None:
    domain = _before_seam(written) if SEAM in written else written
    domain = domain.strip("-").rstrip(".-")
    return domain if _is_whole(domain) else None


def _is_whole(domain: str) -> bool:
    """Whether it ends in a top-level domain: letters, or an A-label, and no ending of a file."""
    rest, _, top = domain.rpartition(".")
    return rest != "" and (top.isalpha() or top.startswith("xn--")) and len(top) > 1 and top not in _FILES


def _before_seam(domain: str) -> str:
    """Up to the first seam where that is a whole domain, else all of it."""
    first = domain.strip(SEAM).partition(SEAM)[0]
    return first if _is_whole(first) else domain.replace(SEAM, "")
