"""A replay from its beginning, or from where it was interrupted, to its end.

Every message is read and judged by one of several processes, in any order; here, in the order of the archive, it is
seen what earlier messages say about it. Only where that makes a difference it is judged once more, here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from .. import __version__
from ..core.organisation import Organisation
from ..core.policy.model import Policy
from ..core.replay.memory import Memory
from ..core.replay.outcome import Record
from ..core.replay.traces import Traces
from ..inspection.settings import InspectionSettings
from ..serve.inspecting import CommandInspector
from .archive import MAX_MESSAGE_BYTES, Archive, Place
from .journal import Journal
from .judging import Judge, Judging, Seen, why_not
from .pool import Pool
from .progress import Progress

BATCH_MESSAGES = 32
BATCH_OCTETS = 2_000_000
"""A batch ends with the message that reaches either."""
LOST = "it ended the process that judged it"
NOTHING = Traces()


@dataclass(frozen=True, slots=True)
class Asked:
    """What is replayed. organisation: None where the domain of each From is inside. processes: at least 1."""

    archive: Archive
    policies: tuple[Policy, ...]
    organisation: Organisation | None
    inspection: InspectionSettings | None
    processes: int
    most_bytes: int = MAX_MESSAGE_BYTES
    resume: Path | None = None


class Replay:
    """Use it in a `with`; `records` once. interrupted: it ended before the end of the archive.

    stopped: becomes true when somebody wants it to end. journal: with which it goes on then.
    """

    def __init__(self, asked: Asked, stopped: Callable[[], bool] = lambda: False) -> None:
        self._asked = asked
        self._stopped = stopped
        self.journal = Journal(asked.resume, _about(asked))
        self._judging = Judging(
            asked.policies, asked.organisation, datetime.now(UTC), self.journal.key, asked.most_bytes
        )
        self._windows = self._judging.windows
        self._memories = [Memory(each) for each in self._windows]
        self.progress = Progress(asked.archive.weight)
        self._inspector = CommandInspector(asked.inspection)
        self._judge = Judge(self._judging, self._inspector.inspect)
        self.interrupted = True

    def __enter__(self) -> Replay:
        return self

    def __exit__(self, *_: object) -> None:
        self._inspector.__exit__()
        self.progress.end()
        self.journal.close(done=not self.interrupted)

    def records(self) -> Iterator[Record]:
        """What came of every message, in order: first what an interrupted run found already."""
        position = 0
        for record, traces in self.journal.known():
            position = record.position
            self._remember(record, traces)
            yield record
        places = self._behind(position)
        with Pool(self._asked.processes, self._begin, _lost, self._stopped) as pool:
            for number, seen in enumerate(pool.results(_batches(places)), 1):
                record, traces = self._in_order(seen)
                self._remember(record, traces)
                self.journal.write(record, traces)
                if number % BATCH_MESSAGES == 0:
                    self.journal.flush()
                self.progress.add(seen.place.weight)
                yield record
            self.interrupted = not pool.finished

    def _behind(self, position: int) -> Iterator[Place]:
        """The places that are left; the progress learns of the others."""
        for place in self._asked.archive.places(position):
            if position and place.position == position + 1:
                self.progress.know(position, place.before)
            yield place

    @contextmanager
    def _begin(self) -> Iterator[Callable[[Place], Seen]]:
        """In each process. It is lent the policies, and has attachments read by readers of its own."""
        with CommandInspector(self._asked.inspection) as inspector:
            yield Judge(self._judging, inspector.inspect).first

    def _in_order(self, seen: Seen) -> tuple[Record, tuple[Traces, ...]]:
        record = Record(seen.place.position, seen.reference, seen.at, seen.outcomes, seen.unreadable)
        if seen.unreadable is not None or not any(seen.traces):
            return record, ()
        outcomes, left = list(seen.outcomes), list(seen.traces)
        try:
            for which, traces in enumerate(seen.traces):
                if self._matters(which, traces, seen.at or self._judging.now):
                    outcomes[which], left[which] = self._judge.again(seen, which, self._memories[which])
        except Exception as cause:  # as in the other processes: it is counted, and the rest is judged
            return replace(record, outcomes=(), unreadable=why_not(cause)), ()
        kept = tuple(each if outcome.leaves else NOTHING for each, outcome in zip(left, outcomes, strict=True))
        return replace(record, outcomes=tuple(outcomes)), kept

    def _matters(self, which: int, traces: Traces, at: datetime) -> bool:
        """Whether what earlier messages say can make another verdict."""
        memory, windows = self._memories[which], self._windows[which]
        if memory.separated(traces):
            return True
        past = memory.past(traces, at)
        if not past.earlier and not any(each.earlier for each in past.files):
            return False
        return windows.answers(past) != windows.answers(traces.past)

    def _remember(self, record: Record, traces: tuple[Traces, ...]) -> None:
        for memory, left, outcome in zip(self._memories, traces, record.outcomes, strict=False):
            memory.keep(left, record.at or self._judging.now, outcome)


def _batches(places: Iterable[Place]) -> Iterator[list[Place]]:
    batch: list[Place] = []
    octets = 0
    for place in places:
        batch.append(place)
        octets += place.weight
        if len(batch) == BATCH_MESSAGES or octets >= BATCH_OCTETS:
            yield batch
            batch, octets = [], 0
    if batch:
        yield batch


def _lost(place: Place) -> Seen:
    return Seen(place, unreadable=LOST)


def _about(asked: Asked) -> dict[str, object]:
    """What has to be the same for a replay to go on. The organisation as a hash, since it names people."""
    known = asked.organisation
    told = (
        ""
        if known is None
        else repr((sorted(known.domains), sorted(known.addresses), sorted(known.trusted_domains), known.teams))
    )
    return {
        "archive": asked.archive.identity,
        "policy": [each.revision for each in asked.policies],
        "organisation": hashlib.sha256(told.encode()).hexdigest()[:16],
        "limit": asked.most_bytes,
        "mailguard": __version__,
    }
