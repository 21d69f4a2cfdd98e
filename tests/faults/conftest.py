from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "end_to_end"))

from sink import Sink


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as found:
        yield found
