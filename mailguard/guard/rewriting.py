"""How a judged message leaves: what goes above it, which edits make its copies, who signs them.

One object serves the submission of a message and its later release, so that both make the same bytes. Long work runs in
a thread. It judges nothing and sends nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from ..core.envelope import Envelope
from ..core.errors import MailguardError
from ..core.mail.message import Message
from ..core.organisation import Organisation
from ..core.rewrite.copies import Copy, Rewritten
from ..core.rewrite.dkim import DkimKey, sign
from ..core.rewrite.hide import bcc, separate
from ..core.rewrite.mark import Arrival, Marks
from ..core.rewrite.relay import relay
from ..core.rewrite.splice import relay_names
from ..core.rewrite.top import Top, top_of
from ..core.session import Session
from ..core.verdict import Rewrite
from .ports import Clock

BIG_HEADER_BYTES = 16_384
"""Above this a rewrite runs in a thread, so that one message does not delay the others."""

Value = TypeVar("Value")


class Rewriting:
    """Makes the edits of every message that leaves. One object serves all.

    dkim_keys: those in force now; where they cannot be had it raises, and then nothing leaves (docs/decisions/dkim.md).
    """

    def __init__(
        self, *, organisation: Organisation, marks: Marks, clock: Clock, dkim_keys: Callable[[], Sequence[DkimKey]]
    ) -> None:
        self._organisation = organisation
        self._marks = marks
        self._clock = clock
        self._dkim_keys = dkim_keys

    def examine(self, message: Message) -> Arrival:
        """What its Received fields say of us (core/rewrite/mark.py)."""
        return self._marks.examine(message)

    def top(
        self, message: Message, session: Session, envelope: Envelope, ref: str, at: datetime, identifier: bytes
    ) -> Top:
        """What goes above it, in every copy. at: when it came. identifier: random octets of its own."""
        top = top_of(message, session, envelope, self._marks, ref, at, identifier)
        if not top.octets:
            raise MailguardError("a message without its trace field could go round in circles unseen")
        return top

    def as_written(self, message: Message, envelope: Envelope, top: Top) -> Rewritten:
        """One copy with relay's edits alone. CannotRewrite where even they cannot be made."""
        forged = self.examine(message).forged
        edits = relay(message, top.octets, forged)
        if not edits:
            raise MailguardError("a message without its trace field could go round in circles unseen")
        changes = (*top.changes, *relay_names(message, forged))
        return Rewritten((Copy(envelope.recipients, edits, as_written=True),), changes)

    def in_any_form(self, message: Message, top: Top) -> tuple[str, ...]:
        """What changes in whatever form it leaves, as names for the decision."""
        return *top.changes, *relay_names(message, self.examine(message).forged)

    async def rewritten(
        self, form: Rewrite, message: Message, envelope: Envelope, top: Top, hide_inside_above: int | None
    ) -> Rewritten:
        """The copies of a rewrite, signed. CannotRewrite: its text is a sentence for the reviewer."""
        return await self._signed(message, await self.unsigned(form, message, envelope, top, hide_inside_above))

    async def unsigned(
        self, form: Rewrite, message: Message, envelope: Envelope, top: Top, hide_inside_above: int | None
    ) -> Rewritten:
        """The copies of a rewrite, to see whether they can be made. CannotRewrite: as `rewritten`."""
        rewrite = bcc if form is Rewrite.BCC else separate
        forged = self.examine(message).forged
        made = await _apart(
            max(message.body_start, len(message.raw) // 4) + len(envelope.recipients) * 64,
            lambda: rewrite(
                message,
                envelope,
                self._organisation,
                hide_inside_above=hide_inside_above,
                top=top.octets,
                forged=forged,
            ),
        )
        return Rewritten(made.copies, (*top.changes, *made.changes))

    async def _signed(self, message: Message, made: Rewritten) -> Rewritten:
        """In a thread: a signature takes about a millisecond, and there may be thousands."""
        keys = self._dkim_keys()
        if not keys:
            return made
        signed = await asyncio.to_thread(sign, message, made, keys, self._clock.now())
        if len(signed.copies) != len(made.copies):
            raise MailguardError("signing lost a copy")
        return signed


async def _apart(size: int, work: Callable[[], Value]) -> Value:
    """Do the work, in a thread where a header of so many octets, or a text that is searched, makes it long."""
    return work() if size <= BIG_HEADER_BYTES else await asyncio.to_thread(work)
