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
from ..core.duration import duration_in_words
from ..core.envelope import Envelope, Path
from ..core.inventory import in_sentences
from ..core.legible import legible
from ..core.mail.message import Buffer, Message
from ..core.mail.text import decode_text
from ..core.moment import date_in_words
from ..core.notice import Facts, Kind, Listed
from ..core.organisation import Organisation
from ..core.outcome import Outcome
from ..core.policy.leaving import ORIGINAL
from ..core.report import Action, Event, Fate, Report, wants
from ..core.returned import LONGEST_HEADER, first_value
from ..core.session import Session
from ..core.subject import subject_of
from ..core.verdict import Verdict
from .burst import Burst, Later, Together
from .letterhead import Letterhead
from .ports import Clock, Randomness
from .records import Delivery, DueSoon, Held, NewDelivery, RecipientResult, SenderLink
from .sender_links import LinkMaker, forms_for_sender, name_of
from .settings import NoticeSettings
from .told import EXPLAINED, Answer, NotTold, Reason, is_writable, why_not_told
from .week import Tally, Week

NOT_AUTHORISED = "5.7.1"
MOST_WAITING = 20
"""Of messages that leave by themselves a sender is told one by one, or too late to stop them; of so many in ten minutes
not at all."""
LINK_LINGERS = timedelta(hours=1)
"""For so long the page still says what became of a message that waited."""


class Notices:
    """Answers everything that a sender should hear of with rows for the outbox. One object serves all sessions."""

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
        self._organisation = organisation
        self._zone = ZoneInfo(time_zone)
        self._clock = clock
        self._hostname = hostname
        self._smarthost = smarthost
        self._links = links
        self._form = settings.form
        self._letterhead = Letterhead(
            organisation=organisation,
            settings=settings,
            zone=self._zone,
            randomness=randomness,
            mark_key=mark_key,
            give_up_after=give_up_after,
            console=links.base_url if links else "",
        )
        self._tells_waiting = settings.waiting
        self._senders = Burst()
        self._waiting = Burst(at_once=MOST_WAITING)
        self._reviewers = Burst()

    def is_own(self, message: Message) -> bool:
        """Whether a message is a notice or notification of this guard: its mark is right."""
        return self._letterhead.is_own(message)

    def apart(self) -> Notices:
        """The same, but what it tells does not count as told by this one: for the canary."""
        other = copy(self)
        other._senders, other._reviewers, other._links = Burst(), Burst(), None
        other._waiting = Burst(at_once=MOST_WAITING)
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
            self._stopped(ref, now, envelope, verdict, due_at),
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
            return self._instead(why_not or Reason.NULL_PATH, Kind.REVIEW_HELD, facts, now, Kind.HELD.value)
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
            self._stopped(ref, now, envelope, verdict, due_at),
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
            listed, links = self._linked(told.listed, sender)
            kind, facts = Kind.SEVERAL, replace(facts, listed=listed, count=told.count)
        else:
            listed, links = self._linked((Listed(facts.ref, due_at=facts.due_at), *told.earlier), sender)
            kind, facts = Kind.HELD, replace(facts, link=listed[0].link, listed=listed[1:], count=told.count)
        return (self._letterhead.notice(kind, facts, sender, now, Kind.HELD.value, original, links),)

    def _linked(self, listed: Sequence[Listed], sender: Path) -> tuple[tuple[Listed, ...], tuple[SenderLink, ...]]:
        """The same messages, each with a link of its own for this sender; and the links, to be kept."""
        if self._links is None:
            return tuple(listed), ()
        found, links = [], []
        for each in listed:
            if each.due_at is None:
                found.append(each)
                continue
            made = self._links.make(each.ref, sender.address, each.due_at)
            found.append(replace(each, link=made.url))
            links.append(made.link)
        return tuple(found), tuple(links)

    def needs_decision(
        self, envelope: Envelope, verdict: Verdict, ref: str, due_at: datetime, answer: Answer
    ) -> tuple[NewDelivery, ...]:
        """What the reviewers are told of a hold about whose sender `held` gave this answer; () where that told them."""
        if isinstance(answer, NotTold) and not answer.later:
            return ()
        now = self._clock.now()
        facts = self._stopped(ref, now, envelope, verdict, due_at)
        return self._tell_reviewers(Kind.REVIEW_HELD, facts, now, Kind.HELD.value)

    def withdraw(self, envelope: Envelope, ref: str) -> None:
        """The hold that `held` answered for could not be kept: a later notice must not count or list it."""
        if envelope.reverse_path is not None:
            self._senders.withdraw(envelope.reverse_path, ref)
            self._waiting.withdraw(envelope.reverse_path, ref)
        if (reviewers := self._letterhead.reviewers()) is not None:
            self._reviewers.withdraw(reviewers, ref)

    def recall(self, held: Held, reason: str) -> None:
        """A hold whose notice was put off before a restart, so that it is told together with others after all.

        reason: that of the NotTold that `held` answered then, with nothing `instead`.
        """
        if reason == Reason.TOGETHER and held.envelope.reverse_path is not None:
            listed = Listed(held.ref, legible(held.subject, 80), held.due_at.astimezone(self._zone))
            self._senders.recall(held.envelope.reverse_path, listed, self._clock.now())
        elif reason in EXPLAINED:
            self.recall_decision(held, untold=True)

    def recall_decision(self, held: Held, *, untold: bool = False) -> None:
        """A hold that the reviewers had not heard of before a restart. untold: nor had its sender."""
        if (reviewers := self._letterhead.reviewers()) is not None:
            listed = Listed(held.ref, due_at=held.due_at.astimezone(self._zone), untold=untold)
            self._reviewers.recall(reviewers, listed, self._clock.now())

    def overdue(self, now: datetime) -> tuple[NewDelivery, ...]:
        """Combined notices for whoever was spared notices in a burst and has heard nothing since.

        To be called at intervals; the rows go into the outbox.
        """
        rows = []
        for person, told in self._senders.overdue(now):
            listed, links = self._linked(told.listed, person)
            facts = replace(self._combined(told), listed=listed)
            rows.append(self._letterhead.notice(Kind.SEVERAL, facts, person, now, "overdue", links=links))
        for person, told in self._reviewers.overdue(now):
            rows.append(self._letterhead.notice(Kind.REVIEW_SEVERAL, self._combined(told), person, now, "overdue"))
        return tuple(rows)

    def _combined(self, told: Together) -> Facts:
        since = told.since.astimezone(self._zone)
        return Facts(ref=told.listed[0].ref, at=since, listed=told.listed, count=told.count)

    def asked(self, held: Held, people: Sequence[str], now: datetime) -> tuple[NewDelivery, ...]:
        """Somebody asks these people to decide. They read the reference and the deadline of the message.

        people: addresses; whoever is outside, or cannot be written to, is left out. The reviewers' mailbox where nobody
        is left.
        """
        facts = Facts(held.ref, now.astimezone(self._zone), due_at=held.due_at.astimezone(self._zone))
        inside = [each for each in dict.fromkeys(people) if self._organisation.is_inside(each)]
        found = [path for each in inside if is_writable(path := Path(each.encode(), each))]
        if not found and (reviewers := self._letterhead.reviewers()) is not None:
            found = [reviewers]
        return tuple(
            self._letterhead.notice(Kind.REVIEW_ASKED, facts, path, now, f"asked.{held.version}.{index}")
            for index, path in enumerate(found)
        )

    def urgent(self, held: Held, now: datetime) -> tuple[NewDelivery, ...]:
        """Its sender says that it cannot wait: the reviewers hear of it at once, never together with others."""
        reviewers = self._letterhead.reviewers()
        if reviewers is None:
            return ()
        facts = Facts(held.ref, now.astimezone(self._zone), due_at=held.due_at.astimezone(self._zone))
        return (self._letterhead.notice(Kind.REVIEW_URGENT, facts, reviewers, now, Kind.REVIEW_URGENT.value),)

    def reminders(self, kind: Kind, due: Sequence[DueSoon], now: datetime) -> tuple[NewDelivery, ...]:
        """These messages still need a decision. At four fifths of the time whom others turn to hears of it too."""
        listed = tuple(Listed(each.ref, due_at=each.due_at.astimezone(self._zone)) for each in due)
        facts = Facts(
            listed[0].ref, now.astimezone(self._zone), due_at=listed[0].due_at, listed=listed, count=len(listed)
        )
        people = [self._letterhead.reviewers()]
        if kind is Kind.REVIEW_PRESSED and self._letterhead.escalation() not in people:
            people.append(self._letterhead.escalation())
        return tuple(
            self._letterhead.notice(kind, facts, person, now, f"{kind.value}.{index}")
            for index, person in enumerate(people)
            if person is not None
        )

    def week_for_sender(
        self, ref: str, week: Week, summary: Tally, sender: Path, number: int, now: datetime
    ) -> NewDelivery:
        """What became of this sender's messages. number: among the senders of the week."""
        facts = self._week(ref, week, summary, now)
        return self._letterhead.notice(Kind.WEEK, facts, sender, now, f"{Kind.WEEK}.{number}")

    def week_for_reviewers(self, ref: str, week: Week, summary: Tally, now: datetime) -> tuple[NewDelivery, ...]:
        """What became of everybody's."""
        reviewers = self._letterhead.reviewers()
        if reviewers is None:
            return ()
        facts = self._week(ref, week, summary, now)
        if summary.decision_minutes is not None:
            took = duration_in_words(timedelta(minutes=max(summary.decision_minutes, 1)))
            facts = replace(facts, lines=(*facts.lines, words.WEEK_MEDIAN.format(duration=took)))
        return (self._letterhead.notice(Kind.REVIEW_WEEK, facts, reviewers, now, Kind.REVIEW_WEEK.value),)

    def _week(self, ref: str, week: Week, summary: Tally, now: datetime) -> Facts:
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
            at=now.astimezone(self._zone),
            outcome=days,
            count=summary.held,
            lines=(
                *(words.WEEK_LINE.format(count=count, what=what) for what, count in ends if count),
                waiting if summary.waiting else words.WEEK_WAITING_NONE,
            ),
        )

    # The outcome of a held message.

    def released(self, held: Held, form: str, by: str, copies: int, now: datetime) -> Answer:
        """It was released as form (original, separate, bcc, cleaned), by a reviewer or its sender. copies: how many
        rows that made.
        """
        facts = replace(self._ended(held, now), by=_who(by), form=form)
        if form == "separate":
            # Never more than was queued, whatever else the envelope named.
            facts = replace(facts, outside=min(facts.outside, copies))
        return self._outcome(Kind.SENT, words.REVIEW_RELEASED, held, facts, now)

    def rejected(self, held: Held, note: str, by: str, now: datetime, original: Buffer = b"") -> Answer:
        """A reviewer decided that it is not sent, and wrote this note to its sender.

        original: raw bytes of the message, b"" where they are gone; a delivery status notification returns some of its
        header fields.
        """
        facts = replace(self._ended(held, now), by=by, note=note)
        sender = held.envelope.reverse_path
        if sender is not None and self.bounces(held):
            report = self._refusal(held, original, now)
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

    def _refusal(self, held: Held, original: Buffer, now: datetime) -> Report:
        """RFC 3463: 5.7.1, delivery not authorised. Nobody but the guard refused it, so that there is no answer to
        quote. Whoever asked for no notification of failures (NOTIFY) is left out; the notice is no notification.
        """
        refused = [
            RecipientResult(each, Outcome.REFUSED, None, NOT_AUTHORISED, None) for each in held.envelope.recipients
        ]
        report = self._report(refused, held.envelope, original, held.ref, held.received_at, now)
        return replace(report, fates=tuple(replace(each, gave_up=False) for each in report.fates), remote=None)

    def cancelled(self, held: Held, by: str, now: datetime) -> Answer:
        """Its sender took it back."""
        facts = replace(self._ended(held, now), by=_who(by))
        return self._outcome(Kind.CANCELLED, words.REVIEW_CANCELLED, held, facts, now)

    def expired(self, held: Held, now: datetime) -> Answer:
        """Nobody decided in time, so it is not sent."""
        return self._outcome(Kind.EXPIRED, words.REVIEW_EXPIRED, held, self._ended(held, now), now)

    def _outcome(self, kind: Kind, to_reviewers: str, held: Held, facts: Facts, now: datetime) -> Answer:
        """Every outcome is told, however many there are: promise 5 outranks a full mailbox."""
        sender = held.envelope.reverse_path
        step = f"{kind}.{held.version}"
        if sender is None or not held.notify_sender:
            if self._letterhead.to_reviewers_alone(held.envelope):
                return NotTold(Reason.OWN)
            reason = Reason.AS_BEFORE if sender else Reason.NULL_PATH
            return self._instead(reason, Kind.REVIEW_ENDED, replace(facts, outcome=to_reviewers), now, step)
        first = self._letterhead.message_id(f"{held.ref}.notice.{Kind.HELD}")
        return (self._letterhead.notice(kind, facts, sender, now, step, first.encode()),)

    def _ended(self, held: Held, now: datetime) -> Facts:
        return replace(
            self._facts(held.ref, now, held.envelope),
            subject=held.subject,
            reason=held.reason,
            due_at=held.due_at.astimezone(self._zone),
            rule=", ".join(held.rules[:3]),
            revision=held.policy_revision,
            carries=in_sentences(held.decision),
            delayed=held.delayed,
        )

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
        report = self._report(results, envelope, message.raw, ref, now, now)
        return self._failed(report, envelope, now, f"{ref}.dsn", why_not)

    def bounced(self, row: Delivery, results: Sequence[RecipientResult], original: Buffer, now: datetime) -> Answer:
        """These recipients of a row of the outbox are refused for good, or their time is up.

        original: raw bytes of the message; b"" where they are gone.
        """
        if row.kind in ("notice", "dsn"):
            return NotTold(Reason.OWN)
        why_not = None if row.sender_told else Reason.AS_BEFORE
        report = self._report(results, row.envelope, original, row.ref, row.created_at, now)
        return self._failed(report, row.envelope, now, f"{row.identifier}.dsn.{row.attempts}", why_not)

    def _failed(
        self, report: Report, envelope: Envelope, now: datetime, identifier: str, why_not: Reason | None
    ) -> Answer:
        sender = envelope.reverse_path
        if not report.fates:
            return NotTold(Reason.NOT_ASKED)
        if sender is None or why_not is not None or not is_writable(sender):
            reason = Reason.NULL_PATH if sender is None else why_not or Reason.UNWRITABLE
            facts = replace(self._facts(report.ref, now, envelope), people=len(report.fates))
            return self._instead(reason, Kind.REVIEW_FAILED, facts, now, identifier)
        international = envelope.parameter(b"SMTPUTF8") is not None
        original = first_value(report.original, b"message-id")
        return (self._letterhead.report(report, sender, now, identifier, original, international=international),)

    def _report(
        self,
        results: Sequence[RecipientResult],
        envelope: Envelope,
        original: Buffer,
        ref: str,
        arrived_at: datetime,
        now: datetime,
    ) -> Report:
        header = bytes(original[:LONGEST_HEADER])
        return Report(
            fates=tuple(_fate(each) for each in results if wants(each.recipient, Event.FAILURE)),
            subject=decode_text(first_value(header, b"subject") or b""),
            arrived_at=arrived_at.astimezone(self._zone),
            hostname=self._hostname,
            ref=ref,
            envelope_id=envelope.parameter(b"ENVID"),
            original=header,
            remote=self._smarthost,
            tried=max(now - arrived_at, timedelta()),
        )

    # The canary.

    def canary_failed(
        self, ref: str, at: datetime, sentences: Sequence[str], *, deferring: bool
    ) -> tuple[NewDelivery, ...]:
        """It failed, and nobody was told yet. sentences: what is wrong. deferring: new mail is not taken meanwhile."""
        facts = Facts(ref, at.astimezone(self._zone), lines=tuple(sentences), deferring=deferring)
        return self._tell_of_canary(Kind.CANARY_FAILED, facts)

    def canary_recovered(self, ref: str, at: datetime) -> tuple[NewDelivery, ...]:
        """It passed again, after a failure that people were told of."""
        return self._tell_of_canary(Kind.CANARY_RECOVERED, Facts(ref, at.astimezone(self._zone)))

    def _tell_of_canary(self, kind: Kind, facts: Facts) -> tuple[NewDelivery, ...]:
        """Always by itself: an alarm is not told together with held messages."""
        reviewers = self._letterhead.reviewers()
        if reviewers is None:
            return ()
        return (self._letterhead.notice(kind, facts, reviewers, self._clock.now(), kind.value),)

    # The reviewers.

    def _instead(self, reason: Reason, kind: Kind, facts: Facts, now: datetime, step: str) -> NotTold:
        """In the sender's place."""
        explained = EXPLAINED[reason].format(organisation=legible(self._organisation.name, 100))
        return NotTold(reason, self._tell_reviewers(kind, replace(facts, why_not_told=explained), now, step))

    def _tell_reviewers(self, kind: Kind, facts: Facts, now: datetime, step: str) -> tuple[NewDelivery, ...]:
        """No subject, no sentence that might quote one, no address (CONSOLE.md 3.4)."""
        reviewers = self._letterhead.reviewers()
        if reviewers is None:
            return ()
        due_at = facts.due_at if kind is Kind.REVIEW_HELD else None
        told = self._reviewers.tell(reviewers, Listed(facts.ref, "", due_at, bool(facts.why_not_told)), now)
        if isinstance(told, Later):
            return ()
        if isinstance(told, Together):
            several = self._combined(told)
            return (self._letterhead.notice(Kind.REVIEW_SEVERAL, several, reviewers, now, f"{step}.several"),)
        facts = replace(facts, subject="", reason="", note="", by="", listed=told.earlier, count=told.count)
        return (self._letterhead.notice(kind, facts, reviewers, now, step),)

    def _stopped(self, ref: str, now: datetime, envelope: Envelope, verdict: Verdict, due_at: datetime) -> Facts:
        """Of a message that does not leave now."""
        return replace(
            self._facts(ref, now, envelope),
            due_at=due_at.astimezone(self._zone),
            rule=verdict.deciding or "",
            revision=verdict.policy_revision,
        )

    def _facts(self, ref: str, now: datetime, envelope: Envelope) -> Facts:
        addresses = {each.address for each in envelope.recipients}
        outside = sum(not self._organisation.is_inside(address) for address in addresses)
        return Facts(ref=ref, at=now.astimezone(self._zone), people=len(addresses), outside=outside)


def _who(by: str) -> str:
    """Who decided, as the sender reads it."""
    name = name_of(by)
    return by if name is None else name or words.YOU


def _message_id(message: Message) -> bytes | None:
    return next((message.value(field) for field in message.named("message-id")), None)


def _fate(result: RecipientResult) -> Fate:
    """A temporary answer, or none, that has become final: time was up."""
    gave_up = result.outcome is not Outcome.REFUSED or result.code is None or result.code < 500
    return Fate(result.recipient, Action.FAILED, result.code, result.status, result.text, gave_up)
