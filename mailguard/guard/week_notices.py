"""The summary of a week, to a sender and to the reviewers: numbers, no message."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from ..core import words
from ..core.duration import duration_in_words
from ..core.envelope import Path
from ..core.letters.facts import Facts, Kind
from ..core.moment import date_in_words
from .letterhead import Letterhead
from .notice_facts import NoticeFacts
from .records import NewDelivery
from .week import Tally, Week


class WeekNotices:
    def __init__(self, letterhead: Letterhead, facts: NoticeFacts) -> None:
        self._letterhead = letterhead
        self._facts = facts

    def for_sender(self, ref: str, week: Week, summary: Tally, sender: Path, number: int, now: datetime) -> NewDelivery:
        """What became of this sender's messages. number: among the senders of the week."""
        facts = self._of(ref, week, summary, now)
        return self._letterhead.notice(Kind.WEEK, facts, sender, now, f"{Kind.WEEK}.{number}")

    def for_reviewers(self, ref: str, week: Week, summary: Tally, now: datetime) -> tuple[NewDelivery, ...]:
        """What became of everybody's."""
        reviewers = self._letterhead.reviewers()
        if reviewers is None:
            return ()
        facts = self._of(ref, week, summary, now)
        if summary.decision_minutes is not None:
            took = duration_in_words(timedelta(minutes=max(summary.decision_minutes, 1)))
            facts = replace(facts, lines=(*facts.lines, words.WEEK_MEDIAN.format(duration=took)))
        return (self._letterhead.notice(Kind.REVIEW_WEEK, facts, reviewers, now, Kind.REVIEW_WEEK.value),)

    def _of(self, ref: str, week: Week, summary: Tally, now: datetime) -> Facts:
        ends = [(words.WEEK_FORMS.get(form, form), count) for form, count in sorted(summary.forms.items())]
        ends += [
            (words.WEEK_REJECTED, summary.rejected),
            (words.WEEK_CANCELLED, summary.cancelled),
            (words.WEEK_EXPIRED, summary.expired),
        ]
        waiting = words.WEEK_WAITING.format(emails=words.emails(summary.waiting))
        days = words.WEEK_DAYS.format(
            first=date_in_words(week.since), last=date_in_words(week.until - timedelta(hours=12))
        )
        return Facts(
            ref=ref,
            at=self._facts.local(now),
            outcome=days,
            count=summary.held,
            lines=(
                *(words.WEEK_LINE.format(count=count, what=what) for what, count in ends if count),
                waiting if summary.waiting else words.WEEK_WAITING_NONE,
            ),
        )
