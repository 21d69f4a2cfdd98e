"""A histogram that the way of a message can afford: tallies that are looked up once.

prometheus_client's own takes eight times as long, most of it for a lock that nothing here needs. Promises: whoever
scrapes, in whichever thread, sees buckets and count that fit each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

from .tally import Tally


class Histogram(Collector):
    """A family of tallies. label: its one label, None where it has none; values: every value that it can have, so that
    each is exported from the start and none is ever looked up or made on the way of a message.
    """

    def __init__(
        self,
        name: str,
        documentation: str,
        bounds: Sequence[float],
        registry: CollectorRegistry,
        *,
        label: str | None = None,
        values: Iterable[str] = ("",),
    ) -> None:
        self._name = name
        self._documentation = documentation
        self._labels = [] if label is None else [label]
        self._bounds = tuple(bounds)
        self.tallies = {value: Tally(self._bounds) for value in values}
        registry.register(self)

    @property
    def only(self) -> Tally:
        """The tally of a histogram without a label."""
        return self.tallies[""]

    def collect(self) -> Iterator[HistogramMetricFamily]:
        family = HistogramMetricFamily(self._name, self._documentation, labels=self._labels)
        names = [*(str(float(bound)) for bound in self._bounds), "+Inf"]
        for value, tally in self.tallies.items():
            buckets = list(zip(names, accumulate(tally.counts.copy()), strict=True))
            family.add_metric([value] if self._labels else [], buckets, tally.total)
        yield family
