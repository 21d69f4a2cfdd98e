"""The incident pack at the console: who may see it, take it along, and send an apology to those whom it concerns.

INVARIANT: nobody sees whom a pack names who may not keep the register and read that message: a record is the whole
organisation's, and the people are those of one team's mail. INVARIANT: a look is in the ledger before any of it is
shown (DESIGN.md promise 7).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...core.errors import AlreadyDecided, IncidentRefused, NotAllowed, UnknownReference
from ...core.organisation import Organisation
from ...core.packs.pack import Pack
from ...core.powers import Powers
from ...core.reference import is_reference
from ...core.register.reference import is_incident
from .. import entries
from ..accounts import Actor
from ..packs.apologies import Asked, Planned
from ..packs.packing import MOST_WHY, Packing
from ..ports import Clock, Ledger, Quarantine
from .sessions import Visitor

TRIES = 3


@dataclass(frozen=True, slots=True)
class Apology:
    """What somebody wants sent. to_all, inside: as Packing.apologise. confirmed: as guard.packs.apologies.Asked."""

    text: str
    to_all: bool = False
    inside: bool = False
    confirmed: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """planned: what would be sent, or was. entered: whether the record says so, where there is one."""

    planned: Planned
    entered: bool = True


class PackDesk:
    """draft: of a pack, the apology that a person finishes."""

    def __init__(
        self,
        *,
        packing: Packing,
        quarantine: Quarantine,
        ledger: Ledger,
        clock: Clock,
        organisation: Organisation,
        draft: Callable[[Pack | None], str],
    ) -> None:
        self._packing = packing
        self._quarantine = quarantine
        self._ledger = ledger
        self._clock = clock
        self._organisation = organisation
        self.draft = draft

    def may(self, powers: Powers, team: str | None) -> bool:
        """Whether these are enough for the pack of a message of that team."""
        return powers.registers and powers.reads.covers(team)

    async def look(self, visitor: Visitor, ref: str) -> Pack:
        """The pack, and that somebody looked is recorded. UnknownReference, NotAllowed."""
        pack = await self._of(visitor, ref)
        fields = {"account": visitor.account.identifier, "via": "console", "what": "pack"}
        await self._ledger.append([entries.plain("content_viewed", ref, self._clock.now(), **fields)])
        return pack

    async def refuse(self, visitor: Visitor, ref: str) -> None:
        """UnknownReference, NotAllowed: who may not see the pack, or no such message."""
        await self._of(visitor, ref)

    async def take(self, visitor: Visitor, ref: str, why: str, incident: str | None = None) -> Pack:
        """The pack to take along; as Packing.pack, which records it. NotAllowed."""
        await self._of(visitor, ref)
        _refuse_incident(incident)
        pack, _ = await self._packing.pack(ref, _actor(visitor), incident, why=why.strip()[:MOST_WHY])
        return pack

    async def apologise(self, visitor: Visitor, ref: str, apology: Apology, incident: str | None = None) -> Told:
        """As Packing.apologise: show it, or send it to so many as were confirmed. NotAllowed, UnknownReference;
        IncidentRefused where nothing was sent, its faults being those of the text.
        """
        await self._of(visitor, ref)
        _refuse_incident(incident)
        actor = _actor(visitor)
        asked = Asked(ref, ref, (), apology.text, apology.confirmed, incident)
        planned, _ = await self._packing.apologise(
            asked, actor, to_all=apology.to_all, inside=apology.inside, enters=False
        )
        if incident is None or apology.confirmed is None:
            return Told(planned)
        for _ in range(TRIES):
            try:
                await self._packing.enter(incident, ref, actor)
                return Told(planned)
            except AlreadyDecided:
                # Somebody changed the record in that moment.
                continue
            except IncidentRefused:
                # The record itself cannot be saved as it is; what was sent was sent.
                break
        return Told(planned, entered=False)

    async def _of(self, visitor: Visitor, ref: str) -> Pack:
        """The pack, for who may see it: who may none learns nothing about which messages there are."""
        powers = visitor.powers
        if not (powers.registers and powers.reads):
            raise NotAllowed("a pack is for who keeps the register and reads messages")
        if not is_reference(ref):
            raise UnknownReference("that is no reference")
        pack = await self._packing.look(ref)
        if not self.may(powers, await self._team(ref, pack)):
            raise NotAllowed("this message is another team's")
        return pack

    async def _team(self, ref: str, pack: Pack) -> str | None:
        """Whose it is: as it was when it was held, else by its sender. None for nobody's, or no longer known."""
        try:
            return (await self._quarantine.get(ref)).team
        except UnknownReference:
            teams = [self._organisation.team_of(each) for each in pack.known.senders]
            return next((each.name for each in teams if each is not None), None)


def _actor(visitor: Visitor) -> Actor:
    return Actor(visitor.account.shown, "console", visitor.account.identifier)


def _refuse_incident(text: str | None) -> None:
    if text is not None and not is_incident(text):
        raise UnknownReference("that is no incident")
