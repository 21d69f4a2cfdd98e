"""Who is told what: the sender where they may be told, else the reviewers; the ledger always hears which.

Whatever a person has to decide about, the reviewers hear of too, without anything that the message says.

A notice goes only to a sender inside whose message came through sign-in or an allowed network and is neither automatic
nor list mail nor a notice of ours (told.py). A delivery status notification goes to the reverse-path of any message
that came so, outside too: RFC 5321 section 6.1 makes a relay that took a message answer for it, and promise 2 lets
nothing vanish (docs/decisions/notices.md). Of a notice or notification that fails or is itself
held nobody is told: that is where loops begin.

INVARIANT: nothing here waits or writes; the caller puts what comes back into the outbox in the same durable step that
makes it true.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ..core import words
from ..core.envelope import Envelope, Path
from ..core.inventory import in_sentences
from ..core.legible import legible
from ..core.letters.facts import Facts, Kind, Listed
from ..core.mail.message import Buffer, Message
from ..core.organisation import Organisation
from ..core.policy.leaving import ORIGINAL
from ..core.report import Report
from ..core.returned import first_value
from ..core.session import Session
from ..core.subject import subject_of
from ..core.verdict import Verdict
from .burst import Burst, Later, Together
from .failure_reports import FailureReports
from .letterhead import Letterhead
from .notice_facts import NoticeFacts
from .packs.letters import ApologyLetters
from .ports import Clock, Randomness
from .records import Delivery, Held, NewDelivery, RecipientResult, SenderLink
from .register.clock_notices import ClockNotices
from .reviewer_notices import ReviewerNotices
from .sender_links import LinkMaker, forms_for_sender, linked, name_of
from .settings import NoticeSettings
from .told import EXPLAINED, Answer, NotTold, Reason, is_writable, why_not_told
from .week_notices import WeekNotices

MOST_WAITING = 20
"""Of messages that leave by themselves a sender is told one by one, or too late to stop them; of so many in ten minutes
not at all."""
LINK_LINGERS = timedelta(hours=1)
"""For so long the page still says what became of a message that waited."""


class Notices:
    """Answers everything that a sender should hear of with rows for the outbox. One object serves all sessions.

    reviewers: what the reviewers hear of besides. week: the summaries.
    """

    def __init__(
        self,
        *,
        organisation: Organisation,
        settings: NoticeSettings,
        time_zone: str,
        clock: Clock,
        randomness: Randomness,
        mark_key: bytes,
        hostname: str,
        give_up_after: timedelta = timedelta(days=2),
        smarthost: str | None = None,
        links: LinkMaker | None = None,
    ) -> None:
        """time_zone: of the times in notices. mark_key: at least 16 octets. hostname: the Reporting-MTA.

        smarthost: its name, for Remote-MTA. give_up_after: how long a notice is tried. links: None without a console.
        """
        zone = ZoneInfo(time_zone)
        self._organisation = organisation
        self._clock = clock
        self._links = links
        self._form = settings.form
        self._letterhead = Letterhead(
            organisation=organisation,
            settings=settings,
            zone=zone,
            randomness=randomness,
            mark_key=mark_key,
            give_up_after=give_up_after,
            console=links.base_url if links else None,
        )
        self._facts = NoticeFacts(organisation, zone)
        self._failures = FailureReports(self._facts, hostname, smarthost)
        self.reviewers = ReviewerNotices(
            organisation=organisation, letterhead=self._letterhead, facts=self._facts, clock=clock
        )
        self.week = WeekNotices(self._letterhead, self._facts)
        self.register = ClockNotices(self._letterhead, self._facts)
        self.apologies = ApologyLetters(self._letterhead)
        self._tells_waiting = settings.waiting
        self._senders = Burst()
        self._waiting = Burst(at_once=MOST_WAITING)

    def is_own(self, message: Message) -> bool:
        """Whether a message is a notice or notification of this guard: its mark is right."""
        return self._letterhead.is_own(message)

    def apart(self) -> Notices:
        """The same, but what it tells does not count as told by this one: for the canary."""
        other = copy(self)
        other._senders, other._waiting, other._links = Burst(), Burst(at_once=MOST_WAITING), None
        other.reviewers = self.reviewers.apart()
        return other

    # A message is held.

    def held(
        self,
        session: Session,
        envelope: Envelope,
        message: Message,
        verdict: Verdict,
        ref: str,
        due_at: datetime,
        reason: str,
        release_as: tuple[str, ...] | None = None,
    ) -> Answer:
        """A message is held until due_at. reason: the sentence that says why; it may say more than the verdict's.

        release_as: the forms in which it may leave, None for any.
        """
        now = self._clock.now()
        facts = replace(
            self._facts.stopped(ref, now, envelope, verdict, due_at),
            subject=subject_of(message),
            reason=reason,
            release_as=release_as,
            carries=in_sentences(verdict.to_json(content_sha256="", with_visible=False)),
            sender_may=forms_for_sender(verdict.sender_may, release_as, verdict.approvals),
        )
        own = self._letterhead.is_own(message)
        why_not = why_not_told(session, envelope, message, self._organisation, own=own)
        if why_not is Reason.OWN:
            return NotTold(why_not)
        if why_not is not None or envelope.reverse_path is None:
            return self.reviewers.instead(why_not or Reason.NULL_PATH, Kind.REVIEW_HELD, facts, now, Kind.HELD.value)
        return self._tell_held(facts, envelope.reverse_path, now, _message_id(message))

    def waiting(
        self,
        session: Session,
        envelope: Envelope,
        message: Message,
        verdict: Verdict,
        ref: str,
        due_at: datetime,
        reason: str,
    ) -> Answer:
        """A message waits until due_at and then leaves by itself. Without a notice its sender could not stop it; where
        they may not be told nobody is, since nobody has to decide.
        """
        sender = envelope.reverse_path
        own = self._letterhead.is_own(message)
        why_not = why_not_told(session, envelope, message, self._organisation, own=own)
        if why_not is not None or sender is None:
            return NotTold(why_not or Reason.NULL_PATH)
        now = self._clock.now()
        told = self._waiting.tell(sender, Listed(ref), now) if self._tells_waiting else Later()
        if isinstance(told, Later):
            return NotTold(Reason.LEAVES, later=True)
        facts = replace(
            self._facts.stopped(ref, now, envelope, verdict, due_at),
            subject=subject_of(message),
            reason=reason,
            form=verdict.rewrite.value if verdict.rewrite else ORIGINAL,
        )
        links: tuple[SenderLink, ...] = ()
        if self._links is not None:
            made = self._links.make(ref, sender.address, due_at + LINK_LINGERS)
            facts, links = replace(facts, link=made.url), (made.link,)
        step = Kind.HELD.value
        return (self._letterhead.notice(Kind.WAITING, facts, sender, now, step, _message_id(message), links),)

    def _tell_held(self, facts: Facts, sender: Path, now: datetime, original: bytes | None) -> Answer:
        told = self._senders.tell(sender, Listed(facts.ref, legible(facts.subject, 80), facts.due_at), now)
        if isinstance(told, Later):
            return NotTold(Reason.TOGETHER, later=True)
        if isinstance(told, Together):
            listed, links = linked(self._links, told.listed, sender)
            kind, facts = Kind.SEVERAL, replace(facts, listed=listed, count=told.count)
        else:
            these = (Listed(facts.ref, due_at=facts.due_at), *told.earlier)
            listed, links = linked(self._links, these, sender)
            kind, facts = Kind.HELD, replace(facts, link=listed[0].link, listed=listed[1:], count=told.count)
        return (self._letterhead.notice(kind, facts, sender, now, Kind.HELD.value, original, links),)

    def needs_decision(
        self, envelope: Envelope, verdict: Verdict, ref: str, due_at: datetime, answer: Answer
    ) -> tuple[NewDelivery, ...]:
        """What the reviewers are told of a hold about whose sender `held` gave this answer; () where that told them."""
        if isinstance(answer, NotTold) and not answer.later:
            return ()
        now = self._clock.now()
        facts = self._facts.stopped(ref, now, envelope, verdict, due_at)
        return self.reviewers.tell(Kind.REVIEW_HELD, facts, now, Kind.HELD.value)

    def withdraw(self, envelope: Envelope, ref: str) -> None:
        """The hold that `held` answered for could not be kept: a later notice must not count or list it."""
        if envelope.reverse_path is not None:
            self._senders.withdraw(envelope.reverse_path, ref)
            self._waiting.withdraw(envelope.reverse_path, ref)
        self.reviewers.withdraw(ref)

    def recall(self, held: Held, reason: str) -> None:
        """A hold whose notice was put off before a restart, so that it is told together with others after all.

        reason: that of the NotTold that `held` answered then, with nothing `instead`.
        """
        if reason == Reason.TOGETHER and held.envelope.reverse_path is not None:
            listed = Listed(held.ref, legible(held.subject, 80), self._facts.local(held.due_at))
            self._senders.recall(held.envelope.reverse_path, listed, self._clock.now())
        elif reason in EXPLAINED:
            self.reviewers.recall(held, untold=True)

    def overdue(self, now: datetime) -> tuple[NewDelivery, ...]:
        """Combined notices for whoever was spared notices in a burst and has heard nothing since.

        To be called at intervals; the rows go into the outbox.
        """
        rows = []
        for person, told in self._senders.overdue(now):
            listed, links = linked(self._links, told.listed, person)
            facts = replace(self._facts.together(told), listed=listed)
            rows.append(self._letterhead.notice(Kind.SEVERAL, facts, person, now, "overdue", links=links))
        return (*rows, *self.reviewers.overdue(now))

    # The outcome of a held message.

    def released(self, held: Held, form: str, by: str, copies: int, now: datetime) -> Answer:
        """It was released as form (original, separate, bcc, cleaned), by a reviewer or its sender. copies: how many
        rows that made.
        """
        facts = replace(self._facts.ended(held, now), by=_who(by), form=form)
        if form == "separate":
            # Never more than was queued, whatever else the envelope named.
            facts = replace(facts, outside=min(facts.outside, copies))
        return self._outcome(Kind.SENT, words.REVIEW_RELEASED, held, facts, now)

    def rejected(self, held: Held, note: str, by: str, now: datetime, original: Buffer = b"") -> Answer:
        """A reviewer decided that it is not sent, and wrote this note to its sender.

        original: raw bytes of the message, b"" where they are gone; a delivery status notification returns some of its
        header fields.
        """
        facts = replace(self._facts.ended(held, now), by=by, note=note)
        sender = held.envelope.reverse_path
        if sender is not None and self.bounces(held):
            report = self._failures.of_rejection(held, original, now)
            if report.fates:
                international = held.envelope.parameter(b"SMTPUTF8") is not None
                identifier = f"{held.ref}.dsn.rejected.{held.version}"
                reply_to = first_value(report.original, b"message-id")
                return (
                    self._letterhead.report(
                        report, sender, now, identifier, reply_to, international=international, rejected=facts
                    ),
                )
        return self._outcome(Kind.REJECTED, words.REVIEW_REJECTED, held, facts, now)

    def bounces(self, held: Held) -> bool:
        """Whether its sender hears of a rejection as a delivery status notification."""
        team = next((each for each in self._organisation.teams if each.name == held.team), None)
        form = team.rejections if team and team.rejections else self._form
        return form == "dsn" and held.notify_sender and held.envelope.reverse_path is not None

    def cancelled(self, held: Held, by: str, now: datetime) -> Answer:
        """Its sender took it back."""
        facts = replace(self._facts.ended(held, now), by=_who(by))
        return self._outcome(Kind.CANCELLED, words.REVIEW_CANCELLED, held, facts, now)

    def expired(self, held: Held, now: datetime) -> Answer:
        """Nobody decided in time, so it is not sent."""
        return self._outcome(Kind.EXPIRED, words.REVIEW_EXPIRED, held, self._facts.ended(held, now), now)

    def _outcome(self, kind: Kind, to_reviewers: str, held: Held, facts: Facts, now: datetime) -> Answer:
        """Every outcome is told, however many there are: promise 5 outranks a full mailbox."""
        sender = held.envelope.reverse_path
        step = f"{kind}.{held.version}"
        if sender is None or not held.notify_sender:
            if self._letterhead.to_reviewers_alone(held.envelope):
                return NotTold(Reason.OWN)
            reason = Reason.AS_BEFORE if sender else Reason.NULL_PATH
            return self.reviewers.instead(reason, Kind.REVIEW_ENDED, replace(facts, outcome=to_reviewers), now, step)
        first = self._letterhead.message_id(f"{held.ref}.notice.{Kind.HELD}")
        return (self._letterhead.notice(kind, facts, sender, now, step, first.encode()),)

    # Delivery failed.

    def refused(
        self,
        session: Session,
        envelope: Envelope,
        message: Message,
        results: Sequence[RecipientResult],
        ref: str,
        now: datetime,
    ) -> Answer:
        """The smarthost refused these recipients for good while it took the message for others."""
        why_not = None if session.trusted else Reason.UNTRUSTED
        report = self._failures.of(results, envelope, message.raw, ref, now, now)
        return self._failed(report, envelope, now, f"{ref}.dsn", why_not)

    def bounced(self, row: Delivery, results: Sequence[RecipientResult], original: Buffer, now: datetime) -> Answer:
        """These recipients of a row of the outbox are refused for good, or their time is up.

        original: raw bytes of the message; b"" where they are gone.
        """
        if row.kind in ("notice", "dsn"):
            return NotTold(Reason.OWN)
        why_not = None if row.sender_told else Reason.AS_BEFORE
        report = self._failures.of(results, row.envelope, original, row.ref, row.created_at, now)
        return self._failed(report, row.envelope, now, f"{row.identifier}.dsn.{row.attempts}", why_not)

    def _failed(
        self, report: Report, envelope: Envelope, now: datetime, identifier: str, why_not: Reason | None
    ) -> Answer:
        sender = envelope.reverse_path
        if not report.fates:
            return NotTold(Reason.NOT_ASKED)
        if sender is None or why_not is not None or not is_writable(sender):
            reason = Reason.NULL_PATH if sender is None else why_not or Reason.UNWRITABLE
            facts = replace(self._facts.of(report.ref, now, envelope), people=len(report.fates))
            return self.reviewers.instead(reason, Kind.REVIEW_FAILED, facts, now, identifier)
        international = envelope.parameter(b"SMTPUTF8") is not None
        original = first_value(report.original, b"message-id")
        return (self._letterhead.report(report, sender, now, identifier, original, international=international),)


def _who(by: str) -> str:
    """Who decided, as the sender reads it."""
    name = name_of(by)
    return by if name is None else name or words.YOU


def _message_id(message: Message) -> bytes | None:
    return next((message.value(field) for field in message.named("message-id")), None)
