"""What the kinds of findings are called."""

from __future__ import annotations

from mailguard.core.finding_kinds import NOUNS, PEOPLE_ROWS, noun_of, singular, so_many
from mailguard.core.policy import sentences
from mailguard.inspection.find.finding import PERSON_NAMED
from mailguard.inspection.find.kinds import BUILT_IN, REPORTED


def test_every_kind_that_is_found_has_one_name() -> None:
    found = {kind.id: kind.noun for kind in BUILT_IN if kind.id in REPORTED}
    assert {kind: NOUNS[kind] for kind in found} == found
    assert NOUNS.keys() == found.keys() | {PEOPLE_ROWS, PERSON_NAMED}


def test_one_and_many() -> None:
    assert so_many(1, NOUNS["bank_account"]) == "1 sort code with account number"
    assert so_many(1, NOUNS["date_of_birth"]) == "1 date of birth" and singular("addresses") == "address"
    assert so_many(5_305, noun_of("nhs_number")) == "5,305 NHS numbers"
    assert noun_of("housing_ref") == "values of the kind housing ref"


def test_the_reason_of_a_finding() -> None:
    people = {"people_rows": 1_204, "nhs_number": 1_204}
    assert sentences.findings(people, hidden=True) == "the message carries hidden data about 1,204 people"
    assert sentences.findings({"people_rows": 1}, hidden=False) == "the message carries a list of 1 person"
    assert sentences.findings({"nhs_number": 40, "iban": 50}, hidden=True) == (
        "the message carries 50 IBANs and 40 NHS numbers in hidden data"
    )
