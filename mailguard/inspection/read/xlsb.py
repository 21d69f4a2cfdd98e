"""Binary workbooks (xlsb): each binary part is translated into the SpreadsheetML that it stands for, so that everything
that judges a workbook is one and the same.

MS-XLSB says of most records which element of ECMA-376 they are. What is translated: the workbook part, worksheets,
shared strings, styles, comments, tables. Promises: a part that nobody here translates is `Uninspectable` and never
passed over, unless it only says how to compute, to find or to print.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..budget import Uninspectable
from .biff12 import records
from .package import Package
from .xlsb_book import translate_book, translate_table
from .xlsb_notes import translate_comments
from .xlsb_sheet import translate_sheet
from .xlsb_styles import Font, read_fonts, translate_strings, translate_styles

_BOOK, _SHEET, _STRINGS, _STYLES, _COMMENTS, _TABLE = 131, 129, 159, 278, 628, 343
_AS_THEY_ARE = ("/embeddings/", "/media/", "/printersettings/", "/activex/", "/ctrlprops/", "vbaproject")
_SILENT = ("calcchain", "binaryindex", "metadata")
"""Parts without values of their own: the order of computing, where rows begin, what kinds of values there are."""
_EMPTY = b'<calcChain xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'


@dataclass(frozen=True, slots=True)
class BinaryPackage(Package):
    """A package whose binary parts read as XML. fonts: of the styles, which runs of letters in strings name."""

    fonts: tuple[Font, ...] = ()

    def pieces(self, part: str) -> Iterator[bytes]:
        octets = Package.pieces(self, part)
        if not part.endswith(".bin") or any(word in part for word in _AS_THEY_ARE):
            return octets
        if any(word in part for word in _SILENT):
            return iter((_EMPTY,))
        return self._translated(part, octets)

    def _translated(self, part: str, octets: Iterator[bytes]) -> Iterator[bytes]:
        budget = self.archive.budget
        found = records(octets, budget)
        first = next(found, (-1, b""))[0]
        if first == _BOOK:
            made = translate_book(found)
        elif first == _SHEET:
            made = translate_sheet(found, "chartsheet" if "chartsheet" in part else "worksheet")
        elif first == _STRINGS:
            made = translate_strings(found, self.fonts)
        elif first == _STYLES:
            made = translate_styles(found)
        elif first == _COMMENTS:
            made = translate_comments(found)
        elif first == _TABLE:
            made = translate_table(found, self._first(part))
        else:
            raise Uninspectable("holds a part of a binary workbook (xlsb) that is not read, such as a pivot cache")
        for piece in made:
            octets_made = piece.encode("utf-8", "replace")
            budget.spend_tags(octets_made.count(b"<"))
            yield octets_made

    def _first(self, part: str) -> bytes:
        return next(records(Package.pieces(self, part), self.archive.budget), (0, b""))[1]


def is_binary(package: Package) -> bool:
    """Whether the document of the package is a binary part."""
    return any(each.kind == "officeDocument" and each.target.endswith(".bin") for each in package.relationships(""))


def as_xml(package: Package) -> BinaryPackage:
    fonts: tuple[Font, ...] = ()
    for part in package.parts:
        if part.endswith("styles.bin"):
            fonts = read_fonts(records(package.pieces(part), package.archive.budget))
    return BinaryPackage(package.archive, package.parts, fonts)
