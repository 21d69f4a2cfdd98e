"""The rules in force, as people read them: each with how often it matched lately and what became of those messages.

Nobody changes a rule here: policies are files, so that a change has an author and a history.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from ...core.document import Diagnostic
from ...core.errors import MailguardError
from ...core.legible import legible, without_addresses
from ...core.policy.load import Policy
from ...core.policy.model import Mode, Rule
from ..ports import Clock

LATELY = timedelta(days=7)
FRESH_FOR = timedelta(minutes=5)
"""Counting reads every decision of a week, so it is not done with each page."""


@dataclass(frozen=True, slots=True)
class RuleCount:
    """Messages that a rule matched. sent: left as they were. changed: left so that people do not see each other.
    stopped: did not leave. waiting: nobody has decided yet.
    """

    matched: int = 0
    sent: int = 0
    changed: int = 0
    stopped: int = 0
    waiting: int = 0


class InForce(Protocol):
    """What the console needs of the policy in force. problem: why the files on disk are not; diagnostics: where."""

    problem: str | None
    diagnostics: tuple[Diagnostic, ...]
    loaded_at: datetime | None

    def __call__(self) -> Policy:
        """MailguardError where there is none."""
        ...


class RuleCounts(Protocol):
    """What the store knows of rules."""

    async def counts(self, since: datetime) -> Mapping[str, RuleCount]:
        """By rule: of the messages decided since then."""
        ...

    async def version(self, revision: str) -> int:
        """Which of all revisions that were ever in force this one is, from 1; 0 where it never was."""
        ...


@dataclass(frozen=True, slots=True)
class RuleBook:
    """rules: None where no policy could be loaded. counts: by rule, since then."""

    rules: tuple[Rule, ...] | None
    revision: str | None
    version: int
    loaded_at: datetime | None
    problem: str | None
    diagnostics: tuple[Diagnostic, ...]
    counts: Mapping[str, RuleCount]


class Rules:
    def __init__(self, *, in_force: InForce, counts: RuleCounts, clock: Clock) -> None:
        self._in_force = in_force
        self._store = counts
        self._clock = clock
        self._counted: tuple[datetime, Mapping[str, RuleCount]] | None = None
        self._counting = asyncio.Lock()

    async def book(self) -> RuleBook:
        source = self._in_force
        policy = self._policy()
        return RuleBook(
            rules=policy.rules if policy else None,
            revision=policy.revision if policy else None,
            version=await self._store.version(policy.revision) if policy else 0,
            loaded_at=source.loaded_at,
            problem=source.problem,
            diagnostics=source.diagnostics,
            counts=await self._counts() if policy else {},
        )

    def checked(self) -> tuple[Sequence[str], Sequence[str]]:
        """What is checked, in sentences for everybody: what stops a message, and what is only recorded. No number, no
        address: neither shall help anybody to stay just below a rule.
        """
        policy = self._policy()
        rules = policy.rules if policy else ()
        by_mode = {
            mode: list(dict.fromkeys(without_numbers(each.describe) for each in rules if each.mode is mode))
            for mode in (Mode.ENFORCE, Mode.MONITOR)
        }
        return by_mode[Mode.ENFORCE], [each for each in by_mode[Mode.MONITOR] if each not in by_mode[Mode.ENFORCE]]

    def _policy(self) -> Policy | None:
        try:
            return self._in_force()
        except MailguardError:
            return None

    async def _counts(self) -> Mapping[str, RuleCount]:
        async with self._counting:
            now = self._clock.now()
            if self._counted is None or now - self._counted[0] >= FRESH_FOR:
                self._counted = now, await self._store.counts(now - LATELY)
            return self._counted[1]


_WORDS = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|"
    "nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|hundreds|thousand|thousands|dozen|dozens|"
    "million"
)
_NUMBER = rf"(?:\d[\d.,  ]*\d|\d|\b(?:{_WORDS})\b(?:[ -](?:and |a )?(?:{_WORDS}|one)\b)*)"
_NUMBERS = re.compile(
    rf"(?:\b(?:at least|at most|more than|fewer than|less than|up to|over|under|between|a|about) )*"
    rf"{_NUMBER}\s?[%+]?(?: (?:to|or|and) {_NUMBER}\s?[%+]?)*(?: or (?:more|fewer|less))?(?![\w])",
    re.IGNORECASE,
)
SEVERAL = "several"


def without_numbers(sentence: str) -> str:
    """A rule's description for everybody: each number, and what goes with it, is "several"; no address stays."""
    changed = _NUMBERS.sub(_several, without_addresses(sentence))
    return legible(re.sub(r"\d+", SEVERAL, changed), 500)


def _several(found: re.Match[str]) -> str:
    return SEVERAL.capitalize() if found[0][0].isupper() or (found.start() == 0 and found[0][0].isdigit()) else SEVERAL
