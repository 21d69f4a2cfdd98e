"""Near misses enter the register by themselves, out of the ledger, from a place that is kept.

INVARIANT: the place moves in the step that adds what was made of the entries before it, so that a crash at any moment
leaves nothing out and enters nothing twice. Nothing of it is on the way of a message: mail does not wait for it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...core.errors import AlreadyDecided
from ...core.register.near_miss import (
    CALLED_WRONG,
    COUNTING,
    OUTCOMES,
    WITHDRAWN,
    near_miss_of,
    with_outcome,
    with_wrong,
    without_wrong,
)
from ...core.register.record import Incident, LedgerEntry
from ...core.register.reference import incident_of_message
from ...core.register.revision import Revision
from ...logs import logger
from ..ports import Clock, Ledger
from ..records import Entry
from ..wrong_holds import words_of
from .entries import entry_of
from .ports import Incidents, NewRevision, Stretch

log = logger("register")

ENTRIES_AT_ONCE = 200
STRETCHES_AT_ONCE = 50
"""Of one round: a ledger of years is entered in many, beside the mail."""


class NearMisses:
    """ledger: who says that a hold was wrong, and who took that back, stands in several of its ledgers."""

    def __init__(self, *, incidents: Incidents, ledger: Ledger, clock: Clock) -> None:
        self._incidents = incidents
        self._ledger = ledger
        self._clock = clock

    async def enter(self) -> int:
        """Read on in every ledger. How many near misses were entered; what is left comes with the next round."""
        entered = 0
        for _ in range(STRETCHES_AT_ONCE):
            stretches = await self._incidents.unread(ENTRIES_AT_ONCE)
            for stretch in stretches:
                entered += await self._enter(stretch)
            if not any(each.more for each in stretches):
                break
        if entered:
            log.info("near_misses_entered", count=entered)
        return entered

    async def _enter(self, stretch: Stretch) -> int:
        refs = {each.ref for each in stretch.entries if each.ref is not None}
        known = dict(await self._incidents.current([incident_of_message(ref) for ref in refs]))
        made: list[NewRevision] = []
        for entry in stretch.entries:
            before = known.get(incident_of_message(entry.ref)) if entry.ref is not None else None
            if before is not None and entry.kind in (CALLED_WRONG, WITHDRAWN):
                record = await self._with_word(entry, before, made)
            else:
                record = _record_of(entry, before)
            if record is not None and entry.ref is not None:
                number = before.revision + 1 if before is not None else 1
                at = self._clock.now()
                revision = Revision(incident_of_message(entry.ref), number, at, "derived", None, None, record)
                known[revision.incident] = revision
                made.append(NewRevision(revision, entry_of(revision, before)))
        try:
            await self._incidents.read_up_to(stretch, made)
        except AlreadyDecided:
            # Another guard reads the same ledger, or a person changed one of the records: the next round sees it.
            return 0
        return sum(each.revision.revision == 1 for each in made)

    async def _with_word(self, entry: Entry, before: Revision, made: Sequence[NewRevision]) -> Incident | None:
        """What a word that a hold was wrong, or that it is taken back, makes of a record. The words of all ledgers are
        looked at as they are now: which of two was written first, their ledgers do not say.
        """
        words = words_of([each async for each in self._ledger.entries(entry.ref)])
        counting = [each for each in words.standing() if each.fields.get("said_by") in COUNTING]
        link = _link(entry)
        if entry.kind == CALLED_WRONG:
            stands = any((each.ledger, each.sequence) == (entry.ledger, entry.sequence) for each in words.standing())
            return with_wrong(before.record, entry.fields, link) if stands else None
        if counting:
            return None
        new = [each.revision for each in made if each.revision.incident == before.incident]
        kept = await self._incidents.history(before.incident) if len(new) < before.revision else ()
        history = {each.revision: each for each in (*kept, *new)}
        revisions = [history[number] for number in sorted(history)]
        return without_wrong([each.record for each in revisions], [each.act == "derived" for each in revisions], link)


def _link(entry: Entry) -> LedgerEntry:
    return LedgerEntry(ledger=entry.ledger, sequence=entry.sequence, hash=entry.hash, kind=entry.kind)


def _record_of(entry: Entry, before: Revision | None) -> Incident | None:
    """What an entry makes of the record of its message. What a person entered for it before stays as it was written."""
    if entry.ref is None:
        return None
    link = _link(entry)
    if entry.kind in (CALLED_WRONG, WITHDRAWN):
        return None
    if entry.kind in OUTCOMES:
        return with_outcome(before.record, entry.kind, entry.fields, link) if before is not None else None
    return near_miss_of(entry.fields, entry.ref, entry.at, link) if before is None else None
