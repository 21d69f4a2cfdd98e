"""The key of an encrypted PDF that opens without a password (ISO 32000-1 and ISO 32000-2, 7.6.4: the standard handler).

Such a file opens by itself in every viewer: the recipient sees everything, and its owner's password only forbids
printing or changing. Any other password keeps the recipient's eyes out as well, and the guard's: `Uninspectable`.

Promises: a key that has proved itself against the file's own check (/U), or Uninspectable, for any dictionary; work
that no file can enlarge. It must not know what the key opens.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Mapping
from itertools import count

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from ..budget import Uninspectable
from .pdf_syntax import Value
from .rc4 import rc4

ENCRYPTED = "encrypted"
NOT_READ = "encrypted, in a way that is not read"
_PADDING = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")
"""What a password of less than 32 octets is filled up with, and so the whole of an empty one (7.6.4.3.2, step a)."""
_OPEN_METADATA = b"\xff\xff\xff\xff"
_NO_VECTOR = bytes(16)
_ROUNDS = 64
_HASHES = (hashlib.sha256, hashlib.sha384, hashlib.sha512)


def key_without_password(entries: Mapping[str, Value], identifier: bytes, lengths: list[int]) -> bytes:
    """The key of the file.

    entries: the encryption dictionary, references resolved. identifier: the first string of the trailer's /ID, b""
    where it has none. lengths: in octets, which the key may have by what the file says of itself; programs disagree
    about the entries for it, and the one that is right proves itself. For revisions 5 and 6 it is 32, whatever is said.
    """
    revision = entries.get("R")
    if revision in (2, 3, 4):
        return _key_of_rc4_age(entries, int(revision), identifier, lengths)
    if revision in (5, 6):
        return _key_of_aes_256(entries, int(revision))
    raise Uninspectable(NOT_READ)


# revisions 2 to 4: algorithms 2, 4, 5 and 6


def _key_of_rc4_age(entries: Mapping[str, Value], revision: int, identifier: bytes, lengths: list[int]) -> bytes:
    owner, user, permissions = _octets(entries, "O", 32), _octets(entries, "U", 32), entries.get("P")
    if not isinstance(permissions, int) or isinstance(permissions, bool):
        raise Uninspectable(NOT_READ)
    seed = _PADDING + owner + struct.pack("<L", permissions & 0xFFFFFFFF) + identifier
    if revision == 4 and entries.get("EncryptMetadata") is False:
        seed += _OPEN_METADATA
    for length in dict.fromkeys(lengths):
        key = _md5(seed)[:length]
        for _ in range(50 if revision > 2 else 0):
            key = _md5(key)[:length]
        if _proves(key, user, revision, identifier):
            return key
    raise Uninspectable(ENCRYPTED)


def _proves(key: bytes, user: bytes, revision: int, identifier: bytes) -> bool:
    if revision == 2:
        return hmac.compare_digest(rc4(key, _PADDING), user)
    proof = rc4(key, _md5(_PADDING + identifier))
    for number in range(1, 20):
        proof = rc4(bytes(each ^ number for each in key), proof)
    return hmac.compare_digest(proof, user[:16])  # what follows them is arbitrary


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


# revisions 5 (Adobe's supplement to ISO 32000-1) and 6: algorithms 2.A and 2.B


def _key_of_aes_256(entries: Mapping[str, Value], revision: int) -> bytes:
    """/U is a hash, a salt for it, and a salt for the key that /UE is under."""
    user, wrapped = _octets(entries, "U", 48), _octets(entries, "UE", 32)
    hashed = _hash_of_revision_6 if revision == 6 else _sha256
    if not hmac.compare_digest(hashed(user[32:40]), user[:32]):
        raise Uninspectable(ENCRYPTED)
    decryptor = Cipher(algorithms.AES(hashed(user[40:48])), modes.CBC(_NO_VECTOR)).decryptor()
    return decryptor.update(wrapped) + decryptor.finalize()


def _sha256(salt: bytes) -> bytes:
    return hashlib.sha256(salt).digest()


def _hash_of_revision_6(salt: bytes) -> bytes:
    """Algorithm 2.B for an empty password. It ends after 288 rounds at the latest, since an octet is at most 255."""
    key = _sha256(salt)
    for done in count(1):
        encryptor = Cipher(algorithms.AES(key[:16]), modes.CBC(key[16:32])).encryptor()
        mixed = encryptor.update(key * 64) + encryptor.finalize()
        # Of a number of 16 octets modulo 3: 256 is 1 modulo 3, so the sum of them will do.
        key = _HASHES[sum(mixed[:16]) % 3](mixed).digest()
        if done >= _ROUNDS and mixed[-1] <= done - 32:
            break
    return key[:32]


def _octets(entries: Mapping[str, Value], key: str, size: int) -> bytes:
    """The first so many octets of a string; some programs fill them up."""
    value = entries.get(key)
    if not isinstance(value, bytes) or len(value) < size:
        raise Uninspectable(NOT_READ)
    return value[:size]
