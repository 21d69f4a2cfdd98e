"""The histogram of the hot path says what prometheus_client's own would say."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client import Histogram as Reference

from mailguard.serve.histogram import Histogram
from mailguard.serve.tally import Timed

BOUNDS = (0.001, 0.1, 1.0)
VALUES = (0.0, 0.001, 0.0011, 0.1, 0.5, 1.0, 7.25)


def test_it_is_exported_as_the_library_exports_its_own() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    mine = Histogram("x_seconds", "Some time.", BOUNDS, ours, label="stage", values=("judge", "record"))
    reference = Reference("x_seconds", "Some time.", ("stage",), registry=theirs, buckets=BOUNDS)
    for stage in ("judge", "record"):
        reference.labels(stage)
    for value in VALUES:
        mine.tallies["judge"].observe(value)
        reference.labels("judge").observe(value)
    expected = [line for line in generate_latest(theirs).decode().splitlines() if "_created" not in line]
    assert sorted(generate_latest(ours).decode().splitlines()) == sorted(expected)


def test_every_value_of_the_label_is_exported_before_anything_was_observed() -> None:
    registry = CollectorRegistry()
    Histogram("x_seconds", "Some time.", BOUNDS, registry, label="stage", values=("judge", "record"))
    for stage in ("judge", "record"):
        assert registry.get_sample_value("x_seconds_count", {"stage": stage}) == 0


def test_a_step_that_raises_is_timed_too() -> None:
    registry = CollectorRegistry()
    histogram = Histogram("x_seconds", "Some time.", BOUNDS, registry)
    with pytest.raises(KeyError), Timed(histogram.only):
        raise KeyError
    assert registry.get_sample_value("x_seconds_count") == 1
