"""HTML as a file: a saved page, a report of a case system, a table that was exported for a browser.

Promises: total but for Uninspectable; linear. The charset is the one that a byte order mark names, else its media type,
else the document itself (WHATWG HTML, "prescan a byte stream to determine its encoding": the first 1,024 octets), else
UTF-8, else Latin-1. Its tables are read as html_tables.py says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...core.mail.decoded import as_text
from ..budget import Budget
from ..enclosed import Found
from ..html_tables import html_items
from ..stream import Row

TYPES = frozenset({"text/html", "application/xhtml+xml", "text/x-html"})
ENDINGS = (".html", ".htm", ".xhtml", ".xht", ".shtml")
WHERE = "page"
_PRESCANNED = 1_024
_CHARSET = re.compile(rb"<(?:meta[^<>]{0,200}charset|\?xml[^<>]{0,100}encoding)\s*=\s*[\"']?([\w.:-]{1,40})", re.I)
_BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,200}(?:<!--[^>]{0,500}-->\s{0,200})?<(?:!doctype\s+html|html)\b", re.I)


def guessed(start: bytes) -> bool:
    """Whether octets without a type of their own begin like a page."""
    return _BEGINNING.match(start) is not None


def read(data: bytes | memoryview, budget: Budget, charset: str = "") -> Iterator[Found]:
    """Its tables, and the text around them. charset: that its media type names."""
    budget.keep(2 * len(data))
    octets = bytes(data)
    named = _CHARSET.search(octets, 0, _PRESCANNED)
    text = as_text(octets, charset or (named[1].decode("ascii", "replace") if named else ""))
    for item in html_items(text.replace("\r\n", "\n").replace("\r", "\n"), WHERE):
        if isinstance(item, Row):
            budget.spend_row(len(item.values))
        yield item
