"""`release_as`: what a rule may not ask beside it, and what several rules come to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.document import DocumentErrors
from mailguard.core.mail.message import Defect
from mailguard.core.policy.leaving import FORMS, allows, strictest
from mailguard.core.verdict import Disposition, Rewrite

ALWAYS = "when: {envelope_recipients: {at_least: 0}}"
SEPARATE = f"{ALWAYS}, action: hold, rewrite: separate, release_as: [separate]"


@pytest.mark.parametrize(
    ("rest", "sentence"),
    [
        (
            "action: hold, rewrite: bcc, release_as: [separate]",
            '"bcc" is not among the forms of "release_as" (separate)',
        ),
        ("action: rewrite, release_as: [bcc]", '"separate" is not among the forms of "release_as" (bcc)'),
        (
            "action: hold, release_as: [separate], sender_may: [cancel, original]",
            '"original" is not among the forms of "release_as" (separate)',
        ),
        (
            "action: hold, release_as: [bcc], sender_may: [separate]",
            '"separate" is not among the forms of "release_as" (bcc)',
        ),
        (
            "action: hold, release_as: [separate, bcc], delay: 5m",
            '"delay" lets the message leave as written, which "release_as" (separate, bcc) forbids',
        ),
        ("action: hold, release_as: []", "a list of at least 1 expected, not an empty list"),
        ("action: hold, release_as: [seperate]", '"seperate" is not one of'),
    ],
)
def test_contradictions_are_refused(world: Any, rest: str, sentence: str) -> None:
    with pytest.raises(DocumentErrors) as caught:
        world.policy(f"{ALWAYS}, {rest}")
    assert any(each.message.startswith(sentence) for each in caught.value.diagnostics), caught.value


def test_bcc_alone_for_invitations_is_refused(world: Any) -> None:
    with pytest.raises(DocumentErrors, match='"bcc" cannot hide the people in an invitation'):
        world.policy("when: {calendar: true}, action: hold, release_as: [bcc]")


@pytest.mark.parametrize("action", ["relay", "reject"])
def test_without_effect_is_warned_of(world: Any, action: str) -> None:
    (warning, *_) = world.policy(f"{ALWAYS}, action: {action}, release_as: [separate]").warnings
    assert warning.message == f'"release_as" has no effect with action "{action}"'
    assert world.judge(world.observation(), f"{ALWAYS}, action: {action}, release_as: [separate]").release_as is None


@pytest.mark.parametrize("rest", ["rewrite: separate, delay: 5m", "rewrite: separate, sender_may: [cancel, separate]"])
def test_what_agrees_loads(world: Any, rest: str) -> None:
    verdict = world.judge(world.observation(), f"{ALWAYS}, action: hold, release_as: [separate], {rest}")
    assert verdict.release_as == ("separate",)


def test_no_rule_no_limit(world: Any) -> None:
    verdict = world.judge(world.observation(), f"{ALWAYS}, action: hold")
    assert verdict.release_as is None
    assert "release_as" not in verdict.to_json(content_sha256="", with_visible=False)


def test_several_rules_come_to_what_all_allow(world: Any) -> None:
    wide = f"{ALWAYS}, action: hold, release_as: [original, separate, bcc]"
    narrow = f"{ALWAYS}, action: hold, release_as: [bcc, separate]"
    verdict = world.judge(world.observation(), wide, narrow, f"{ALWAYS}, action: hold")
    assert verdict.release_as == ("separate", "bcc")
    assert verdict.rewrite is Rewrite.SEPARATE, "as written is forbidden, so a form that is not is offered"
    assert verdict.to_json(content_sha256="", with_visible=False)["release_as"] == ["separate", "bcc"]


def test_where_they_have_none_in_common_nothing_is_left(world: Any) -> None:
    verdict = world.judge(world.observation(), SEPARATE, f"{ALWAYS}, action: hold, rewrite: bcc, release_as: [bcc]")
    assert (verdict.release_as, verdict.rewrite, verdict.disposition) == ((), None, Disposition.HOLD)


def test_what_would_leave_in_a_forbidden_form_is_held(world: Any) -> None:
    """`separate` is the stricter rewrite and decides, but the other rule allows only `bcc`."""
    other = f"{ALWAYS}, action: rewrite, rewrite: bcc, release_as: [bcc]"
    verdict = world.judge(world.observation(), f"{ALWAYS}, action: rewrite", other)
    assert (verdict.disposition, verdict.rewrite, verdict.release_as) == (Disposition.HOLD, Rewrite.BCC, ("bcc",))
    assert verdict.reason.endswith("allow no form in which it could leave by itself")
    assert (verdict.approvals, verdict.delay) == (1, None)


def test_a_floor_beside_it_offers_what_is_allowed(world: Any) -> None:
    seen = world.observation(defects=(Defect("duplicate-field", "cc"),))
    verdict = world.judge(seen, f"{ALWAYS}, action: rewrite, release_as: [separate]")
    assert (verdict.deciding, verdict.rewrite, verdict.release_as) == (
        "floor-malformed",
        Rewrite.SEPARATE,
        ("separate",),
    )


def test_a_delay_leaves_in_an_allowed_form_or_not_at_all(world: Any) -> None:
    delayed = f"{ALWAYS}, action: hold, delay: 5m"
    both = world.judge(world.observation(), delayed, f"{SEPARATE}, delay: 10m")
    assert (both.delay, both.rewrite) == (timedelta(minutes=10), Rewrite.SEPARATE)
    cleaned = f"{ALWAYS}, action: hold, release_as: [cleaned]"
    assert world.judge(world.observation(), delayed, cleaned).delay is None


def test_the_sender_may_do_nothing_that_another_rule_forbids(world: Any) -> None:
    generous = f"{ALWAYS}, action: hold, sender_may: [cancel, separate, original]"
    rewriting = f"{ALWAYS}, action: rewrite, release_as: [separate]"
    assert world.judge(world.observation(), generous, rewriting).sender_may == ("cancel", "separate")


FORM_SETS = st.none() | st.lists(st.sampled_from(FORMS), unique=True).map(tuple)


@given(st.lists(FORM_SETS, max_size=5))
def test_allowed_is_what_everybody_allows(limits: list[tuple[str, ...] | None]) -> None:
    together = strictest(limits)
    for form in FORMS:
        assert allows(together, form) is all(allows(each, form) for each in limits)
