"""What the commands about policies say of a rule with a `delay`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RULE = (
    "version: 1\nrules:\n  - id: second-thoughts\n    describe: Mail waits.\n    when: {size_bytes: {at_least: 1}}\n"
    "    action: hold\n    delay: 5m\n"
)


def test_policy_try_says_how_long_it_would_wait_and_how_it_then_leaves(run: Any, tmp_path: Path) -> None:
    policy, message = tmp_path / "policy.yaml", tmp_path / "m.eml"
    for rewrite, then in (
        ("", "be sent as it is"),
        ("    rewrite: separate\n", "be sent as a copy for each person outside"),
        ("    rewrite: bcc\n", "be sent with the people outside hidden"),
    ):
        policy.write_text(RULE + rewrite)
        message.write_text("From: jo@elmroad.example\nTo: ann@x.example\n\nx\n")
        ran = run("policy", "try", str(message), "--policy", str(policy))
        assert f"It would wait 5 minutes, then {then}: " in ran.out
        ran = run("policy", "try", str(message), "--policy", str(policy), "--json")
        assert json.loads(ran.out)["delay_seconds"] == 300
        message.write_text("From: jo@elmroad.example\nTo: ann@x.example\nAuto-Submitted: auto-replied\n\nx\n")
        ran = run("policy", "try", str(message), "--policy", str(policy))
        assert "It would leave" in ran.out and "sends does not wait" in ran.out


def test_a_delay_that_is_too_long_is_found_with_its_place(run: Any, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(RULE.replace("5m", "2d"))
    ran = run("policy", "check", str(policy))
    assert ran.status == 1 and '"delay" is for some minutes, and at most 1d' in ran.out


def test_the_tests_of_the_example_pass(run: Any) -> None:
    examples = Path(__file__).resolve().parents[2] / "policies" / "examples"
    policy = examples / "second-thoughts.yaml"
    ran = run("policy", "test", str(examples / "tests" / policy.name), "--policy", str(policy))
    assert (ran.status, ran.out) == (0, "4 tests, 0 failed.\n")
