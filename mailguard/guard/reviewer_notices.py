"""What the reviewers are told: what they have to decide about, what a sender may not be told, and alarms.

INVARIANT: no subject, no sentence that might quote one, no address (CONSOLE.md 3.4). INVARIANT: nothing here waits or
writes; the caller puts what comes back into the outbox in the same durable step that makes it true.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime

from ..core.envelope import Path
from ..core.legible import legible
from ..core.letters.facts import Facts, Kind, Listed
from ..core.organisation import Organisation
from .burst import Burst, Later, Together
from .letterhead import Letterhead
from .notice_facts import NoticeFacts
from .ports import Clock
from .records import DueSoon, Held, NewDelivery
from .told import EXPLAINED, NotTold, Reason, is_writable


class ReviewerNotices:
    """Without a contact inside (`notices.contact`) nobody is told, but for who is asked by name."""

    def __init__(self, *, organisation: Organisation, letterhead: Letterhead, facts: NoticeFacts, clock: Clock) -> None:
        self._organisation = organisation
        self._letterhead = letterhead
        self._facts = facts
        self._clock = clock
        self._burst = Burst()

    def apart(self) -> ReviewerNotices:
        """The same, but what it tells does not count as told by this one."""
        other = copy(self)
        other._burst = Burst()
        return other

    def tell(self, kind: Kind, facts: Facts, now: datetime, step: str) -> tuple[NewDelivery, ...]:
        """By itself, or with others of a burst, now or later."""
        reviewers = self._letterhead.reviewers()
        if reviewers is None:
            return ()
        due_at = facts.due_at if kind is Kind.REVIEW_HELD else None
        told = self._burst.tell(reviewers, Listed(facts.ref, "", due_at, bool(facts.why_not_told)), now)
        if isinstance(told, Later):
            return ()
        if isinstance(told, Together):
            several = self._facts.together(told)
            return (self._letterhead.notice(Kind.REVIEW_SEVERAL, several, reviewers, now, f"{step}.several"),)
        facts = replace(facts, subject="", reason="", note="", by="", listed=told.earlier, count=told.count)
        return (self._letterhead.notice(kind, facts, reviewers, now, step),)

    def instead(self, reason: Reason, kind: Kind, facts: Facts, now: datetime, step: str) -> NotTold:
        """In the sender's place."""
        explained = EXPLAINED[reason].format(organisation=legible(self._organisation.name, 100))
        return NotTold(reason, self.tell(kind, replace(facts, why_not_told=explained), now, step))

    def withdraw(self, ref: str) -> None:
        """What they were told of could not be kept: a later notice must not count or list it."""
        if (reviewers := self._letterhead.reviewers()) is not None:
            self._burst.withdraw(reviewers, ref)

    def recall(self, held: Held, *, untold: bool = False) -> None:
        """A hold that they had not heard of before a restart. untold: nor had its sender."""
        if (reviewers := self._letterhead.reviewers()) is not None:
            listed = Listed(held.ref, due_at=self._facts.local(held.due_at), untold=untold)
            self._burst.recall(reviewers, listed, self._clock.now())

    def overdue(self, now: datetime) -> tuple[NewDelivery, ...]:
        """Combined notices about what they were spared in a burst and have heard nothing of since."""
        return tuple(
            self._letterhead.notice(Kind.REVIEW_SEVERAL, self._facts.together(told), person, now, "overdue")
            for person, told in self._burst.overdue(now)
        )

    def asked(self, held: Held, people: Sequence[str], now: datetime) -> tuple[NewDelivery, ...]:
        """Somebody asks these people to decide. They read the reference and the deadline of the message.

        people: addresses; whoever is outside, or cannot be written to, is left out. The reviewers' mailbox where nobody
        is left.
        """
        facts = self._facts.due(held, now)
        inside = [each for each in dict.fromkeys(people) if self._organisation.is_inside(each)]
        found = [path for each in inside if is_writable(path := Path(each.encode(), each))]
        if not found and (reviewers := self._letterhead.reviewers()) is not None:
            found = [reviewers]
        return tuple(
            self._letterhead.notice(Kind.REVIEW_ASKED, facts, path, now, f"asked.{held.version}.{index}")
            for index, path in enumerate(found)
        )

    def urgent(self, held: Held, now: datetime) -> tuple[NewDelivery, ...]:
        """Its sender says that it cannot wait: they hear of it at once, never together with others."""
        return self._alone(Kind.REVIEW_URGENT, self._facts.due(held, now), now)

    def reminders(self, kind: Kind, due: Sequence[DueSoon], now: datetime) -> tuple[NewDelivery, ...]:
        """These messages still need a decision. At four fifths of the time whom others turn to hears of it too."""
        facts = self._facts.undecided(due, now)
        people = [self._letterhead.reviewers()]
        if kind is Kind.REVIEW_PRESSED and self._letterhead.escalation() not in people:
            people.append(self._letterhead.escalation())
        return tuple(
            self._letterhead.notice(kind, facts, person, now, f"{kind.value}.{index}")
            for index, person in enumerate(people)
            if person is not None
        )

    def canary_failed(
        self, ref: str, at: datetime, sentences: Sequence[str], *, deferring: bool
    ) -> tuple[NewDelivery, ...]:
        """It failed, and nobody was told yet. sentences: what is wrong. deferring: new mail is not taken meanwhile."""
        facts = Facts(ref, self._facts.local(at), lines=tuple(sentences), deferring=deferring)
        return self._alone(Kind.CANARY_FAILED, facts, self._clock.now())

    def canary_recovered(self, ref: str, at: datetime) -> tuple[NewDelivery, ...]:
        """It passed again, after a failure that people were told of."""
        return self._alone(Kind.CANARY_RECOVERED, Facts(ref, self._facts.local(at)), self._clock.now())

    def _alone(self, kind: Kind, facts: Facts, now: datetime) -> tuple[NewDelivery, ...]:
        """Always by itself: an alarm is not told together with held messages."""
        reviewers = self._letterhead.reviewers()
        if reviewers is None:
            return ()
        return (self._letterhead.notice(kind, facts, reviewers, now, kind.value),)
