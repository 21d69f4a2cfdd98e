"""Letters about the register of incidents: the 72 hours of a breach run out, or have."""

from __future__ import annotations

from .. import words
from ..frame import Frame
from ..letter import Block, Letter
from ..moment import moment_in_words
from .facts import Facts
from .pieces import heading, lead, text


def clock(facts: Facts, frame: Frame) -> Letter:
    """It names the incident and nothing of it. count: whole hours left; 0 where the time is over."""
    until = moment_in_words(facts.due_at) if facts.due_at else ""
    over = facts.count == 0
    subject = words.CLOCK_OVER_SUBJECT if over else words.CLOCK_SUBJECT[facts.count != 1]
    first = words.CLOCK_OVER_LEAD if over else words.CLOCK_LEAD
    return Letter(
        subject.format(count=facts.count, ref=facts.ref),
        (
            lead(first.format(ref=facts.ref, moment=until)),
            text(facts.outcome),
            heading(words.TO_DO),
            Block(
                "steps",
                tuple(
                    each.format(ref=facts.ref)
                    for each in (words.CLOCK_DO_LOOK, words.CLOCK_DO_DECIDE, words.CLOCK_DO_TOLD)
                ),
            ),
        ),
    )
