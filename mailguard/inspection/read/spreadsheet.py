"""Which reader a spreadsheet is for, by its content. The name of the file is the caller's to judge beside it.

Promises: total on any octets: a Stream, or `Uninspectable` with the reason. A stream may raise it in the middle: what
has come until then is not all of the file.
"""

from __future__ import annotations

from ..budget import Budget, Uninspectable
from ..stream import Stream
from .compound import SIGNATURE, open_compound
from .delimited import SUFFIXES, read_delimited
from .ods import is_opendocument, read_fods, read_ods
from .office_encryption import decrypt_package, is_encrypted_package
from .ole_object import holds_object, read_object
from .xls import is_workbook, read_xls
from .xlsx import read_xlsx
from .xml_events import root_of


def read_spreadsheet(data: bytes, budget: Budget, name: str = "") -> Stream:
    """Everything that the file carries. The name decides only for plain text, which nothing else tells from a table."""
    if data.startswith(SIGNATURE):
        return _read_compound(data, budget)
    if data.startswith(b"PK"):
        return read_ods(data, budget) if is_opendocument(data) else read_xlsx(data, budget)
    if _is_flat_opendocument(data):
        return read_fods(data, budget)
    if name.lower().endswith(SUFFIXES):
        return read_delimited(data, budget)
    raise Uninspectable("no spreadsheet of a kind that is read")


def _is_flat_opendocument(data: bytes) -> bool:
    return data[:200].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and root_of([data[:65_536]]).endswith(
        "opendocument:xmlns:office:1.0}document"
    )


def _read_compound(data: bytes, budget: Budget) -> Stream:
    compound = open_compound(data, budget)
    if is_encrypted_package(compound):
        return read_xlsx(decrypt_package(compound, budget), budget)
    if is_workbook(compound):
        return read_xls(compound, budget)
    if holds_object(compound):
        return read_object(compound)
    raise Uninspectable("no spreadsheet of a kind that is read")
