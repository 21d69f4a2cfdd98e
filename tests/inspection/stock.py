"""What a stream carries, counted: for tests of readers."""

from __future__ import annotations

from mailguard.inspection.inventory import Stocktaking
from mailguard.inspection.stream import Stream


def take_inventory(stream: Stream) -> Stocktaking:
    stocktaking = Stocktaking()
    for item in stream:
        stocktaking.take(item)
    return stocktaking
