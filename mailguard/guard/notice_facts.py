"""What notices are told of: facts about a message or several, in the organisation's time.

It knows neither who is told nor how.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from ..core.envelope import Envelope
from ..core.inventory import in_sentences
from ..core.letters.facts import Facts, Listed
from ..core.organisation import Organisation
from ..core.verdict import Verdict
from .burst import Together
from .records import DueSoon, Held


class NoticeFacts:
    def __init__(self, organisation: Organisation, zone: ZoneInfo) -> None:
        self._organisation = organisation
        self._zone = zone

    def of(self, ref: str, now: datetime, envelope: Envelope) -> Facts:
        """How many people a message goes to, and how many of them are outside."""
        addresses = {each.address for each in envelope.recipients}
        outside = sum(not self._organisation.is_inside(address) for address in addresses)
        return Facts(ref=ref, at=self.local(now), people=len(addresses), outside=outside)

    def stopped(self, ref: str, now: datetime, envelope: Envelope, verdict: Verdict, due_at: datetime) -> Facts:
        """Of a message that does not leave now."""
        return replace(
            self.of(ref, now, envelope),
            due_at=self.local(due_at),
            rule=verdict.deciding or "",
            revision=verdict.policy_revision,
        )

    def ended(self, held: Held, now: datetime) -> Facts:
        """Of a held message of which something has become."""
        return replace(
            self.of(held.ref, now, held.envelope),
            subject=held.subject,
            reason=held.reason,
            due_at=self.local(held.due_at),
            rule=", ".join(held.rules[:3]),
            revision=held.policy_revision,
            carries=in_sentences(held.decision),
            delayed=held.delayed,
        )

    def due(self, held: Held, now: datetime) -> Facts:
        """Until when a decision is needed, and nothing else."""
        return Facts(held.ref, self.local(now), due_at=self.local(held.due_at))

    def together(self, told: Together) -> Facts:
        """Of messages that are told together after a burst."""
        return Facts(ref=told.listed[0].ref, at=self.local(told.since), listed=told.listed, count=told.count)

    def undecided(self, due: Sequence[DueSoon], now: datetime) -> Facts:
        """Of messages that still need a decision, the first deadline first."""
        listed = tuple(Listed(each.ref, due_at=self.local(each.due_at)) for each in due)
        return Facts(listed[0].ref, self.local(now), due_at=listed[0].due_at, listed=listed, count=len(listed))

    def local(self, at: datetime) -> datetime:
        """The same moment, in the organisation's time zone."""
        return at.astimezone(self._zone)
