"""Which reader a spreadsheet is for, by its content. The name of the file is the caller's to judge beside it.

Promises: total on any octets: a Stream, or `Uninspectable` with the reason. A stream may raise it in the middle: what
has come until then is not all of the file.
"""

from __future__ import annotations

from ..budget import Budget, Uninspectable
from ..stream import Stream
from . import delimited
from .compound import SIGNATURE, open_compound
from .ods import SPREADSHEET, read_fods, read_ods
from .ole_object import holds_object, read_object
from .opendocument import is_flat, is_opendocument
from .xls import is_workbook, read_xls
from .xlsx import read_xlsx
from .zip_directory import read_directory

TYPES = frozenset(
    [
        "application/vnd.ms-excel",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.template",
        "application/vnd.ms-excel.sheet.macroenabled.12",
        "application/vnd.ms-excel.template.macroenabled.12",
        "application/vnd.ms-excel.sheet.binary.macroenabled.12",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.oasis.opendocument.spreadsheet-template",
    ]
)
ENDINGS = (".xlsx", ".xlsm", ".xltx", ".xltm", ".xlsb", ".xls", ".xlt", ".ods", ".ots", ".fods")


def begins(data: bytes | memoryview) -> bool:
    """Whether octets are a workbook, read here or not. Total; a broken one is none, nor is one in an encrypted package,
    which office_encryption.py opens."""
    octets = bytes(data)
    budget = Budget()
    try:
        if octets.startswith(SIGNATURE):
            return is_workbook(open_compound(octets, budget))
        if is_opendocument(octets):
            return SPREADSHEET in octets[:128]
        if octets.startswith(b"PK"):
            return any(entry.name.lower().startswith("xl/") for entry in read_directory(octets, budget).entries)
        return is_flat(octets, SPREADSHEET)
    except Uninspectable:
        return False


def read_spreadsheet(data: bytes | memoryview, budget: Budget, name: str = "") -> Stream:
    """Everything that the file carries. The name decides only for plain text, which nothing else tells from a table."""
    return _read(bytes(data), budget, name)


def _read(data: bytes, budget: Budget, name: str) -> Stream:
    if data.startswith(SIGNATURE):
        return _read_compound(data, budget)
    if data.startswith(b"PK"):
        return read_ods(data, budget) if is_opendocument(data) else read_xlsx(data, budget)
    if is_flat(data, SPREADSHEET):
        return read_fods(data, budget)
    if name.lower().endswith(delimited.ENDINGS):
        return delimited.read_delimited(data, budget)
    raise Uninspectable("no spreadsheet of a kind that is read")


def _read_compound(data: bytes, budget: Budget) -> Stream:
    compound = open_compound(data, budget)
    if is_workbook(compound):
        return read_xls(compound, budget)
    if holds_object(compound):
        return read_object(compound)
    raise Uninspectable("no spreadsheet of a kind that is read")
