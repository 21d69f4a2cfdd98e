"""The story of an incident pack: read what is known, say in the ledger that it is taken along, fill the record.

INVARIANT: the entry that says so is durable before the pack leaves. What a person wrote in a record stays.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from ...core.consumer_providers import is_consumer_provider
from ...core.errors import IncidentRefused
from ...core.organisation import Organisation
from ...core.packs.exposure import NOT_YET, Got
from ...core.packs.facts import Known, Sent
from ...core.packs.pack import Pack, pack_of
from ...core.register.record import BREACHES, Incident, SubjectsTold
from ...core.register.revision import Revision
from ..accounts import Actor
from ..ports import Clock, Ledger
from ..register.book import IncidentBook
from .apologies import Apologies, Asked, Planned, case_of
from .entries import QUEUED, pack_exported
from .reading import PackReading

CONSUMER, ORGANISATIONS = "consumer mail providers", "other domains"
_WHEN = ("occurred_from", "occurred_to")
WHY_PACK = "filled from the incident pack"
WHY_TOLD = "apologies were sent"
HOW_TOLD = "an apology by email, a copy for each person alone"
"""What a person wrote in its place stays, and so does their number."""
MOST_WHY = 300
"""Characters of what somebody says a pack is taken along for."""


class Packing:
    """reading, apologies: the halves of it."""

    def __init__(
        self,
        *,
        reading: PackReading,
        apologies: Apologies,
        book: IncidentBook,
        ledger: Ledger,
        clock: Clock,
        organisation: Organisation,
        zone: ZoneInfo,
    ) -> None:
        self._reading = reading
        self._apologies = apologies
        self._book = book
        self._ledger = ledger
        self._clock = clock
        self._organisation = organisation
        self._zone = zone

    async def look(self, ref: str) -> Pack:
        """Of a message of the ledger, to be looked at here: nothing is recorded. UnknownReference."""
        return await self._of(ref)

    async def pack(
        self,
        ref: str,
        actor: Actor,
        incident: str | None = None,
        contents: Collection[str] = (),
        why: str | None = None,
    ) -> tuple[Pack, Revision | None]:
        """Of a message of the ledger, and the record that it was linked to. UnknownReference, IncidentRefused.

        contents: SHA-256 of what a file can be a copy of that completes it; one that is not that message is refused.
        why: for what it is taken along.
        """
        pack = await self._of(ref)
        if contents:
            _refuse_other(pack.known, contents)
        revision = None if incident is None else await self._fill(incident, pack, actor)
        entry = pack_exported(ref, self._clock.now(), actor, counts=pack.counts(), why=why, incident=incident)
        await self._ledger.append([entry])
        return pack, revision

    async def of_file(
        self,
        counts: Mapping[str, int],
        contents: Sequence[str],
        actor: Actor,
        incident: str | None,
        why: str | None = None,
    ) -> tuple[Sent, ...]:
        """A pack was made of a file, elsewhere: its counts are recorded. The apologies that were sent of it, under
        whichever of these hashes. UnknownReference (of the incident).
        """
        if incident is not None:
            await self._book.history(incident)
        entry = pack_exported(
            None, self._clock.now(), actor, counts=counts, why=why, content_sha256=contents[0], incident=incident
        )
        await self._ledger.append([entry])
        return await self._apologies.runs(await self._case(contents))

    async def content_of(self, ref: str, contents: Collection[str]) -> str:
        """Which of these SHA-256 of a file is a message of the ledger. UnknownReference, IncidentRefused."""
        known = await self._reading.known(ref)
        return _refuse_other(known, contents)

    def names_of(self, addresses: Collection[str]) -> Mapping[str, str]:
        """Keyed hash -> address: what a file gives back to answers whose evidence is gone."""
        return self._reading.names_of(addresses)

    async def runs(self, case: str) -> tuple[Sent, ...]:
        """The apologies that were sent of a case."""
        return await self._apologies.runs(case)

    async def apologise(
        self, asked: Asked, actor: Actor, *, to_all: bool = False, inside: bool = False, enters: bool = True
    ) -> tuple[Planned, Revision | None]:
        """Show or send an apology. Of a message of the ledger it goes to whom its evidence names, or, where that is
        gone, to those of `asked.people` that the ledger knows by their hash; of a file to asked.people.

        to_all: to everybody who got it, not only to whom others saw. inside: to people inside too. enters: whether the
        record says so at once; else `enter` makes it.
        """
        if asked.incident is not None:
            await self._book.history(asked.incident)
        whole = False
        if asked.ref is not None:
            pack = await self._of(asked.ref)
            people, whole = await self._whom(asked, pack, to_all, inside)
            asked = replace(asked, people=people, case=_case_of(pack.known))
        elif asked.contents:
            asked = replace(asked, case=await self._case(asked.contents))
        planned = replace(await self._apologies.apologise(asked, actor), whole=whole)
        revision = None
        if enters and asked.incident is not None and asked.confirmed is not None:
            revision = await self._told(asked.incident, asked.case, actor)
        return planned, revision

    async def enter(self, incident: str, ref: str, actor: Actor) -> Revision:
        """Say in the record how many were told of a message of the ledger. UnknownReference, IncidentRefused,
        AlreadyDecided.
        """
        return await self._told(incident, _case_of(await self._reading.known(ref)), actor)

    async def _case(self, contents: Sequence[str]) -> str:
        """Of a file: that under which something was sent already, else its own. A case has a name in the ledger."""
        cases = [case_of(each) for each in contents]
        for case in cases:
            if await self._apologies.queued(case):
                return case
        return cases[0]

    async def _of(self, ref: str) -> Pack:
        known = await self._reading.known(ref)
        return await asyncio.to_thread(
            self._packed, replace(known, apologies=await self._apologies.runs(_case_of(known)))
        )

    def _packed(self, known: Known) -> Pack:
        made_at = self._clock.now().astimezone(self._zone)
        return pack_of(
            known, organisation=self._organisation.name, is_inside=self._organisation.is_inside, made_at=made_at
        )

    async def _whom(self, asked: Asked, pack: Pack, to_all: bool, inside: bool) -> tuple[tuple[str, ...], bool]:
        """To whom, and whether these are all: those whom a request names are as many as fit into it."""
        assert asked.ref is not None
        if asked.contents or asked.people:
            _refuse_other(pack.known, asked.contents)
        if pack.known.form is None:
            raise IncidentRefused("nothing was sent: that message did not leave")
        if pack.known.recipients is None:
            if not asked.people:
                raise IncidentRefused(
                    "nothing was sent: the evidence that names the people is gone; give the message as a file (--eml)"
                )
            known = await self._reading.recipients_of(asked.ref, asked.people)
            return tuple(each for each in asked.people if each in known), False
        return pack.concerned(to_all=to_all, inside=inside), True

    async def _fill(self, incident: str, pack: Pack, actor: Actor) -> Revision:
        """Link the message, and say what the pack counted where the record says nothing yet."""
        assert pack.known.ref is not None
        try:
            last = await self._book.link(incident, pack.known.ref, actor)
        except IncidentRefused:
            # It names these entries already; what else is wrong with it, the next step says again.
            last = (await self._book.history(incident))[-1]
        fields = filled(last.record, pack)
        if not fields:
            return last
        return await self._book.revise(incident, fields, WHY_PACK, actor, last.revision)

    async def _told(self, incident: str, case: str, actor: Actor) -> Revision:
        """Say in the record how many were told, each run of the case once: those that it counts it links. A long list
        of a file goes in several runs, and one that could not be entered is when somebody asks again.
        """
        last = (await self._book.history(incident))[-1]
        told = last.record.subjects_told or SubjectsTold(told=True, how=HOW_TOLD)
        if told.how != HOW_TOLD:
            return last
        counted = {(each.ledger, each.sequence) for each in last.record.entries if each.kind == QUEUED}
        runs = [
            each
            for each in await self._apologies.queued(case)
            if (each.ledger, each.sequence) not in counted and each.fields.get("incident") in (None, incident)
        ]
        if not runs:
            return last
        before = (told.individually or 0) if counted else 0
        people = before + sum(int(each.fields["people"]) for each in runs)
        told = told.model_copy(update={"at": told.at or runs[0].at, "individually": people})
        fields = {"subjects_told": told.model_dump(mode="json", exclude_none=True)}
        return await self._book.revise(incident, fields, WHY_TOLD, actor, last.revision, runs)


def _case_of(known: Known) -> str:
    """The same for a message and for a file of it, so that nobody has two apologies for it."""
    assert known.ref is not None
    return case_of(known.content_sha256) if known.content_sha256 else known.ref


def _refuse_other(known: Known, contents: Collection[str]) -> str:
    """The content that it is. IncidentRefused for a file of another message: what it says would be said of this one."""
    if known.content_sha256 is None or known.content_sha256 not in contents:
        raise IncidentRefused(
            f"the file is not {known.ref}: its content is not what mailguard checked then. Give the message as it was "
            "sent, or as it arrived; the copy that a mail program keeps can be another. Without --eml the pack says "
            "what the ledger knows; without the reference, what the file says"
        )
    return known.content_sha256


def filled(record: Incident, pack: Pack) -> dict[str, Any]:
    """The fields of a record that a pack can fill and nobody has."""
    known, fields = pack.known, dict[str, Any]()
    exposure = record.exposure.model_dump(exclude_none=True) if record.exposure else {}
    counted = {
        "delivered_count": pack.got.get(Got.YES, 0) if known.answers else None,
        "envelope_count": known.counts.get("envelope_recipients"),
        "visible_external_count": known.counts.get("visible_external_recipients"),
    }
    new = {name: each for name, each in counted.items() if each is not None and name not in exposure}
    if new:
        fields["exposure"] = exposure | new
    domains = Counter(
        CONSUMER if is_consumer_provider(each.address.rpartition("@")[2]) else ORGANISATIONS
        for each in pack.exposure.sights
        if not each.inside and each.got not in NOT_YET
    )
    if domains and not record.recipients_external:
        fields["recipients_external"] = dict(sorted(domains.items()))
    return fields | _happened(record, known)


def _happened(record: Incident, known: Known) -> dict[str, Any]:
    """When others first could see it: when it left, which can be days after it was stopped and decided about. Where a
    near miss turned out to be a breach, its times are those at which the guard stopped it.
    """
    if known.left_at is None:
        return {}
    stopped = known.decided_at
    if record.occurred_from is None:
        return {"occurred_from": known.left_at.isoformat()}
    if record.kind not in BREACHES or record.occurred_from != stopped or record.occurred_to not in (None, stopped):
        return {}
    return {name: known.left_at.isoformat() for name in _WHEN if getattr(record, name) is not None}
