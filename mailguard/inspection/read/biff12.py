"""The records of the binary parts of an xlsb workbook (MS-XLSB 2.1.4), and the values in them.

Promises: total on any octets: records, or `Uninspectable`; each costs as much as a tag. It must not know what records
mean.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from ..budget import Budget, Uninspectable

_CUT = "its binary workbook is cut off"
_MAX_RECORD = 16_777_216
_NOTHING = 0xFFFFFFFF


def records(pieces: Iterable[bytes], budget: Budget) -> Iterator[tuple[int, bytes]]:
    """Type and octets of each record. Type and size are numbers of seven bits an octet, the lower ones first."""
    held, position = b"", 0
    for piece in pieces:
        held, position = held[position:] + piece, 0
        while (found := _header(held, position)) is not None:
            kind, size, start = found
            if size > _MAX_RECORD:
                raise Uninspectable("holds a record that is too large")
            if start + size > len(held):
                break
            budget.spend_tags(1)
            yield kind, held[start : start + size]
            position = start + size
    if position != len(held):
        raise Uninspectable(_CUT)


def _header(held: bytes, position: int) -> tuple[int, int, int] | None:
    """Type, size and where the octets begin; None where the header is not all there."""
    kind = _number(held, position, 2)
    if kind is None:
        return None
    size = _number(held, kind[1], 4)
    return None if size is None else (kind[0], size[0], size[1])


def _number(held: bytes, position: int, most: int) -> tuple[int, int] | None:
    value = 0
    for index in range(most):
        if position + index >= len(held):
            return None
        octet = held[position + index]
        value |= (octet & 0x7F) << (7 * index)
        if octet < 0x80:
            return value, position + index + 1
    return value, position + most


class Body:
    """The octets of one record, read from the front. Raises Uninspectable where they end too early."""

    __slots__ = ("_octets", "_position")

    def __init__(self, octets: bytes, position: int = 0) -> None:
        self._octets, self._position = octets, position

    def take(self, count: int) -> bytes:
        start, self._position = self._position, self._position + count
        if self._position > len(self._octets):
            raise Uninspectable(_CUT)
        return self._octets[start : self._position]

    def byte(self) -> int:
        return self.take(1)[0]

    def short(self) -> int:
        return int.from_bytes(self.take(2), "little")

    def long(self) -> int:
        return int.from_bytes(self.take(4), "little")

    def double(self) -> float:
        return float(struct.unpack("<d", self.take(8))[0])

    def rk(self) -> float:
        """2.5.122: 30 bits of a float or of a whole number, and whether it is a hundredth of that."""
        raw = self.long()
        if raw & 2:
            number = float((raw >> 2) - (1 << 30 if raw & 0x80000000 else 0))
        else:
            number = float(struct.unpack("<d", struct.pack("<Q", (raw & ~3) << 32))[0])
        return number / 100 if raw & 1 else number

    def text(self) -> str:
        """XLWideString, or XLNullableWideString, which may be none at all."""
        length = self.long()
        return "" if length == _NOTHING else self.take(2 * length).decode("utf-16-le", "replace")

    def area(self) -> tuple[int, int, int, int]:
        """First and last row, first and last column, from 0."""
        return self.long(), self.long(), self.long(), self.long()
