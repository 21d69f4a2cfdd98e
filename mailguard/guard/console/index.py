"""What can be searched of held messages, kept in memory: each is opened once, not with every search.

Contract: what is kept says of each message only what a search asks for; recipients stand there as numbers. It is never
wrong about a message: what is sealed of one does not change, and one that is gone is in no list that it is asked about.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from ...core.mail.canonical import canonical_address
from ...core.organisation import lies_within
from ..records import Held
from .ports import HeldMessages
from .search import Wanted

AT_ONCE = 50
"""Messages that are opened in one go: some 20 ms of a thread."""
MOST = 50_000
"""Messages that are kept in mind. Beyond, those that were asked about longest ago are opened again."""


@dataclass(frozen=True, slots=True)
class _Facts:
    text: str
    sender: str
    reason: str
    domains: frozenset[str]
    recipients: array[int]


class HeldIndex:
    def __init__(self, messages: HeldMessages) -> None:
        self._messages = messages
        self._facts: dict[str, _Facts] = {}
        self._lock = asyncio.Lock()

    async def matching(self, refs: Sequence[str], wanted: Wanted, readable: frozenset[str]) -> Sequence[str]:
        """Those of these, in order, that a search is about. readable: those whose subject and people may be asked
        about; of the others a search that asks for more than the reason finds none, so that it does not tell either.
        """
        await self.learn(refs)
        return await asyncio.to_thread(self._matching, refs, wanted, readable)

    async def learn(self, refs: Sequence[str], pause_seconds: float = 0.0) -> None:
        """Open those that are not known yet. pause_seconds: how long others have the processor after every few."""
        async with self._lock:
            unknown = [ref for ref in refs if ref not in self._facts]
            for start in range(0, len(unknown), AT_ONCE):
                found = await self._messages.opened(unknown[start : start + AT_ONCE])
                self._facts.update(await asyncio.to_thread(_learned, found))
                await asyncio.sleep(pause_seconds)
            for ref in list(self._facts)[: max(0, len(self._facts) - max(MOST, len(refs)))]:
                del self._facts[ref]

    def _matching(self, refs: Sequence[str], wanted: Wanted, readable: frozenset[str]) -> Sequence[str]:
        people = [hash(canonical_address(each)) for each in wanted.recipients]
        texts = [(each, hash(canonical_address(each))) for each in wanted.texts]
        asks_more = bool(wanted.texts or wanted.senders or wanted.recipients or wanted.domains)
        found = []
        for ref in refs:
            facts = self._facts.get(ref)
            if facts is None or (asks_more and ref not in readable):
                continue
            if (
                all(each in facts.reason for each in wanted.reasons)
                and all(each in facts.sender for each in wanted.senders)
                and all(each in facts.recipients for each in people)
                and all(any(lies_within(one, frozenset({each})) for one in facts.domains) for each in wanted.domains)
                and all(each in facts.text or number in facts.recipients for each, number in texts)
            ):
                found.append(ref)
        return found


def _learned(found: Sequence[Held]) -> dict[str, _Facts]:
    return {each.ref: _facts_of(each) for each in found}


def _facts_of(held: Held) -> _Facts:
    addresses = {canonical_address(each.address) for each in held.envelope.recipients}
    return _Facts(
        text=f"{held.subject}\n{held.sender}".casefold(),
        sender=held.sender.casefold(),
        reason=" ".join((held.reason, *held.rules)).casefold(),
        domains=frozenset(each.rpartition("@")[2] for each in addresses),
        recipients=array("q", sorted(map(hash, addresses))),
    )
