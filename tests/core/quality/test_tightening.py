"""A stricter number for a rule: what it is said to have held is what judging with it holds. The oracle is the judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.core.observation import Observation
from mailguard.core.policy.load import load_policy
from mailguard.core.policy.model import Policy
from mailguard.core.quality import stricter_words
from mailguard.core.quality.kept import kept_of
from mailguard.core.quality.senders import senders_of
from mailguard.core.quality.suggestion import MOST_SHOWN
from mailguard.core.quality.tightening import Named, Passed, Stricter, StricterNumbers, Tightening, Tightenings
from mailguard.core.verdict import Disposition, Finding, Inspection
from tests.core.policy.conftest import World
from tests.core.policy.test_conditions import ATTACHED, BODY
from tests.core.quality.test_suggestion import OTHERS, SHAPES, decision, is_varied, observation, policy, verdict
from tests.core.replay.test_memory import AT

MONITORED = (
    "{id: watched, describe: x, when: {visible_external_recipients: {at_least: 2}}, action: hold, mode: monitor}"
)
LIST = SHAPES[0]


@dataclass(frozen=True)
class Sent:
    """is_known: whether the evidence still has who sent it."""

    seen: Observation
    breach: str | None
    is_known: bool = False


SEEN = st.builds(observation, st.integers(1, 34), st.integers(1, 6), st.booleans(), st.sampled_from(["jo", "sam"]))
MAIL = st.builds(Sent, SEEN, st.sampled_from([None, None, None, "IR-A", "IR-B", "IR-C"]), st.booleans())


def passed(mail: Sequence[Sent], then: Policy) -> list[tuple[Sent, Passed]]:
    """Those that left, with what the ledger has of them."""
    rules = {each.id: each for each in then.rules}
    found = []
    for number, each in enumerate(mail):
        made = verdict(each.seen, then)
        if made.disposition is Disposition.RELAY:
            breaches = (each.breach,) if each.breach else ()
            kept = kept_of(f"MG-{number}", AT, decision(made))
            if each.is_known:
                kept = replace(kept, senders=senders_of(evidence_of(each.seen), kept.doubted))
            found.append((each, Passed(kept, rules, breaches)))
    return found


def evidence_of(seen: Observation) -> dict[str, Any]:
    return {"sender": seen.reverse_path, "originators": list(seen.originators)}


def tightened(kept: Sequence[Passed], today: Policy) -> Tightening:
    found = Tightenings(today.rules[0], today, Named(tuple(each for each in kept if each.breaches)))
    found.take(each for each in kept if not each.breaches)
    return found.result(30, False)


def holds(seen: Observation, by: Policy) -> bool:
    return verdict(seen, by).disposition is Disposition.HOLD


@settings(max_examples=150, deadline=None)
@given(
    st.lists(MAIL, min_size=1, max_size=16),
    st.sampled_from(SHAPES),
    st.integers(2, 12),
    st.integers(2, 12) | st.none(),
    st.booleans(),
    st.lists(st.sampled_from([*OTHERS, MONITORED]), max_size=1),
    st.booleans(),
)
def test_what_a_stricter_number_is_said_to_have_held_is_what_judging_with_it_holds(
    mail: list[Sent], shape: str, number: int, then: int | None, spared: bool, others: list[str], known: bool
) -> None:
    mail = [replace(each, is_known=each.is_known or known) for each in mail]
    today = policy(shape, number, spared, *others)
    left = passed(mail, policy(shape, then or number, spared, *others))
    found = tightened([kept for _, kept in left], today)
    for numbers in found.numbers:
        if is_varied(numbers.threshold, number):
            _is_what_judging_gives(found, numbers, left, today, shape, spared, others)


def _is_what_judging_gives(
    found: Tightening,
    numbers: StricterNumbers,
    left: list[tuple[Sent, Passed]],
    today: Policy,
    shape: str,
    unless: bool,
    others: list[str],
) -> None:
    # Whom `unless` spares is asked only of what matched: without the evidence nothing tells it of what passed.
    untold = unless and not all(each.is_known for each, _ in left)
    named = [each for each, kept in left if kept.breaches and not holds(each.seen, today)]
    unlooked = [each for each, kept in left if not kept.breaches and not holds(each.seen, today)]
    strictest = policy(shape, 0 if numbers.threshold.upward else 99, unless, *others)
    can = [each for each in named if holds(each.seen, strictest)]
    for one in numbers.effects:
        by = policy(shape, one.number, unless, *others)
        assert numbers.threshold.is_stricter(one.number)
        held = sum(holds(each.seen, by) for each in unlooked)
        assert one.others <= held <= one.others + one.unknown
        assert untold or one.unknown == 0
        for breach in one.breaches:
            assert any(holds(each.seen, by) for each in named if each.breach == breach)
        if not untold:
            assert set(one.breaches) == {each.breach for each in can} - {
                each.breach for each in can if not holds(each.seen, by)
            }
    if untold:
        return
    assert not numbers.unknown
    expected = {each.breach for each in named} - {each.breach for each in can}
    assert set(numbers.out_of_reach) == expected
    assert (numbers.proposed is not None) == bool(can)
    if numbers.proposed is not None:
        by = policy(shape, numbers.proposed.number, unless, *others)
        assert all(holds(each.seen, by) for each in can), "every breach that any number would have held"
        nearer = numbers.proposed.number + (1 if numbers.threshold.upward else -1)
        assert not all(holds(each.seen, policy(shape, nearer, unless, *others)) for each in can), "the loosest of them"


def sent(*counts: tuple[int, str | None]) -> list[Sent]:
    return [Sent(observation(people, 1, False, "jo"), breach) for people, breach in counts]


def of_lists(mail: list[Sent], by: Policy, then: Policy | None = None) -> tuple[Tightening, StricterNumbers]:
    found = tightened([kept for _, kept in passed(mail, then or by)], by)
    (numbers,) = found.numbers
    return found, numbers


def test_the_loosest_number_that_holds_every_breach_is_proposed_with_what_else_it_would_have_held() -> None:
    mail = sent((8, "IR-A"), (6, "IR-B"), (9, None), (7, None), (6, None), (3, None), (3, None))
    found, numbers = of_lists([*mail, *sent(*[(1, None)] * 30)], policy(LIST, 10, False))
    assert numbers.effects == (Stricter(8, ("IR-A",), 1), Stricter(6, ("IR-A", "IR-B"), 3))
    assert numbers.proposed == numbers.effects[-1]
    assert (found.looked_at, found.left, found.held_today) == (35, ("IR-A", "IR-B"), ())
    assert stricter_words.proposal(found, numbers) == (
        "Proposed: with 6 in place of 10, the messages of IR-A and IR-B would have been held, and about 3 others a "
        "month that nobody has looked at (3 of 35 that left)."
    )
    assert stricter_words.row(found, numbers.effects[0]) == ("8", "IR-A", "1", "about 1", "0")


def test_nothing_is_proposed_without_a_breach_that_another_number_would_have_held() -> None:
    found, numbers = of_lists(sent((8, None), (9, None)), policy(LIST, 10, False))
    assert not numbers.effects and numbers.proposed is None
    assert stricter_words.proposal(found, numbers) is None
    assert stricter_words.summary(found) == [stricter_words.NO_BREACH]
    asks = "{{visible_external_recipients: {{at_least: {n}}}, subject: embargo}}"
    found, numbers = of_lists(sent((8, "IR-A"), (9, None)), policy(asks, 10, False))
    assert numbers.proposed is None and numbers.out_of_reach == ("IR-A",)
    assert stricter_words.proposal(found, numbers) == "No other number here would have held the message of IR-A."


def test_what_todays_rules_would_hold_anyway_is_no_reason_for_another_number() -> None:
    found, numbers = of_lists(sent((8, "IR-A"), (9, None), (5, None)), policy(LIST, 8, False), policy(LIST, 10, False))
    assert (found.held_today, numbers.effects) == (("IR-A",), ())
    assert stricter_words.summary(found)[0] == "The rules as they are now would hold the message of IR-A."
    _, numbers = of_lists(sent((9, None), (5, "IR-A")), policy(LIST, 8, False), policy(LIST, 10, False))
    assert numbers.effects == (Stricter(5, ("IR-A",), 0),), "the other one is held today already"


def test_a_breach_of_several_messages_counts_once_all_are_held_that_can_be() -> None:
    mail = [*sent((8, "IR-A"), (4, "IR-A")), Sent(observation(6, 1, False, "jo"), "IR-B")]
    _, numbers = of_lists(mail, policy(LIST, 10, False))
    assert [(each.number, each.breaches) for each in numbers.effects] == [(6, ("IR-B",)), (4, ("IR-A", "IR-B"))]


def test_of_many_numbers_some_are_shown_and_the_proposed_one_among_them() -> None:
    _, numbers = of_lists(sent(*[(each, f"IR-{each}") for each in range(2, 30)]), policy(LIST, 30, False))
    shown = [each.number for each in numbers.effects]
    assert len(shown) <= MOST_SHOWN and shown == sorted(shown, reverse=True) and shown[-1] == 2
    assert numbers.proposed is not None and len(numbers.proposed.breaches) == 28
    assert all(set(a.breaches) < set(b.breaches) for a, b in pairwise(numbers.effects))
    assert all(len(each.breaches) == 30 - each.number for each in numbers.effects)


def test_whether_a_delay_would_have_held_automatic_mail_the_record_does_not_tell() -> None:
    asked = f"{{id: list, describe: x, when: {LIST.format(n=10)}, action: hold, delay: 2m}}"
    by = load_policy({"p.yaml": f"version: 1\nrules: [{asked}]".encode()})
    found, numbers = of_lists(sent((8, "IR-A"), (9, None)), by)
    assert (numbers.effects, numbers.unknown) == ((), ("IR-A",))
    assert stricter_words.proposal(found, numbers) == (
        "The record does not tell whether another number would have held the message of IR-A."
    )


def test_whom_unless_spares_is_told_by_the_evidence_and_asked_for_where_it_matters() -> None:
    by = policy(LIST, 10, True)
    mail = [Sent(observation(people, 1, False, who), None) for people, who in ((9, "jo"), (8, "sam"), (3, "sam"))]
    left = passed([*sent_by_sam((8, "IR-A")), *mail], by)
    found = Tightenings(by.rules[0], by, Named((left[0][1],)))
    assert [found.asks_who_sent(each) for _, each in left[1:]] == [True, True, False], "a smaller one is not held"
    found.take(each for _, each in left[1:])
    assert found.result(30, False).numbers[0].effects == (Stricter(8, ("IR-A",), 0, 2),)
    known = [each for _, each in passed([replace(each, is_known=True) for each in mail], by)]
    found = Tightenings(by.rules[0], by, Named((left[0][1],)))
    assert not any(map(found.asks_who_sent, known))
    found.take(known)
    assert found.result(30, False).numbers[0].effects == (Stricter(8, ("IR-A",), 1, 0),)


def sent_by_sam(*counts: tuple[int, str]) -> list[Sent]:
    return [Sent(observation(people, 1, False, "sam"), breach, True) for people, breach in counts]


def test_an_attachment_that_nobody_asked_for_is_not_guessed_about() -> None:
    when = "{visible_external_recipients: {at_least: 10}, finding: {kind: people_rows, count: {at_least: 5}}}"
    text = f"version: 1\nrules: [{{id: rows, describe: x, when: {when}, action: hold}}]"
    by = load_policy({"p.yaml": text.encode()})
    seen = World.observation(*ATTACHED, body=BODY)
    found, (people, rows) = tightened_with([Sent(seen, "IR-A")], by)
    assert people.unknown == ("IR-A",) and people.proposed is None
    assert rows.unknown == () and rows.out_of_reach == ("IR-A",), "the number of people stays"
    assert found.left == ("IR-A",)


def test_a_number_of_findings_can_be_stricter_too() -> None:
    when = "{finding: {kind: people_rows, count: {at_least: 50}}}"
    by = load_policy({"p.yaml": f"version: 1\nrules: [{{id: rows, describe: x, when: {when}, action: hold}}]".encode()})

    def rows(count: int, breach: str | None) -> Sent:
        found = (Finding("people", "people_rows", "s", count, "x"),)
        read = {"1": Inspection("1"), "2": Inspection("2", found)}
        return Sent(World.observation(*ATTACHED, body=BODY, inspections=read), breach)

    _, (numbers,) = tightened_with([rows(20, "IR-A"), rows(30, None), rows(10, None)], by)
    assert numbers.effects == (Stricter(20, ("IR-A",), 1),)
    assert numbers.threshold.in_yaml(20) == "finding: {count: {at_least: 20}}"


def tightened_with(mail: list[Sent], by: Policy) -> tuple[Tightening, tuple[StricterNumbers, ...]]:
    found = tightened([kept for _, kept in passed(mail, by)], by)
    return found, found.numbers


def test_a_count_that_is_the_least_that_it_may_be_is_not_told_of_by_facts_either() -> None:
    """Of a revision that is no longer kept nothing but the facts answers."""
    by = policy(LIST, 10, False)

    def kept(people: int, breach: str | None) -> Passed:
        (_, found), *_ = passed(sent((people, breach)), by)
        return replace(found, kept=replace(found.kept, uncounted=1), then={})

    found = tightened([kept(5, "IR-A"), kept(3, None)], by)
    assert not found.held_today
    (numbers,) = found.numbers
    assert numbers.effects == (Stricter(5, ("IR-A",), 0, 1),)


@pytest.mark.parametrize("how", ["action: reject", "action: relay", "action: hold, mode: monitor"])
def test_a_rule_that_holds_nothing_has_no_stricter_numbers(how: str) -> None:
    text = f"version: 1\nrules: [{{id: list, describe: x, when: {LIST.format(n=10)}, {how}}}]"
    by = load_policy({"p.yaml": text.encode()})
    found = tightened([kept for _, kept in passed(sent((8, "IR-A")), by)], by)
    assert found.numbers == () and stricter_words.summary(found) == []


def test_a_number_that_would_hold_more_than_one_in_ten_says_so_and_few_a_month_are_not_called_none() -> None:
    mail = [*sent((1, "IR-A")), *sent(*[(1, None)] * 9)]
    found, numbers = of_lists(mail, policy(LIST, 10, False))
    said = stricter_words.proposal(found, numbers)
    assert said is not None and "more than one in ten of all that left" in said
    one = Stricter(8, ("IR-A",), 1, 2)
    rare = replace(found, days=90.0, looked_at=500)
    assert stricter_words.effect(rare, numbers, one) == (
        "with 8 in place of 10, the message of IR-A would have been held, and fewer than 1 other a month that nobody "
        "has looked at (1 of 500 that left). Of 2 more it cannot be told."
    )


def test_what_was_looked_at_is_said_in_words() -> None:
    found, _ = of_lists(sent((8, "IR-A"), (3, None)), policy(LIST, 10, False))
    named: dict[str, Any] = {"held_then": ("IR-H",), "not_left": ("IR-N",), "without": 2}
    said = " ".join(stricter_words.summary(replace(found, is_limited=True, named=replace(found.named, **named))))
    for words in (
        "so that no number changes it: IR-H.",
        "no message that left for IR-N.",
        "2 breaches in the register name no message.",
        "among the newest 20,000 messages that left, in 30 days: older ones were not looked at.",
        "nobody has looked at",
    ):
        assert words in said
