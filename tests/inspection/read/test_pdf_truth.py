"""Every PDF of tests/fixtures/pdfs against truth.yaml: what is hidden is found as what it is, clean twins are clean.

Prints how many are found and how many clean twins are flagged.
"""

from __future__ import annotations

import pytest

from mailguard.inspection.budget import Budget, Uninspectable
from mailguard.inspection.enclosed import Enclosed
from mailguard.inspection.examine import examine
from mailguard.inspection.find.finding import find
from mailguard.inspection.read.pdf import read
from mailguard.inspection.stream import SEEN, Visibility
from tests.inspection.read.pdfs import CLEAN, ENCRYPTED, FOLDER, HIDING, PDFS, Pdf, people_of

BY_FILE = {each.file: each for each in PDFS}


def named(pdfs: list[Pdf]) -> list[object]:
    return [pytest.param(each, id=each.file) for each in pdfs]


@pytest.mark.parametrize("pdf", named(HIDING))
def test_what_is_hidden_is_found_as_what_it_is(pdf: Pdf) -> None:
    found = people_of(pdf)
    assert found[Visibility[pdf.kind]] == pdf.rows, found
    assert sum(found.values()) == 40, "each of them is told once"


@pytest.mark.parametrize("pdf", named(CLEAN))
def test_a_clean_twin_is_clean(pdf: Pdf) -> None:
    assert people_of(pdf) == {SEEN: 40}


@pytest.mark.parametrize("pdf", named(ENCRYPTED))
def test_what_needs_a_password_cannot_be_inspected(pdf: Pdf) -> None:
    with pytest.raises(Uninspectable, match=r"^encrypted$"):
        list(read(pdf.data(), Budget()))


@pytest.mark.parametrize("pdf", named([each for each in CLEAN if "table" in each.file or "owner" in each.file]))
def test_a_table_of_people_is_rows_of_people_whoever_wrote_it(pdf: Pdf) -> None:
    """And one that goes over several pages is one table."""
    found = {(each.kind, each.hidden): each.count for each in find(read(pdf.data(), Budget()))}
    assert found["people_rows", False] == found["nhs_number", False] == pdf.rows
    assert ("people_rows", True) not in found


@pytest.mark.parametrize("pdf", named(HIDING))
def test_hidden_people_are_a_finding_whichever_way_they_are_hidden(pdf: Pdf) -> None:
    """Of attached files too: the examination reads on in them."""
    examined = examine(Enclosed(pdf.data(), "application/pdf", (pdf.file,)))
    assert examined.unread is None
    counts = [each.count for each in examined.findings if each.kind == "people_rows" and (each.hidden or
              pdf.kind == "EMBEDDED")]  # fmt: skip
    assert counts == [pdf.rows]


def test_rates_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    found = sum(people_of(each)[Visibility[each.kind]] == each.rows for each in HIDING)
    flagged = sum(people_of(each) != {SEEN: 40} for each in CLEAN)
    with capsys.disabled():
        print(f"\nPDFs that hide: {len(HIDING)}, found as what they are {100 * found / len(HIDING):.1f} %")
        print(f"clean twins: {len(CLEAN)}, flagged {100 * flagged / len(CLEAN):.1f} %")
    assert len(HIDING) >= 30 and len(CLEAN) >= 24
    assert len({each.kind for each in HIDING}) >= 9


def test_every_pdf_of_the_folder_is_in_the_truth() -> None:
    assert {each.name for each in FOLDER.glob("*.pdf")} == {each.file for each in PDFS}
