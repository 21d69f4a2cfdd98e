"""The weekly summaries. The lines come from whoever counted."""

from __future__ import annotations

from .. import words
from ..frame import Frame
from ..letter import Block, Letter
from .facts import Facts
from .pieces import lead, organisation_of, text, the_contact


def for_sender(facts: Facts, frame: Frame) -> Letter:
    """What became of one sender's messages."""
    return Letter(
        words.WEEK_SUBJECT.format(days=facts.outcome),
        (
            lead(words.of_emails(words.WEEK_LEAD, facts.count)),
            Block("list", facts.lines),
            text(words.WEEK_TIP),
            text(words.WEEK_OFF.format(contact=the_contact(frame))),
        ),
    )


def for_reviewers(facts: Facts, frame: Frame) -> Letter:
    """What became of everybody's."""
    organisation = organisation_of(frame)
    return Letter(
        words.REVIEW_WEEK_SUBJECT.format(days=facts.outcome, organisation=organisation),
        (
            lead(words.of_emails(words.REVIEW_WEEK_LEAD, facts.count)),
            Block("list", facts.lines),
            text(words.REVIEW_WEEK_OFF),
        ),
    )
