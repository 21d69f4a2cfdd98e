"""Names, roles and passwords of the guard's own accounts."""

from __future__ import annotations

import unicodedata

import pytest

from mailguard.core.account import (
    MAX_NAME_CHARACTERS,
    MAX_PASSWORD_CHARACTERS,
    canonical_account,
    name_fault,
    password_fault,
    prepare_password,
    roles_fault,
)

NAME = "reception@elmroad.example"
GOOD = "maple river copper nine"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Reception", "reception"),
        ("Reception@ElmRoad.Example", "reception@elmroad.example"),
        ("jo@b\u00fccher.example", "JO@xn--bcher-kva.example"),
        ("\uff42\uff4f\uff42", "bob"),
        ("jo\uff20elmroad.example", "jo@elmroad.example"),
        ('"jo"@elmroad.example', "jo@elmroad.example"),
        (unicodedata.normalize("NFD", "zo\u00eb"), "ZO\u00cb"),
        (" reception ", "reception"),
    ],
)
def test_names_that_are_one(one: str, other: str) -> None:
    assert canonical_account(one) == canonical_account(other)


def test_names_that_are_two() -> None:
    assert len({canonical_account(each) for each in ("jo", "jo@elmroad.example", "jo@oldmill.example", "j o")}) == 4


@pytest.mark.parametrize("name", ["reception", NAME, "jo+labels@elmroad.example", "zo\u00eb", "desk-2", "a" * 254])
def test_names_that_an_account_may_have(name: str) -> None:
    assert name_fault(name) is None


@pytest.mark.parametrize(
    "name",
    ["", "front desk", "a\u00a0b", "a\nb", "a\0b", "a\u202eb", "a\u200bb", "a\ud800", "@", "jo@", "@elmroad.example"],
)
def test_names_that_no_account_may_have(name: str) -> None:
    fault = name_fault(name)
    assert fault and fault.startswith("a name ")


def test_a_name_has_an_end() -> None:
    assert name_fault("a" * (MAX_NAME_CHARACTERS + 1))


def test_roles_are_of_the_known_set() -> None:
    assert roles_fault(["sender"]) is None
    assert (
        roles_fault(["sender", "admiral"])
        == 'there is no role "admiral"; the roles are: sender, viewer, reviewer, admin, escalation, reveal, download'
    )
    assert "at least one" in str(roles_fault([]))


@pytest.mark.parametrize(
    ("written", "prepared"),
    [
        ("Maple River", "Maple River"),
        ("maple\u00a0river\u3000nine", "maple river nine"),
        (unicodedata.normalize("NFD", "caf\u00e9"), "caf\u00e9"),
        ("\ufb01ve", "\ufb01ve"),
        (" leading and trailing ", " leading and trailing "),
        ("\u0421\u0442\u0430\u043b\u044c", "\u0421\u0442\u0430\u043b\u044c"),
    ],
)
def test_a_password_is_prepared_as_an_opaque_string(written: str, prepared: str) -> None:
    """RFC 8265 section 4.2.2: spaces are mapped, NFC (not NFKC), case and everything else stay."""
    assert prepare_password(written) == prepared


@pytest.mark.parametrize("written", ["", "a\0b", "a\tb", "a\nb", "a\x7fb", "a\ud800b", "x" * 257])
def test_what_is_no_password_at_all(written: str) -> None:
    assert prepare_password(written) is None


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "xkcdxkcd936q",
        "\u043a\u043b\u0451\u043d \u0440\u0435\u043a\u0430 99",
        "aB3$" * 3 + "z",
        "0123456789ab" * 21,
    ],
)
def test_passwords_without_rules_of_composition(password: str) -> None:
    assert password_fault(NAME, password) is None


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("", "at least 12"),
        ("elevenchars", "at least 12"),
        ("x" * (MAX_PASSWORD_CHARACTERS + 1), "at most 256"),
        ("tab\there and more", "control"),
        (NAME, "name"),
        (NAME.upper(), "name"),
        ("Reception2026!", "name"),
        ("123reception!!", "name"),
        ("aaaaaaaaaaaaaaaa", "anybody tries"),
        ("121212121212", "anybody tries"),
        ("Password1234", "anybody tries"),
        ("123456789012", "anybody tries"),
        ("CorrectHorseBatteryStaple", "anybody tries"),
    ],
)
def test_passwords_that_no_account_gets(password: str, says: str) -> None:
    fault = password_fault(NAME, password)
    assert fault and says in fault
    assert not password or password not in fault


def test_a_fault_of_preparation_never_passes_for_a_good_password() -> None:
    assert password_fault("jo", "good enough\0but for one") is not None
