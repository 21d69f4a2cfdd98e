"""Spliced content: the judged bytes and a list of edits, never a second body.

INVARIANT: with no edits the content is the raw bytes, the same object, byte for byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..mail.message import Buffer


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace raw[start:end] by `replacement`; start == end inserts, an empty replacement deletes."""

    start: int
    end: int
    replacement: bytes = b""


@dataclass(frozen=True, slots=True)
class Content:
    """raw with edits, which are in order and do not overlap (checked: ValueError)."""

    raw: Buffer
    edits: tuple[Edit, ...] = ()

    def __post_init__(self) -> None:
        position = 0
        for edit in self.edits:
            if not position <= edit.start <= edit.end <= len(self.raw):
                raise ValueError("edits overlap, are out of order or lie outside the message")
            position = edit.end

    def segments(self) -> Iterator[memoryview | bytes]:
        """The content in pieces, in order, none of them copied from raw."""
        view = memoryview(self.raw)
        position = 0
        for edit in self.edits:
            if edit.start > position:
                yield view[position : edit.start]
            if edit.replacement:
                yield edit.replacement
            position = edit.end
        if position < len(view):
            yield view[position:]

    def size(self) -> int:
        """In octets, before dot-stuffing (what SIZE= means, RFC 1870 section 3)."""
        return len(self.raw) + sum(len(edit.replacement) - (edit.end - edit.start) for edit in self.edits)

    def sha256(self) -> str:
        digest = hashlib.sha256()
        for segment in self.segments():
            digest.update(segment)
        return digest.hexdigest()

    def to_bytes(self) -> bytes:
        return b"".join(self.segments())


def merge(*groups: Sequence[Edit]) -> tuple[Edit, ...]:
    """Several lists of edits as one in order. Insertions at one place keep the order of the groups."""
    return tuple(sorted((edit for group in groups for edit in group), key=lambda edit: (edit.start, edit.end)))
