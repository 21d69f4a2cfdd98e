"""RC4, for keys of any length: old PDFs have keys of 5 to 16 octets, of which `cryptography` takes some only.

It protects nothing any more; it is read, never written.
"""

from __future__ import annotations

from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher


def is_slow(key: bytes) -> bool:
    """Whether the library does not take a key of this length, and each octet takes a step of ours."""
    return len(key) * 8 not in ARC4.key_sizes


def rc4(key: bytes, data: bytes) -> bytes:
    """Encrypts and decrypts. key: 1 to 256 octets."""
    if not is_slow(key):
        transform = Cipher(ARC4(key), None).decryptor()
        return transform.update(data) + transform.finalize()
    return _by_steps(key, data)


def _by_steps(key: bytes, data: bytes) -> bytes:
    state = list(range(256))
    other = 0
    for at in range(256):
        other = (other + state[at] + key[at % len(key)]) & 0xFF
        state[at], state[other] = state[other], state[at]
    out = bytearray(data)
    other = 0
    for place in range(len(out)):
        at = (place + 1) & 0xFF
        one = state[at]
        other = (other + one) & 0xFF
        two = state[other]
        state[at], state[other] = two, one
        out[place] ^= state[(one + two) & 0xFF]
    return bytes(out)
