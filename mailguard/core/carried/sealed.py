"""A message that is encrypted as a whole: there is nothing in it that anybody on the way could read or lose.

Rules ask about it by `encrypted`, not as about an attachment that cannot be read: its senders mean to keep it closed,
and have the keys of exactly those whom they write to (docs/decisions/inspection.md). Total.
"""

from __future__ import annotations

import re

from ..mail.decoded import decoded_octets
from ..mail.message import Message, Part
from ..rewrite.opaque import Unreadable, is_encrypted

_ARMOUR = re.compile(rb"\s{0,100}-----BEGIN PGP MESSAGE-----\r?\n")
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
    return (control.path, content.path) if _ARMOUR.match(decoded_octets(message, content)) else ()


def _is_enveloped(message: Message, part: Part) -> bool:
    try:
        return is_encrypted(decoded_octets(message, part))
    except (Unreadable, ValueError):
        return False
