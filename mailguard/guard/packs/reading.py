"""Reads what the ledger and its evidence know of a message that got out. It changes nothing.

Contract: what was erased or purged is said as such, with the time at which it went; counts of the entries stay.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from ...core.errors import MailguardError, UnknownReference
from ...core.packs.answers import ABOUT_IT, Answer, answers_in, is_outcome, named_again
from ...core.packs.facts import Gap, Known, form_of, left_at
from ...core.packs.gaps import of_answers, of_decision, of_reading
from ..console.ports import Trail
from ..console.trail_records import Group, TrailFilter
from ..ports import Evidence, Ledger
from ..records import Delivery, Entry

TRIES = 3
PURGES = 1000
"""Entries of upkeep that are looked through for the purge that took an evidence record; one a day is three years."""
COPIES = "envelope_recipients"
LEFT_OUT = "recipients_left_out"
Fields = Mapping[str, Any]
HashesOf = Callable[[str], Sequence[str]]


class Waiting(Protocol):
    """store.outbox.Outbox."""

    async def of_message(self, ref: str) -> Sequence[Delivery]:
        """Rows of a message that are not done."""
        ...


@dataclass(frozen=True, slots=True)
class _Entered:
    """evidence: None where the entry has none, or none any more; erased: the latter."""

    entry: Entry
    evidence: Fields | None
    erased: bool


@dataclass(frozen=True, slots=True)
class _Off:
    """Whom the sender took off: hashes by any key, and how many people these are."""

    hashes: frozenset[str] | set[str]
    count: int

    def taken_from(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """The facts of the decision, with so many fewer to whom the message went."""
        copies = facts.get(COPIES)
        return {**facts, **({COPIES: max(0, copies - self.count)} if type(copies) is int else {})}


class PackReading:
    """hashes_of: the keyed hashes by which entries may know a canonical address."""

    def __init__(
        self, *, ledger: Ledger, evidence: Evidence, trail: Trail, outbox: Waiting, hashes_of: HashesOf
    ) -> None:
        self._ledger = ledger
        self._evidence = evidence
        self._trail = trail
        self._outbox = outbox
        self._hashes_of = hashes_of

    async def known(self, ref: str) -> Known:
        """Of a message. UnknownReference where the ledger has no decision about it."""
        entered = await self._entered(ref)
        decided = next((each for each in entered if each.entry.kind == "message_decided"), None)
        if decided is None:
            raise UnknownReference(f'there is no message "{ref}"')
        fields, evidence = decided.entry.fields, decided.evidence
        released = [each.entry for each in entered if each.entry.kind == "message_released"]
        form = form_of(fields, [each.fields for each in released])
        outcomes = [each for each in entered if is_outcome(each.entry.kind, each.entry.fields)]
        answers = [
            answer
            for each in outcomes
            for answer in answers_in(each.entry.kind, each.entry.at, each.entry.fields, each.evidence)
        ]
        # What one entry has lost another may still know: the same person, by the same keyed hash.
        named = [*(evidence or {}).get("recipients", ()), *_named_in(answers)]
        answers = list(named_again(answers, self.names_of(named)))
        decision = _laid_over(fields, (evidence or {}).get("decision", {}))
        path = (evidence or {}).get("sender")
        off = self._left_out(entered)
        hashed = tuple(each["hash"] for each in fields.get("recipient_hashes", ()))
        counts = {name: each for name, each in fields.get("facts", {}).items() if type(each) is int}
        return Known(
            ref=ref,
            decided_at=decided.entry.at,
            subject=None if evidence is None else evidence.get("subject"),
            hashed=tuple(each for each in hashed if each not in off.hashes) if evidence is None else (),
            recipients=None if evidence is None else tuple(self._without(off, evidence["recipients"])),
            visible=None if evidence is None else tuple(evidence["visible"]),
            senders=tuple(dict.fromkeys([*([path] if path else ()), *(evidence or {}).get("originators", ())])),
            form=form,
            counts=off.taken_from(counts),
            findings=tuple(decision.get("findings", ())),
            inventory=tuple(decision.get("inventory", ())),
            content_sha256=fields.get("content_sha256"),
            answers=tuple(answers),
            gaps=tuple(await self._gaps(ref, decided, off, outcomes, answers, decision, form is not None)),
            left_out=off.count,
            waiting=await self._waiting(ref, answers),
            left_at=left_at([each.at for each in released], answers) if form is not None else None,
        )

    async def _waiting(self, ref: str, answers: Iterable[Answer]) -> tuple[str, ...]:
        """Those of the answers whose copy is still in the outbox, as these name them: a name that went stays gone."""
        rows = [each for each in await self._outbox.of_message(ref) if each.kind not in ABOUT_IT]
        people = {each.address for row in rows for each in row.envelope.recipients}
        known = people | self.names_of(people).keys()
        return tuple(dict.fromkeys(whose for each in answers if (whose := each.address or each.hash) in known))

    def names_of(self, addresses: Collection[str]) -> dict[str, str]:
        """Keyed hash -> address."""
        return {digest: address for address in set(addresses) for digest in self._hashes_of(address)}

    async def recipients_of(self, ref: str, addresses: Collection[str]) -> frozenset[str]:
        """Which of these addresses the decision about a message knows as recipients, also after its evidence went; not
        whom its sender took off since.
        """
        entered = await self._entered(ref)
        hashed = {
            each["hash"]
            for one in entered
            if one.entry.kind == "message_decided"
            for each in one.entry.fields.get("recipient_hashes", ())
        }
        known = {address for digest, address in self.names_of(addresses).items() if digest in hashed}
        return frozenset(self._without(self._left_out(entered), known))

    def _left_out(self, entered: Sequence[_Entered]) -> _Off:
        """Whom the sender took off the message while it waited, by keyed hashes, which no purge takes away."""
        acts = [each for each in entered if each.entry.kind == LEFT_OUT]
        hashes = {each["hash"] for act in acts for each in act.entry.fields.get("recipient_hashes", ())}
        # By other keys too: these may have changed between the decision and the act.
        named = {address for act in acts for address in (act.evidence or {}).get("left_out", ())}
        return _Off(hashes | self.names_of(named).keys(), sum(int(act.entry.fields["left_out"]) for act in acts))

    def _without(self, off: _Off, addresses: Iterable[str]) -> list[str]:
        return [each for each in addresses if off.hashes.isdisjoint(self._hashes_of(each))]

    async def _entered(self, ref: str) -> list[_Entered]:
        """The entries of a message, each with its evidence. One that is written meanwhile is waited for."""
        for _ in range(TRIES):
            found = [entry async for entry in self._ledger.entries(ref)]
            found.sort(key=lambda each: (each.at, each.ledger, each.sequence))
            records = await self._evidence.read(ref)
            with_evidence = [each for each in found if "evidence_sha256" in each.fields]
            if len(records) == len(with_evidence):
                beside = dict(zip((id(each) for each in with_evidence), records, strict=True))
                return [_entered(each, beside.get(id(each))) for each in found]
        raise MailguardError("the ledger grew faster than it could be read")

    async def _gaps(
        self,
        ref: str,
        decided: _Entered,
        off: _Off,
        outcomes: Sequence[_Entered],
        answers: Sequence[Answer],
        decision: Fields,
        left: bool,
    ) -> list[Gap]:
        found: list[Gap] = []
        if decided.evidence is None:
            facts = off.taken_from(decided.entry.fields.get("facts", {}))
            found += of_decision(facts, await self._went(ref, decided.entry.at))
        elif decision.get("facts", {}).get("has_attachments") and not decision.get("inventory"):
            found.append(of_reading())
        erased = [each for each in outcomes if each.erased]
        if erased:
            nameless = sum(each.address is None for each in answers)
            found.append(of_answers(nameless, await self._went(ref, erased[0].entry.at)))
        elif left and not outcomes:
            found.append(Gap("deliveries", "The ledger has no answer of a mail server about it (yet)."))
        return found

    async def _went(self, ref: str, at: datetime) -> datetime | None:
        """When the evidence of an entry of that time was erased or purged, whichever was first."""
        erased = [each.at async for each in self._ledger.entries(ref) if each.kind == "evidence_erased"]
        upkeep, _ = await self._trail.page(TrailFilter(None, Group.UPKEEP, at_from=at), PURGES)
        purged = [
            each.entry.at
            for each in upkeep
            if each.entry.kind == "evidence_purged" and datetime.fromisoformat(each.entry.fields["before"]) > at
        ]
        return min([*erased, *purged], default=None)


def _entered(entry: Entry, record: Fields | None) -> _Entered:
    erased = record is not None and record.get("erased") is True
    return _Entered(entry, None if erased else record, erased)


def _laid_over(fields: Fields, withheld: Fields) -> dict[str, Any]:
    """The decision again: entries hold it without names of files, the evidence has these (guard/entries.py)."""
    return {**fields, **{name: each for name, each in withheld.items() if name != "rules"}}


def _named_in(answers: Collection[Answer]) -> list[str]:
    return [each.address for each in answers if each.address is not None]
