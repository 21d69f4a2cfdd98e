"""Letters to the reviewers.

Contract: they hold no subject, no sentence that might quote one, and no address (CONSOLE.md 3.4).
"""

from __future__ import annotations

from .. import words
from ..frame import Frame
from ..legible import legible
from ..letter import Block, Letter
from ..moment import moment_in_words
from .facts import LISTED, Facts, Listed
from .pieces import addressed, due_in_words, lead, rest_of, text, why_not_told


def held(facts: Facts, frame: Frame) -> Letter:
    """A message needs a decision."""
    due = due_in_words(facts.due_at)
    return Letter(
        words.REVIEW_HELD_SUBJECT.format(due=due),
        (
            lead(words.REVIEW_HELD_LEAD if facts.why_not_told else words.REVIEW_NEEDED_LEAD),
            text(*_held_by(facts), addressed(facts, frame), words.REVIEW_HELD_NEXT.format(due=due)),
            *why_not_told(facts),
            *_to_decide(facts, frame),
            *_earlier(facts),
        ),
    )


def asked(facts: Facts, frame: Frame) -> Letter:
    """Somebody asks this one to decide about a message."""
    due = due_in_words(facts.due_at)
    undecided = words.REVIEW_HELD_NEXT.format(due=due)
    way: tuple[Block, ...] = (text(undecided, words.REVIEW_ASKED_NEXT.format(ref=facts.ref)),)
    if frame.console:
        way = (text(undecided, words.REVIEW_ASKED_THERE), *_to_decide(facts, frame))
    return Letter(words.REVIEW_ASKED_SUBJECT.format(due=due), (lead(words.REVIEW_ASKED_LEAD), *way))


def ended(facts: Facts, frame: Frame) -> Letter:
    """What became of a message whose sender may not be told."""
    return Letter(
        words.REVIEW_ENDED_SUBJECT,
        (
            lead(words.REVIEW_ENDED_LEAD.format(outcome=facts.outcome)),
            *why_not_told(facts),
            text(words.REVIEW_NEXT_ASK, words.REVIEW_ASK),
            *_earlier(facts),
        ),
    )


def failed(facts: Facts, frame: Frame) -> Letter:
    """A message did not reach everybody, and its sender may not be told."""
    return Letter(
        words.REVIEW_FAILED_SUBJECT,
        (
            lead(words.REVIEW_FAILED_LEAD.format(people=words.people(facts.people))),
            *why_not_told(facts),
            text(words.REVIEW_NEXT_ASK, words.REVIEW_ASK),
            *_earlier(facts),
        ),
    )


def several(facts: Facts, frame: Frame) -> Letter:
    """What came of a burst, together."""
    count = words.emails(facts.count)
    due = [item.due_at for item in facts.listed if item.due_at and not item.untold]
    if due and len(due) == facts.count:
        subject = words.REVIEW_DECISIONS_SUBJECT.format(emails=count, due=due_in_words(min(due)))
        first, ask = words.REVIEW_DECISIONS_LEAD, _to_the_list(frame)
    else:
        subject = words.REVIEW_SEVERAL_SUBJECT.format(emails=count)
        first, ask = words.REVIEW_SEVERAL_LEAD, (text(words.REVIEW_NEXT_ASK), *_to_the_list(frame))
    return Letter(
        subject,
        (
            lead(words.of_emails(first, facts.count, moment=moment_in_words(facts.at))),
            _list(facts),
            text(words.REVIEW_LIMIT),
            *ask,
        ),
    )


def urgent(facts: Facts, frame: Frame) -> Letter:
    """Its sender says that a message cannot wait."""
    due = due_in_words(facts.due_at)
    return Letter(
        words.REVIEW_URGENT_SUBJECT.format(ref=facts.ref),
        (
            lead(words.REVIEW_URGENT_LEAD),
            text(words.REVIEW_URGENT_WHY, words.REVIEW_HELD_NEXT.format(due=due)),
            *_to_decide(facts, frame),
        ),
    )


def reminded(facts: Facts, frame: Frame) -> Letter:
    """Half of the time of these is over."""
    return _reminder(words.REVIEW_REMINDED_SUBJECT, words.REVIEW_REMINDED_LEAD, facts, frame)


def pressed(facts: Facts, frame: Frame) -> Letter:
    """Four fifths of the time of these are over."""
    return _reminder(words.REVIEW_PRESSED_SUBJECT, words.REVIEW_PRESSED_LEAD, facts, frame)


def _reminder(subject: str, first: str, facts: Facts, frame: Frame) -> Letter:
    values = {"emails": words.emails(facts.count), "due": due_in_words(facts.due_at)}
    return Letter(
        subject.format(**values),
        (lead(first.format(**values)), _list(facts), text(words.REVIEW_REMINDED_NEXT), *_to_the_list(frame)),
    )


def _to_decide(facts: Facts, frame: Frame) -> tuple[Block, ...]:
    """Where one looks and decides: the console, which asks who comes to sign in; without one, the shell."""
    if frame.console:
        return (
            Block("links", (words.REVIEW_LINK,), (f"{frame.console}/m/{facts.ref}",)),
            text(words.REVIEW_NO_ACCOUNT),
        )
    return (text(words.REVIEW_DECIDE.format(ref=facts.ref), words.REVIEW_ASK),)


def _to_the_list(frame: Frame) -> tuple[Block, ...]:
    """CONSOLE.md 3.4: a link to the list of held messages, where there is a console."""
    if frame.console:
        return (Block("links", (words.REVIEW_LINK_LIST,), (f"{frame.console}/queue",)), text(words.REVIEW_NO_ACCOUNT))
    return (text(words.REVIEW_ASK),)


def _earlier(facts: Facts) -> tuple[Block, ...]:
    if not facts.count:
        return ()
    return text(words.REVIEW_EARLIER.format(emails=words.emails(facts.count))), _list(facts)


def _list(facts: Facts) -> Block:
    lines = tuple(_item(item) for item in facts.listed[:LISTED])
    return Block("list", lines + rest_of(facts, len(lines)))


def _item(item: Listed) -> str:
    if item.due_at is None:
        return words.REVIEW_ITEM_UNTOLD.format(ref=item.ref)
    said = words.REVIEW_ITEM_HELD_UNTOLD if item.untold else words.REVIEW_ITEM_HELD
    return said.format(ref=item.ref, due=due_in_words(item.due_at))


def _held_by(facts: Facts) -> tuple[str, ...]:
    """The rule by its name: its sentence may quote the message."""
    return (words.REVIEW_HELD_RULE.format(rule=legible(facts.rule, 100)),) if facts.rule else ()
