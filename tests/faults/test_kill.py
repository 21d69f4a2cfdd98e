"""kill -9 at every stage under load, with messages counted on both sides.

Nothing that was acknowledged is lost, nothing undecided passes, a message comes twice only if the guard died between
its final dot and its recorded outcome, and the ledger verifies after each kill.
"""

from __future__ import annotations

import faulthandler
import random
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.faults.aims import AIMS
from tests.faults.house import House
from tests.faults.stages import STAGES
from tests.faults.tracing_sink import TracingSink

CYCLES_OF_A_STORE = 10
LEAST = 20
STORE_SECONDS = 1500


@pytest.mark.parametrize("cycles", [10, pytest.param(500, marks=pytest.mark.soak)])
def test_kill_9_loses_nothing_that_was_acknowledged(cycles: int, tmp_path: Path) -> None:
    """Aims in turn: the long run has each of the twenty 25 times, the quick one every second."""
    seed = random.randrange(2**32)
    say(f"seed {seed}")
    random.seed(seed)
    aims = list(AIMS) if cycles > len(AIMS) else random.sample(list(AIMS), cycles)
    kills: Counter[str] = Counter()
    begun, acknowledged = time.monotonic(), 0
    with TracingSink() as sink:
        for first in range(0, cycles, CYCLES_OF_A_STORE):
            faulthandler.dump_traceback_later(STORE_SECONDS, exit=True)  # not once for all of a long run
            with House(tmp_path / f"store{first}", sink) as house:
                for cycle in range(first, first + CYCLES_OF_A_STORE):
                    kills.update(house.cycle(aims[cycle % len(aims)], random.randint(0, 12)))
                house.finish()
            acknowledged += sum(each.taken for each in house.sent)
            say(f"{first + CYCLES_OF_A_STORE} kills, {time.monotonic() - begun:.0f} s, {acknowledged} acknowledged")
            say(f"so far: {dict(kills)}")
        whole = [each.sha256 for each in sink.passages if each.whole]
    say(f"{len(whole)} came to the smarthost, {len(whole) - len(set(whole))} of them again")
    for stage in STAGES:
        say(f"{kills[stage]:5} kills at: {stage}")
    assert len(kills) > 8, "the load did not get through"
    if cycles >= 500:
        assert not [stage for stage in STAGES if kills[stage] < LEAST]


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
