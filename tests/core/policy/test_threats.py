"""THREATS.md rows that the policy holds: envelope and header judged apart (T9), patterns that cost too much (T82)."""

from __future__ import annotations

import time
from typing import Any

import pytest

SHOWN = "when: {visible_external_recipients: {at_least: 10}}, action: hold"
SENT = "when: {envelope_external_recipients: {at_least: 10}}, action: hold"


def test_t9_a_list_in_the_header_counts_though_the_envelope_has_one_recipient(world: Any) -> None:
    seen = world.observation(f"Cc: {world.many(12)}", recipients=("anna@outside.example",))
    assert world.judge(seen, SHOWN).disposition == "hold"
    assert world.judge(seen, SENT).disposition == "relay"


@pytest.mark.parametrize("fields", [(), ("To: undisclosed-recipients:;",), ("Bcc: x@outside.example",)])
def test_t9_recipients_that_only_the_envelope_has_count(world: Any, fields: tuple[str, ...]) -> None:
    seen = world.observation(*fields, recipients=tuple(f"p{number}@outside.example" for number in range(12)))
    assert world.judge(seen, SENT).disposition == "hold"
    assert world.judge(seen, SHOWN).disposition == "relay"


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^(a+)+$", "a" * 30_000 + "!"),
        ("^(a|a)*$", "a" * 30_000 + "!"),
        ("(.*)(.*)(.*)(.*)(.*)x$", "a" * 30_000),
        (r"(\s*,)*;", " ," * 15_000),
    ],
)
def test_t82_no_pattern_takes_more_than_linear_time(world: Any, pattern: str, text: str) -> None:
    seen = world.observation(f"Subject: {text}")
    begun = time.perf_counter()
    verdict = world.judge(seen, f"when: {{subject: {{matches: '{pattern}'}}}}, action: hold")
    assert time.perf_counter() - begun < 2.0
    assert verdict.rules[0].error is None and not verdict.rules[0].matched
