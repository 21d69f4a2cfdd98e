"""Letters to the reviewers about the canary: the alarm, and the all-clear."""

from __future__ import annotations

from .. import words
from ..frame import Frame
from ..legible import legible
from ..letter import Block, Letter
from ..moment import moment_in_words
from .facts import Facts
from .pieces import heading, lead, text


def failed(facts: Facts, frame: Frame) -> Letter:
    """Mail may be leaving that should not, or is not taken until the canary passes."""
    return Letter(
        words.CANARY_DEFERRING_SUBJECT if facts.deferring else words.CANARY_FAILED_SUBJECT,
        (
            lead(words.CANARY_DEFERRING if facts.deferring else words.CANARY_NOT_DEFERRING),
            text(words.CANARY_FAILED),
            heading(words.CANARY_FOUND),
            Block("list", tuple(legible(line, 400) for line in facts.lines)),
            heading(words.TO_DO),
            Block("steps", (words.CANARY_DO_POLICY, words.CANARY_DO_RUN, words.CANARY_DO_STOP)),
            text(words.CANARY_UNTIL.format(moment=moment_in_words(facts.at))),
        ),
    )


def recovered(facts: Facts, frame: Frame) -> Letter:
    """It passes again."""
    first = words.CANARY_RECOVERED_LEAD.format(moment=moment_in_words(facts.at))
    return Letter(words.CANARY_RECOVERED_SUBJECT, (lead(first), text(words.CANARY_RECOVERED_NEXT)))
