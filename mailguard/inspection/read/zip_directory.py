"""What a zip file says it holds: the central directory and every local header, and whether the two agree.

Promises: total on any octets: a Directory or `Uninspectable`. Nothing is unpacked here. It must not know what the
members are.

INVARIANT: each octet of the file belongs to one member, to the directory, or to `loose`; two members never share one,
so a file cannot say more than its size. Two programs that read the file, one by its directory and one from its
beginning, find the same members under the same names: where they would not, the file is uninspectable.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ..budget import Budget, Uninspectable

_END = b"PK\x05\x06"
_END_RECORD = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_MAX32, _MAX16 = 0xFFFFFFFF, 0xFFFF
_ENCRYPTED, _DESCRIPTOR, _UTF8, _MASKED = 0x1, 0x8, 0x800, 0x2000
_DESCRIPTOR_SIZES = (0, 12, 16, 20, 24)
"""APPNOTE 4.3.9: three fields, with or without a signature, the sizes of 4 or 8 octets."""
_PADDING = b"\0\r\n \x1a"
_MAX_PADDING = 4_096


@dataclass(frozen=True, slots=True)
class Entry:
    """One member. start: of its packed octets. method: 0 stored, 8 deflated, else not unpacked here."""

    name: str
    start: int
    packed: int
    unpacked: int
    crc: int
    method: int
    encrypted: bool

    @property
    def is_folder(self) -> bool:
        return self.name.endswith("/") and self.unpacked == 0


@dataclass(frozen=True, slots=True)
class Directory:
    """entries: in the order of the directory; names may repeat. loose: octets outside of all members, padding left
    out. comments: of the file and of members, those that are not empty."""

    entries: tuple[Entry, ...]
    loose: tuple[tuple[int, int], ...]
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Placed:
    """Where a member lies with its local header and descriptor."""

    start: int
    end: int
    described: bool


def read_directory(data: bytes | memoryview, budget: Budget) -> Directory:
    """The members of a zip file."""
    view = memoryview(data)
    try:
        return _read(view, budget)
    except (struct.error, IndexError, OverflowError) as error:
        raise Uninspectable("its zip directory is broken") from error


def _read(view: memoryview, budget: Budget) -> Directory:
    end = _find_end(view)
    count, size, offset, directory_end = _read_end(view, end)
    start = directory_end - size
    if start < 0 or offset > start:
        raise Uninspectable("its zip directory is broken")
    budget.spend_members(count)
    shift = start - offset
    entries, places = [], []
    whole_end = _end_of(view, end)
    comments = [bytes(view[end + _END_RECORD.size : whole_end])]
    position = start
    for _ in range(count):
        entry, place, comment, position = _read_central(view, position, shift)
        entries.append(entry)
        places.append(place)
        comments.append(comment)
    if position != directory_end:
        raise Uninspectable("its zip directory is not as long as it says")
    loose = tuple(_loose(view, places, start, whole_end))
    return Directory(tuple(entries), loose, tuple(_decoded(comment) for comment in comments if comment))


def _find_end(view: memoryview) -> int:
    """Of the end record. A second one in the comment would be another file for another reader."""
    tail_start = max(0, len(view) - _END_RECORD.size - _MAX16 - _MAX_PADDING)
    tail = bytes(view[tail_start:])
    found = tail.rfind(_END)
    if found < 0:
        raise Uninspectable("its zip directory is missing")
    earlier = tail.rfind(_END, 0, found)
    if earlier >= 0 and _reaches(tail, earlier, found):
        raise Uninspectable("has two zip directories")
    return tail_start + found


def _reaches(tail: bytes, earlier: int, later: int) -> bool:
    """Whether an end record has the later one in its comment."""
    if earlier + _END_RECORD.size > len(tail):
        return False
    comment = _END_RECORD.unpack_from(tail, earlier)[7]
    return earlier + _END_RECORD.size + int(comment) > later


def _end_of(view: memoryview, end: int) -> int:
    return end + _END_RECORD.size + int(_END_RECORD.unpack_from(view, end)[7])


def _read_end(view: memoryview, end: int) -> tuple[int, int, int, int]:
    """Members, size and offset of the directory, and where it ends; of the zip64 record if there is one."""
    _, disk, first_disk, here, count, size, offset, comment = _END_RECORD.unpack_from(view, end)
    if end + _END_RECORD.size + comment > len(view):
        raise Uninspectable("is cut off")
    locator = end - _END64_LOCATOR.size
    if locator >= 0 and bytes(view[locator : locator + 4]) == b"PK\x06\x07":
        wide = _read_end64(view, locator)
        for short, long, most in ((count, wide[0], _MAX16), (size, wide[1], _MAX32), (offset, wide[2], _MAX32)):
            if short not in (long, most):
                raise Uninspectable("has two zip directories")
        return wide
    if disk or first_disk or here != count:
        raise Uninspectable("is a zip archive in several files")
    return count, size, offset, end


def _read_end64(view: memoryview, locator: int) -> tuple[int, int, int, int]:
    start = locator - _END64.size
    if start < 0 or bytes(view[start : start + 4]) != b"PK\x06\x06":
        raise Uninspectable("its zip64 directory is broken")
    _, _, _, _, disk, first_disk, here, count, size, offset = _END64.unpack_from(view, start)
    if disk or first_disk or here != count:
        raise Uninspectable("is a zip archive in several files")
    if count * _CENTRAL.size > len(view):
        raise Uninspectable("its zip64 directory is broken")
    return count, size, offset, start


def _read_central(view: memoryview, position: int, shift: int) -> tuple[Entry, _Placed, bytes, int]:
    fields = _CENTRAL.unpack_from(view, position)
    signature, _, _, flags, method, _, _, crc, packed, unpacked, name_size, extra_size, comment_size = fields[:13]
    if signature != b"PK\x01\x02":
        raise Uninspectable("its zip directory is broken")
    offset = fields[16]
    after = position + _CENTRAL.size
    raw_name = bytes(view[after : after + name_size])
    extra = bytes(view[after + name_size : after + name_size + extra_size])
    unpacked, packed, offset = _widen(extra, (unpacked, packed, offset))
    entry, place = _read_local(view, offset + shift, raw_name, (flags, method, crc, packed, unpacked))
    comment_start = after + name_size + extra_size
    comment = bytes(view[comment_start : comment_start + comment_size])
    return entry, place, comment, comment_start + comment_size


def _widen(extra: bytes, values: tuple[int, ...]) -> tuple[int, ...]:
    """Values of the zip64 extra field in the place of those that are all ones (APPNOTE 4.5.3)."""
    if _MAX32 not in values:
        return values
    wide = next((body for tag, body in _extras(extra) if tag == 1), b"")
    widened, position = [], 0
    for value in values:
        if value == _MAX32:
            (value,) = struct.unpack_from("<Q", wide, position)
            position += 8
        widened.append(value)
    return tuple(widened)


def _extras(extra: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + 4 <= len(extra):
        tag, size = struct.unpack_from("<HH", extra, position)
        yield tag, extra[position + 4 : position + 4 + size]
        position += 4 + size


def _read_local(
    view: memoryview, offset: int, raw_name: bytes, said: tuple[int, int, int, int, int]
) -> tuple[Entry, _Placed]:
    """The member at a local header that says the same as the directory."""
    flags, method, crc, packed, unpacked = said
    signature, _, here_flags, here_method, _, _, here_crc, here_packed, here_unpacked, name_size, extra_size = (
        _LOCAL.unpack_from(view, offset)
    )
    after = offset + _LOCAL.size
    if signature != b"PK\x03\x04" or bytes(view[after : after + name_size]) != raw_name:
        raise Uninspectable("its zip directory names a member otherwise than the member itself")
    extra = bytes(view[after + name_size : after + name_size + extra_size])
    here_unpacked, here_packed = _widen(extra, (here_unpacked, here_packed))
    described = bool(here_flags & _DESCRIPTOR)
    if here_method != method or (here_flags ^ flags) & (_ENCRYPTED | _DESCRIPTOR):
        raise Uninspectable("its zip directory describes a member otherwise than the member itself")
    unsaid = described and (here_crc, here_packed, here_unpacked) == (0, 0, 0)
    if not unsaid and (here_crc, here_packed, here_unpacked) != (crc, packed, unpacked) and not flags & _MASKED:
        raise Uninspectable("its zip directory gives a member another size than the member itself")
    start = after + name_size + extra_size
    if start + packed > len(view) or (method == 0 and packed != unpacked and not flags & _ENCRYPTED):
        raise Uninspectable("its zip directory is broken")
    entry = Entry(_name(raw_name, flags), start, packed, unpacked, crc, method, bool(flags & (_ENCRYPTED | _MASKED)))
    return entry, _Placed(offset, start + packed, described)


def _name(raw: bytes, flags: int) -> str:
    """As written: UTF-8 where it is valid, since many programs forget to say so; else code page 437."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        if flags & _UTF8:
            raise Uninspectable("a member has a name that is no text") from None
        return _decoded(raw)


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp437")


def _loose(view: memoryview, places: list[_Placed], start: int, end: int) -> Iterator[tuple[int, int]]:
    """What no member owns. Raises for members that overlap."""
    position, described = 0, False
    for place in [*sorted(places, key=lambda each: each.start), _Placed(start, end, False)]:
        if place.start < position:
            raise Uninspectable("members of the zip archive overlap")
        yield from _unowned(view, position, place.start, described)
        position, described = place.end, place.described
    yield from _unowned(view, end, len(view), False)


def _unowned(view: memoryview, start: int, end: int, described: bool) -> Iterator[tuple[int, int]]:
    """The octets between two members, unless they are a descriptor or padding."""
    size = end - start
    if size == 0 or (described and size in _DESCRIPTOR_SIZES):
        return
    if size <= _MAX_PADDING and not bytes(view[start:end]).strip(_PADDING):
        return
    yield start, end
