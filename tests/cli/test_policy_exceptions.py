"""mailguard policy exceptions: who answers for each, how long it holds still, and its uses as they were counted."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from mailguard.guard.records import NewEntry
from mailguard.serve.parts import Parts
from tests.cli.conftest import AT, POLICY, on_store
from tests.midnight import a_day_that_lasts


def with_exceptions(settings: Path, *written: str) -> None:
    """The policy of the folder, its rule with these exceptions."""
    lines = "".join(f"      - {{{each}}}\n" for each in written)
    (settings.parent / "policies" / "policy.yaml").write_text(f"{POLICY}    exceptions:\n{lines}")


def exception(name: str, added: date, **more: str) -> str:
    said = {"id": name, "owner": "Sam", "reason": "They know each other.", "added": str(added)} | more
    return ", ".join(f"{key}: {value}" for key, value in said.items())


@pytest.fixture
def today() -> date:
    return a_day_that_lasts()


@pytest.fixture
def used(settings: Path, today: date) -> Path:
    """Three exceptions; the first was used twice, and so was one that is gone."""
    with_exceptions(
        settings,
        exception("board", today - timedelta(days=80), recipients="[a@x.example, b@x.example]"),
        exception("old", today - timedelta(days=90), sender="[jo@elmroad.example]"),
        exception("new", today + timedelta(days=5), sender="[jo@elmroad.example]"),
    )
    uses = (("visible-list", "board"), ("visible-list", "gone"))

    async def use(parts: Parts) -> None:
        for ref in ("MG-2222-22", "MG-3333-33"):
            await parts.store.ledger.append([NewEntry("message_decided", ref, AT, claims_ref=True, exceptions=uses)])

    on_store(settings, use)
    return settings


def test_in_json(run: Any, used: Path, today: date) -> None:
    ran = run("-C", str(used), "policy", "exceptions", "--json")
    assert ran.status == 0
    board, old, new = ran.items()
    assert board == {
        "rule": "visible-list",
        "mode": "enforce",
        "id": "board",
        "owner": "Sam",
        "reason": "They know each other.",
        "by_sender": False,
        "recipients": 2,
        "added": str(today - timedelta(days=80)),
        "expires": str(today + timedelta(days=10)),
        "days_left": 10,
        "in_force": True,
        "uses": 2,
        "last_used_at": AT.isoformat(timespec="seconds"),
        "place": "policy.yaml:9",
    }
    assert (old["days_left"], old["in_force"], old["uses"], old["last_used_at"]) == (0, False, 0, None)
    assert (new["days_left"], new["in_force"], new["by_sender"], new["recipients"]) == (95, False, True, None)


def test_for_people(run: Any, used: Path, today: date) -> None:
    ran = run("-C", str(used), "policy", "exceptions")
    heads, board, old, new = ran.out.splitlines()
    assert re.split(r" {2,}", heads) == ["RULE", "EXCEPTION", "TIME LEFT", "USES", "LAST USED", "OWNER", "REASON"]
    assert board.split()[:5] == ["visible-list", "board", "10", "days", "2"]
    assert board.endswith("Sam    They know each other.")
    assert f"expired {today}" in old and f"from {today + timedelta(days=5)}" in new


def test_none(run: Any, settings: Path) -> None:
    on_store(settings, _nothing)
    ran = run("-C", str(settings), "policy", "exceptions")
    assert (ran.status, ran.out, ran.err) == (0, "", "No exceptions.\n")


async def _nothing(_: Parts) -> None:
    """Only opens the store."""


def test_a_policy_that_cannot_be_used_and_no_settings(run: Any, used: Path) -> None:
    (used.parent / "policies" / "policy.yaml").write_text("broken: [")
    ran = run("-C", str(used), "policy", "exceptions")
    assert ran.status == 2 and "policy check" in ran.err
    assert run("policy", "exceptions").status == 2


def test_policy_check_warns_of_what_runs_out(run: Any, used: Path, today: date) -> None:
    ran = run("-C", str(used), "policy", "check")
    assert ran.status == 0
    assert (
        f'warning: {used.parent}/policies/policy.yaml:9:1: exception "board" of rule "visible-list" expires in 10'
        in (ran.out)
    )
    assert f'exception "old" of rule "visible-list" expired on {today}' in ran.out
    ran = run("-C", str(used), "check", "--json")
    assert any("expires in 10 days" in each["sentence"] for each in ran.items() if each["part"] == "policies")


def test_policy_check_refuses_one_for_everybody_inside(run: Any, settings: Path, today: date) -> None:
    with_exceptions(settings, exception("all", today, sender='["@elmroad.example"]'))
    path = settings.parent / "policies" / "policy.yaml"
    ran = run("-C", str(settings), "policy", "check", str(path))
    assert ran.status == 1
    assert 'the exceptions of rule "visible-list" switch it off for everybody inside' in ran.out
    ran = run("-C", str(settings), "check")
    assert ran.status == 1 and "switch it off for everybody inside" in ran.out


def test_policy_try_says_which_exception_spared_it(run: Any, settings: Path, tmp_path: Path, today: date) -> None:
    with_exceptions(settings, exception("jo", today, sender="[jo@elmroad.example]"))
    people = ", ".join(f"p{number}@x.example" for number in range(12))
    message = tmp_path / "m.eml"
    message.write_text(f"From: jo@elmroad.example\nTo: {people}\n\nx\n")
    ran = run("-C", str(settings), "policy", "try", str(message), "--explain")
    assert "It would leave as it is" in ran.out
    assert "  visible-list: spared by its exception jo\n" in ran.out
    assert "  but its exception jo holds\n" in ran.out
    after = run("-C", str(settings), "policy", "try", str(message), "--at", str(today + timedelta(days=90)))
    assert "It would be held" in after.out


def test_the_tests_of_the_example_pass(run: Any) -> None:
    examples = Path(__file__).resolve().parents[2] / "policies" / "examples"
    policy = examples / "an-exception.yaml"
    ran = run("policy", "test", str(examples / "tests" / policy.name), "--policy", str(policy))
    assert (ran.status, ran.out) == (0, "7 tests, 0 failed.\n")
