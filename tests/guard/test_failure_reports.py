"""Delivery status notifications (RFC 3464, RFC 6533): of what could not be delivered, and of what is not sent."""

from __future__ import annotations

from dataclasses import replace
from email.message import EmailMessage

import pytest

from mailguard.core.envelope import Path
from mailguard.core.organisation import Organisation, Team
from mailguard.guard.notices import Notices
from mailguard.guard.records import Held, NewDelivery
from mailguard.guard.settings import NoticeSettings
from mailguard.guard.told import NotTold, Reason
from tests.guard.noticed import (
    ENVELOPE,
    HELD,
    NOW,
    RAW,
    SESSION,
    SETTINGS,
    Clock,
    Randomness,
    a_row,
    check_reviewers_row,
    make,
    path,
    read,
    recipients,
    refuse,
    result,
    row_of,
    text_of,
    with_field,
)

# Delivery status notifications.


def blocks(row: NewDelivery) -> list[EmailMessage]:
    payload = list(read(row).iter_parts())[1].get_payload()
    assert isinstance(payload, list)
    return payload


def test_a_refusal_beside_acceptances_is_reported_by_the_null_path() -> None:
    row = row_of(refuse(make()))
    assert (row.kind, row.sender_told, row.envelope.reverse_path) == ("dsn", False, None)
    assert [each.path for each in row.envelope.recipients] == [path("Jo@elmroad.example")]
    assert read(row).get_content_type() == "multipart/report"
    assert read(row)["In-Reply-To"] == "<flu.1@elmroad.example>"
    whole, ann = blocks(row)
    assert whole["Reporting-MTA"] == "dns; guard.elmroad.example"
    assert ann["Final-Recipient"] == "rfc822; ann@outside.example"
    assert ann["Status"] == "5.1.1"
    assert ann["Remote-MTA"] == "dns; smarthost.example"
    assert row.text is not None
    assert b"bob@" not in row.text
    assert b"943 476" not in row.text


def test_notify_is_honoured_by_recipient() -> None:
    results = (
        result("never@outside.example", b"NOTIFY=NEVER"),
        result("delay@outside.example", b"NOTIFY=DELAY"),
        result("yes@outside.example", b"NOTIFY=SUCCESS,FAILURE"),
        result("default@outside.example"),
    )
    _, *groups = blocks(row_of(refuse(make(), *results)))
    assert [group["Final-Recipient"] for group in groups] == [
        "rfc822; yes@outside.example",
        "rfc822; default@outside.example",
    ]
    assert refuse(make(), *results[:2]) == NotTold(Reason.NOT_ASKED)


def test_envid_and_ret_full() -> None:
    envelope = replace(ENVELOPE, parameters=(b"RET=FULL", b"ENVID=QQ+2B1"))
    row = row_of(refuse(make(), envelope=envelope))
    assert blocks(row)[0]["Original-Envelope-Id"] == "QQ+1"
    assert b"943 476" not in (row.text or b"")


@pytest.mark.parametrize("header", [b"Auto-Submitted: auto-generated", b"List-Id: <flu.elmroad.example>"])
def test_automatic_mail_is_owed_its_bounces(header: bytes) -> None:
    assert row_of(refuse(make(), raw=with_field(header))).kind == "dsn"


def test_an_outside_reverse_path_of_a_trusted_session_is_owed_its_bounces() -> None:
    envelope = replace(ENVELOPE, reverse_path=path("list-bounces+7@sender.example"))
    assert row_of(refuse(make(), envelope=envelope)).envelope.recipients[0].path == envelope.reverse_path


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        (Reason.NULL_PATH, {"envelope": replace(ENVELOPE, reverse_path=None)}),
        (Reason.UNTRUSTED, {"session": replace(SESSION, trusted=False)}),
        (
            Reason.UNWRITABLE,
            {"envelope": replace(ENVELOPE, reverse_path=Path(b"\xff@elmroad.example", "@elmroad.example"))},
        ),
    ],
)
def test_t70_no_backscatter_the_reviewers_hear_how_many(reason: Reason, changes: dict[str, object]) -> None:
    told = refuse(make(), result("ann@outside.example"), result("bob@outside.example"), **changes)  # type: ignore[arg-type]
    assert isinstance(told, NotTold)
    assert told.reason == reason
    check_reviewers_row(told.instead[0])
    assert "could not be delivered to 2 people" in text_of(told.instead[0])


def test_a_row_whose_time_is_up_bounces() -> None:
    failed = result("ann@outside.example", code=451, status="4.7.1")
    row = row_of(make().bounced(a_row(), (failed,), RAW, NOW))
    assert blocks(row)[1]["Status"] == "4.4.7"
    assert blocks(row)[0]["Arrival-Date"] == "Mon, 16 Nov 2026 14:02:00 +0000"
    assert "it could not be delivered for 4 days, so we stopped trying" in text_of(row)
    assert row.identifier == "MG-7Q4K-2F.copy.1.dsn.9"
    assert read(row)["Subject"] == "Not delivered: Flu clinic – new dates"


def test_a_row_bounces_without_its_original_too() -> None:
    row = row_of(make().bounced(a_row(), (result("ann@outside.example"),), b"", NOW))
    assert read(row)["Subject"] == "Not delivered: (no subject)"
    assert read(row)["In-Reply-To"] is None


@pytest.mark.parametrize("kind", ["notice", "dsn"])
def test_t70_nobody_hears_of_a_notice_that_fails(kind: str) -> None:
    answer = make().bounced(a_row(kind=kind, sender_told=False), (result("jo@elmroad.example"),), b"", NOW)
    assert answer == NotTold(Reason.OWN)


def test_where_the_sender_was_not_told_before_the_reviewers_hear_of_the_failure() -> None:
    told = make().bounced(a_row(sender_told=False), (result("ann@outside.example"),), RAW, NOW)
    assert isinstance(told, NotTold)
    assert told.reason == Reason.AS_BEFORE
    check_reviewers_row(told.instead[0])


def test_an_international_message_gets_the_rfc_6533_form() -> None:
    envelope = replace(ENVELOPE, parameters=(b"SMTPUTF8",))
    row = row_of(refuse(make(), result("jörg@outside.example"), envelope=envelope))
    assert "Final-Recipient: utf-8; jörg@outside.example\r\n".encode() in (row.text or b"")
    assert row.envelope.parameters == (b"BODY=8BITMIME", b"SMTPUTF8")


# A message that is not sent, told as a delivery status notification.

TEAM = Organisation(
    "Elm Road Surgery", frozenset({"elmroad.example"}), teams=(Team("clinic", ("jo@elmroad.example",), False, "dsn"),)
)


def rejected_by_team(held: Held, form: str = "notice", original: bytes = RAW) -> NewDelivery:
    notices = Notices(
        organisation=TEAM,
        settings=NoticeSettings.model_validate({**SETTINGS, "form": form}),
        time_zone="Europe/London",
        clock=Clock(),
        randomness=Randomness(),
        mark_key=b"k" * 32,
        hostname="guard.elmroad.example",
    )
    return row_of(notices.rejected(held, "Please use the bulk email tool.", "Sam Patel", NOW, original))


@pytest.mark.parametrize(
    ("team", "form", "kind"),
    [("clinic", "notice", "dsn"), (None, "dsn", "dsn"), (None, "notice", "notice"), ("gone", "notice", "notice")],
)
def test_a_team_may_hear_of_a_rejection_as_a_bounce(team: str | None, form: str, kind: str) -> None:
    row = rejected_by_team(replace(HELD, team=team), form)
    assert row.kind == kind and row.envelope.reverse_path is None and not row.sender_told


def test_such_a_bounce_has_the_letter_the_status_and_header_fields_alone() -> None:
    row = rejected_by_team(replace(HELD, team="clinic"))
    message = read(row)
    assert message.get_content_type() == "multipart/report" and message.get_param("report-type") == "delivery-status"
    assert message["Subject"].startswith("Not sent: Flu clinic") and message["Auto-Submitted"] == "auto-replied"
    for_people, status, returned = message.iter_parts()
    assert [each.get_content_type() for each in for_people.iter_parts()] == ["text/plain", "text/html"]
    assert "Sam Patel wrote" in text_of(row) and "bulk email tool" in text_of(row)
    _, *groups = status.get_payload()
    assert [group["Status"] for group in groups] == ["5.7.1"] * 3 and {group["Action"] for group in groups} == {
        "failed"
    }
    assert all(group["Diagnostic-Code"] is None and group["Remote-MTA"] is None for group in groups)
    assert returned.get_content_type() == "text/rfc822-headers"
    shown = returned.get_payload()
    assert "Message-ID: <flu.1@elmroad.example>" in shown and "@outside" not in shown and "943 476" not in str(row.text)


def test_who_asked_for_no_notification_gets_the_notice() -> None:
    quiet = replace(ENVELOPE, recipients=recipients("ann@outside.example", parameters=(b"NOTIFY=NEVER",)))
    assert rejected_by_team(replace(HELD, team="clinic", envelope=quiet)).kind == "notice"


def test_a_bounce_of_what_is_gone_returns_nothing() -> None:
    assert rejected_by_team(replace(HELD, team="clinic"), original=b"").kind == "dsn"
