"""What is seen of a message: counts, inside and outside, the originators, and what stays out of the ledger."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.consumer_providers import CONSUMER_PROVIDERS, is_consumer_provider
from mailguard.core.mail.parse import parse
from mailguard.core.observation import Observation, TooLong, observe
from mailguard.core.organisation import Organisation
from mailguard.core.policy.conditions.vocabulary import CONDITIONS
from mailguard.core.policy.trial import envelope_of
from mailguard.core.verdict import Finding, Inspection

ELM = Organisation("Elm", frozenset({"elm.example"}), frozenset({"elm@nhs.example"}), frozenset({"partner.example"}))


def see(
    *lines: str, recipients: tuple[str, ...] = ("a@x.example",), reverse_path: str = "jo@elm.example"
) -> Observation:
    return observe(
        parse("\r\n".join([*lines, "", "Hello", ""]).encode()), envelope_of(reverse_path, list(recipients)), ELM
    )


def test_every_fact_is_the_name_of_a_condition_and_a_number_or_truth() -> None:
    facts = see("From: jo@elm.example", "To: a@x.example").facts
    assert set(facts) <= {condition.key for condition in CONDITIONS}
    assert all(isinstance(value, (int, bool)) for value in facts.values())
    assert json.loads(json.dumps(facts)) == facts


def test_one_person_counts_once_wherever_named() -> None:
    seen = see(
        "From: jo@elm.example", "To: a@x.example, A@X.EXAMPLE", "Cc: Anna <a@x.example>", "Resent-To: a@x.example"
    )
    assert seen.facts["visible_external_recipients"] == 1
    assert seen.visible == ("a@x.example",)


def test_trusted_domains_leave_the_counts_and_nothing_else() -> None:
    seen = see(
        "From: jo@elm.example", "To: a@partner.example, b@sub.partner.example", recipients=("a@partner.example",)
    )
    assert seen.facts["visible_external_recipients"] == 0
    assert seen.facts["visible_external_domains"] == 0
    assert seen.facts["visible_internal_recipients"] == 0
    assert seen.facts["envelope_external_recipients"] == 1
    assert seen.visible == ("a@partner.example", "b@sub.partner.example")


def test_an_address_that_cannot_be_shown_to_be_inside_is_outside() -> None:
    seen = see(
        "From: jo@elm.example", "To: a@elm.example.evil.example, b@evilelm.example, other@nhs.example, x@[192.0.2.1]"
    )
    assert seen.facts["visible_external_recipients"] == 4


def test_fields_that_show_outsiders_are_named_as_people_write_them() -> None:
    seen = see("From: jo@elm.example", "To: b@elm.example", "cc: a@x.example", "RESENT-CC: c@x.example")
    assert seen.shown_in == ("Cc", "Resent-Cc")


def test_null_path_and_doubtful_originators() -> None:
    assert see("From: jo@elm.example", reverse_path="").reverse_path is None
    assert see("From: jo@elm.example").originators_clear
    assert see("From: J\u00f6 <jo@elm.example>").originators_clear
    for lines in (
        ("To: a@x.example",),
        ("From: jo@elm.example", "From: jo@elm.example"),
        ("From: jo@elm.example <x@y.example>",),
    ):
        assert not see(*lines).originators_clear


def test_parts_that_can_be_inspected() -> None:
    lines = (
        "From: jo@elm.example",
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="b"',
        "",
        "--b",
        "Content-Type: text/plain",
        "",
        "Hello",
        "--b",
        "Content-Type: text/html; name=report.html",
        "",
        "Hello",
        "--b",
        "Content-Type: text/plain",
        "Content-Disposition: attachment",
        "",
        "Hello",
        "--b",
        "Content-Type: text/csv",
        "",
        "Hello",
        "--b--",
    )
    seen = see(*lines)
    assert seen.inspectable == ("2", "3", "4")
    assert seen.facts["has_attachments"] is True
    assert see("From: jo@elm.example").inspectable == ()


def test_findings_come_from_the_inspections() -> None:
    finding = Finding("columns", "nhs_number", "sheet 2", 40, "40 NHS numbers", True)
    seen = observe(
        parse(b"From: jo@elm.example\r\n\r\n"),
        envelope_of("jo@elm.example", []),
        ELM,
        {"2": Inspection("2", (finding,)), "3": Inspection("3", uninspectable="encrypted")},
    )
    assert seen.findings == (finding,)


def test_header_text_is_bounded_and_in_both_readings() -> None:
    seen = see("From: jo@elm.example", "Subject: =?utf-8?B?w4Q=?=", "X-Long: " + "a" * 70_000)
    assert seen.header("SUBJECT") == ("=?utf-8?B?w4Q=?=", "\u00c4")
    with pytest.raises(TooLong):
        seen.header("x-long")


def test_consumer_providers_are_canonical_domains() -> None:
    assert len(CONSUMER_PROVIDERS) > 200
    assert all(domain == domain.lower().strip(".") and "." in domain for domain in CONSUMER_PROVIDERS)
    assert is_consumer_provider("mail.freemail.example")
    assert not is_consumer_provider("notfreemail.example") and not is_consumer_provider("example")


@given(st.binary(max_size=400), st.lists(st.sampled_from(["a@x.example", "b@elm.example", ""]), max_size=3))
def test_observes_any_bytes(raw: bytes, recipients: list[str]) -> None:
    seen = observe(parse(raw), envelope_of("jo@elm.example", recipients), ELM)
    assert seen.facts["visible_external_recipients"] + seen.facts["visible_internal_recipients"] <= len(seen.visible)
