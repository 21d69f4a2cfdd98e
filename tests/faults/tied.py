"""Which transactions came twice, and whether each of them was between its final dot and its recorded outcome then. Pure
but for the sink.

A transaction is known by the hash of what was sent in it: every copy has a header of its own, and the ledger's
`copy_delivered` names the hash beside its row. A time is time.time().
"""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.end_to_end.sink import Sink, Taken

SLACK = 1.0
"""Seconds between the moment that an entry or a fault names and the one at which it took effect."""


@dataclass(frozen=True)
class Passage:
    """A transaction whose final dot the smarthost has seen. by: the guard that sent it."""

    sha256: str
    way: str
    at: float
    by: str


@dataclass(frozen=True)
class Fault:
    """From when to when. of: the one guard that had it, else all."""

    began: float
    ended: float
    of: str | None = None

    def struck(self, first: Passage, second: Passage) -> bool:
        """Whether the first one was open while it lasted."""
        mine = self.of is None or (first.by == self.of and second.by != self.of)
        return mine and first.at - SLACK <= self.ended and second.at + SLACK >= self.began


class WatchedSink(Sink):
    """linger_seconds: between the final dot of a copy and its answer, so that many are open at any moment."""

    def __init__(self, linger_seconds: float = 0.0) -> None:
        super().__init__()
        self.passages: list[Passage] = []
        self._linger_seconds = linger_seconds

    def keep(self, taken: Taken) -> None:
        way = taken.recipients[0].partition("@")[2][:1]
        sha256 = hashlib.sha256(taken.content).hexdigest()
        super().keep(taken)
        self.passages.append(Passage(sha256, way, time.time(), taken.hello.decode()))
        if way == "s":
            time.sleep(self._linger_seconds)


def repeated(
    passages: Iterable[Passage], entries: Sequence[Mapping[str, Any]], faults: Sequence[Fault]
) -> Mapping[str, int]:
    """How often a transaction was repeated, by its hash. AssertionError where one was that was not open when a fault
    struck, or more often than faults struck it, or whose outcome had been recorded.
    """
    recorded: dict[str, list[float]] = {}
    for each in entries:
        if each["kind"] == "copy_delivered":
            recorded.setdefault(each["sent_sha256"], []).append(datetime.fromisoformat(each["at"]).timestamp())
    by_hash: dict[str, list[Passage]] = {}
    for passage in sorted(passages, key=lambda each: each.at):
        if passage.way in "ps":
            by_hash.setdefault(passage.sha256, []).append(passage)
    found = {}
    for sha256, those in by_hash.items():
        assert len(recorded.get(sha256, ())) <= 1, f"{sha256} was recorded twice"
        left = list(faults)
        for first, second in itertools.pairwise(those):
            assert first.way == "s", "what passes is answered once, and nobody repeats it"
            outcomes = [at for at in recorded.get(sha256, ()) if first.at <= at < second.at - SLACK]
            assert not outcomes, f"{sha256} was sent again after its outcome was recorded"
            struck = next((fault for fault in left if fault.struck(first, second)), None)
            assert struck is not None, f"{sha256} was sent again, and no fault struck it between dot and outcome"
            left.remove(struck)
            found[sha256] = found.get(sha256, 0) + 1
    return found
