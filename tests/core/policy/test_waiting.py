"""A rule's `delay`: when a message waits and then leaves by itself, and when it does not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.document import DocumentErrors
from mailguard.core.policy.trial import Expectation, disagreements
from mailguard.core.verdict import Disposition, Rewrite
from tests.core.policy.conftest import World

ALWAYS = "when: {size_bytes: {at_least: 1}}"
PLAIN, COPIES, HIDING = (
    f"{ALWAYS}, action: hold, delay: {delay}" for delay in ("5m", "10m, rewrite: separate", "7m, rewrite: bcc")
)
DELAYS = {PLAIN: timedelta(minutes=5), COPIES: timedelta(minutes=10), HIDING: timedelta(minutes=7)}
STRICTER = [f"{ALWAYS}, action: hold", f"{ALWAYS}, action: hold, rewrite: separate", f"{ALWAYS}, action: reject"]
LAXER = [f"{ALWAYS}, action: relay", f"{ALWAYS}, action: rewrite", f"{ALWAYS}, action: rewrite, rewrite: bcc"]
UNREAD = [f"{ALWAYS}, action: hold, mode: monitor", "when: {subject: {is: other}}, action: reject"]
AUTOMATIC = ["Auto-Submitted: auto-generated", "Precedence: bulk", "Precedence: list", "List-Id: <a.elm.example>"]
RULES = st.lists(st.sampled_from([*DELAYS, *STRICTER, *LAXER, *UNREAD]), max_size=5)
FORMS = (Rewrite.SEPARATE, Rewrite.BCC, None)


@given(RULES, st.sampled_from(["", *AUTOMATIC]))
def test_of_any_rules_together_the_strictest_decides_and_nothing_waits_that_is_held(
    rules: list[str], field: str
) -> None:
    verdict = World().judge(World().observation(*([field] if field else [])), *rules)
    holds = [rule in STRICTER[:2] for rule in rules]
    if STRICTER[2] in rules:
        assert (verdict.disposition, verdict.delay) == (Disposition.REJECT, None)
    elif any(holds):
        assert (verdict.disposition, verdict.delay) == (Disposition.HOLD, None)
    else:
        waits = [DELAYS[rule] for rule in rules if rule in DELAYS and not field]
        assert verdict.disposition is (Disposition.HOLD if waits else Disposition.RELAY)
        assert verdict.delay == max(waits, default=None)
        asked = [_form(rule) for rule in rules]
        strictest = next((form for form in FORMS if form in asked), None)
        assert verdict.rewrite is strictest, "at once or after a while"


def _form(rule: str) -> Rewrite | None:
    if rule in (COPIES, LAXER[1]):
        return Rewrite.SEPARATE
    return Rewrite.BCC if rule in (HIDING, LAXER[2]) else None


@pytest.mark.parametrize("field", AUTOMATIC)
def test_automatic_mail_does_not_wait_and_says_so(world: Any, field: str) -> None:
    verdict = world.judge(world.observation(field), COPIES)
    assert (verdict.disposition, verdict.rewrite, verdict.delay) == (Disposition.RELAY, Rewrite.SEPARATE, None)
    assert "sends does not wait" in verdict.reason and verdict.rules[0].values["automatic"] is True


def test_mail_with_the_null_path_does_not_wait(world: Any) -> None:
    assert world.judge(world.observation(reverse_path="<>"), PLAIN).disposition is Disposition.RELAY


def test_what_a_person_sends_waits_whatever_its_fields_say_otherwise(world: Any) -> None:
    for field in ("Auto-Submitted: no", "Precedence: normal", "X-Mailer: Outlook"):
        assert world.judge(world.observation(field), PLAIN).delay == timedelta(minutes=5)


def test_automatic_mail_that_no_form_is_left_for_is_held(world: Any) -> None:
    """What one rule lets leave as copies and another as written only leaves at once in no form either."""
    rules = [f"{COPIES}, release_as: [separate]", f"{ALWAYS}, action: rewrite, rewrite: bcc, release_as: [bcc]"]
    assert world.judge(world.observation(AUTOMATIC[0]), *rules).disposition is Disposition.HOLD


def test_a_floor_holds_automatic_mail_too(world: Any) -> None:
    observation = world.observation("To: <a@x.example", "Auto-Submitted: auto-generated")
    verdict = world.judge(observation, PLAIN)
    assert (verdict.disposition, verdict.delay) == (Disposition.HOLD, None)


def test_a_delay_longer_than_a_day_is_an_error(world: Any) -> None:
    assert world.policy(f"{ALWAYS}, action: hold, delay: 24h").rules[0].delay == timedelta(days=1)
    with pytest.raises(DocumentErrors, match="at most 1d"):
        world.policy(f"{ALWAYS}, action: hold, delay: 25h")


def test_the_decision_says_how_long_it_waits(world: Any) -> None:
    waits = world.judge(world.observation(), PLAIN)
    assert waits.to_json(content_sha256="", with_visible=False)["delay_seconds"] == 300
    held = world.judge(world.observation(), STRICTER[0])
    assert "delay_seconds" not in held.to_json(content_sha256="", with_visible=False)


@pytest.mark.parametrize(
    ("expected", "said"),
    [("5m", ()), ("6m", ("delay is 5m, not 6m",)), (None, ("delay is 5m, not none",))],
)
def test_a_policy_test_may_expect_a_delay(world: Any, expected: str | None, said: tuple[str, ...]) -> None:
    expect = Expectation.model_validate({"disposition": "hold", "delay": expected})
    assert disagreements(expect, world.judge(world.observation(), PLAIN)) == said
    assert disagreements(Expectation(disposition="relay"), world.judge(world.observation())) == ()
