"""Looking into the attachments of a held message: masked first, unmasked with a reason, taken along with a right.

INVARIANT: a look, an unmasking and a file taken along are in the ledger before anything of it is shown or sent; what
cannot be recorded is not shown. INVARIANT: a value leaves here masked, unless this session has had this attachment
unmasked within the last minutes and its account may do so still. Where it was forgotten who had, values are masked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ...core.errors import MailguardError, NotAllowed
from ...core.excerpt import Excerpt
from ...core.file_name import safe_file_name
from ...core.mail.decoded import decoded_buffer
from ...core.mail.message import Buffer, Message
from ...core.masked import masked
from ...core.safe_text import OtherPart, other_parts
from .. import entries
from ..ports import Clock, Ledger
from ..records import Held
from .looking import Looking
from .ports import Excerpts, ShortLivedRecords
from .records import ShortLived
from .sessions import Visitor

UNMASKED_FOR = timedelta(minutes=10)
UNMASKED = "unmasked"
MOST_UNMASKED = 10_000
SECONDS = 40.0
AT_ONCE = 2
"""Attachments that are read for people at the same time: each takes a worker from mail for as long as it lasts."""
WHOLE = 0
"""In place of the number of an attachment: the whole message."""


class Busy(MailguardError):
    """It cannot be read at the moment; it can be tried again."""


class NoAttachment(MailguardError):
    """The message has none of that number, or retention has removed it."""


@dataclass(frozen=True, slots=True)
class Opened:
    """number, count: which attachment of how many, from 1 on. excerpt: masked, unless unmasked_until says until when it
    is not. may_unmask, may_download: what this one may do besides.
    """

    held: Held
    part: OtherPart
    number: int
    count: int
    excerpt: Excerpt
    unmasked_until: datetime | None
    may_unmask: bool
    may_download: bool


@dataclass(frozen=True, slots=True)
class Offered:
    """What could be taken along. part: None for the whole message, which has so many octets."""

    held: Held
    part: OtherPart | None
    octets: int


@dataclass(frozen=True, slots=True)
class Taken:
    """A file as it came. name: safe to save it under."""

    name: str
    octets: Buffer = field(repr=False)


@dataclass(slots=True)
class Attachments:
    """Every method raises UnknownReference, NotYours and NotReadable, as Looking does, and NoAttachment."""

    looking: Looking
    excerpts: Excerpts
    ledger: Ledger
    clock: Clock
    kept: ShortLivedRecords
    _reading: int = 0

    async def open(self, visitor: Visitor, ref: str, number: int) -> Opened:
        """The beginning of an attachment, recorded. Busy."""
        held = await self.looking.readable(visitor, ref)
        message, parts = await self._opened(held)
        part = _part(parts, number)
        may_unmask = visitor.powers.reveals.covers(held.team)
        until = await self._unmasked_until(visitor, held, number) if may_unmask else None
        await self.looking.note(visitor, held, "attachment unmasked" if until else "attachment", part=number)
        excerpt = await self._read(message, part)
        return Opened(
            held=held,
            part=part,
            number=number,
            count=len(parts),
            excerpt=excerpt if until else await asyncio.to_thread(excerpt.changed, masked),
            unmasked_until=until,
            may_unmask=may_unmask,
            may_download=visitor.powers.downloads.covers(held.team),
        )

    async def unmask(self, visitor: Visitor, ref: str, number: int, reason: str) -> None:
        """Show this session the attachment unmasked for UNMASKED_FOR. NotAllowed: no right, or no reason."""
        held = await self.looking.readable(visitor, ref)
        if not visitor.powers.reveals.covers(held.team):
            raise NotAllowed("this account does not see values unmasked")
        if not reason.strip():
            raise NotAllowed("values are unmasked with a reason")
        _part((await self._opened(held))[1], number)
        now = self.clock.now()
        until = now + UNMASKED_FOR
        await self._record("content_revealed", visitor, held, number, {"reason": reason}, until=until.isoformat())
        key = _unmasked_key(visitor, held, number)
        await self.kept.keep(ShortLived(UNMASKED, key, visitor.session.key, {}, now, until), MOST_UNMASKED)

    async def offered(self, visitor: Visitor, ref: str, number: int) -> Offered:
        """What `take` would give. NotAllowed: no right."""
        held, message, part = await self._may_take(visitor, ref, number)
        await self.looking.note(visitor, held, "page")
        return Offered(held, part, len(message.raw) if part is None else part.octets)

    async def take(self, visitor: Visitor, ref: str, number: int) -> Taken:
        """An attachment as it came, or (WHOLE) the message; recorded. NotAllowed: no right."""
        held, message, part = await self._may_take(visitor, ref, number)
        await self._record("content_downloaded", visitor, held, number, {})
        if part is None:
            return Taken(f"{held.ref}.eml", message.raw)
        (found,) = (each for each in message.root.walk() if each.path == part.path and not each.children)
        octets = await asyncio.to_thread(decoded_buffer, message, found)
        name = part.names[0] if part.names else ""
        return Taken(safe_file_name(name, f"{held.ref}-attachment-{number}"), octets)

    def may_take(self, visitor: Visitor, held: Held) -> bool:
        return visitor.powers.downloads.covers(held.team)

    async def _may_take(self, visitor: Visitor, ref: str, number: int) -> tuple[Held, Message, OtherPart | None]:
        held = await self.looking.readable(visitor, ref)
        if not self.may_take(visitor, held):
            raise NotAllowed("this account takes nothing along")
        message, parts = await self._opened(held)
        return held, message, None if number == WHOLE else _part(parts, number)

    async def _opened(self, held: Held) -> tuple[Message, tuple[OtherPart, ...]]:
        message = await self.looking.opened(held)
        if message is None:
            raise NoAttachment("retention removed it")
        return message, await asyncio.to_thread(other_parts, message)

    async def _read(self, message: Message, part: OtherPart) -> Excerpt:
        if self._reading >= AT_ONCE:
            raise Busy("others look into attachments just now")
        self._reading += 1
        try:
            async with asyncio.timeout(SECONDS):
                return await self.excerpts.excerpt(message, part.path)
        except TimeoutError:
            raise Busy("it took too long") from None
        except MailguardError as cause:
            raise Busy("nothing can be read just now") from cause
        finally:
            self._reading -= 1

    async def _unmasked_until(self, visitor: Visitor, held: Held, number: int) -> datetime | None:
        found = await self.kept.find(UNMASKED, _unmasked_key(visitor, held, number), self.clock.now())
        return None if found is None else found.until

    async def _record(
        self, kind: str, visitor: Visitor, held: Held, number: int, evidence: Mapping[str, str], **more: Any
    ) -> None:
        account = visitor.account
        fields = {"account": account.identifier, "via": "console", "version": held.version, "part": number, **more}
        entry = entries.plain(kind, held.ref, self.clock.now(), **fields)
        await self.ledger.append([replace(entry, evidence={"account": account.shown, **evidence})])


def _unmasked_key(visitor: Visitor, held: Held, number: int) -> str:
    return f"{visitor.session.key} {held.ref} {number}"


def _part(parts: tuple[OtherPart, ...], number: int) -> OtherPart:
    if not 1 <= number <= len(parts):
        raise NoAttachment(f"there is no attachment {number}")
    return parts[number - 1]
