"""How often a time fell into each bucket: what the way of a message can afford, and what a worker tells the owner.

Promises: a third of a microsecond for a value, no lock. One thread at a time may observe a Tally.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from time import perf_counter
from types import TracebackType

STAGE_SECONDS = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0),
)

Tallied = tuple[tuple[int, ...], float]
"""Counts by bucket, and the sum of the values."""


class Tally:
    """How often a value fell into each bucket, and the sum of all. bounds: upper bounds, inclusive, ascending."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def add(self, tallied: Tallied) -> None:
        """What another tally with the same bounds has taken."""
        counts, total = tallied
        if len(counts) != len(self.counts):
            raise ValueError("a tally has other buckets")
        self.counts[:] = [ours + theirs for ours, theirs in zip(self.counts, counts, strict=True)]
        self.total += total

    def taken(self) -> Tallied:
        """What it has, which is in it no longer."""
        tallied = tuple(self.counts), self.total
        self.counts[:] = [0] * len(self.counts)
        self.total = 0.0
        return tallied


class Timed:
    """Observes how long a `with` took, in seconds, also where it raises. For one use."""

    __slots__ = ("_began", "_tally")

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def __enter__(self) -> None:
        self._began = perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, cause: BaseException | None, trace: TracebackType | None
    ) -> None:
        tally, seconds = self._tally, perf_counter() - self._began
        tally.counts[bisect_left(tally.bounds, seconds)] += 1  # as `observe`, which would be one call more
        tally.total += seconds
