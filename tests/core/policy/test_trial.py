"""Policy tests as people write them: the invented message is what it says."""

from __future__ import annotations

from typing import Any

import pytest

from mailguard.core.document import DocumentErrors, load_model
from mailguard.core.mail.parse import parse
from mailguard.core.policy.trial import TrialsModel, envelope_of, invent


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
