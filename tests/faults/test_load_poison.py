"""Messages that are made to cost much do not hold up an ordinary client, and take no memory (issue 7, THREATS.md T80).

From outside, against the real process. All kinds are sent at once, again and again, each by a client of its own, beside
a client that sends ordinary mail. Asserted is its 99th percentile: a second, as many times longer as the kernel says
that the service had to wait for a processor. Both clients, with poison and without, are printed.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.end_to_end.service import Service
from tests.end_to_end.sink import Sink
from tests.faults.load import Stretch, peak_kilobytes, processor_seconds, resident_kilobytes, steady_client
from tests.faults.poison import all_kinds, poisoners

LONGEST_SECONDS = 1.0
MOST_KILOBYTES = 150_000
"""More than at the start: the largest message may have 52 MB and is mapped, a few are worked on at once."""


@pytest.mark.parametrize(
    ("seconds", "octets"), [(4.0, 100_000_000), pytest.param(120.0, 500_000_000, marks=pytest.mark.soak)]
)
def test_poison_holds_up_nobody(tmp_path: Path, sink: Sink, seconds: float, octets: int) -> None:
    """octets: of what has no line end."""
    with Service(tmp_path, sink.port) as service:
        with steady_client(service.port) as calm:
            time.sleep(1.0)
        begun, stretch, used = resident_kilobytes(service.pid), Stretch(service.pid), processor_seconds(service.pid)
        with steady_client(service.port) as measured, poisoners(service.port, all_kinds(octets)) as codes:
            time.sleep(seconds)
        stretched, peak = stretch(), peak_kilobytes(service.pid)
        print(f"\nwithout poison: {calm}\nwith poison:    {measured}")
        print(f"the service waited for a processor: {stretched:.1f} times as long")
        print(f"memory: {begun} kB, at most {peak} kB; processor {processor_seconds(service.pid) - used:.1f} s")
        for name, heard in codes.items():
            print(f"  {name}: {heard}")
        assert set(calm.codes) | set(measured.codes) == {250}
        assert measured.percentile(0.99) < LONGEST_SECONDS * max(1.0, stretched)
        assert peak - begun < MOST_KILOBYTES
        assert all(codes.values())
        kept = {name for name, heard in codes.items() if set(heard) <= {0, 421, 500, 552}}
        assert kept == {name for name in codes if "without a line end" in name or name.startswith("200,000")}
        assert service.stop() == 0
