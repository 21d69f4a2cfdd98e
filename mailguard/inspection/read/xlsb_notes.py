"""The comments of a sheet of a binary workbook as SpreadsheetML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .biff12 import Body
from .xlsb_book import reference
from .xlsb_styles import rich
from .xlsb_xml import NAMESPACES, escaped, gathered

_AUTHOR, _COMMENT, _END_OF_COMMENT, _TEXT = 632, 635, 636, 637


def translate_comments(found: Iterable[tuple[int, bytes]]) -> Iterator[str]:
    return gathered(_comments(found))


def _comments(found: Iterable[tuple[int, bytes]]) -> Iterator[str]:
    yield f"<comments {NAMESPACES}>"
    is_open = False
    for kind, octets in found:
        body = Body(octets)
        if kind == _AUTHOR:
            yield f"<author>{escaped(body.text())}</author>"
        elif kind == _COMMENT and not is_open:
            body.long()
            yield f'<comment ref="{reference(body.area()).partition(":")[0]}">'
            is_open = True
        elif kind == _TEXT and is_open:
            yield f"<text>{rich(body, ())}</text>"
        elif kind == _END_OF_COMMENT and is_open:
            yield "</comment>"
            is_open = False
    yield "</comment></comments>" if is_open else "</comments>"
