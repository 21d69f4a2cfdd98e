"""What tests say of the rules of a policy: which of them no test shows to stop something, or to let something pass.

It knows how tests came out, not how they are run. A test that fails shows nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..document import Diagnostic, quoted
from ..duration import written_duration
from ..verdict import RuleOutcome, Verdict
from .model import Action, Mode, Policy, Rule
from .trial import Expectation


@dataclass(frozen=True, slots=True)
class Outcome:
    """A test and what came out. failures: of `disagreements`, none where all is as expected."""

    expect: Expectation
    verdict: Verdict
    failures: tuple[str, ...] = ()


def untested(policy: Policy, outcomes: Iterable[Outcome]) -> tuple[Diagnostic, ...]:
    """Warnings, at the line of each enforced rule that lacks a test of one kind or of both."""
    green = [each for each in outcomes if not each.failures]
    enforced = [rule for rule in policy.rules if rule.mode is Mode.ENFORCE]
    return tuple(Diagnostic(rule.file, rule.line, 1, text) for rule in enforced for text in _lacks(rule, green))


def _lacks(rule: Rule, green: Sequence[Outcome]) -> Iterator[str]:
    if not any(_stops(rule, each) for each in green):
        does = "matches" if rule.action is Action.RELAY else "stops"
        yield f"no test shows that rule {quoted(rule.id)} {does} something: a test that expects `rules: [{rule.id}]`"
    if not any(_passes(rule, each) for each in green):
        yield f"no test shows that rule {quoted(rule.id)} lets something pass: a test that expects `disposition: relay`"


def _stops(rule: Rule, test: Outcome) -> bool:
    """Whether the test would fail without the rule: it names it, or expects what this rule decided."""
    expects = test.expect.disposition or test.expect.rewrite
    return rule.id in test.expect.rules or (bool(expects) and test.verdict.deciding == rule.id)


def _passes(rule: Rule, test: Outcome) -> bool:
    """Whether it names the rule as one that must not match, or expects that the message leaves as it is."""
    if rule.id in test.expect.passes:
        return True
    leaves = test.expect.disposition == "relay" and test.verdict.rewrite is None
    return leaves and not any(each.matched for each in test.verdict.rules if each.id == rule.id)


def expected(expect: Expectation) -> dict[str, Any]:
    """What a test expects, as it is written; only what it gives."""
    given = expect.model_dump(exclude_unset=True)
    if expect.delay is not None:
        given["delay"] = written_duration(expect.delay)
    return {key: list(value) if isinstance(value, tuple) else value for key, value in given.items()}


def got(verdict: Verdict) -> dict[str, Any]:
    """What came out, in the words of what a test expects. rules: all that matched."""
    return {
        "disposition": verdict.disposition.value,
        "rewrite": verdict.rewrite.value if verdict.rewrite else None,
        "delay": written_duration(verdict.delay) if verdict.delay is not None else None,
        "rules": [rule.id for rule in verdict.rules if rule.matched],
        "deciding": verdict.deciding,
    }


def telling(expect: Expectation, verdict: Verdict) -> tuple[RuleOutcome, ...]:
    """The rules that tell why a test fails: those that matched and those that it names; where there are none, all."""
    named = {*expect.rules, *expect.passes}
    chosen = tuple(each for each in verdict.rules if each.matched or each.id in named)
    return chosen or verdict.rules
