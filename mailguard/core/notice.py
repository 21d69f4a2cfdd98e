"""Notices: what mailguard tells a sender about a held email, and the reviewers of what they have to decide about.

`notice` makes one complete message (RFC 5322, CRLF): multipart/alternative, the text first and complete, then the same
as one column of HTML without pictures or anything to load. A notice to a sender carries the subject line of their
own message, counts, the reason and the reference; never body text and never a recipient's address (THREATS.md T71). A
notice to the reviewers carries no subject either. Nothing here knows who may be told (guard/notices.py), the clock or
chance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from . import words
from .compose import multipart, serialise, text_part
from .frame import Frame, opening_fields, who_to_ask
from .legible import legible, legible_lines, without_addresses
from .letter import Block, Letter, as_html, as_text
from .moment import moment_in_words

LISTED = 20
"""How many messages a combined notice lists; the rest is a count."""


class Kind(StrEnum):
    """What a notice tells. Those of TO_REVIEWERS go to the reviewers, the others to the sender."""

    HELD = "held"
    SEVERAL = "several"
    WAITING = "waiting"
    SENT = "sent"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    WEEK = "week"
    REVIEW_WEEK = "review_week"
    REVIEW_HELD = "review_held"
    REVIEW_ASKED = "review_asked"
    REVIEW_ENDED = "review_ended"
    REVIEW_FAILED = "review_failed"
    REVIEW_SEVERAL = "review_several"
    REVIEW_URGENT = "review_urgent"
    REVIEW_REMINDED = "review_reminded"
    REVIEW_PRESSED = "review_pressed"
    CANARY_FAILED = "canary_failed"
    CANARY_RECOVERED = "canary_recovered"


TO_REVIEWERS = frozenset(
    {
        Kind.REVIEW_HELD,
        Kind.REVIEW_ASKED,
        Kind.REVIEW_ENDED,
        Kind.REVIEW_FAILED,
        Kind.REVIEW_SEVERAL,
        Kind.REVIEW_WEEK,
        Kind.REVIEW_URGENT,
        Kind.REVIEW_REMINDED,
        Kind.REVIEW_PRESSED,
        Kind.CANARY_FAILED,
        Kind.CANARY_RECOVERED,
    }
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One message in a combined notice. untold: its sender could not be told; only the reviewers read that. link: where
    its sender acts on it, empty where there is no console.
    """

    ref: str
    subject: str = ""
    due_at: datetime | None = None
    untold: bool = False
    link: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Facts:
    """What happened. Text is as it came: it is made legible here. Times are in the organisation's time zone.

    at: when it happened. people, outside: how many recipients in all, and outside. form: what was released (original,
    separate, bcc, cleaned). listed, count: further messages, and how many they are in all. outcome: a sentence for the
    reviewers. why_not_told: likewise. rule, revision: for IT. release_as: the forms that are left, None for any.
    lines: what the canary found, or what a week came to. deferring: new mail is not taken until it passes. carries:
    what was found in the message, in sentences. link: as in Listed. sender_may: the forms in which the sender may
    send it there. delayed: it was to leave by itself, so that nobody checked it.
    """

    ref: str
    at: datetime
    subject: str = ""
    reason: str = ""
    due_at: datetime | None = None
    people: int = 0
    outside: int = 0
    by: str = ""
    note: str = ""
    form: str = "original"
    listed: tuple[Listed, ...] = ()
    count: int = 0
    outcome: str = ""
    why_not_told: str = ""
    rule: str = ""
    revision: str = ""
    release_as: tuple[str, ...] | None = None
    lines: tuple[str, ...] = ()
    carries: tuple[str, ...] = ()
    deferring: bool = False
    link: str = field(default="", repr=False)
    sender_may: tuple[str, ...] = ()
    delayed: bool = False


def notice(kind: Kind, facts: Facts, frame: Frame) -> bytes:
    """The whole message. It is pure ASCII unless frame.international, which lets the address in To be UTF-8.

    ValueError where the frame holds something that cannot stand in a header.
    """
    letter = write_letter(kind, facts, frame)
    body = multipart(
        "alternative",
        frame.boundary,
        (text_part("plain", as_text(letter)), text_part("html", as_html(letter))),
    )
    reviewers = kind in TO_REVIEWERS
    submitted = "auto-generated" if reviewers or kind is Kind.WEEK else "auto-replied"
    return opening_fields(frame, letter.subject, submitted=submitted, replies=not reviewers) + serialise(body)


def write_letter(kind: Kind, facts: Facts, frame: Frame) -> Letter:
    """The words of a notice, before they become a message."""
    letter = _LETTERS[kind](facts, frame)
    return Letter(letter.subject, (_text(words.GREETING), *letter.blocks, *_ending(kind, facts, frame)))


# The letters, one for each kind.


def _held(facts: Facts, frame: Frame) -> Letter:
    blocks: tuple[Block, ...] = (
        _lead(words.HELD_LEAD),
        _heading(words.WHY),
        _text(_reason(facts), _addressed(facts, frame)),
        *_carries(facts),
        _heading(words.NEXT),
        *_held_next(facts, frame),
        _text((words.HELD_URGENT_LINK if facts.link else words.HELD_URGENT).format(contact=_contact(frame))),
    )
    if facts.count:
        earlier = words.HELD_EARLIER.format(emails=words.emails(facts.count))
        blocks += (_text(earlier), *_list(facts))
    return Letter(words.HELD_SUBJECT.format(subject=_subject(facts)), blocks)


def _held_next(facts: Facts, frame: Frame) -> tuple[Block, ...]:
    due, ways, door = _due(facts.due_at), _ways(facts.release_as), _door(facts)
    if not ways:
        nothing_left = _text(words.HELD_NOTHING_LEFT.format(due=due))
        return (nothing_left, _heading(words.CAN_DO), _text(words.HELD_ONLY_CORRECT), *door)
    steps = tuple(_SENDER_MAY[form] for form in facts.sender_may) if facts.link else ()
    steps += (words.HELD_WAIT.format(ways=", ".join(ways)),)
    steps += (words.HELD_CANCEL if facts.link else words.HELD_CORRECT.format(contact=_contact(frame)),)
    decided = words.HELD_NEXT.format(organisation=_organisation(frame), due=due)
    return (_text(decided, words.HELD_UNDECIDED), _heading(words.CAN_DO), Block("steps", steps), *door)


_SENDER_MAY = {"separate": words.HELD_SEPARATE, "original": words.HELD_ORIGINAL}


def _door(facts: Facts) -> tuple[Block, ...]:
    """The way to the sender's page."""
    if not facts.link:
        return ()
    about = words.HELD_LINK_ABOUT.format(due=_due(facts.due_at))
    return (_links(words.HELD_LINK, facts.link), _text(about))


_WAYS = {
    "original": words.AS_IT_IS,
    "separate": words.SO_THAT_NOBODY_SEES,
    "bcc": words.SO_THAT_NOBODY_SEES,
    "cleaned": words.WITHOUT_PARTS,
}


def _ways(release_as: tuple[str, ...] | None) -> tuple[str, ...]:
    """What may become of it besides not being sent; a sender is told of cleaning only where a rule says so."""
    forms = ("original", "separate") if release_as is None else release_as
    return tuple(dict.fromkeys(_WAYS[form] for form in forms))


def _several(facts: Facts, frame: Frame) -> Letter:
    count = words.emails(facts.count)
    newest = (words.SEVERAL_NEWEST.format(reason=_reason(facts)),) if facts.reason else ()
    return Letter(
        words.SEVERAL_SUBJECT.format(emails=count),
        (
            _lead(words.SEVERAL_LEAD.format(emails=count)),
            *_list(facts),
            _heading(words.WHY),
            _text(words.SEVERAL_WHY, *newest),
            _heading(words.NEXT),
            _text(words.SEVERAL_NEXT.format(organisation=_organisation(frame)), words.SEVERAL_UNDECIDED),
            _text(words.HELD_URGENT.format(contact=_contact(frame))),
            _text(words.SEVERAL_LIMIT),
        ),
    )


def _waiting(facts: Facts, frame: Frame) -> Letter:
    due, contact = _due(facts.due_at), _contact(frame)
    do = (words.WAITING_NOW, words.WAITING_CANCEL, words.WAITING_SOME, words.WAITING_URGENT)
    return Letter(
        words.WAITING_SUBJECT.format(due=due, subject=_subject(facts)),
        (
            _lead(words.WAITING_LEAD.format(due=due)),
            _heading(words.WHY),
            _text(_reason(facts), _addressed(facts, frame)),
            _heading(words.CAN_DO),
            _text(words.WAITING_NOTHING.format(what=words.WAITING_FORMS[facts.form], due=due)),
            *(
                (Block("steps", do), *_door(facts))
                if facts.link
                else (_text(words.WAITING_ASK.format(contact=contact)),)
            ),
        ),
    )


def _sent(facts: Facts, frame: Frame) -> Letter:
    moment = moment_in_words(facts.at)
    decided = words.SENT_BY.format(by=_by(facts), moment=moment) if facts.by else words.SENT_AT.format(moment=moment)
    return Letter(
        words.SENT_SUBJECT.format(subject=_subject(facts)),
        (
            _lead(words.SENT_DELAYED_LEAD if facts.delayed else words.SENT_LEAD),
            _heading(words.SENT_WHAT),
            _text(*_form(facts, frame), decided),
            _heading(words.WHY_HELD),
            _text(_reason(facts)),
            _text(words.SENT_FAILURES),
        ),
    )


def _form(facts: Facts, frame: Frame) -> tuple[str, ...]:
    values = {"people": words.people(facts.people), "organisation": _organisation(frame)}
    if facts.form == "separate":
        separate = words.SENT_SEPARATE.format(**{**values, "people": words.people(facts.outside)})
        inside = facts.people > facts.outside
        return (separate, words.SENT_SEPARATE_INSIDE.format(**values)) if inside else (separate,)
    sentences = {"bcc": words.SENT_BCC, "cleaned": words.SENT_CLEANED}
    return (sentences.get(facts.form, words.SENT_ORIGINAL).format(**values),)


def _rejected(facts: Facts, frame: Frame) -> Letter:
    note = legible_lines(facts.note)
    wrote = words.REJECTED_NOTE.format(by=_by(facts)) if facts.by else words.REJECTED_NOTE_UNSIGNED
    return Letter(
        words.NOT_SENT_SUBJECT.format(subject=_subject(facts)),
        (
            _lead(words.REJECTED_LEAD),
            _heading(words.WHY),
            _text(_reason(facts)),
            *_carries(facts),
            *((_heading(wrote), Block("quote", note)) if note else ()),
            _heading(words.TO_DO),
            _text(words.REJECTED_AGAIN, words.REJECTED_MISTAKE.format(contact=_contact(frame))),
        ),
    )


def _cancelled(facts: Facts, frame: Frame) -> Letter:
    return Letter(
        words.NOT_SENT_SUBJECT.format(subject=_subject(facts)),
        (
            _lead(words.CANCELLED_LEAD),
            *((_text(words.CANCELLED_BY.format(by=_by(facts), moment=moment_in_words(facts.at))),) if facts.by else ()),
            _heading(words.WHY_HELD),
            _text(_reason(facts)),
            _heading(words.TO_DO),
            _text(words.CANCELLED_FOLDER, words.CANCELLED_AGAIN),
        ),
    )


def _expired(facts: Facts, frame: Frame) -> Letter:
    return Letter(
        words.NOT_SENT_SUBJECT.format(subject=_subject(facts)),
        (
            _lead(words.EXPIRED_LEAD.format(due=_due(facts.due_at))),
            _heading(words.WHY_HELD),
            _text(_reason(facts)),
            *_carries(facts),
            _heading(words.TO_DO),
            _text(words.EXPIRED_AGAIN.format(contact=_contact(frame)), words.EXPIRED_URGENT, words.EXPIRED_FOLDER),
        ),
    )


def _review_held(facts: Facts, frame: Frame) -> Letter:
    due = _due(facts.due_at)
    return Letter(
        words.REVIEW_HELD_SUBJECT.format(due=due),
        (
            _lead(words.REVIEW_HELD_LEAD if facts.why_not_told else words.REVIEW_NEEDED_LEAD),
            _text(*_held_by(facts), _addressed(facts, frame), words.REVIEW_HELD_NEXT.format(due=due)),
            *_not_told(facts),
            *_to_decide(facts, frame),
            *_review_earlier(facts),
        ),
    )


def _review_asked(facts: Facts, frame: Frame) -> Letter:
    due = _due(facts.due_at)
    undecided = words.REVIEW_HELD_NEXT.format(due=due)
    way: tuple[Block, ...] = (_text(undecided, words.REVIEW_ASKED_NEXT.format(ref=facts.ref)),)
    if frame.console:
        way = (_text(undecided), _links(words.REVIEW_LINK, _page_of(facts, frame)), _text(words.REVIEW_ASKED_THERE))
    return Letter(words.REVIEW_ASKED_SUBJECT.format(due=due), (_lead(words.REVIEW_ASKED_LEAD), *way))


def _review_ended(facts: Facts, frame: Frame) -> Letter:
    return Letter(
        words.REVIEW_ENDED_SUBJECT,
        (
            _lead(words.REVIEW_ENDED_LEAD.format(outcome=facts.outcome)),
            *_not_told(facts),
            _text(words.REVIEW_NEXT_ASK, words.REVIEW_ASK),
            *_review_earlier(facts),
        ),
    )


def _review_failed(facts: Facts, frame: Frame) -> Letter:
    return Letter(
        words.REVIEW_FAILED_SUBJECT,
        (
            _lead(words.REVIEW_FAILED_LEAD.format(people=words.people(facts.people))),
            *_not_told(facts),
            _text(words.REVIEW_NEXT_ASK, words.REVIEW_ASK),
            *_review_earlier(facts),
        ),
    )


def _review_several(facts: Facts, frame: Frame) -> Letter:
    count = words.emails(facts.count)
    due = [item.due_at for item in facts.listed if item.due_at and not item.untold]
    if due and len(due) == facts.count:
        subject = words.REVIEW_DECISIONS_SUBJECT.format(emails=count, due=_due(min(due)))
        lead, ask = words.REVIEW_DECISIONS_LEAD, _to_list(frame)
    else:
        subject = words.REVIEW_SEVERAL_SUBJECT.format(emails=count)
        lead, ask = words.REVIEW_SEVERAL_LEAD, _to_list(frame, words.REVIEW_NEXT_ASK)
    return Letter(
        subject,
        (
            _lead(lead.format(emails=count, moment=moment_in_words(facts.at))),
            _review_list(facts),
            _text(words.REVIEW_LIMIT),
            *ask,
        ),
    )


def _review_urgent(facts: Facts, frame: Frame) -> Letter:
    due = _due(facts.due_at)
    return Letter(
        words.REVIEW_URGENT_SUBJECT.format(ref=facts.ref),
        (
            _lead(words.REVIEW_URGENT_LEAD),
            _text(words.REVIEW_URGENT_WHY, words.REVIEW_HELD_NEXT.format(due=due)),
            *_to_decide(facts, frame),
        ),
    )


def _review_reminded(facts: Facts, frame: Frame) -> Letter:
    return _reminder(words.REVIEW_REMINDED_SUBJECT, words.REVIEW_REMINDED_LEAD, facts, frame)


def _review_pressed(facts: Facts, frame: Frame) -> Letter:
    return _reminder(words.REVIEW_PRESSED_SUBJECT, words.REVIEW_PRESSED_LEAD, facts, frame)


def _reminder(subject: str, lead: str, facts: Facts, frame: Frame) -> Letter:
    values = {"emails": words.emails(facts.count), "due": _due(facts.due_at)}
    return Letter(
        subject.format(**values),
        (_lead(lead.format(**values)), _review_list(facts), *_to_list(frame, words.REVIEW_REMINDED_NEXT)),
    )


_WEEKS = (Kind.WEEK, Kind.REVIEW_WEEK)


def _week(facts: Facts, frame: Frame) -> Letter:
    return Letter(
        words.WEEK_SUBJECT.format(days=facts.outcome),
        (
            _lead(words.WEEK_LEAD.format(emails=words.emails(facts.count))),
            Block("list", facts.lines),
            _text(words.WEEK_TIP),
            _text(words.WEEK_OFF.format(contact=_contact(frame))),
        ),
    )


def _review_week(facts: Facts, frame: Frame) -> Letter:
    organisation = _organisation(frame)
    return Letter(
        words.REVIEW_WEEK_SUBJECT.format(days=facts.outcome, organisation=organisation),
        (
            _lead(words.REVIEW_WEEK_LEAD.format(emails=words.emails(facts.count))),
            Block("list", facts.lines),
            _text(words.REVIEW_WEEK_OFF),
        ),
    )


def _canary_failed(facts: Facts, frame: Frame) -> Letter:
    return Letter(
        words.CANARY_DEFERRING_SUBJECT if facts.deferring else words.CANARY_FAILED_SUBJECT,
        (
            _lead(words.CANARY_DEFERRING if facts.deferring else words.CANARY_NOT_DEFERRING),
            _text(words.CANARY_FAILED),
            _heading(words.CANARY_FOUND),
            Block("list", tuple(legible(line, 400) for line in facts.lines)),
            _heading(words.TO_DO),
            Block("steps", (words.CANARY_DO_POLICY, words.CANARY_DO_RUN, words.CANARY_DO_STOP)),
            _text(words.CANARY_UNTIL.format(moment=moment_in_words(facts.at))),
        ),
    )


def _canary_recovered(facts: Facts, frame: Frame) -> Letter:
    lead = words.CANARY_RECOVERED_LEAD.format(moment=moment_in_words(facts.at))
    return Letter(words.CANARY_RECOVERED_SUBJECT, (_lead(lead), _text(words.CANARY_RECOVERED_NEXT)))


def _to_decide(facts: Facts, frame: Frame) -> tuple[Block, ...]:
    """The way to one message: its page in the console or, where there is none, the commands.

    The address holds no secret and lets nobody in: the page wants a sign-in, and comes after it.
    """
    if not frame.console:
        return (_text(words.REVIEW_DECIDE.format(ref=facts.ref), words.REVIEW_ASK),)
    return (_links(words.REVIEW_LINK, _page_of(facts, frame)), _text(words.REVIEW_NO_ACCOUNT))


def _to_list(frame: Frame, *before: str) -> tuple[Block, ...]:
    """The way to several, after sentences of the same subject."""
    if not frame.console:
        return (_text(*before, words.REVIEW_ASK),)
    text = (_text(*before),) if before else ()
    return (*text, _links(words.REVIEW_LINK_LIST, f"{frame.console}/queue"), _text(words.REVIEW_NO_ACCOUNT))


def _page_of(facts: Facts, frame: Frame) -> str:
    return f"{frame.console}/m/{facts.ref}"


def _links(line: str, address: str) -> Block:
    return Block("links", (line,), (address,))


def _review_earlier(facts: Facts) -> tuple[Block, ...]:
    if not facts.count:
        return ()
    return _text(words.REVIEW_EARLIER.format(emails=words.emails(facts.count))), _review_list(facts)


def _review_list(facts: Facts) -> Block:
    lines = tuple(_review_item(item) for item in facts.listed[:LISTED])
    return Block("list", lines + _rest(facts, len(lines)))


def _review_item(item: Listed) -> str:
    if item.due_at is None:
        return words.REVIEW_ITEM_UNTOLD.format(ref=item.ref)
    held = words.REVIEW_ITEM_HELD_UNTOLD if item.untold else words.REVIEW_ITEM_HELD
    return held.format(ref=item.ref, due=_due(item.due_at))


def _held_by(facts: Facts) -> tuple[str, ...]:
    """The rule by its name: its sentence may quote the message."""
    return (words.REVIEW_HELD_RULE.format(rule=legible(facts.rule, 100)),) if facts.rule else ()


_LETTERS: dict[Kind, Callable[[Facts, Frame], Letter]] = {
    Kind.HELD: _held,
    Kind.SEVERAL: _several,
    Kind.WAITING: _waiting,
    Kind.SENT: _sent,
    Kind.REJECTED: _rejected,
    Kind.CANCELLED: _cancelled,
    Kind.EXPIRED: _expired,
    Kind.REVIEW_HELD: _review_held,
    Kind.REVIEW_ASKED: _review_asked,
    Kind.REVIEW_ENDED: _review_ended,
    Kind.REVIEW_FAILED: _review_failed,
    Kind.REVIEW_SEVERAL: _review_several,
    Kind.WEEK: _week,
    Kind.REVIEW_WEEK: _review_week,
    Kind.REVIEW_URGENT: _review_urgent,
    Kind.REVIEW_REMINDED: _review_reminded,
    Kind.REVIEW_PRESSED: _review_pressed,
    Kind.CANARY_FAILED: _canary_failed,
    Kind.CANARY_RECOVERED: _canary_recovered,
}


# Pieces of letters.


def _ending(kind: Kind, facts: Facts, frame: Frame) -> tuple[Block, ...]:
    if kind is Kind.HELD:
        lines = [words.REFERENCE_HELD.format(ref=facts.ref, moment=moment_in_words(facts.at))]
    elif kind in (Kind.SEVERAL, Kind.REVIEW_SEVERAL, Kind.REVIEW_REMINDED, Kind.REVIEW_PRESSED, *_WEEKS):
        lines = []
    else:
        lines = [words.REFERENCE.format(ref=facts.ref)]
    if kind not in TO_REVIEWERS:
        lines.append(who_to_ask(frame))
    if facts.rule and kind is not Kind.SEVERAL:
        lines.append(words.FOR_IT.format(rule=legible(facts.rule, 100), revision=legible(facts.revision, 19)))
    return (Block("small", tuple(lines)),) if lines else ()


def _not_told(facts: Facts) -> tuple[Block, ...]:
    return (_heading(words.REVIEW_WHY_NOT_TOLD), _text(facts.why_not_told)) if facts.why_not_told else ()


def _list(facts: Facts) -> tuple[Block, ...]:
    shown = facts.listed[:LISTED]
    lines = tuple(
        words.SEVERAL_ITEM.format(
            subject=legible(item.subject, 80) or words.NO_SUBJECT, due=_due(item.due_at), ref=item.ref
        )
        for item in shown
    )
    rest = _rest(facts, len(lines))
    if not shown or not all(item.link for item in shown):
        return (Block("list", lines + rest),)
    links = Block("links", lines, tuple(item.link for item in shown))
    return (_text(words.SEVERAL_LINKS), links, *((Block("list", rest),) if rest else ()))


def _rest(facts: Facts, shown: int) -> tuple[str, ...]:
    rest = facts.count - shown
    return (words.SEVERAL_REST.format(emails=words.emails(rest)),) if rest > 0 else ()


def _addressed(facts: Facts, frame: Frame) -> str:
    if not facts.outside:
        return words.ADDRESSED_INSIDE.format(people=words.people(facts.people))
    if facts.outside >= facts.people:
        return words.ADDRESSED_OUTSIDE.format(people=words.people(facts.people), organisation=_organisation(frame))
    return words.ADDRESSED.format(
        people=words.people(facts.people), outside=f"{facts.outside:,}", organisation=_organisation(frame)
    )


def _reason(facts: Facts) -> str:
    return words.sentence(without_addresses(legible(facts.reason, 600))) or words.NO_REASON


def _carries(facts: Facts) -> tuple[Block, ...]:
    """The sender has the file before them, and finds it by its name."""
    lines = tuple(without_addresses(legible(line, 300)) for line in facts.carries)
    return (_text(words.FOUND), Block("list", lines)) if lines else ()


def _subject(facts: Facts) -> str:
    return legible(facts.subject) or words.NO_SUBJECT


def _by(facts: Facts) -> str:
    return legible(facts.by, 80)


def _due(at: datetime | None) -> str:
    return moment_in_words(at) if at else words.THE_DEADLINE


def _contact(frame: Frame) -> str:
    return words.THE_CONTACT.format(contact=frame.contact) if frame.contact else words.NO_CONTACT


def _organisation(frame: Frame) -> str:
    return legible(frame.organisation, 100)


def _lead(text: str) -> Block:
    return Block("lead", (text,))


def _heading(text: str) -> Block:
    return Block("heading", (text,))


def _text(*lines: str) -> Block:
    return Block("text", lines)
