"""Which defects a rewrite may leave in a message: those about which all readers of the new header still agree."""

from __future__ import annotations

from ..errors import CannotRewrite
from ..mail.message import Message
from . import sentences

MENDED: frozenset[str] = frozenset()
"""Kinds of holding defects that sit in a list of recipients, which the rewrite writes anew."""


def check_defects(message: Message) -> None:
    """CannotRewrite for a defect that holds, unless the rewrite mends it."""
    for defect in message.defects:
        if defect.holds and defect.kind not in MENDED:
            raise CannotRewrite(sentences.MALFORMED.format(kind=defect.kind))
