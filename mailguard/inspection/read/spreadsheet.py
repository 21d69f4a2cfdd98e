"""Which reader a spreadsheet is for, by its content. The name of the file is the caller's to judge beside it.

Promises: total on any octets: a Stream, or `Uninspectable` with the reason. A stream may raise it in the middle: what
has come until then is not all of the file.
"""

from __future__ import annotations

from ..budget import Budget, Uninspectable
from ..stream import Stream
from .xlsx import read_xlsx


def read_spreadsheet(data: bytes, budget: Budget) -> Stream:
    """Everything that the file carries."""
    if data.startswith(b"PK"):
        return read_xlsx(data, budget)
    raise Uninspectable("no spreadsheet of a kind that is read")
