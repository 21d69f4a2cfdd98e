"""Whom a piece of text shows, in the ways in which a reader of a calendar or of a page would read it.

On top of what a header search does (readings.py): escapes of calendar text (RFC 5545 section 3.3.11), RFC 6868, and the
entities of HTML, since calendars carry pages (X-ALT-DESC).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from ...mail.calendar.lines import without_carets
from ...mail.search import find_addresses
from ..search import Hidden

_ESCAPE = re.compile(rb"\\([nN,;\\:\"])")
_EDGE = re.compile(rb'[:;="]')
_MAY_SHOW = re.compile(
    rb"@|%40|=40|=\?|&#|&commat|\xef\xbc\xa0|\xef\xb9\xab|\\u0040|[A-Za-z0-9+/_-]{20,}|\S!\S|[a-z]=[a-z]", re.IGNORECASE
)
_TAG = re.compile(r"<[^<>]{0,2000}>")


def shown(hidden: Hidden, octets: bytes) -> frozenset[str]:
    """The hidden addresses that can be read in it."""
    if not hidden.addresses or not _MAY_SHOW.search(octets):
        return frozenset()
    return frozenset().union(*(hidden.found_in(text) for text in _texts(octets)))


def spans(hidden: Hidden, octets: bytes) -> list[tuple[int, int]]:
    """Where they stand, merged; not of those that only a decoding of entities shows."""
    found = [
        (each.start, each.end)
        for text in dict.fromkeys((octets, _unescaped(octets)))
        for each in find_addresses(text)
        if each.address in hidden.addresses
    ]
    merged: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _texts(octets: bytes) -> Iterator[bytes]:
    made = dict.fromkeys((octets, _unescaped(octets), without_carets(octets)))
    yield from made
    if b"!" in octets:
        # A bang path ends at a colon here: `CN=o.example!ann:mailto:...`
        yield _EDGE.sub(b" ", octets)
    if b"&" in octets or b"<" in octets or b"\\u" in octets:
        for text in made:
            page = html.unescape(text.decode("utf-8", "replace")).replace("\\u0040", "@")
            yield page.encode("utf-8", "replace")
            yield _TAG.sub("", page).encode("utf-8", "replace")


def _unescaped(octets: bytes) -> bytes:
    """Of the same length, so that what is found in it stands in the same place."""
    return _ESCAPE.sub(lambda match: b"  " if match[1] in b"nN" else b" " + match[1], octets)
