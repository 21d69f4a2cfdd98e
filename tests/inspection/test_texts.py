"""Whole texts of mail: ordinary ones with numbers, names and tables list nobody; lists of people are found."""

from __future__ import annotations

from collections import Counter

import pytest

from mailguard.core.verdict import Finding
from mailguard.inspection.body import Written
from mailguard.inspection.enclosed import Enclosed
from mailguard.inspection.examine import examine
from tests.inspection.texts.listing import LISTINGS, PEOPLE
from tests.inspection.texts.ordinary import TEXTS

IDENTIFIERS = {
    *("nhs_number", "hc_number", "chi_number", "nino", "driving_licence", "passport_number", "us_ssn"),
    *("payment_card", "iban", "bank_account", "date_of_birth"),
}


def found_in(text: str, html: bool) -> tuple[Finding, ...]:
    answer = examine(Enclosed(text.encode()), written=Written(html, "utf-8"), readers=())
    assert answer.unread is None
    return answer.findings


@pytest.mark.parametrize("name", TEXTS)
def test_an_ordinary_text_lists_nobody(name: str) -> None:
    findings = found_in(TEXTS[name], "<table" in TEXTS[name])
    counts = Counter({each.kind: each.count for each in findings})
    assert counts["people_rows"] < 5, findings
    assert not [each for each in findings if each.kind in IDENTIFIERS and each.count >= 5], findings


def test_there_are_forty_of_them() -> None:
    assert len(TEXTS) >= 40 and len(LISTINGS) >= 15


@pytest.mark.parametrize("name", LISTINGS)
def test_a_list_of_people_is_found_and_all_of_them_counted(name: str) -> None:
    listing = LISTINGS[name]
    findings = found_in(listing.text, listing.html)
    rows = [each for each in findings if each.kind == "people_rows" and each.hidden is listing.hidden]
    assert sum(each.count for each in rows) == len(PEOPLE), findings


def test_no_value_comes_out() -> None:
    for listing in LISTINGS.values():
        told = " ".join(f"{each.where} {each.summary}" for each in found_in(listing.text, listing.html))
        assert not [cell for row in PEOPLE for cell in row if cell in told]
