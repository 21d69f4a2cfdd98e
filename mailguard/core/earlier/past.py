"""What earlier messages say about this one: how many people a batch shows, and who is shown to each other again.

Pure: everything was looked up before. Digests take the place of people, so that counts come out and names do not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from .similarity import are_similar
from .trace import Sending, Trace, trace_of

FEWEST_PEOPLE = 2

SUBJECT_SIMILAR = 0.6
FEWEST_SUBJECT_WORDS = 2
"""A subject of one word ("Reminder") is like too many others."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier message beside the one that is judged. age: how long ago it was.

    own: the trace of this message under the key that the earlier one was kept with. by_sender: the same sender or team.
    answered: this one is a reply to it, or belongs to its conversation.
    """

    own: Trace
    trace: Trace
    age: timedelta
    by_sender: bool
    answered: bool


@dataclass(frozen=True, slots=True)
class Reached:
    """An earlier message with the same file. others: whom outside it reached who do not get this one. age: as above."""

    others: frozenset[bytes]
    age: timedelta


@dataclass(frozen=True, slots=True)
class SameFile:
    """A file of this message, and the earlier messages of the same sender or team that carried it. part: its path."""

    part: str
    earlier: tuple[Reached, ...] = ()

    def already_sent_to(self, within: timedelta) -> int:
        """How many others have it already from messages of their own.

        People, but no more than there were messages to different people: a list of five that got it in one message is
        one, and so is somebody who got it five times. More messages never make it fewer: of many at the same moment the
        one that is written down last is told of all (docs/decisions/merge-jobs.md).
        """
        groups = {each.others for each in self.earlier if each.age <= within and each.others}
        return min(len(groups), len(frozenset().union(*groups)))


@dataclass(frozen=True, slots=True)
class Past:
    """own: what this message itself shows and hides. takes_back: as in Sending. files: those that can be compared."""

    own: Trace | None = None
    takes_back: bool = False
    earlier: tuple[Earlier, ...] = ()
    files: tuple[SameFile, ...] = ()

    def batch(self, within: timedelta) -> int:
        """How many different people this message and the earlier ones of its batch show, each at least two."""
        if self.own is None or len(self.own.shown) < FEWEST_PEOPLE:
            return 0
        shown = set(self.own.shown)
        for each in self._recent(within):
            others = each.trace.shown
            # Whoever writes to the same few people again and again is not read again and again.
            if each.by_sender and len(others) >= FEWEST_PEOPLE and not others <= shown and alike(each.own, each.trace):
                shown |= others
        return len(shown)

    def shown_again(self, within: timedelta) -> int:
        """How many people this message shows to each other whom one earlier message hid from each other, or exposed."""
        most = 0
        for each in self._recent(within):
            again = len(each.own.shown & _apart(each.trace))
            if again > most and self._follows(each):
                most = again
        return most

    def _follows(self, each: Earlier) -> bool:
        """Whether this message answers the earlier one, goes on with it, corrects it or takes it back."""
        return each.answered or (each.by_sender and (self.takes_back or _same_matter(each.own, each.trace)))

    def _recent(self, within: timedelta) -> Iterable[Earlier]:
        return (each for each in self.earlier if each.age <= within)

    def with_files(self, found: Iterable[SameFile]) -> Past:
        """What was found besides about the same files, and about others."""
        earlier: dict[str, tuple[Reached, ...]] = {}
        for each in (*self.files, *found):
            earlier[each.part] = (*earlier.get(each.part, ()), *each.earlier)
        return replace(self, files=tuple(SameFile(part, reached) for part, reached in earlier.items()))


NO_PAST = Past()


def beside(sending: Sending, earlier: Iterable[tuple[Sending, timedelta, bool]], key: bytes = b"") -> Past:
    """What earlier messages say about one. What the store does, without a store.

    earlier: each with its age, and whether it left with everybody hidden from each other.
    """
    own = trace_of(sending, key)
    compared = (
        Earlier(
            own=own,
            trace=trace_of(each, key).as_left(hidden=hidden, exposed=False),
            age=age,
            by_sender=not {*sending.senders}.isdisjoint(each.senders),
            answered=not {*sending.answered}.isdisjoint(each.identifiers),
        )
        for each, age, hidden in earlier
    )
    return Past(own, sending.takes_back, tuple(compared))


def _apart(trace: Trace) -> frozenset[bytes]:
    """Who must not be shown to each other again."""
    return trace.hidden | (trace.shown if trace.exposed else frozenset())


def alike(one: Trace, other: Trace) -> bool:
    """Whether they say the same or nearly the same. Where both say next to nothing, the subjects decide."""
    if not one.text and not other.text:
        return bool(one.subject) and one.subject == other.subject
    return are_similar(one.text, other.text)


def _same_matter(one: Trace, other: Trace) -> bool:
    return _same_subject(one.subject, other.subject) or alike(one, other)


def _same_subject(one: frozenset[bytes], other: frozenset[bytes]) -> bool:
    if min(len(one), len(other)) < FEWEST_SUBJECT_WORDS:
        return False
    return len(one & other) / len(one | other) >= SUBJECT_SIMILAR
