"""What every message that leaves gets: our Received field on top, no Bcc field (RFC 5322 section 3.6.3), and no
Received field that pretends to be ours (mark.py).

Nothing else changes.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import CannotRewrite
from ..mail.header import BLIND_FIELDS
from ..mail.message import Field, Message
from . import sentences
from .content import Edit, merge


def relay(message: Message, top: bytes, forged: Sequence[Field] = ()) -> tuple[Edit, ...]:
    """The edits under the disposition relay. top: what goes above it, our whole Received field first (top.py).

    CannotRewrite where a field hides inside another (THREATS.md T25): it may be a Bcc field that cannot be taken out.
    """
    if any(defect.kind == "hidden-field" and defect.where == "header" for defect in message.defects):
        raise CannotRewrite(sentences.HIDDEN_FIELD)
    gone = [*message.named(*BLIND_FIELDS), *forged]
    return merge([insertion(message, top)], [remove(field) for field in gone])


def remove(field: Field) -> Edit:
    return Edit(field.start, field.end)


def insertion(message: Message, top: bytes) -> Edit:
    """Put our trace field, and what comes with it, on top.

    A first line that is no field (an mbox `From ` line, a continuation of nothing) stays first, with all that is folded
    into it: with a field above it, it would become that field's continuation or a break inside the header.
    """
    start = bytes(message.raw[:6]).removeprefix(b">")
    odd = start.startswith((b"From ", b" ", b"\t")) and message.fields
    offset = message.fields[0].end if odd else 0
    return Edit(offset, offset, top)
