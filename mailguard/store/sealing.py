"""Sealing: AES-256-GCM (NIST SP 800-38D) over whatever could hold an address, a subject or text.

Contract: a seal is bound to its context (table, column, row; for a chunk: blob, index, whether it is the last), so it
opens nowhere else. What does not open raises SealBroken. Nonces are random; a data key seals far fewer than 2^32 times.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ..core.errors import StoreUnavailable
from ..core.mail.message import Buffer
from .canonical import canonical
from .keys import NONCE_OCTETS, DataKey, Keyring

CHUNK_OCTETS = 256 * 1024


class SealBroken(StoreUnavailable):
    """What is stored does not open: changed, swapped, truncated, or sealed under a key that is gone."""


def context(*names: str) -> bytes:
    """What a seal is bound to, for example ("held", "message", ref)."""
    return "\0".join(names).encode("utf-8", "surrogatepass")


def seal(key: DataKey, bound_to: bytes, plain: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_OCTETS)
    return nonce + AESGCM(key.octets).encrypt(nonce, plain, bound_to)


def unseal(key: DataKey, bound_to: bytes, sealed: bytes) -> bytes:
    try:
        return AESGCM(key.octets).decrypt(sealed[:NONCE_OCTETS], sealed[NONCE_OCTETS:], bound_to)
    except (InvalidTag, ValueError) as error:
        raise SealBroken("a stored record does not open with its key") from error


def seal_json(key: DataKey, bound_to: bytes, value: Any) -> bytes:
    return seal(key, bound_to, canonical(value).encode("ascii"))


def unseal_json(key: DataKey, bound_to: bytes, sealed: bytes) -> Any:
    return json.loads(unseal(key, bound_to, sealed))


def unwrap(keyring: Keyring, master: str, wrapped: bytes, bound_to: bytes) -> DataKey:
    try:
        return keyring.unwrap(master, wrapped, bound_to)
    except (KeyError, InvalidTag, ValueError) as error:
        raise SealBroken("a stored key does not open with the master key") from error


def chunk_count(size: int) -> int:
    """How many chunks an original of `size` octets has; an empty one has one, so that it too is authenticated."""
    return max(1, -(-size // CHUNK_OCTETS))


def seal_chunks(key: DataKey, blob: str, raw: Buffer, first: int, count: int) -> Iterator[bytes]:
    """The chunks first .. first + count - 1 of raw, sealed."""
    last = chunk_count(len(raw)) - 1
    for index in range(first, first + count):
        piece = bytes(raw[index * CHUNK_OCTETS : (index + 1) * CHUNK_OCTETS])
        yield seal(key, _chunk_context(blob, index, index == last), piece)


def unseal_chunk(key: DataKey, blob: str, index: int, is_last: bool, sealed: bytes) -> bytes:
    return unseal(key, _chunk_context(blob, index, is_last), sealed)


def _chunk_context(blob: str, index: int, is_last: bool) -> bytes:
    return context("chunk", blob, str(index), "last" if is_last else "more")
