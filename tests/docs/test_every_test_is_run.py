"""tests/run.sh names folders one by one: a new one that it does not name would never be run."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]


def test_run_sh_runs_the_tests_of_every_folder() -> None:
    named = set(re.findall(r"\btests/(\w+)", (TESTS / "run.sh").read_text()))
    holding = {file.relative_to(TESTS).parts[0] for file in TESTS.glob("*/**/test_*.py")}
    assert holding - named == set()
