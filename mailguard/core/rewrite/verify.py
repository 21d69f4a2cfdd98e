"""The check after the rewrite: the new header is parsed again and searched for every address that is hidden.

It trusts nothing that made the rewrite but the parser and the search. What it cannot vouch for is CannotRewrite.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import CannotRewrite
from ..mail.header import BLIND_FIELDS
from ..mail.message import Message
from ..mail.parse import parse
from . import sentences
from .content import Content, Edit
from .fields import searchable
from .malformed import check_after
from .search import Hidden


def verify(
    message: Message,
    edits: Sequence[Edit],
    hidden: Hidden,
    *,
    allowed: frozenset[str] = frozenset(),
    expected: frozenset[str] = frozenset(),
) -> None:
    """Read the header with these edits (all of them lie in it) as a recipient would. CannotRewrite where

    a hidden address but the allowed ones can be read in it, it lists a recipient that it did not list before, it does
    not list those expected, a Bcc field is left, or it has a defect that holds.
    """
    header = Content(bytes(message.raw[: message.body_start]), tuple(edits)).to_bytes()
    result = parse(header)
    shows_hidden = any(hidden.found_in(searchable(result, field)) - allowed for field in result.fields)
    if shows_hidden or result.named(*BLIND_FIELDS):
        raise CannotRewrite(sentences.LEFT_OVER)
    shown = {mailbox.address for mailbox in result.visible}
    before = {mailbox.address for mailbox in message.visible} - hidden.addresses
    if not expected <= shown or not shown <= before | allowed | expected:
        raise CannotRewrite(sentences.CHANGED_MEANING)
    check_after(result, message)


def is_mailbox(item: bytes, address: str) -> bool:
    """Whether an item, put into a list of addresses, reads as exactly this mailbox and nothing else."""
    alone = parse(b"From: a@a.example\r\nTo: " + item + b"\r\n\r\n")
    shown = {mailbox.address for mailbox in alone.visible}
    return shown == {address} and not any(defect.holds for defect in alone.defects)
