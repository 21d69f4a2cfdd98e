"""Who is deciding about which message just now, so that two people do not do the same work.

Contract: it is a courtesy: it is forgotten after two minutes, and neither lets anybody decide nor keeps anybody from
it. Of several who decide the first one counts (guard.review).
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ...core.errors import StoreUnavailable
from ..ports import Clock
from .ports import ShortLivedRecords
from .records import ShortLived
from .sessions import Visitor

FOR = timedelta(minutes=2)
"""How long opening the form of a decision counts; each step of it counts anew."""
MOST = 2_000
KIND = "presence"


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody who has the form of a decision open. since: when they opened it."""

    account: str
    name: str
    since: datetime


class Presence:
    def __init__(self, clock: Clock, kept: ShortLivedRecords) -> None:
        self._clock = clock
        self._kept = kept

    async def note(self, ref: str, visitor: Visitor) -> None:
        """The visitor is deciding about a message. StoreUnavailable."""
        now, account = self._clock.now(), visitor.account
        key = _key(ref, account.identifier)
        there = await self._kept.find(KIND, key, now)
        since = there.value["since"] if there is not None else now.isoformat()
        value = {"ref": ref, "account": account.identifier, "name": account.shown, "since": since}
        await self._kept.keep(ShortLived(KIND, key, ref, value, now, now + FOR), MOST)

    async def leave(self, ref: str, visitor: Visitor) -> None:
        """The visitor has decided."""
        with contextlib.suppress(StoreUnavailable):  # it is forgotten by itself, and the decision stands
            await self._kept.take(KIND, _key(ref, visitor.account.identifier), self._clock.now())

    async def others(self, refs: Sequence[str], account: str) -> Mapping[str, Present]:
        """By reference, who else than this account is deciding about these; of several, who began first.
        StoreUnavailable.
        """
        found: dict[str, Present] = {}
        for each in await self._kept.of_groups(KIND, refs, self._clock.now()) if refs else ():
            value = each.value
            present = Present(value["account"], value["name"], datetime.fromisoformat(value["since"]))
            first = found.get(value["ref"])
            if present.account != account and (first is None or present.since < first.since):
                found[value["ref"]] = present
        return found


def _key(ref: str, account: str) -> str:
    return f"{ref} {account}"
