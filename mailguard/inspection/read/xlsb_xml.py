"""How the translators of binary parts write XML: escaped, in the one namespace, in pieces of some thousand letters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

NAMESPACES = (
    'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
_PIECE = 512
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPECIAL = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
_MARKED = re.compile('[&<>"\n\r\t]')


def escaped(text: str) -> str:
    """For an element and for an attribute; what XML cannot hold is a space."""
    return _MARKED.sub(lambda found: _SPECIAL[found[0]], _FORBIDDEN.sub(" ", text))


def element(tag: str, /, **attributes: str) -> str:
    """An empty element. A key with two lines below it between its words has a prefix."""
    said = "".join(f' {key.replace("__", ":")}="{escaped(value)}"' for key, value in attributes.items())
    return f"<{tag}{said}/>"


def gathered(texts: Iterable[str]) -> Iterator[str]:
    held: list[str] = []
    for text in texts:
        held.append(text)
        if len(held) >= _PIECE:
            yield "".join(held)
            held.clear()
    yield "".join(held)
