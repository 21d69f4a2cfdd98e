"""What the rules of a policy can tell of a message at a glance, and what they came to at the same glance before.

Of ordinary mail nearly every rule sees the same few counts, message after message, and does not match. What a rule came
to then is remembered by all that it saw, so it is neither evaluated nor put into words again. Conditions say in
`Condition.glimpse` what of an observation settles what they say; of those that do not, what they find settles it, where
they have no words for it.

INVARIANT: nothing of a message is in a memory, only counts and truths. INVARIANT: what is remembered is what would be
found anew: a rule that sees anything else is evaluated (tests/core/policy/test_glance.py has both ways side by side).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Generic, TypeVar

from ..observation import Observation
from .conditions.declaration import UNSEEN, Condition
from .tree import Node, Question, questions_in

MOST_REMEMBERED = 1_000
"""Of each rule. A rule that sees more than so many different things, as one about sizes does, begins anew."""

Value = TypeVar("Value")
Look = Callable[[Observation], Hashable]


class Glance(Generic[Value]):
    """Of a policy: rules are named by their number. whens: what each asks, None of a rule that is always evaluated."""

    def __init__(self, whens: Iterable[Node | None]) -> None:
        looks: dict[Hashable, tuple[int, Look]] = {}
        self._wanted: list[tuple[int, ...] | None] = []
        for when in whens:
            asked = [] if when is None else [_look(question) for question, _ in questions_in(when)]
            wanted = [looks.setdefault(name, (len(looks), look))[0] for name, look in asked]
            self._wanted.append(None if when is None else tuple(dict.fromkeys(wanted)))
        self._looks = [look for _, look in looks.values()]
        self._memories: list[dict[tuple[Hashable, ...], Value]] = [{} for _ in self._wanted]
        self.nothing: Sequence[None] = (None,) * len(self._wanted)

    def at(self, observation: Observation) -> Sequence[tuple[Hashable, ...] | None]:
        """What each rule sees; None where that does not settle what it comes to."""
        try:
            seen = [look(observation) for look in self._looks]
        except Exception:  # each rule that cannot see says so
            return self.nothing
        if UNSEEN not in seen:
            return [None if wanted is None else tuple([seen[each] for each in wanted]) for wanted in self._wanted]
        hidden = {number for number, each in enumerate(seen) if each is UNSEEN}
        return [
            None if wanted is None or not hidden.isdisjoint(wanted) else tuple([seen[each] for each in wanted])
            for wanted in self._wanted
        ]

    def recall(self, seen: Sequence[tuple[Hashable, ...] | None]) -> list[Value | None]:
        """What each rule came to when it saw that; None where it did not yet."""
        pairs = zip(self._memories, seen, strict=True)
        return [None if each is None else memory.get(each) for memory, each in pairs]

    def remember(self, rule: int, seen: tuple[Hashable, ...], value: Value) -> None:
        memory = self._memories[rule]
        if len(memory) >= MOST_REMEMBERED:
            memory.clear()
        memory[seen] = value


def _look(question: Question) -> tuple[Hashable, Look]:
    """With a name that those have in common which see the same."""
    if question.condition.glimpse is not None:
        return question.condition.key, question.condition.glimpse
    return id(question), _finding(question.condition, question.operand)


def _finding(condition: Condition, operand: object) -> Look:
    def found(observation: Observation) -> Hashable:
        result = condition.look(observation, operand)
        return UNSEEN if result.holds is None or (result.value and condition.has_words) else result

    return found
