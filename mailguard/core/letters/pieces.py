"""Pieces of letters: facts in words, and the blocks that letters are put together from.

Contract: whatever came with a message is made legible here, and addresses in it are left out (THREATS.md T71).
"""

from __future__ import annotations

from datetime import datetime

from .. import words
from ..frame import Frame
from ..legible import legible, without_addresses
from ..letter import Block
from ..moment import moment_in_words
from .facts import LISTED, Facts


def why_not_told(facts: Facts) -> tuple[Block, ...]:
    """Why the reviewers read this in the sender's place."""
    return (heading(words.REVIEW_WHY_NOT_TOLD), text(facts.why_not_told)) if facts.why_not_told else ()


def list_of(facts: Facts) -> tuple[Block, ...]:
    """A sender's messages, with links where there are some."""
    shown = facts.listed[:LISTED]
    lines = tuple(
        words.SEVERAL_ITEM.format(
            subject=legible(item.subject, 80) or words.NO_SUBJECT, due=due_in_words(item.due_at), ref=item.ref
        )
        for item in shown
    )
    rest = rest_of(facts, len(lines))
    if not shown or not all(item.link for item in shown):
        return (Block("list", lines + rest),)
    links = Block("links", lines, tuple(item.link for item in shown))
    return (text(words.SEVERAL_LINKS), links, *((Block("list", rest),) if rest else ()))


def rest_of(facts: Facts, shown: int) -> tuple[str, ...]:
    """How many more there are than are shown."""
    rest = facts.count - shown
    return (words.SEVERAL_REST.format(emails=words.emails(rest)),) if rest > 0 else ()


def addressed(facts: Facts, frame: Frame) -> str:
    """To how many people, and how many of them are outside."""
    if not facts.outside:
        return words.ADDRESSED_INSIDE.format(people=words.people(facts.people))
    if facts.outside >= facts.people:
        return words.ADDRESSED_OUTSIDE.format(people=words.people(facts.people), organisation=organisation_of(frame))
    return words.ADDRESSED.format(
        people=words.people(facts.people), outside=f"{facts.outside:,}", organisation=organisation_of(frame)
    )


def reason_of(facts: Facts) -> str:
    return words.sentence(without_addresses(legible(facts.reason, 600))) or words.NO_REASON


def carried(facts: Facts) -> tuple[Block, ...]:
    """The sender has the file before them, and finds it by its name."""
    lines = tuple(without_addresses(legible(line, 300)) for line in facts.carries)
    return (text(words.FOUND), Block("list", lines)) if lines else ()


def subject_line(facts: Facts) -> str:
    return legible(facts.subject) or words.NO_SUBJECT


def signed(facts: Facts) -> str:
    return legible(facts.by, 80)


def due_in_words(at: datetime | None) -> str:
    return moment_in_words(at) if at else words.THE_DEADLINE


def the_contact(frame: Frame) -> str:
    return words.THE_CONTACT.format(contact=frame.contact) if frame.contact else words.NO_CONTACT


def organisation_of(frame: Frame) -> str:
    return legible(frame.organisation, 100)


def lead(sentence: str) -> Block:
    """The first sentence: what matters most."""
    return Block("lead", (sentence,))


def heading(line: str) -> Block:
    return Block("heading", (line,))


def text(*lines: str) -> Block:
    return Block("text", lines)
