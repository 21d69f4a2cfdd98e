"""Notices: what mailguard tells a sender about a held email, and the reviewers of what they have to decide about.

`notice` makes one complete message (RFC 5322, CRLF): multipart/alternative, the text first and complete, then the same
as one column of HTML without pictures or anything to load. A notice to a sender carries the subject line of their
own message, counts, the reason and the reference; never body text and never a recipient's address (THREATS.md T71). A
notice to the reviewers carries no subject either. Nothing here knows who may be told (guard/notices.py), the clock or
chance.
"""

from __future__ import annotations

from collections.abc import Callable

from . import words
from .compose import multipart, serialise, text_part
from .frame import Frame, opening_fields, who_to_ask
from .legible import legible
from .letter import Block, Letter, as_html, as_text
from .letters import canary, outcome, register, reviewers, stopped, week
from .letters.facts import TO_REVIEWERS, Facts, Kind
from .letters.pieces import text
from .moment import moment_in_words


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
    to_reviewers = kind in TO_REVIEWERS
    submitted = "auto-generated" if to_reviewers or kind is Kind.WEEK else "auto-replied"
    return opening_fields(frame, letter.subject, submitted=submitted, replies=not to_reviewers) + serialise(body)


def write_letter(kind: Kind, facts: Facts, frame: Frame) -> Letter:
    """The words of a notice, before they become a message."""
    letter = _LETTERS[kind](facts, frame)
    return Letter(letter.subject, (text(words.GREETING), *letter.blocks, *_ending(kind, facts, frame)))


_LETTERS: dict[Kind, Callable[[Facts, Frame], Letter]] = {
    Kind.HELD: stopped.held,
    Kind.SEVERAL: stopped.several,
    Kind.WAITING: stopped.waiting,
    Kind.SENT: outcome.sent,
    Kind.REJECTED: outcome.rejected,
    Kind.CANCELLED: outcome.cancelled,
    Kind.EXPIRED: outcome.expired,
    Kind.REVIEW_HELD: reviewers.held,
    Kind.REVIEW_ASKED: reviewers.asked,
    Kind.REVIEW_ENDED: reviewers.ended,
    Kind.REVIEW_FAILED: reviewers.failed,
    Kind.REVIEW_SEVERAL: reviewers.several,
    Kind.WEEK: week.for_sender,
    Kind.REVIEW_WEEK: week.for_reviewers,
    Kind.REVIEW_URGENT: reviewers.urgent,
    Kind.REVIEW_REMINDED: reviewers.reminded,
    Kind.REVIEW_PRESSED: reviewers.pressed,
    Kind.CANARY_FAILED: canary.failed,
    Kind.CANARY_RECOVERED: canary.recovered,
    Kind.REGISTER_CLOCK: register.clock,
}


_OF_MANY = frozenset(
    {Kind.SEVERAL, Kind.REVIEW_SEVERAL, Kind.REVIEW_REMINDED, Kind.REVIEW_PRESSED, Kind.WEEK, Kind.REVIEW_WEEK}
)
"""They are about no one message."""


def _ending(kind: Kind, facts: Facts, frame: Frame) -> tuple[Block, ...]:
    if kind is Kind.HELD:
        lines = [words.REFERENCE_HELD.format(ref=facts.ref, moment=moment_in_words(facts.at))]
    elif kind in _OF_MANY:
        lines = []
    else:
        lines = [words.REFERENCE.format(ref=facts.ref)]
    if kind not in TO_REVIEWERS:
        lines.append(who_to_ask(frame))
    if facts.rule and kind is not Kind.SEVERAL:
        lines.append(words.FOR_IT.format(rule=legible(facts.rule, 100), revision=legible(facts.revision, 19)))
    return (Block("small", tuple(lines)),) if lines else ()
