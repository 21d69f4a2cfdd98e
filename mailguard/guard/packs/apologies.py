"""Sends an apology to exactly those whom a message concerned: a copy for each alone, once, after a person said so.

INVARIANT: nothing is sent unless the number of people is confirmed that it would go to at that moment. A person gets
one apology for a case however often, and from however many guards, it is asked for: each run claims a name of its case
in the same durable step as its rows, and leaves out everybody whom an earlier run had. The chain holds keyed hashes
and counts; addresses and text stand in the evidence alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from ...core.errors import IncidentRefused, MailguardError, ReferenceTaken
from ...core.packs.draft import faults_of, read_draft
from ...core.packs.facts import Sent
from ...core.reference import RANDOM_OCTETS, long_reference
from ...core.register.checks import FindPersonalData
from ...logs import logger
from ..accounts import Actor
from ..ports import Clock, Ledger, Outbox, Randomness
from ..records import Entry, RecipientRecord
from .entries import QUEUED, apology_queued
from .letters import ApologyLetters
from .reading import HashesOf

log = logger("packs")

TRIES = 5
TEXT = "text"
"""What a refusal calls the text of the apology."""


@dataclass(frozen=True, slots=True)
class Asked:
    """case: by which earlier runs are known (`case_of`). ref: the message, None for a file's. people: canonical
    addresses. text: the draft as a file has it. confirmed: how many people it goes to, as somebody saw it; None only
    shows. contents: SHA-256 of what the file can be a copy of, its own first; none without a file.
    """

    case: str
    ref: str | None
    people: tuple[str, ...]
    text: str
    confirmed: int | None = None
    incident: str | None = None
    contents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """people: to whom it goes, or went. already: of those asked for, how many an earlier run had. unwritable: how many
    have an address that no To field can hold. sent: the run, None where nothing was sent. earlier: the runs before it.
    whole: whether it is about everybody whom the message concerned, whoever was named to us.
    """

    people: tuple[str, ...]
    already: int
    unwritable: int
    sent: Sent | None
    earlier: tuple[Sent, ...]
    whole: bool = False


class Apologies:
    """hashes_of: the keyed hashes by which entries may know an address. find: personal data in a text."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        ledger: Ledger,
        letters: ApologyLetters,
        clock: Clock,
        randomness: Randomness,
        hashes_of: HashesOf,
        is_inside: Callable[[str], bool],
        find: FindPersonalData,
        wake: Callable[[], None],
    ) -> None:
        self._outbox = outbox
        self._ledger = ledger
        self._letters = letters
        self._clock = clock
        self._randomness = randomness
        self._hashes_of = hashes_of
        self._is_inside = is_inside
        self._find = find
        self._wake = wake

    async def runs(self, case: str) -> tuple[Sent, ...]:
        """What was sent of a case, the first run first."""
        return tuple(_sent(each) for each in await self.queued(case))

    async def queued(self, case: str) -> Sequence[Entry]:
        """The entries of these runs."""
        found: list[Entry] = []
        while True:
            name = f"{_name(case)}{len(found) + 1}"
            runs = [entry async for entry in self._ledger.entries(name) if entry.kind == QUEUED]
            if not runs:
                return found
            found.append(runs[0])

    async def apologise(self, asked: Asked, actor: Actor) -> Planned:
        """Show, or send. IncidentRefused for a text that must not be sent, or another number of people than confirmed:
        nothing was sent then.
        """
        draft = read_draft(asked.text)
        faults = faults_of(asked.text, self._is_inside, self._find)
        if faults or draft is None:
            said = "nothing was sent:\n" + "\n".join(f"  {each}" for each in faults)
            raise IncidentRefused(said, tuple((TEXT, each) for each in faults))
        for _ in range(TRIES):
            earlier = await self.queued(asked.case)
            people, already = self._left(asked.people, earlier)
            reached = self._letters.writable(people)
            runs = tuple(_sent(each) for each in earlier)
            planned = Planned(reached, already, len(people) - len(reached), None, runs)
            if asked.confirmed is None or (not reached and already):
                return planned
            if asked.confirmed != len(reached):
                raise IncidentRefused(
                    f"nothing was sent: it would go to {len(reached):,} people, and {asked.confirmed:,} were confirmed"
                )
            if not reached:
                return planned
            ref, now = long_reference(self._randomness.octets(RANDOM_OCTETS)), self._clock.now()
            # 5,000 letters take a fifth of a second of the processor.
            rows = await asyncio.to_thread(self._letters.rows, ref, draft, reached, now)
            claim = f"{_name(asked.case)}{len(earlier) + 1}"
            entry = apology_queued(
                claim,
                now,
                actor,
                records=tuple(RecipientRecord(each) for each in reached),
                said={"recipients": list(reached), "text": asked.text},
                apology=ref,
                message=asked.ref,
                incident=asked.incident,
                people=len(reached),
            )
            try:
                kept = await self._outbox.add(rows, None, [entry])
            except ReferenceTaken:
                # Somebody sent one in this moment: who had it is left out of the next try.
                continue
            if kept != len(rows):
                raise MailguardError("the outbox did not say that it kept the rows")
            self._wake()
            log.info("apology_queued", ref=ref, people=len(reached))
            return replace(planned, sent=Sent(ref, now, len(reached)))
        raise IncidentRefused("nothing was sent: others are sending apologies for it; look again in a moment")

    def _left(self, people: Collection[str], earlier: Sequence[Entry]) -> tuple[tuple[str, ...], int]:
        """Who had none yet, and how many did. By keyed hashes, which no purge takes away."""
        had = {each["hash"] for entry in earlier for each in entry.fields.get("recipient_hashes", ())}
        wanted = tuple(dict.fromkeys(people))
        left = tuple(each for each in wanted if had.isdisjoint(self._hashes_of(each)))
        return left, len(wanted) - len(left)


def case_of(content_sha256: str) -> str:
    """Of a message, whether the ledger names it or a file: half of its hash is enough, and can be read aloud."""
    return f"SHA256-{content_sha256[:32]}"


def _name(case: str) -> str:
    return f"APOLOGY-{case}-"


def _sent(entry: Entry) -> Sent:
    return Sent(str(entry.fields["apology"]), entry.at, int(entry.fields["people"]))
