"""The story of the register: a person enters incidents, revises them, decides about them, links and closes them.

INVARIANT: nothing is saved that checks.py faults, and no revision is overwritten: each change is a new one, with its
entry of the ledger. INVARIANT: who changed it is recorded; what they wrote stands sealed, never in the ledger or a log.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from ...core.errors import AlreadyDecided, IncidentRefused, ReferenceTaken, UnknownReference
from ...core.register.checks import Fault, FindPersonalData, faults_of
from ...core.register.lists import Lists
from ...core.register.record import BREACHES, Incident, LedgerEntry, MessageRefs, localised
from ...core.register.reference import RANDOM_OCTETS, incident_of_message, new_incident
from ...core.register.reports import begin_of, end_of
from ...core.register.revision import Act, Revision
from ..accounts import Actor
from ..ports import Clock, Ledger, Randomness
from ..records import Entry
from .entries import entry_of
from .ports import Incidents, NewRevision

TRIES = 5
REASON = "the reason"
"""What a fault calls the reason that was given for a change: it is no field of the record."""
_KEPT_BY_STORY = frozenset({"status", "closed_at", "entries"})
"""Fields that acts of their own change."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the Commissioner is told. by: who took it, a name or a role. at: None for now."""

    report: bool
    reason: str | None
    by: str
    advice: str | None = None
    at: datetime | None = None


class IncidentBook:
    """lists: the code lists as they are now. find: personal data in a text. zone: of the organisation."""

    def __init__(
        self,
        *,
        incidents: Incidents,
        ledger: Ledger,
        clock: Clock,
        randomness: Randomness,
        lists: Callable[[], Lists],
        find: FindPersonalData,
        zone: ZoneInfo,
    ) -> None:
        self._incidents = incidents
        self._ledger = ledger
        self._clock = clock
        self._randomness = randomness
        self._lists = lists
        self._find = find
        self._zone = zone

    async def add(
        self, fields: Mapping[str, Any], actor: Actor, ref: str | None = None, once: bytes | None = None
    ) -> Revision:
        """Enter an incident. ref: the message that it is about, whose entries are linked; it may be entered once.
        once: what tells this entering from every other; when it comes again, the answer is the record that it made.
        IncidentRefused, UnknownReference (no such message), ReferenceTaken.
        """
        _refuse_kept(fields)
        now = self._clock.now()
        given = self._given(fields)
        if given.get("kind") in BREACHES and given.get("aware_at") is None:
            # The hours count from the moment at which somebody entered it, unless they say that it was earlier.
            given["aware_at"] = now.isoformat()
        record = self._read(given)
        if ref is not None:
            record = await self._linked(record, ref)
        await self._check(record)
        for _ in range(TRIES):
            incident = incident_of_message(ref) if ref else new_incident(self._octets(once))
            made = Revision(incident, 1, now, "added", actor.by, None, record)
            try:
                return await self._keep(made, None, actor)
            except ReferenceTaken:
                if ref is not None:
                    raise
                if once is not None:
                    return (await self._incidents.history(incident))[0]
        raise ReferenceTaken("no free reference was found")

    async def revise(
        self,
        incident: str,
        fields: Mapping[str, Any],
        why: str,
        actor: Actor,
        seen: int | None = None,
        proofs: Sequence[Entry] = (),
    ) -> Revision:
        """Change fields, None to take one back; the others stay. seen: the revision that it was written for. proofs:
        entries of the ledger to be linked with it. IncidentRefused, UnknownReference, AlreadyDecided.
        """
        _refuse_kept(fields)
        return await self._change(incident, self._given(fields), "revised", why, actor, seen, proofs)

    async def decide(self, incident: str, decision: Decision, actor: Actor, seen: int | None = None) -> Revision:
        """Record whether the Commissioner is told; not to tell needs a reason. As `revise`."""
        fields: dict[str, Any] = {
            "decision_ico": "report" if decision.report else "not_report",
            "decision_reason": decision.reason,
            "decision_by": decision.by,
            "decision_at": (decision.at or self._clock.now()).isoformat(),
        }
        if decision.advice is not None:
            fields["advice_taken"] = decision.advice
        return await self._change(incident, self._given(fields), "decided", None, actor, seen)

    async def link(self, incident: str, ref: str, actor: Actor, seen: int | None = None) -> Revision:
        """Link the ledger's entries of a message, as they are now. As `revise`; UnknownReference for no message."""
        before = await self._last(incident, seen)
        return await self._next(before, await self._linked(before.record, ref), "linked", None, actor)

    async def close(self, incident: str, why: str, actor: Actor, seen: int | None = None) -> Revision:
        """As `revise`. A breach is closed when it was decided about, and told where that was decided; once."""
        if (await self._last(incident, seen)).record.status == "closed":
            raise _refused([Fault("status", "it is closed already")])
        closed = {"status": "closed", "closed_at": self._clock.now().isoformat()}
        return await self._change(incident, closed, "closed", why, actor, seen)

    async def reopen(self, incident: str, why: str, actor: Actor, seen: int | None = None) -> Revision:
        """As `revise`."""
        return await self._change(incident, {"status": "open", "closed_at": None}, "reopened", why, actor, seen)

    async def history(self, incident: str) -> Sequence[Revision]:
        """Every revision, the first one first. UnknownReference."""
        return await self._incidents.history(incident)

    def walk(
        self,
        kinds: Collection[str] | None = None,
        at_from: datetime | None = None,
        at_before: datetime | None = None,
    ) -> AsyncIterator[Revision]:
        """The last revision of each, the oldest incident first."""
        return self._incidents.walk(kinds, at_from, at_before)

    def begins(self, day: date) -> datetime:
        """The first moment of a day of the organisation."""
        return begin_of(day, self._zone)

    def ends(self, day: date) -> datetime:
        """The moment after it."""
        return end_of(day, self._zone)

    def moment(self, text: str) -> datetime:
        """A time as a person writes it: without a zone it is the organisation's. IncidentRefused."""
        try:
            written = datetime.fromisoformat(text)
        except ValueError:
            raise IncidentRefused("a time is written as 2026-03-05T10:00, or a day as 2026-03-05") from None
        return written if written.tzinfo is not None else written.replace(tzinfo=self._zone)

    async def _change(
        self,
        incident: str,
        fields: Mapping[str, Any],
        act: Act,
        why: str | None,
        actor: Actor,
        seen: int | None,
        proofs: Sequence[Entry] = (),
    ) -> Revision:
        before = await self._last(incident, seen)
        record = _with_proofs(self._read({**before.record.to_json(), **fields}), proofs)
        return await self._next(before, record, act, why, actor)

    async def _next(self, before: Revision, record: Incident, act: Act, why: str | None, actor: Actor) -> Revision:
        if record == before.record:
            raise IncidentRefused("nothing would change")
        await self._check(record, why)
        made = Revision(before.incident, before.revision + 1, self._clock.now(), act, actor.by, why, record)
        return await self._keep(made, before, actor)

    async def _keep(self, made: Revision, before: Revision | None, actor: Actor) -> Revision:
        await self._incidents.add(NewRevision(made, entry_of(made, before, actor)))
        return made

    async def _last(self, incident: str, seen: int | None) -> Revision:
        last = (await self._incidents.history(incident))[-1]
        if seen is not None and seen != last.revision:
            raise AlreadyDecided(f'the incident "{incident}" is at revision {last.revision}, no longer at {seen}')
        return last

    async def _linked(self, record: Incident, ref: str) -> Incident:
        found = [entry async for entry in self._ledger.entries(ref)]
        if not found:
            raise UnknownReference(f'there is no message "{ref}"')
        message = record.message or MessageRefs()
        if message.ref is None:
            message = message.model_copy(update={"ref": ref})
        return _with_proofs(record.model_copy(update={"message": message}), found)

    def _octets(self, once: bytes | None) -> bytes:
        """Of a new reference, which can be taken once."""
        return self._randomness.octets(RANDOM_OCTETS) if once is None else hashlib.sha256(once).digest()

    def _given(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        return localised(fields, self._zone)

    def _read(self, fields: Mapping[str, Any]) -> Incident:
        """IncidentRefused for fields that there are not, or values that they cannot have; values are not repeated.
        None: as if the field was not there.
        """
        try:
            return Incident.model_validate(_without_none(fields))
        except ValidationError as cause:
            found = [
                Fault(".".join(map(str, error["loc"])), _sentence(error["type"], error["msg"]))
                for error in cause.errors(include_input=False, include_url=False)
            ]
            raise _refused(found) from None

    async def _check(self, record: Incident, why: str | None = None) -> None:
        faults = await asyncio.to_thread(faults_of, record, self._lists(), self._find, self._clock.now())
        if why is not None:
            faults += [Fault(REASON, f"it holds {each.noun}; write it without") for each in self._find(why)]
        if faults:
            raise _refused(faults)


def _with_proofs(record: Incident, proofs: Sequence[Entry]) -> Incident:
    links = [LedgerEntry(ledger=each.ledger, sequence=each.sequence, hash=each.hash, kind=each.kind) for each in proofs]
    return record.model_copy(update={"entries": tuple(dict.fromkeys((*record.entries, *links)))})


def _refused(faults: Sequence[Fault]) -> IncidentRefused:
    text = "the record was not saved:\n" + "\n".join(f"  {each}" for each in faults)
    return IncidentRefused(text, tuple((each.field, each.text) for each in faults))


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_none(each) for name, each in value.items() if each is not None}
    return [_without_none(each) for each in value] if isinstance(value, list | tuple) else value


def _refuse_kept(fields: Mapping[str, Any]) -> None:
    for name in sorted(_KEPT_BY_STORY & fields.keys()):
        raise _refused([Fault(name, "it is changed by `link`, `close` and `reopen` alone")])


def _sentence(kind: str, message: str) -> str:
    return "there is no such field" if kind == "extra_forbidden" else message[:1].lower() + message[1:]
