"""Every document of tests/fixtures/documents against truth.yaml: what is hidden is found as what it is, clean ones are
clean, and what LibreOffice shows of each is read.

Prints how many are found and how many clean twins are flagged.
"""

from __future__ import annotations

from functools import cache

import pytest

from mailguard.inspection.enclosed import Enclosed
from mailguard.inspection.find.finding import find
from mailguard.inspection.read import text_document
from mailguard.inspection.readers import readers_of
from mailguard.inspection.stream import SEEN, Item, Row, Text, Visibility
from tests.inspection.read.documents import CLEAN, DOCUMENTS, FOLDER, HIDING, Document, read_document
from tests.inspection.read.fixtures import planted, unseen


def named(documents: list[Document]) -> list[object]:
    return [pytest.param(each, id=each.file) for each in documents]


@cache
def items_of(document: Document) -> tuple[Item, ...]:
    """Each is read once for all tests."""
    return tuple(read_document(document.data()))


@pytest.mark.parametrize("document", named(HIDING))
def test_what_is_hidden_is_found_as_what_it_is(document: Document) -> None:
    found = planted(items_of(document))
    assert found == {Visibility[document.kind]: document.people}


@pytest.mark.parametrize("document", named(CLEAN))
def test_a_clean_twin_is_clean(document: Document) -> None:
    assert planted(items_of(document)) == {SEEN: document.people}


@pytest.mark.parametrize("document", named(DOCUMENTS))
def test_people_are_found_and_told_apart(document: Document) -> None:
    """As rows of a table or as lines."""
    rows = [each for each in find(items_of(document)) if each.kind == "people_rows"]
    assert [(each.count, each.hidden) for each in rows] == [(document.people, document.kind != "clean")]


@pytest.mark.parametrize("document", named(DOCUMENTS))
def test_what_another_program_shows_is_read(document: Document) -> None:
    """LibreOffice wrote the text of each as it saw it: every word of it is in the stream. Between the cells of a .doc
    it wrote nothing, so that of those every line is, with its letters in their order."""
    said: list[str] = []
    for item in items_of(document):
        if isinstance(item, Text):
            said.append(item.text)
        elif isinstance(item, Row):
            said += item.values
    shown = document.seen()
    assert len(shown.split()) > 10
    if document.file.endswith(".doc"):
        letters = "".join("".join(said).split())
        assert all("".join(line.split()) in letters for line in shown.splitlines())
    else:
        assert set(shown.split()) <= set(" ".join(said).split())


@pytest.mark.parametrize("document", named(DOCUMENTS[::5]))
def test_each_is_taken_for_a_text_document(document: Document) -> None:
    assert text_document.begins(memoryview(document.data())) and document.file.endswith(text_document.ENDINGS)
    assert [each.name for each in readers_of(Enclosed(document.data()))] == ["text document"]


def test_rates_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """And there are enough of each: sixteen that hide, with as many clean twins, over the formats."""
    found = sum(planted(items_of(each))[Visibility[each.kind]] == each.people for each in HIDING)
    flagged = sum(unseen(planted(items_of(each))) > 0 for each in CLEAN)
    with capsys.disabled():
        print(f"\ndocuments that hide: {len(HIDING)}, found as what they are {100 * found / len(HIDING):.1f} %")
        print(f"clean twins: {len(CLEAN)}, flagged {100 * flagged / len(CLEAN):.1f} %")
    assert len(HIDING) >= 16 and len(CLEAN) == len(HIDING)
    assert {each.file.rpartition(".")[2] for each in DOCUMENTS} == {"docx", "odt", "fodt", "rtf", "doc"}


def test_every_document_of_the_folder_is_in_the_truth() -> None:
    files = {each.name for each in FOLDER.iterdir() if each.is_file() and each.suffix not in (".py", ".yaml")}
    assert files == {each.file for each in DOCUMENTS}
