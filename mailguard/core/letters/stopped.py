"""Letters to the sender of a message that does not leave now: it is held, or waits."""

from __future__ import annotations

from .. import words
from ..frame import Frame
from ..letter import Block, Letter
from .facts import Facts
from .pieces import (
    addressed,
    carried,
    due_in_words,
    heading,
    lead,
    list_of,
    organisation_of,
    reason_of,
    subject_line,
    text,
    the_contact,
)


def held(facts: Facts, frame: Frame) -> Letter:
    """It is held until somebody decides; perhaps others of this sender are, too."""
    blocks: tuple[Block, ...] = (
        lead(words.HELD_LEAD),
        heading(words.WHY),
        text(reason_of(facts), addressed(facts, frame)),
        *carried(facts),
        heading(words.NEXT),
        *_held_next(facts, frame),
        text((words.HELD_URGENT_LINK if facts.link else words.HELD_URGENT).format(contact=the_contact(frame))),
    )
    if facts.count:
        earlier = words.of_emails(words.HELD_EARLIER, facts.count)
        blocks += (text(earlier), *list_of(facts))
    return Letter(words.HELD_SUBJECT.format(subject=subject_line(facts)), blocks)


def _held_next(facts: Facts, frame: Frame) -> tuple[Block, ...]:
    due, ways, door = due_in_words(facts.due_at), _ways(facts.release_as), _door(facts)
    if not ways:
        nothing_left = text(words.HELD_NOTHING_LEFT.format(due=due))
        return (nothing_left, heading(words.CAN_DO), text(words.HELD_ONLY_CORRECT), *door)
    steps = tuple(_SENDER_MAY[form] for form in facts.sender_may) if facts.link else ()
    steps += (words.HELD_WAIT.format(ways=", ".join(ways)),)
    steps += (words.HELD_CANCEL if facts.link else words.HELD_CORRECT.format(contact=the_contact(frame)),)
    decided = words.HELD_NEXT.format(organisation=organisation_of(frame), due=due)
    return (text(decided, words.HELD_UNDECIDED), heading(words.CAN_DO), Block("steps", steps), *door)


_SENDER_MAY = {"separate": words.HELD_SEPARATE, "original": words.HELD_ORIGINAL}


def _door(facts: Facts) -> tuple[Block, ...]:
    """The way to the sender's page."""
    if not facts.link:
        return ()
    about = words.HELD_LINK_ABOUT.format(due=due_in_words(facts.due_at))
    return (Block("links", (words.HELD_LINK,), (facts.link,)), text(about))


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


def several(facts: Facts, frame: Frame) -> Letter:
    """Several of this sender are held, told together."""
    count = words.emails(facts.count)
    newest = (words.SEVERAL_NEWEST.format(reason=reason_of(facts)),) if facts.reason else ()
    return Letter(
        words.SEVERAL_SUBJECT.format(emails=count),
        (
            lead(words.of_emails(words.SEVERAL_LEAD, facts.count)),
            *list_of(facts),
            heading(words.WHY),
            text(words.SEVERAL_WHY, *newest),
            heading(words.NEXT),
            text(words.SEVERAL_NEXT.format(organisation=organisation_of(frame)), words.SEVERAL_UNDECIDED),
            text(words.HELD_URGENT.format(contact=the_contact(frame))),
            text(words.SEVERAL_LIMIT),
        ),
    )


def waiting(facts: Facts, frame: Frame) -> Letter:
    """It waits, and then leaves by itself."""
    due, contact = due_in_words(facts.due_at), the_contact(frame)
    do = (words.WAITING_NOW, words.WAITING_CANCEL, words.WAITING_SOME, words.WAITING_URGENT)
    return Letter(
        words.WAITING_SUBJECT.format(due=due, subject=subject_line(facts)),
        (
            lead(words.WAITING_LEAD.format(due=due)),
            heading(words.WHY),
            text(reason_of(facts), addressed(facts, frame)),
            heading(words.CAN_DO),
            text(words.WAITING_NOTHING.format(what=words.WAITING_FORMS[facts.form], due=due)),
            *(
                (Block("steps", do), *_door(facts))
                if facts.link
                else (text(words.WAITING_ASK.format(contact=contact)),)
            ),
        ),
    )
