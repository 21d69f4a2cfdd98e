"""The records of a BIFF8 stream (MS-XLS): their types and octets, and the strings in them.

Promises: total on any octets: records, or `Uninspectable`. A stream that is obfuscated with the password that every
Excel tries by itself is opened (RC4, and RC4 of CryptoAPI); any other is uninspectable. It must not know what records
mean.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ..budget import Budget, Uninspectable
from .office_encryption import DEFAULT_PASSWORD
from .rc4 import is_slow, rc4

BOF, EOF, FILEPASS, CONTINUE, BOUNDSHEET = 0x0809, 0x000A, 0x002F, 0x003C, 0x0085
_PLAIN = frozenset([BOF, FILEPASS, 0x00E1])
"""Records whose octets are not obfuscated (MS-XLS 2.2.10)."""
_BLOCK = 1_024


@dataclass(frozen=True, slots=True)
class Record:
    """One record. start: where its header stands in the stream. more: the octets of what continues it, one by one."""

    kind: int
    start: int
    body: bytes
    more: tuple[bytes, ...] = ()


def records(stream: bytes, budget: Budget, start: int = 0) -> Iterator[Record]:
    """Every record from a place on, with its continuations, to the end of the stream. Each costs as much as a tag."""
    position = start
    held: tuple[int, int, bytes] | None = None
    more: list[bytes] = []
    while position + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, position)
        body = stream[position + 4 : position + 4 + size]
        budget.spend_tags(1)
        if len(body) < size:
            raise Uninspectable("its workbook is cut off")
        if kind == CONTINUE and held is not None:
            more.append(body)
        else:
            if held is not None:
                yield Record(held[0], held[1], held[2], tuple(more))
            held, more = (kind, position, body), []
        position += 4 + size
    if held is not None:
        yield Record(held[0], held[1], held[2], tuple(more))


def opened(stream: bytes, budget: Budget) -> bytes:
    """The stream in the clear."""
    for record in records(stream, budget):
        if record.kind == FILEPASS:
            budget.keep(3 * len(stream))
            return _decrypt(stream, _key(record.body), budget)
        if record.kind == EOF:
            break
    return stream


def _key(body: bytes) -> Callable[[int], bytes]:
    """Block -> key. Raises for another password, and for XOR obfuscation."""
    if len(body) >= 54 and body[:2] == b"\x01\0" and body[2:6] == b"\x01\0\x01\0":
        return _office_97_key(body[6:22], body[22:38], body[38:54])
    if len(body) > 14 and body[:2] == b"\x01\0" and body[4:6] == b"\x02\0":
        return _crypto_api_key(body[6:])
    raise Uninspectable("encrypted, in a way that is not read")


def _office_97_key(salt: bytes, verifier: bytes, verifier_hash: bytes) -> Callable[[int], bytes]:
    """MS-OFFCRYPTO 2.3.6.2."""
    short = _md5(DEFAULT_PASSWORD.encode("utf-16-le"))[:5]
    base = _md5((short + salt) * 16)[:5]

    def key(block: int) -> bytes:
        return _md5(base + struct.pack("<L", block))

    _verify(key(0), verifier, verifier_hash, _md5)
    return key


def _crypto_api_key(info: bytes) -> Callable[[int], bytes]:
    """MS-OFFCRYPTO 2.3.5.2; a key of 40 bits is filled up with zeros."""
    try:
        (header_size,) = struct.unpack_from("<L", info, 4)
        _, _, algorithm, _, bits = struct.unpack_from("<5L", info, 8)
        salt_size, salt, verifier, _, verifier_hash = struct.unpack_from("<L16s16sL20s", info, 8 + header_size)
    except struct.error as error:
        raise Uninspectable("encrypted, in a way that is not read") from error
    if algorithm not in (0, 0x6801) or salt_size != 16 or bits not in range(0, 129, 8):
        raise Uninspectable("encrypted, in a way that is not read")
    base = _sha1(salt + DEFAULT_PASSWORD.encode("utf-16-le"))
    size = (bits or 40) // 8

    def key(block: int) -> bytes:
        made = _sha1(base + struct.pack("<L", block))[:size]
        return made.ljust(16, b"\0") if size == 5 else made

    _verify(key(0), verifier, verifier_hash, _sha1)
    return key


def _verify(key: bytes, verifier: bytes, verifier_hash: bytes, hashed: Callable[[bytes], bytes]) -> None:
    plain = rc4(key, verifier + verifier_hash)
    if not hmac.compare_digest(hashed(plain[:16]), plain[16:]):
        raise Uninspectable("encrypted")


def _decrypt(stream: bytes, key: Callable[[int], bytes], budget: Budget) -> bytes:
    """Every octet takes its part of the key stream, headers and plain records too, but those stay as they are."""
    if is_slow(key(0)):
        budget.spend_tags(len(stream))
    blocks = range(0, len(stream), _BLOCK)
    clear = b"".join(rc4(key(start // _BLOCK), stream[start : start + _BLOCK]) for start in blocks)
    pieces, position = [], 0
    while position + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, position)
        after = position + 4
        kept = size if kind in _PLAIN else 4 if kind == BOUNDSHEET else 0
        pieces.append(stream[position : after + kept] + clear[after + kept : after + size])
        position = after + size
    return b"".join(pieces)


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _sha1(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()


def read_string(body: bytes, position: int, wide_length: bool = True) -> tuple[str, int]:
    """A string that lies in one record, and what comes after it (MS-XLS 2.5.293, 2.5.294)."""
    length = struct.unpack_from("<H" if wide_length else "<B", body, position)[0]
    return read_letters(body, position + (2 if wide_length else 1), length)


def read_letters(body: bytes, position: int, length: int) -> tuple[str, int]:
    """Letters behind their flags: one octet each, or two."""
    wide = bool(body[position] & 1) if position < len(body) else False
    end = position + 1 + length * (2 if wide else 1)
    raw = body[position + 1 : end]
    return raw.decode("utf-16-le" if wide else "latin-1", "replace"), end


class Letters:
    """Strings over the borders of records: letters go on behind a new octet of flags, everything else just goes on."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = [memoryview(piece) for piece in pieces]
        self._piece = 0
        self._position = 0

    def string(self) -> tuple[str, tuple[tuple[int, int], ...]]:
        """One of the shared strings: its text, and its runs (first letter, font). Raises for the end of the pieces."""
        length, flags = struct.unpack("<HB", self._take(3))
        (runs,) = struct.unpack("<H", self._take(2)) if flags & 8 else (0,)
        (extension,) = struct.unpack("<L", self._take(4)) if flags & 4 else (0,)
        text = self._letters(length, bool(flags & 1))
        formats = self._take(4 * runs)
        self._skip(extension)
        return text, tuple(struct.iter_unpack("<HH", formats))

    def _letters(self, length: int, wide: bool) -> str:
        found = []
        while length > 0:
            here = self._here()
            size = 2 if wide else 1
            count = min(length, len(here) // size)
            found.append(bytes(here[: count * size]).decode("utf-16-le" if wide else "latin-1", "replace"))
            self._position += count * size
            length -= count
            if length > 0:
                self._next_piece()
                wide = bool(self._take(1)[0] & 1)
        return "".join(found)

    def _here(self) -> memoryview:
        if self._piece >= len(self._pieces):
            raise Uninspectable("its shared strings are cut off")
        return self._pieces[self._piece][self._position :]

    def _next_piece(self) -> None:
        self._piece += 1
        self._position = 0

    def _take(self, count: int) -> bytes:
        taken = b""
        while len(taken) < count:
            here = bytes(self._here()[: count - len(taken)])
            taken += here
            self._position += len(here)
            if len(taken) < count:
                self._next_piece()
        return taken

    def _skip(self, count: int) -> None:
        while count > 0:
            here = len(self._here())
            step = min(here, count)
            self._position += step
            count -= step
            if count > 0:
                self._next_piece()
