from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.sink import Sink


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as found:
        yield found
