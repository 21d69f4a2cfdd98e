"""Cost grows linearly with rules, recipients, size, held messages and ledger entries: bench_curves.py, short.

Printed (`-s`), and asserted is the growth from n to 8n alone, never a time: linear is 8, quadratic 64.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.bench import bench_curves
from tests.bench.bench_curves import Curve

GROWTH = 24.0
"""Three times the linear growth, as in test_parser_curve.py, leaves room for caches and a busy machine."""
NOISE_MILLISECONDS = 4.0

CURVES: dict[str, Callable[[], list[Curve]]] = {
    "rules": lambda: bench_curves.rules(100),
    "recipients": lambda: bench_curves.recipients(100),
    "size": lambda: bench_curves.size(250_000),
    "held": lambda: bench_curves.held(400),
    "entries": lambda: bench_curves.entries(8_000),
}


@pytest.mark.parametrize("name", CURVES)
def test_cost_grows_linearly(name: str) -> None:
    for curve in CURVES[name]():
        print(curve)
        assert curve.points[-1] / max(curve.points[0], NOISE_MILLISECONDS) < GROWTH, str(curve)
