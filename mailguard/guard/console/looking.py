"""Looking at one held message.

INVARIANT: whose mail it is decides, for the message itself and not for a list that led to it (THREATS.md T66).
INVARIANT: a look at subject, people or text is in the ledger before any of it is shown (DESIGN.md promise 7).
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, replace
from typing import Literal

from ...core.errors import MailguardError, NotAllowed
from ...core.mail.message import Message
from ...core.mail.parse import parse
from .. import entries
from ..ports import Blobs, Clock, Ledger, Quarantine
from ..records import Held
from .sessions import Visitor

What = Literal["page", "text", "html", "attachment", "attachment unmasked"]


class NotYours(NotAllowed):
    """The message is another team's. team: whose, None for nobody's."""

    def __init__(self, team: str | None) -> None:
        super().__init__("this message is another team's")
        self.team = team


class NotReadable(NotAllowed):
    """The visitor may see that it is held and why, not what it says."""


@dataclass(frozen=True, slots=True)
class Looked:
    """may_read: whether subject, people and text may be shown."""

    held: Held
    may_read: bool


class Looking:
    def __init__(self, *, quarantine: Quarantine, blobs: Blobs, ledger: Ledger, clock: Clock) -> None:
        self._quarantine = quarantine
        self._blobs = blobs
        self._ledger = ledger
        self._clock = clock

    async def look(self, visitor: Visitor, ref: str) -> Looked:
        """The message, as far as the visitor may see it; recorded where that is more than why it is held.

        UnknownReference, NotYours.
        """
        held = await self._seen(visitor, ref)
        may_read = visitor.powers.reads.covers(held.team)
        if may_read:
            await self.note(visitor, held, "page")
        return Looked(held, may_read)

    async def read(self, visitor: Visitor, ref: str, what: What) -> Message | None:
        """What it says, recorded; None where retention has removed it. UnknownReference, NotYours, NotReadable."""
        held = await self.readable(visitor, ref)
        if held.blob is None:
            return None
        await self.note(visitor, held, what)
        return await self.opened(held)

    async def readable(self, visitor: Visitor, ref: str) -> Held:
        """The message, for who may read it; nothing is recorded yet. UnknownReference, NotYours, NotReadable."""
        held = await self._seen(visitor, ref)
        if not visitor.powers.reads.covers(held.team):
            raise NotReadable("this role does not read messages")
        return held

    async def opened(self, held: Held) -> Message | None:
        """The message as it was held, for a story that records who reads it; None where retention has removed it."""
        if held.blob is None:
            return None
        raw = await self._blobs.read(held.blob)

        def compared() -> Message:
            if hashlib.sha256(raw).hexdigest() != held.content_sha256:
                raise MailguardError("the stored message is not the one that was held")
            return parse(raw)

        return await asyncio.to_thread(compared)

    async def _seen(self, visitor: Visitor, ref: str) -> Held:
        held = await self._quarantine.get(ref)
        if not visitor.powers.sees.covers(held.team):
            raise NotYours(held.team)
        return held

    async def note(self, visitor: Visitor, held: Held, what: What, **more: int) -> None:
        """Record a look. more: numbers that say at what."""
        account = visitor.account
        fields = {"account": account.identifier, "via": "console", "version": held.version, "what": what, **more}
        entry = entries.plain("content_viewed", held.ref, self._clock.now(), **fields)
        await self._ledger.append([replace(entry, evidence={"account": account.shown})])
