"""What roles let an account see in the console."""

from __future__ import annotations

import pytest

from mailguard.core.account import roles_fault
from mailguard.core.powers import Powers, Scope, powers_of


def test_a_sender_has_no_business_in_the_console() -> None:
    assert powers_of(["sender"]) == powers_of([]) == Powers()
    assert not powers_of(["sender"]).uses_console


def test_an_admin_sees_and_does_not_read() -> None:
    admin = powers_of(["admin"])
    assert admin.admin and admin.uses_console
    assert admin.sees.covers("elm") and admin.sees.covers(None)
    assert not admin.reads.covers("elm") and not admin.reads.covers(None)


@pytest.mark.parametrize("role", ["viewer", "escalation"])
def test_who_only_sees_does_not_read(role: str) -> None:
    powers = powers_of([role])
    assert powers.sees == Scope(everybody=True) and not powers.reads and not powers.admin


def test_a_role_for_a_team_is_for_that_team_alone() -> None:
    powers = powers_of(["reviewer:elm", "viewer:park"])
    assert powers.reads.covers("elm") and not powers.reads.covers("park")
    assert powers.sees.covers("elm") and powers.sees.covers("park")
    assert not powers.sees.covers("oak") and not powers.sees.covers(None)


def test_roles_add_up() -> None:
    powers = powers_of(["reviewer:elm", "admin"])
    assert powers.sees.covers("park") and not powers.reads.covers("park") and powers.reads.covers("elm")


@pytest.mark.parametrize("role", ["reviewer:", "reviewers", "Reviewer", "reviewer: elm", "admin:elm", "viewer:elm:x"])
def test_what_is_no_role_gives_nothing_for_elm(role: str) -> None:
    powers = powers_of([role])
    assert not powers.reads.covers("elm") and not powers.sees.covers("elm") and not powers.admin


def test_a_role_is_given_only_for_a_team_that_there_is() -> None:
    assert roles_fault(["reviewer:elm", "admin"], ["elm"]) is None
    assert "no team" in str(roles_fault(["reviewer:oak"], ["elm"]))
    assert "not given for a team" in str(roles_fault(["admin:elm"], ["elm"]))
    assert "no role" in str(roles_fault(["boss"], ["elm"]))
