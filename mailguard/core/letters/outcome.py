"""Letters to the sender about what became of a held message."""

from __future__ import annotations

from .. import words
from ..frame import Frame
from ..legible import legible_lines
from ..letter import Block, Letter
from ..moment import moment_in_words
from .facts import Facts
from .pieces import (
    carried,
    due_in_words,
    heading,
    lead,
    organisation_of,
    reason_of,
    signed,
    subject_line,
    text,
    the_contact,
)


def sent(facts: Facts, frame: Frame) -> Letter:
    """It was released, in the form that facts.form says."""
    moment = moment_in_words(facts.at)
    decided = words.SENT_BY.format(by=signed(facts), moment=moment) if facts.by else words.SENT_AT.format(moment=moment)
    return Letter(
        words.SENT_SUBJECT.format(subject=subject_line(facts)),
        (
            lead(words.SENT_DELAYED_LEAD if facts.delayed else words.SENT_LEAD),
            heading(words.SENT_WHAT),
            text(*_form(facts, frame), decided),
            heading(words.WHY_HELD),
            text(reason_of(facts)),
            text(words.SENT_FAILURES),
        ),
    )


def _form(facts: Facts, frame: Frame) -> tuple[str, ...]:
    values = {"people": words.people(facts.people), "organisation": organisation_of(frame)}
    if facts.form == "separate":
        separate = words.SENT_SEPARATE.format(**{**values, "people": words.people(facts.outside)})
        inside = facts.people > facts.outside
        return (separate, words.SENT_SEPARATE_INSIDE.format(**values)) if inside else (separate,)
    sentences = {"bcc": words.SENT_BCC, "cleaned": words.SENT_CLEANED}
    return (sentences.get(facts.form, words.SENT_ORIGINAL).format(**values),)


def rejected(facts: Facts, frame: Frame) -> Letter:
    """A reviewer decided that it is not sent."""
    note = legible_lines(facts.note)
    wrote = words.REJECTED_NOTE.format(by=signed(facts)) if facts.by else words.REJECTED_NOTE_UNSIGNED
    return Letter(
        words.NOT_SENT_SUBJECT.format(subject=subject_line(facts)),
        (
            lead(words.REJECTED_LEAD),
            heading(words.WHY),
            text(reason_of(facts)),
            *carried(facts),
            *((heading(wrote), Block("quote", note)) if note else ()),
            heading(words.TO_DO),
            text(words.REJECTED_AGAIN, words.REJECTED_MISTAKE.format(contact=the_contact(frame))),
        ),
    )


def cancelled(facts: Facts, frame: Frame) -> Letter:
    """Its sender took it back."""
    return Letter(
        words.NOT_SENT_SUBJECT.format(subject=subject_line(facts)),
        (
            lead(words.CANCELLED_LEAD),
            *(
                (text(words.CANCELLED_BY.format(by=signed(facts), moment=moment_in_words(facts.at))),)
                if facts.by
                else ()
            ),
            heading(words.WHY_HELD),
            text(reason_of(facts)),
            heading(words.TO_DO),
            text(words.CANCELLED_FOLDER, words.CANCELLED_AGAIN),
        ),
    )


def expired(facts: Facts, frame: Frame) -> Letter:
    """Nobody decided in time."""
    return Letter(
        words.NOT_SENT_SUBJECT.format(subject=subject_line(facts)),
        (
            lead(words.EXPIRED_LEAD.format(due=due_in_words(facts.due_at))),
            heading(words.WHY_HELD),
            text(reason_of(facts)),
            *carried(facts),
            heading(words.TO_DO),
            text(words.EXPIRED_AGAIN.format(contact=the_contact(frame)), words.EXPIRED_URGENT, words.EXPIRED_FOLDER),
        ),
    )
