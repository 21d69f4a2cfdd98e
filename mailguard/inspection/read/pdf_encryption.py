"""What of an encrypted PDF is under which cipher (ISO 32000-1 and ISO 32000-2, 7.6), and the way back into plain.

Read is the standard security handler: V1 and V2 (RC4), V4 with the crypt filters V2, AESV2 and Identity, V5 with AESV3
and Identity. Strings and streams are under a cipher each, by the number of their object; cross-reference streams, the
encryption dictionary, and the objects within an object stream (which is encrypted as a whole) are not.

Promises: Uninspectable, and nothing else, for what does not open without a password or is not understood. Two
descriptions in one file that differ are not understood, since viewers may each go by another of them. What is under a
broken padding is kept whole, so that nothing which a viewer shows is left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from ..budget import Budget, Uninspectable
from .pdf_password import ENCRYPTED, NOT_READ, key_without_password
from .pdf_syntax import Name, Ref, Stream, Value
from .rc4 import is_slow, rc4

_BLOCK = 16
_SALT_FOR_AES = b"sAlT"
_TAGS_A_STRING = 16
"""What a string costs more than its octets: a key schedule."""
_MOST_FILTERS = 8
_NONE, _RC4, _AES = "none", "RC4", "AES"
_METHODS: Mapping[int, Mapping[str, str]] = {4: {"V2": _RC4, "AESV2": _AES}, 5: {"AESV3": _AES}}
_ENTRIES = ("Filter", "V", "R", "O", "U", "UE", "P", "Length", "CF", "StmF", "StrF", "EFF", "EncryptMetadata")
_REVISIONS: Final[Mapping[int, tuple[int, ...]]] = {1: (2, 3), 2: (2, 3), 4: (4,), 5: (5, 6)}
"""Of each version (V) that is read."""


class _Filter(NamedTuple):
    """method: _RC4 or _AES. length: of the key, as the file says it."""

    method: str
    length: Value


@dataclass(frozen=True, slots=True)
class Security:
    """How one file is encrypted. revision: of its handler. own: the number of the object that is the encryption
    dictionary, None where it stands in the trailer. opens_metadata: whether XMP is under the cipher of streams, too.
    """

    revision: int
    key: bytes
    strings: str
    streams: str
    filters: Mapping[str, _Filter]
    own: int | None
    opens_metadata: bool
    budget: Budget

    def opened(self, value: Value, number: int, generation: int) -> Value:
        """An object of the file (not of an object stream) in plain: its strings are replaced where they stand, a
        stream is decrypted when its octets are asked for."""
        if number == self.own:
            return value
        stream = value if isinstance(value, Stream) else None
        if stream is not None and stream.entries.get("Type") == "XRef":
            return value
        if self.strings != _NONE:
            value = self._with_strings(value, self._key_for(self.strings, number, generation))
        if stream is not None:
            method = self._method_of(stream.entries)
            if method != _NONE:
                stream.cipher = _Cipher(method, self._key_for(method, number, generation), self.budget)
        return value

    def _with_strings(self, value: Value, key: bytes) -> Value:
        if isinstance(value, bytes):
            return self._string(value, key)
        waiting: list[Value] = [value.entries if isinstance(value, Stream) else value]
        while waiting:
            into = waiting.pop()
            places: Sequence[tuple[object, Value]] = ()
            if isinstance(into, dict):
                places = list(into.items())
            elif isinstance(into, list):
                places = list(enumerate(into))
            for place, inner in places:
                if isinstance(inner, bytes):
                    into[place] = self._string(inner, key)  # type: ignore[index,call-overload]
                elif isinstance(inner, (dict, list)):
                    waiting.append(inner)
        return value

    def _string(self, octets: bytes, key: bytes) -> bytes:
        self.budget.spend_tags(_TAGS_A_STRING)
        return _Cipher(self.strings, key, self.budget).opened(octets)

    def _key_for(self, method: str, number: int, generation: int) -> bytes:
        """Algorithm 1 and 1.A: from revision 5 on each object has the key of the file."""
        if self.revision >= 5:
            return self.key
        salt = _SALT_FOR_AES if method == _AES else b""
        place = (number & 0xFFFFFF).to_bytes(3, "little") + (generation & 0xFFFF).to_bytes(2, "little")
        digest = hashlib.md5(self.key + place + salt, usedforsecurity=False).digest()
        return digest if method == _AES else digest[: len(self.key) + 5]

    def _method_of(self, entries: Mapping[str, Value]) -> str:
        """A crypt filter of its own (7.4.10) goes before that of all streams."""
        named = entries.get("Filter")
        listed: list[Value] = named if isinstance(named, list) else [named]
        at = next((at for at, each in enumerate(listed) if each == "Crypt"), None)
        if self.revision >= 4 and at is not None:
            given = entries.get("DecodeParms", entries.get("DP"))
            parameters: list[Value] = given if isinstance(given, list) else [given]
            own = parameters[at] if at < len(parameters) else None
            if own is not None and not isinstance(own, dict):
                raise Uninspectable(NOT_READ)
            return _method_named(Name("Identity") if own is None else own.get("Name", Name("Identity")), self.filters)
        if not self.opens_metadata and entries.get("Type") == "Metadata":
            return _NONE
        return self.streams


@dataclass(frozen=True, slots=True)
class _Cipher:
    """One object's."""

    method: str
    key: bytes
    budget: Budget

    def opened(self, octets: bytes) -> bytes:
        self.budget.spend_bytes(len(octets))
        if self.method == _RC4:
            if is_slow(self.key):
                self.budget.spend_tags(len(octets))
            return rc4(self.key, octets)
        vector, packed = octets[:_BLOCK], octets[_BLOCK : len(octets) // _BLOCK * _BLOCK]
        if not packed:
            return b""
        decryptor = Cipher(algorithms.AES(self.key), modes.CBC(vector)).decryptor()
        plain = decryptor.update(packed) + decryptor.finalize()
        return plain[: -plain[-1]] if 0 < plain[-1] <= _BLOCK else plain

    def of_blanks(self, size: int) -> bytes:
        """So many octets that open to blanks."""
        if self.method == _RC4:
            return rc4(self.key, b" " * size)
        if size < 2 * _BLOCK:
            return b" " * size
        encryptor = Cipher(algorithms.AES(self.key), modes.CBC(bytes(_BLOCK))).encryptor()
        blank = bytes(_BLOCK) + encryptor.update(b" " * (size // _BLOCK * _BLOCK - _BLOCK)) + encryptor.finalize()
        return blank.ljust(size, b" ")


def security_of(
    trailers: Sequence[Mapping[str, Value]], defined: Iterable[tuple[int, Value]], budget: Budget
) -> Security | None:
    """How a file is encrypted, None where it is not. Raises Uninspectable.

    trailers: all of the file. defined: all that stands outside of streams, each with its number.
    """
    known = _Known(defined)
    found = [each.get("Encrypt") for each in trailers if "Root" in each or "Encrypt" in each]
    description = known.only([known.resolved(each) for each in found])
    if description is None:
        return None
    if not isinstance(description, dict):
        raise Uninspectable(NOT_READ)
    entries = {key: known.resolved(description.get(key)) for key in _ENTRIES if key in description}
    if entries.get("Filter") != "Standard":
        raise Uninspectable(ENCRYPTED)
    version, revision = entries.get("V"), entries.get("R")
    if not isinstance(version, int) or not isinstance(revision, int) or revision not in _REVISIONS.get(version, ()):
        raise Uninspectable(NOT_READ)
    strings = streams = _RC4
    filters: Mapping[str, _Filter] = {}
    if version >= 4:
        filters = _filters(entries.get("CF"), _METHODS[version], known)
        strings, streams = (_method_named(entries.get(each, Name("Identity")), filters) for each in ("StrF", "StmF"))
        if "EFF" in entries and _method_named(entries["EFF"], filters) != streams:
            raise Uninspectable(NOT_READ)  # which streams are attached files is for each viewer to say
    identifier = b"" if version == 5 else _identifier(trailers, known)
    key = key_without_password(entries, identifier, _lengths(version, entries.get("Length"), filters))
    own = next((each.number for each in found if isinstance(each, Ref)), None)
    opens_metadata = version < 4 or entries.get("EncryptMetadata") is not False
    return Security(revision, key, strings, streams, filters, own, opens_metadata, budget)


class _Known:
    """What a number stands for, where that is beyond doubt."""

    def __init__(self, defined: Iterable[tuple[int, Value]]) -> None:
        self._values: dict[int, Value] = {}
        self._doubtful: set[int] = set()
        for number, value in defined:
            if self._values.setdefault(number, value) != value:
                self._doubtful.add(number)

    def resolved(self, value: Value) -> Value:
        """Raises Uninspectable where two values have its number, and for a reference to a reference."""
        if not isinstance(value, Ref):
            return value
        found = self._values.get(value.number)
        if value.number in self._doubtful or isinstance(found, Ref):
            raise Uninspectable(NOT_READ)
        return found

    def only(self, values: Iterable[Value]) -> Value:
        """The one that they all are, None for none. Raises Uninspectable where they differ."""
        first, *others = list({id(each): each for each in values}.values()) or [None]
        if any(each != first for each in others):
            raise Uninspectable(NOT_READ)
        return first


def _identifier(trailers: Sequence[Mapping[str, Value]], known: _Known) -> bytes:
    named = [known.resolved(each["ID"]) for each in trailers if "ID" in each]
    first = known.only([each[0] if isinstance(each, list) and each else None for each in named])
    return first if isinstance(first, bytes) else b""


def _filters(named: Value, methods: Mapping[str, str], known: _Known) -> Mapping[str, _Filter]:
    """Crypt filters by their names, without those that are not read."""
    filters: dict[str, _Filter] = {}
    for name, value in named.items() if isinstance(named, dict) else ():
        described = known.resolved(value)
        method = described.get("CFM") if isinstance(described, dict) else None
        if isinstance(described, dict) and isinstance(method, str) and method in methods:
            filters[name] = _Filter(methods[method], described.get("Length"))
    return filters


def _method_named(name: Value, filters: Mapping[str, _Filter]) -> str:
    if name == "Identity":
        return _NONE
    if not isinstance(name, str) or name not in filters:
        raise Uninspectable(NOT_READ)
    return filters[name].method


def _lengths(version: int, said: Value, filters: Mapping[str, _Filter]) -> list[int]:
    """Of the key, in octets. A crypt filter gives it in octets or in bits."""
    if version == 1:
        return [5]
    if any(each.method == _AES for each in filters.values()):
        return [16]
    listed = [said, *(each.length for each in list(filters.values())[:_MOST_FILTERS])]
    octets = [each if each < 40 else each // 8 for each in listed if isinstance(each, int)]
    return [*(each for each in octets if 5 <= each <= 16), 16, 5]
