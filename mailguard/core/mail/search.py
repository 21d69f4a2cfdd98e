"""Finds every x@y in a value, whatever the field: as written, in encoded words, across comments and percent forms.

Promises to be total and linear (each stretch between two at signs is looked at twice). It knows no grammar: address.py
uses it as the reading of a person who sees the text, the rewriter to find hidden addresses in any field.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .canonical import canonical_address
from .text import Reading, decode_percent, decode_words, touches_words, without_comments

_AT = re.compile(rb"@|\xef\xbc\xa0|\xef\xb9\xab")
"""Also FULLWIDTH and SMALL COMMERCIAL AT, which people and NFKC read as "@" (THREATS.md T31)."""
_LOCAL_OCTETS = bytes(
    octet for octet in range(256) if octet >= 0x80 or chr(octet).isalnum() or chr(octet) in "!#$%&'*+/=?^_`{}~.-"
)
"""What a local part is written with, but for "|", which separates addresses more often than it stands in one."""
_DOMAIN = re.compile(rb"(?>(?:[A-Za-z0-9_\x80-\xff-]++[.]?+)+)|\[[^\[\]\s]{1,255}\]")
_SPACE = b" \t\r\n"
_SPACE_RUN = re.compile(rb"[ \t\r\n]*+")
_DELIMITER = re.compile(rb"[=/|'`!{}*&?#^~$]")
_HIGH = re.compile(rb"[\x80-\xff]")
LEADING_OCTETS = b"'.|/!="
"""Before an address in running text these are punctuation, though a local part may begin with most of them."""
_USUAL = re.compile(
    rb'[ \t]*+(?:(?:"[A-Za-z0-9 .,_-]*+"|[A-Za-z0-9 ._-]*+)[ \t]*+<)?'
    rb"([A-Za-z0-9][A-Za-z0-9._+-]{0,63}+)@((?>(?:[A-Za-z0-9_-]++\.)*)[A-Za-z0-9_-]*[A-Za-z0-9_])>?[ \t\r\n]*+"
)
"""One address with or without a name: only one can be read in it, in one way."""
REACH = 1024
"""How far left of an at sign a local part can begin; RFC 5321 section 4.5.3.1.1 allows 64 octets."""


@dataclass(frozen=True, slots=True)
class FoundAddress:
    """An x@y that a person could read in a value.

    address: canonical form. value[start:end] is the text that shows it: the address itself, or where `decoded` is set
    all of the encoded words (or percent forms, or comments between its pieces) that hide it.
    """

    address: str
    start: int
    end: int
    decoded: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """text[start:end] is an address as somebody would cut it out of running text."""

    start: int
    end: int
    local: bytes
    domain: bytes

    @property
    def address(self) -> str:
        return canonical_address(self.local + b"@" + self.domain)


def find_addresses(value: bytes) -> tuple[FoundAddress, ...]:
    """Every address in the value (a whole field or a field body), in every reading; in order of start, distinct.

    Besides each token as it stands come the narrower ones that a delimiter inside it suggests (`addr=x@y`, `'x@y'`,
    percent-hack and VERP forms, letters of another script beside it), since hiding must err towards finding.
    """
    usual = _USUAL.fullmatch(value)
    if usual is not None:
        address = f"{usual[1].decode('ascii').lower()}@{usual[2].decode('ascii').lower()}"
        return (FoundAddress(address, usual.start(1), usual.end(2)),)
    found: dict[tuple[str, int, int], FoundAddress] = {}
    for reading in readings(value):
        text = value if reading is None else reading.text
        for token in tokens(text):
            for start, end, address in _narrower(token):
                begin, finish = (start, end) if reading is None else reading.span(start, end)
                found.setdefault((address, begin, finish), FoundAddress(address, begin, finish, reading is not None))
    return tuple(sorted(found.values(), key=lambda each: (each.start, each.end, each.address)))


def readings(value: bytes) -> Iterator[Reading | None]:
    """The ways to read a value that differ: None is the value as written."""
    yield None
    if b"=?" in value:
        yield decode_words(value)
        if touches_words(value):
            yield decode_words(value, apart=True)
    if b"(" in value:
        yield without_comments(value)
    if b"%40" in value:
        yield decode_percent(value)


def tokens(text: bytes) -> Iterator[Token]:
    """Every x@y in text, in order; an `x @ y` with white space counts where y has a dot."""
    signs = [(sign.start(), sign.end()) for sign in _AT.finditer(text)]
    for index, (at, after) in enumerate(signs):
        left = signs[index - 1][1] if index else 0
        right = signs[index + 1][0] if index + 1 < len(signs) else len(text)
        token = _token(text, max(left, at - REACH), at, after, right)
        if token is not None:
            yield token


def _token(text: bytes, left: int, at: int, after: int, right: int) -> Token | None:
    before = text[left:at].rstrip(_SPACE)
    gap = _SPACE_RUN.match(text, after, right)
    begin = gap.end() if gap else after
    domain = _DOMAIN.match(text, begin, right)
    if domain is None or not before:
        return None
    name = domain[0].rstrip(b".-")
    spaced = begin != after or left + len(before) != at
    if not name or (spaced and b"." not in name):
        return None
    if before.endswith(b'"'):
        return _quoted(text, left + len(before), begin, name)
    local = before[len(before.rstrip(_LOCAL_OCTETS)) :].lstrip(LEADING_OCTETS)
    if not local:
        return None
    return Token(left + len(before) - len(local), begin + len(name), local, name)


def _quoted(text: bytes, end: int, begin: int, name: bytes) -> Token | None:
    start = text.rfind(b'"', max(end - REACH, 0), end - 1)
    return Token(start, begin + len(name), text[start:end], name) if start >= 0 and start < end - 2 else None


def _narrower(token: Token) -> Iterator[tuple[int, int, str]]:
    """The token, and what is left of it where a delimiter or another script may not belong to it."""
    yield token.start, token.end, token.address
    ends = [(token.domain, token.end)]
    foreign = _HIGH.search(token.domain)
    if foreign and foreign.start():
        name = token.domain[: foreign.start()].rstrip(b".-")
        ends.append((name, token.end - len(token.domain) + len(name)))
    for offset in _local_offsets(token.local):
        for domain, end in ends:
            if domain and (offset or end != token.end):
                yield token.start + offset, end, canonical_address(token.local[offset:] + b"@" + domain)
    yield from _relayed(token)


def _local_offsets(local: bytes) -> list[int]:
    """Where the local part could begin: at its start, after its last delimiter, after its last letter beyond ASCII."""
    offsets = {0}
    for pattern in (_DELIMITER, _HIGH):
        last = 0
        for delimiter in pattern.finditer(local):
            last = delimiter.end()
        offsets.add(last if last < len(local) else 0)
    return sorted(offsets)


def _relayed(token: Token) -> Iterator[tuple[int, int, str]]:
    """x%y@relay, x=y@relay and y!x@relay name x@y as well (THREATS.md T5; VERP)."""
    for sign in (b"%", b"="):
        local, found, domain = token.local.rpartition(sign)
        if found and local and b"." in domain:
            yield token.start, token.end, canonical_address(local.rpartition(b"+")[2] + b"@" + domain)
    host, found, user = token.local.rpartition(b"!")
    if found and user and host:
        yield token.start, token.end, canonical_address(user + b"@" + host.rpartition(b"!")[2])
