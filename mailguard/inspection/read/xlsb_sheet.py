"""A worksheet of a binary workbook as SpreadsheetML: rows and cells with their values, and what stands beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from .biff12 import Body
from .spreadsheetml import column_letters
from .xlsb_book import reference, texts_of
from .xlsb_styles import rich
from .xlsb_xml import NAMESPACES, element, escaped, gathered

_ROW, _COLUMN, _VALIDATION, _SHEET_FORMAT, _BEGIN_DATA, _END_DATA = 0, 60, 64, 485, 145, 146
_FILTER, _HEADERS, _LINK = 161, 479, 494
_FIRST_SHORT, _LAST_SHORT = 12, 18
_PRINTED = ("oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter")
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}


def translate_sheet(found: Iterable[tuple[int, bytes]], root: str) -> Iterator[str]:
    return gathered(_Sheet().translate(found, root))


def _number(value: float) -> str:
    """As Excel writes it in XML: a whole number without its point."""
    return str(int(value)) if value == value and abs(value) < 1e15 and value == int(value) else repr(value)


def _string(body: Body) -> tuple[str, str]:
    return "str", body.text()


_VALUES: dict[int, Callable[[Body], tuple[str, str]]] = {
    2: lambda body: ("n", _number(body.rk())),
    3: lambda body: ("e", _ERRORS.get(body.byte(), "#ERROR")),
    4: lambda body: ("b", str(body.byte())),
    5: lambda body: ("n", _number(body.double())),
    6: _string,
    7: lambda body: ("s", str(body.long())),
    8: _string,
    9: lambda body: ("n", _number(body.double())),
    10: lambda body: ("b", str(body.byte())),
    11: lambda body: ("e", _ERRORS.get(body.byte(), "#ERROR")),
}
"""Cells (2.4.313 on) and results of formulas; those of 13 to 18 are like 2 to 7 without a column."""
_RICH = 62


class _Sheet:
    def __init__(self) -> None:
        self._row = self._column = -1
        self._in_row = False

    def translate(self, found: Iterable[tuple[int, bytes]], root: str) -> Iterator[str]:
        yield f"<{root} {NAMESPACES}>"
        if root == "worksheet":
            for kind, octets in found:
                yield self._record(kind, Body(octets))
            yield "</row>" if self._in_row else ""
        else:
            for _ in found:
                pass
        yield f"</{root}>"

    def _record(self, kind: int, body: Body) -> str:
        if kind in _VALUES:
            self._column = body.long()
            return self._cell(kind, body)
        if _FIRST_SHORT < kind <= _LAST_SHORT:
            self._column += 1
            return self._cell(kind - _FIRST_SHORT + 1, body)
        if kind == _RICH:
            self._column = body.long()
            style = int.from_bytes(body.take(4)[:3], "little")
            return self._wrapped(style, "inlineStr", f"<is>{rich(body, ())}</is>")
        if kind in (1, _FIRST_SHORT):
            self._column = body.long() if kind == 1 else self._column + 1
            return ""
        if kind == _ROW:
            return self._start_row(body)
        return self._beside(kind, body)

    def _cell(self, kind: int, body: Body) -> str:
        style = int.from_bytes(body.take(4)[:3], "little")
        sort, value = _VALUES[kind](body)
        return self._wrapped(style, sort, f"<v>{escaped(value)}</v>")

    def _wrapped(self, style: int, sort: str, inner: str) -> str:
        place = f"{column_letters(self._column + 1)}{self._row + 1}"
        return f'<c r="{place}" s="{style}" t="{sort}">{inner}</c>'

    def _start_row(self, body: Body) -> str:
        """2.4.749: its number, its format, its height in twentieths of a point, flags."""
        self._row, _, height = body.long(), body.long(), body.short()
        flags = body.take(2)[1]
        self._column = -1
        before, self._in_row = "</row>" if self._in_row else "", True
        return f'{before}<row r="{self._row + 1}" ht="{height / 20}" hidden="{flags >> 4 & 1}">'

    def _beside(self, kind: int, body: Body) -> str:
        if kind == _COLUMN:
            first, last, width, _, flags = body.long(), body.long(), body.long(), body.long(), body.short()
            own = {"min": str(first + 1), "max": str(last + 1), "width": str(width / 256), "hidden": str(flags & 1)}
            return element("col", **own)
        if kind == _SHEET_FORMAT:
            _, _, height, flags = body.long(), body.short(), body.short(), body.short()
            return element("sheetFormatPr", defaultRowHeight=str(height / 20), zeroHeight=str(flags >> 1 & 1))
        if kind == _BEGIN_DATA:
            return "<sheetData>"
        if kind == _END_DATA:
            before, self._in_row = "</row>" if self._in_row else "", False
            return f"{before}</sheetData><sheetCalcPr/>"
        if kind == _FILTER:
            return element("autoFilter", ref=reference(body.area()))
        if kind == _LINK:
            body.area()
            _, place, tip, shown = body.text(), body.text(), body.text(), body.text()
            return element("hyperlink", location=place, tooltip=tip, display=shown)
        if kind == _HEADERS:
            body.short()
            said = [(name, body.text()) for name in _PRINTED]
            return "".join(f"<{name}>{escaped(text)}</{name}>" for name, text in said if text)
        return self._validation(body) if kind == _VALIDATION else ""

    def _validation(self, body: Body) -> str:
        """2.4.351: flags, areas, four texts for people, and two formulas, of which a list of choices may be one."""
        body.long()
        body.take(16 * body.long())
        error_title, error, prompt_title, prompt = body.text(), body.text(), body.text(), body.text()
        said = {"errorTitle": error_title, "error": error, "promptTitle": prompt_title, "prompt": prompt}
        choices = " ".join(texts_of(body.take(body.long())))
        list_ = f"<formula1>{escaped(chr(34) + choices + chr(34))}</formula1>" if choices else ""
        return element("dataValidation", **said) + list_
