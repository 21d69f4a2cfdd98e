"""A reviewer of a team tells those who keep the register that a message of their team went wrong.

INVARIANT: it is about one message that this person reads, and that left; they see nothing of the register by it, and
change nothing that a person wrote there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core.errors import AlreadyDecided, MailguardError, ReferenceTaken, UnknownReference
from ...core.lifecycle import State
from ...core.register.reference import incident_of_message
from ...core.register.revision import Revision
from ..accounts import Actor
from ..ports import Clock
from ..records import Held
from ..register.book import IncidentBook
from ..register.near_misses import NearMisses
from .sessions import Visitor

LEFT = frozenset({State.RELEASING, State.RELEASED})
MOST_TEXT = 4_000
"""Characters of what somebody tells."""
TRIES = 5
WHY = "a reviewer of the team told that it was a breach"


class AlreadyEntered(MailguardError):
    """A person has entered the message, or changed its record: what else is known goes to who keeps the register."""

    def __init__(self, incident: str) -> None:
        super().__init__("this message is in the register already")
        self.incident = incident


class TeamReports:
    def __init__(self, *, book: IncidentBook, near_misses: NearMisses, clock: Clock) -> None:
        self._book = book
        self._near_misses = near_misses
        self._clock = clock

    async def entered(self, held: Held) -> str | None:
        """The record of a message that a person entered or changed; None where there is none.

        held: for who may read it: asking that is the caller's.
        """
        await self._near_misses.enter()
        history = await self._history(held.ref)
        return history[-1].incident if any(each.act != "derived" for each in history) else None

    async def tell(self, held: Held, visitor: Visitor, text: str) -> str:
        """Enter it as a breach, or make the near miss of it one; the 72 hours count from now. Its reference. Told again
        by the same person in the same words it is entered once. IncidentRefused (the text names somebody),
        AlreadyEntered.

        held: as for `entered`, and it has left. text: at most MOST_TEXT characters.
        """
        actor = Actor(visitor.account.shown, "console", visitor.account.identifier)
        fields = {"kind": "breach", "narrative": text, "aware_at": self._clock.now().isoformat()}
        await self._near_misses.enter()
        for _ in range(TRIES):
            history = await self._history(held.ref)
            try:
                return (await self._enter(held.ref, history, fields, actor)).incident
            except (ReferenceTaken, AlreadyDecided):
                # Somebody entered it, or it was entered by itself, in that moment.
                continue
        raise AlreadyDecided("others change this record at the moment")

    async def _enter(self, ref: str, history: Sequence[Revision], fields: dict[str, Any], actor: Actor) -> Revision:
        if not history:
            return await self._book.add(fields, actor, ref)
        last, by_person = history[-1], [each for each in history if each.act != "derived"]
        if not by_person:
            return await self._book.revise(last.incident, fields, WHY, actor, last.revision)
        mine = by_person[-1]
        if (mine.by, mine.record.narrative) == (actor.by, fields["narrative"]):
            return mine
        raise AlreadyEntered(last.incident)

    async def _history(self, ref: str) -> Sequence[Revision]:
        try:
            return await self._book.history(incident_of_message(ref))
        except UnknownReference:
            return ()
