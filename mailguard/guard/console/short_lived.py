"""What the console keeps for minutes, in the memory of one process. Implements ShortLivedRecords.

For a guard that is alone on its store: a restart forgets it, and a flood of it fills no disk. Guards that share a
database keep it there (store/short_lived.py); one set of tests holds for both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from .records import ShortLived

COUNT = "count"


class ShortLivedHere:
    def __init__(self) -> None:
        self._kinds: dict[str, dict[str, ShortLived]] = {}

    async def keep(self, one: ShortLived, most: int, most_of_group: int | None = None) -> None:
        kept = self._fresh(one.kind, one.at)
        kept.pop(one.key, None)
        if most_of_group is not None:
            theirs = [key for key, each in kept.items() if each.group == one.group]
            for key in theirs[: max(0, len(theirs) - most_of_group + 1)]:
                del kept[key]
        while len(kept) >= most:
            busiest, _ = Counter(each.group for each in kept.values()).most_common(1)[0]
            del kept[next(key for key, each in kept.items() if each.group == busiest)]
        kept[one.key] = one

    async def find(self, kind: str, key: str, now: datetime) -> ShortLived | None:
        found = self._kinds.get(kind, {}).get(key)
        return found if found is not None and now < found.until else None

    async def take(self, kind: str, key: str, now: datetime) -> ShortLived | None:
        found = await self.find(kind, key, now)
        self._kinds.get(kind, {}).pop(key, None)
        return found

    async def of_groups(self, kind: str, groups: Collection[str], now: datetime) -> Sequence[ShortLived]:
        wanted = frozenset(groups)
        return [each for each in self._fresh(kind, now).values() if each.group in wanted]

    async def count(self, kind: str, key: str, now: datetime, until: datetime, most: int) -> int:
        count = await self.counted(kind, key, now) + 1
        await self.keep(ShortLived(kind, key, "", {COUNT: count}, now, until), most)
        return count

    async def counted(self, kind: str, key: str, now: datetime) -> int:
        found = await self.find(kind, key, now)
        return int(found.value[COUNT]) if found is not None else 0

    def _fresh(self, kind: str, now: datetime) -> dict[str, ShortLived]:
        """Of a kind, without those whose time is over; in the order in which they were kept."""
        kept = self._kinds.setdefault(kind, {})
        for key in [key for key, each in kept.items() if each.until <= now]:
            del kept[key]
        return kept
