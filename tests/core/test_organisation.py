"""Who belongs to which team."""

from __future__ import annotations

import pytest

from mailguard.core.organisation import Organisation, Team

WARD = Team("ward", ("@elmroad.example",))
CLINIC = Team("clinic", ("clinic@elmroad.example", "@clinic.elmroad.example"), sensitive=True)
ORGANISATION = Organisation("Elm Road", frozenset({"elmroad.example"}), teams=(WARD, CLINIC))


@pytest.mark.parametrize(
    ("address", "team"),
    [
        ("clinic@elmroad.example", CLINIC),
        ("nurse@clinic.elmroad.example", CLINIC),
        ("anybody@elmroad.example", WARD),
        ("clinic+flu@elmroad.example", CLINIC),
        ("clinic+flu@below.clinic.elmroad.example", None),
        ("+@elmroad.example", WARD),
        ("nurse@below.clinic.elmroad.example", None),
        ("clinic@elmroad.example.evil.example", None),
        ("@elmroad.example", None),
        ("elmroad.example", None),
        ("", None),
    ],
)
def test_an_address_before_its_domain_and_exactly_that_domain(address: str, team: Team | None) -> None:
    assert ORGANISATION.team_of(address) is team


def test_of_two_teams_that_name_an_address_the_first_has_it() -> None:
    first, second = (Team(name, ("a@elmroad.example",)) for name in ("first", "second"))
    assert Organisation("Elm Road", frozenset(), teams=(first, second)).team_of("a@elmroad.example") is first


def test_an_address_in_no_team_is_its_own() -> None:
    assert Organisation("Elm Road", frozenset({"elmroad.example"})).team_of("a@elmroad.example") is None
