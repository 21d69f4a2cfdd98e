"""A message that is encrypted as a whole: there is nothing in it that anybody on the way could read or lose.

Rules ask about it by `encrypted`, not as about an attachment that cannot be read: its senders mean to keep it closed,
and have the keys of exactly those whom they write to (docs/decisions/inspection.md). Total.
"""

from __future__ import annotations

import base64
import re

from ..mail.decoded import decoded_octets
from ..mail.message import Message, Part
from ..rewrite.opaque import Unreadable, is_encrypted

_ARMOUR = re.compile(
    rb"\s{0,100}-----BEGIN PGP MESSAGE-----\r?\n(?:[A-Za-z]{1,40}: [^\r\n]{0,200}\r?\n){0,10}[ \t]{0,9}\r?\n"
    rb"(?P<first>[A-Za-z0-9+/]{2})(?:[A-Za-z0-9+/=]{1,76}\r?\n)+-----END PGP MESSAGE-----\s{0,100}"
)
_CIPHERTEXTS = frozenset({1, 3, 9, 18, 20})
"""Tags of the packets that a ciphertext begins with (RFC 9580, 5): session keys, encrypted data."""
_SMIME = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_CONTROL_OCTETS = 200
""" "Version: 1" and no more (RFC 3156, 4)."""


def sealed_parts(message: Message) -> tuple[str, ...]:
    """The paths of the leaves of a message that is one PGP/MIME (RFC 3156, 4) or S/MIME (RFC 8551, 3.3) ciphertext."""
    root = message.root
    if root.media_type == "multipart/encrypted":
        return _pgp(message, root)
    if not root.children and root.media_type in _SMIME and _is_enveloped(message, root):
        return (root.path,)
    return ()


def _pgp(message: Message, root: Part) -> tuple[str, ...]:
    if len(root.children) != 2 or any(part.children for part in root.children):
        return ()
    control, content = root.children
    said = decoded_octets(message, control)
    told = control.media_type == "application/pgp-encrypted" and len(said) <= _CONTROL_OCTETS
    if not told or not said.strip().lower().startswith(b"version:"):
        return ()
    return (control.path, content.path) if _is_armoured(decoded_octets(message, content)) else ()


def _is_armoured(octets: bytes) -> bool:
    """Whether it is a ciphertext in armour and nothing besides."""
    found = _ARMOUR.fullmatch(octets)
    if found is None:
        return False
    tag = base64.b64decode(found["first"] + b"==")[0]
    return tag & 0x80 != 0 and (tag & 0x3F if tag & 0x40 else tag >> 2 & 0x0F) in _CIPHERTEXTS


def _is_enveloped(message: Message, part: Part) -> bool:
    data = decoded_octets(message, part)
    try:
        return is_encrypted(data) and _is_whole(data)
    except (Unreadable, ValueError):
        return False


def _is_whole(data: bytes) -> bool:
    """Whether nothing stands behind the outermost element (X.690, 8.1.3)."""
    first = data[1] if len(data) > 1 else 0
    if first == 0x80:
        return data.endswith(b"\0\0")
    if first < 0x80:
        return len(data) == 2 + first
    octets = first & 0x7F
    return len(data) == 2 + octets + int.from_bytes(data[2 : 2 + octets], "big")
