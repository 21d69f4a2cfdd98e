"""Policy tests as people write them: the invented message is what it says."""

from __future__ import annotations

import csv
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from mailguard.core.document import DocumentErrors, load_model
from mailguard.core.mail.decoded import decoded_octets
from mailguard.core.mail.parse import parse
from mailguard.core.policy.invented_file import people_csv, people_workbook
from mailguard.core.policy.trial import TrialsModel, envelope_of, invent
from mailguard.inspection.find.health_numbers import is_nhs_number


def trial(message: str) -> Any:
    text = f"tests:\n  - {{name: x, message: {message}, expect: {{disposition: relay}}}}\n"
    return load_model(text.encode(), "t.yaml", TrialsModel).tests[0]


def test_people_are_invented_by_count_and_domain() -> None:
    made = invent(trial("{cc: {count: 288, domain: patients.example}, subject: Flu clinic}").message, "elm.example")
    message = parse(made.raw)
    assert len({mailbox.address for mailbox in message.visible}) == 288
    assert {mailbox.field for mailbox in message.visible} == {"cc"}
    assert message.originators == ("sender@elm.example",)
    assert [each.address for each in made.envelope.recipients] == [mailbox.address for mailbox in message.visible]
    assert not [defect for defect in message.defects if defect.holds]


def test_bcc_is_in_the_envelope_only_and_inside_is_the_own_domain() -> None:
    made = invent(
        trial("{from: 'Jo <jo@inside>', to: [a@inside, b@x.example], bcc: {count: 2, domain: inside}}").message,
        "elm.example",
    )
    assert [each.address for each in made.envelope.recipients] == [
        "a@elm.example",
        "b@x.example",
        "person1@elm.example",
        "person2@elm.example",
    ]
    assert made.envelope.reverse_path is not None and made.envelope.reverse_path.address == "jo@elm.example"
    assert b"person1" not in made.raw


def test_envelope_can_be_given() -> None:
    made = invent(trial("{to: a@x.example, mail_from: '<>', rcpt: [b@x.example]}").message, "elm.example")
    assert made.envelope.reverse_path is None
    assert [each.address for each in made.envelope.recipients] == ["b@x.example"]


def test_calendar_headers_and_text() -> None:
    assert (
        parse(invent(trial("{to: a@x.example, calendar: true}").message, "e.example").raw).root.media_type
        == "text/calendar"
    )
    assert (
        b"\r\nX-Class: high\r\n"
        in invent(trial("{to: a@x.example, headers: {X-Class: high}}").message, "e.example").raw
    )
    assert invent(trial('{to: a@x.example, text: "a\\nb"}').message, "e.example").raw.endswith(b"\r\n\r\na\r\nb\r\n")


@pytest.mark.parametrize("written", ["", "<>"])
def test_the_null_path(written: str) -> None:
    assert envelope_of(written, []).reverse_path is None


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("{cc: {count: -1, domain: x.example}}", "a number of at least 0 expected"),
        ("{cc: {count: 5}}", '"domain" is missing'),
        ("{cc: 7}", "an address, {count, domain}, or a list"),
        ("{copy: a@x.example}", 'unknown key "copy"'),
        ("{subject: 7}", "text expected"),
    ],
)
def test_refuses_what_it_does_not_know(message: str, error: str) -> None:
    with pytest.raises(DocumentErrors) as caught:
        trial(message)
    assert any(each.message.startswith(error) for each in caught.value.diagnostics)


def test_files_are_attached_and_people_in_them_are_invented() -> None:
    model = trial("{to: a@x.example, text: Hello, attach: [sheets/April.pdf, {people: 30}, {people: 3, hidden: true}]}")
    message = parse(invent(model.message, "e.example", {"sheets/April.pdf": b"%PDF-\0"}).raw)
    text, *files = message.root.children
    assert not [defect for defect in message.defects if defect.holds] and not text.filenames
    assert [each.filenames for each in files] == [("April.pdf",), ("people.csv",), ("figures.xlsx",)]
    assert decoded_octets(message, files[0]) == b"%PDF-\0"
    rows = list(csv.reader(decoded_octets(message, files[1]).decode().splitlines()))
    assert len(rows) == 31 and all(is_nhs_number(row[1]) for row in rows[1:])


def test_as_many_people_as_asked_for_are_in_the_file() -> None:
    numbers = {row.split(b",")[1] for row in people_csv(20_000).splitlines()[1:]}
    assert len(numbers) == 20_000 and people_csv(5) == people_csv(5)
    assert people_workbook(40) == people_workbook(40)
    book = load_workbook(BytesIO(people_workbook(40)))
    assert [(sheet.title, sheet.sheet_state, sheet.max_row) for sheet in book] == [
        ("Summary", "visible", 1),
        ("Data", "hidden", 41),
    ]


def test_what_is_attached_is_a_file_or_people() -> None:
    with pytest.raises(DocumentErrors, match="people"):
        trial("{to: a@x.example, attach: [{people: 0}]}")
    with pytest.raises(DocumentErrors, match="a file beside the tests"):
        trial("{to: a@x.example, attach: [7]}")
