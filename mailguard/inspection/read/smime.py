"""An S/MIME part that everybody can read: what lies under an opaque signature is a MIME entity (RFC 8551)."""

from __future__ import annotations

import binascii
from collections.abc import Iterator

from ...core.rewrite.opaque import Unreadable, signed_content
from ..budget import Budget, Uninspectable
from ..enclosed import Enclosed, Found

TYPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
ENDINGS = (".p7m", ".p7z")


def read(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """The entity under the signature. Uninspectable where it is encrypted."""
    budget.keep(len(data))
    try:
        content = signed_content(bytes(data))
    except (Unreadable, binascii.Error) as cause:
        raise Uninspectable("an S/MIME part is broken") from cause
    if content is None:
        raise Uninspectable("it is encrypted")
    yield Enclosed(content, "message/rfc822")
