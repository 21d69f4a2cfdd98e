"""The ports of a worker that are the owner's: each asks the process that has the store, over the socket between them.

Contract: as guard/ports.py says; what is not answered raises (peer.py). Knows nothing of what the owner does with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast, get_args

from ..core.envelope import Recipient
from ..core.errors import MailguardError
from ..core.outcome import RecipientOutcome
from ..core.session import Session
from ..core.sign_in import Credentials, SignInAnswer, SignInOutcome
from ..core.verdict import Verdict
from ..guard.account_sign_in import MECHANISMS
from ..guard.records import Entry, NewEntry
from ..guard.remainder import Sent
from ..guard.steps import bounded
from ..guard.watch import Stage, counted
from ..inspection.process import WorkerEnd
from ..logs import logger
from ..smtp.sign_in_limits import Turn
from ..store.chain import PreparedEntry, SealedEvidence
from ..store.ledger import Prepare
from .peer import Peer
from .tally import STAGE_SECONDS, Tally, Timed

log = logger("serve")

ANSWER_SECONDS = 30.0
"""As for each step of a submission: an owner that does not answer keeps nobody waiting for ever."""


class OwnersLedger:
    """Implements guard.ports.Ledger as far as a submission asks for it: sealed here, chained by the owner."""

    def __init__(self, peer: Peer, prepare_all: Prepare) -> None:
        self._peer = peer
        self._prepare = prepare_all

    async def append(self, entries: Sequence[NewEntry], *, patient: bool = False) -> Sequence[Entry]:
        prepared = self._prepare(entries)
        kept = await self._peer.call("append", [handed_over(each) for each in prepared], patient)
        return [_entry(*each) for each in zip(prepared, kept, strict=True)]

    def entries(self, ref: str | None = None) -> Any:
        raise MailguardError("a worker reads no ledger")


Handed = tuple[Any, ...]
"""A prepared entry on its way to the owner."""


def handed_over(entry: PreparedEntry) -> Handed:
    """All that the owner needs to chain it. The fields stay here: they are in `head`, and half of what it is to pickle.

    A plain tuple is read in a tenth of the time of the object.
    """
    evidence = entry.evidence
    sealed = None if evidence is None else (evidence.master, evidence.wrapped_key, evidence.sealed, evidence.sha256)
    return entry.at, entry.micros, entry.kind, entry.ref, entry.claims, entry.head, sealed, entry.exceptions


def taken_over(handed: Handed) -> PreparedEntry:
    """The entry, without its fields."""
    at, micros, kind, ref, claims, head, sealed, exceptions = handed
    evidence = None if sealed is None else SealedEvidence(*sealed)
    return PreparedEntry(at, micros, kind, ref, claims, head, {}, evidence, exceptions)


def _entry(prepared: PreparedEntry, place: tuple[str, int, str]) -> Entry:
    ledger, sequence, digest = place
    return Entry(ledger, sequence, prepared.at, prepared.kind, prepared.ref, digest, prepared.fields)


class OwnersRemainder:
    """Implements guard.remainder.TakesOver."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    async def take_over(
        self, sent: Sent, waiting: tuple[Recipient, ...], refused: tuple[RecipientOutcome, ...], entry: NewEntry
    ) -> None:
        step = self._peer.call("take_over", replace(sent, raw=bytes(sent.raw)), waiting, refused, entry)
        await bounded(step, ANSWER_SECONDS)


class OwnersSignIn:
    """Implements guard.ports.SignIn with the accounts of the store."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    def mechanisms(self) -> Sequence[str]:
        return MECHANISMS

    async def sign_in(self, session: Session, credentials: Credentials) -> SignInAnswer:
        return cast(SignInAnswer, await self._peer.call("sign_in", session, credentials))

    def is_lost(self, session: str) -> bool:
        return False

    async def leave(self, session: str) -> None:
        """Nothing is kept for a session."""


class OwnersTurns:
    """Implements smtp.sign_in_limits.Turns. Both processes read the same monotonic clock of the system."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    async def reserve(self, peer: str, account: str, now: float) -> Turn | None:
        try:
            return cast("Turn | None", await bounded(self._peer.call("reserve", peer, account, now), ANSWER_SECONDS))
        except Exception as cause:  # nobody may try without a turn: the client hears that it is to come again
            log.error("turn_not_given", cause=cause)
            return None

    def settle(self, turn: Turn, outcome: SignInOutcome, now: float) -> None:
        self._peer.tell("settle", turn, outcome, now)


class ToldWatch:
    """Implements guard.watch.Watch: what happened is added up, and told to the owner now and then."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._counts: Counter[tuple[str, tuple[Any, ...]]] = Counter()
        self._stages = {stage: Tally(STAGE_SECONDS) for stage in get_args(Stage)}

    def stage(self, name: Stage) -> Timed:
        return Timed(self._stages[name])

    def took(self, name: Stage, seconds: float) -> None:
        self._stages[name].observe(seconds)

    def decided(self, verdict: Verdict) -> None:
        self._count("counted", counted(verdict))

    def deferred(self) -> None:
        self._count("deferred")

    def trouble(self, cause: str) -> None:
        self._count("trouble", cause)

    def unrecorded(self) -> None:
        self._count("unrecorded")

    def delivered(self, kind: str, outcome: str) -> None:
        self._count("delivered", kind, outcome)

    def finished(self, kind: str, seconds: float) -> None:
        """Rows of the outbox are the owner's."""

    def signed_in(self, outcome: str) -> None:
        self._count("signed_in", outcome)

    def worker_ended(self, end: WorkerEnd) -> None:
        self._count("worker_ended", end)

    async def tell(self) -> None:
        stages = {stage: tally.taken() for stage, tally in self._stages.items() if any(tally.counts)}
        if self._counts or stages:
            counts, self._counts = self._counts, Counter()
            self._peer.tell("watched", dict(counts), stages)

    def _count(self, name: str, *arguments: Any) -> None:
        self._counts[name, arguments] += 1
