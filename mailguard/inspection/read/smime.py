"""An S/MIME part that everybody can read: what lies under an opaque signature is a MIME entity (RFC 8551)."""

from __future__ import annotations

import binascii
from collections.abc import Iterator

from ...core.rewrite.opaque import Unreadable, is_encrypted, signed_content
from ..budget import Budget, Uninspectable
from ..enclosed import Enclosed, Found

TYPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
ENDINGS = (".p7m", ".p7z")


def read(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """The entity under the signature; nothing where there is a signature or certificates alone. Uninspectable where it
    is encrypted."""
    budget.keep(len(data))
    try:
        content = signed_content(bytes(data))
        encrypted = content is None and is_encrypted(bytes(data))
    except (Unreadable, binascii.Error) as cause:
        raise Uninspectable("an S/MIME part is broken") from cause
    if encrypted:
        raise Uninspectable("it is encrypted")
    if content is not None:
        yield Enclosed(content, "message/rfc822")
