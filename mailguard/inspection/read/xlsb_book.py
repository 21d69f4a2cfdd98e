"""The workbook part and tables of a binary workbook as SpreadsheetML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .biff12 import Body
from .spreadsheetml import column_letters
from .xlsb_xml import NAMESPACES, element, escaped, gathered

_NAME, _PROPERTIES, _SHEET, _VIEW, _FOLDER = 39, 153, 156, 158, 2071
_FILTER, _STYLE = 161, 513
_STATES = {0: "visible", 1: "hidden", 2: "veryHidden"}
_WINDOWS = {0: "visible", 1: "hidden", 2: "veryHidden", 3: "veryHidden"}


def translate_book(found: Iterable[tuple[int, bytes]]) -> Iterator[str]:
    return gathered(_book(found))


def _book(found: Iterable[tuple[int, bytes]]) -> Iterator[str]:
    yield f"<workbook {NAMESPACES}>"
    for kind, octets in found:
        body = Body(octets)
        if kind == _PROPERTIES:
            yield element("workbookPr", date1904=str(body.long() & 1))
        elif kind == _VIEW:
            body.take(28)
            yield element("workbookView", visibility=_WINDOWS[body.byte() & 3])
        elif kind == _SHEET:
            state, _, relation, name = body.long(), body.long(), body.text(), body.text()
            yield element("sheet", name=name, state=_STATES.get(state, "hidden"), r__id=relation)
        elif kind == _NAME:
            yield _name(body)
        elif kind == _FOLDER:
            yield f'<x15:absPath xmlns:x15="urn:x15" url="{escaped(body.text())}"/>'
    yield "</workbook>"


def _name(body: Body) -> str:
    """2.4.711: flags, a key, a sheet, the name, its formula, and a comment."""
    flags, _, _, name = body.long(), body.byte(), body.long(), body.text()
    formula = body.take(body.long())
    body.take(body.long())
    comment = body.text()
    said = f'name="{escaped(name)}" hidden="{flags & 1}" comment="{escaped(comment)}"'
    return f"<definedName {said}>{escaped(' '.join(texts_of(formula)))}</definedName>"


def texts_of(formula: bytes) -> list[str]:
    """The texts that are written out in a formula (PtgStr, 2.5.98.89): what it refers to is shown where it stands.

    The tokens are not parsed, so something that only looks like a text may come along.
    """
    found: list[str] = []
    position = formula.find(b"\x17")
    while position >= 0:
        length = int.from_bytes(formula[position + 1 : position + 3], "little")
        raw = formula[position + 3 : position + 3 + 2 * length]
        text = raw.decode("utf-16-le", "replace")
        is_text = bool(length) and len(raw) == 2 * length and text.isprintable()
        if is_text:
            found.append(text)
        position = formula.find(b"\x17", position + (3 + 2 * length if is_text else 1))
    return found


def reference(area: tuple[int, int, int, int]) -> str:
    top, bottom, left, right = area
    return f"{column_letters(left + 1)}{top + 1}:{column_letters(right + 1)}{bottom + 1}"


def translate_table(found: Iterable[tuple[int, bytes]], first: bytes) -> Iterator[str]:
    """first: the record that begins it, 2.4.127: its area, twelve numbers, its name and the one that is shown."""
    body = Body(first)
    area = reference(body.area())
    body.take(48)
    body.text()
    yield f'<table {NAMESPACES} ref="{area}" displayName="{escaped(body.text())}">'
    for kind, octets in found:
        if kind == _FILTER:
            yield element("autoFilter", ref=reference(Body(octets).area()))
        elif kind == _STYLE:
            yield element("tableStyleInfo", name=Body(octets, 2).text())
    yield "</table>"
