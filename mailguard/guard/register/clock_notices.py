"""The notice that the 72 hours of a breach run out: to whom others turn to, else to the contact."""

from __future__ import annotations

from datetime import datetime, timedelta

from ...core import words
from ...core.letters.facts import Facts, Kind
from ...core.register.clock import NotificationClock
from ...core.register.revision import Revision
from ..letterhead import Letterhead
from ..notice_facts import NoticeFacts
from ..records import NewDelivery


class ClockNotices:
    def __init__(self, letterhead: Letterhead, facts: NoticeFacts) -> None:
        self._letterhead = letterhead
        self._facts = facts

    def due(self, revision: Revision, clock: NotificationClock, step: str, now: datetime) -> tuple[NewDelivery, ...]:
        """One row, or none where nobody inside is named. step: tells it from the other reminders of the record."""
        to = self._letterhead.escalation() or self._letterhead.reviewers()
        if to is None or clock.deadline is None:
            return ()
        facts = Facts(
            ref=revision.incident,
            at=self._facts.local(now),
            due_at=self._facts.local(clock.deadline),
            count=max((clock.deadline - now) // timedelta(hours=1), 0),
            outcome=words.CLOCK_TO_REPORT if revision.record.decision_ico == "report" else words.CLOCK_UNDECIDED,
        )
        return (self._letterhead.notice(Kind.REGISTER_CLOCK, facts, to, now, f"{Kind.REGISTER_CLOCK}.{step}"),)
