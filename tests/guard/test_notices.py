"""Who is told what: the sender where they may be told, else the reviewers (THREATS.md T70, T71; promise 5)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.core.envelope import Envelope, Path, Recipient
from mailguard.core.inventory import Inventory
from mailguard.core.mail.parse import parse
from mailguard.core.notice import Kind
from mailguard.core.verdict import Finding
from mailguard.guard.console.tokens import key_of
from mailguard.guard.notices import Notices
from mailguard.guard.records import DueSoon, Held, NewDelivery
from mailguard.guard.sender_links import LinkMaker
from mailguard.guard.told import EXPLAINED, NotTold, Reason
from tests.guard.noticed import (
    DUE,
    ENVELOPE,
    HELD,
    NOW,
    RAW,
    REASON,
    SESSION,
    VERDICT,
    Clock,
    check_reviewers_row,
    hold,
    make,
    path,
    read,
    recipients,
    refuse,
    row_of,
    text_of,
    with_field,
)

# A message is held.


def test_the_sender_hears_of_a_hold() -> None:
    row = row_of(hold(make()))
    assert (row.kind, row.ref, row.sender_told, row.blob) == ("notice", "MG-7Q4K-2F", False, None)
    assert row.envelope == Envelope(None, (Recipient(path("Jo@elmroad.example")),), ())
    assert row.created_at == row.not_before == NOW
    assert row.give_up_at == NOW + timedelta(days=2)
    message = read(row)
    assert message["Subject"] == "Not sent yet: Flu clinic – new dates"
    assert message["In-Reply-To"] == "<flu.1@elmroad.example>"
    assert "until 5pm on Friday 20 November 2026" in text_of(row)
    assert "addressed to 3 people, 2 of them outside Elm Road Surgery" in text_of(row)


@pytest.mark.parametrize(
    ("release_as", "step"),
    [
        (None, "1. Wait. It can be sent as it is, sent so that people do not see each other's addresses, or not sent."),
        (("separate",), "1. Wait. It can be sent so that people do not see each other's addresses, or not sent."),
        (("original", "cleaned"), "1. Wait. It can be sent as it is, sent without the parts that should not leave, or"),
        ((), "This email cannot be sent. It ends as not sent by 5pm on Friday 20 November 2026 at the latest"),
    ],
)
def test_the_sender_is_told_of_no_form_that_is_forbidden(release_as: tuple[str, ...] | None, step: str) -> None:
    row = row_of(make().held(SESSION, ENVELOPE, parse(RAW), VERDICT, HELD.ref, DUE, REASON, release_as))
    assert step in text_of(row)


@pytest.mark.parametrize(("deferring", "first"), [(True, "No new email is being sent."), (False, "Email is still")])
def test_the_alarm_begins_with_what_becomes_of_mail(deferring: bool, first: str) -> None:
    (row,) = make().reviewers.canary_failed("MG-7Q4K-2F", NOW, ["List: No rule stopped it."], deferring=deferring)
    check_reviewers_row(row)
    assert text_of(row).startswith(f"Hello\n\n{first}")
    assert ("may be leaving" in read(row)["Subject"]) is not deferring


def test_t71_a_notice_has_no_body_text_and_no_recipient() -> None:
    row = row_of(hold(make()))
    assert row.text is not None
    for private in (b"943 476", b"ann@", b"bob@", b"sam@", b"outside.example"):
        assert private not in row.text
    assert "@outside" not in text_of(row)


@pytest.mark.parametrize(
    ("reason", "answer"),
    [
        (Reason.NULL_PATH, {"envelope": replace(ENVELOPE, reverse_path=None)}),
        (Reason.UNTRUSTED, {"session": replace(SESSION, trusted=False)}),
        (Reason.ANOTHER, {"session": replace(SESSION, may_send_as=frozenset({"clerk@elmroad.example"}))}),
        (Reason.OUTSIDE, {"envelope": replace(ENVELOPE, reverse_path=path("jo@elsewhere.example"))}),
        (Reason.AUTOMATIC, {"raw": with_field(b"Auto-Submitted: auto-generated")}),
        (Reason.AUTOMATIC, {"raw": with_field(b"Precedence: bulk")}),
        (Reason.AUTOMATIC, {"raw": with_field(b"List-Id: <flu.elmroad.example>")}),
        (Reason.UNREAD, {"envelope": replace(ENVELOPE, reverse_path=path("no-reply@elmroad.example"))}),
        (
            Reason.UNWRITABLE,
            {"envelope": replace(ENVELOPE, reverse_path=Path(b"j\xff@elmroad.example", "j@elmroad.example"))},
        ),
        (
            Reason.UNWRITABLE,
            {"envelope": replace(ENVELOPE, reverse_path=Path(b"j\r\n@elmroad.example", "j@elmroad.example"))},
        ),
    ],
)
def test_t70_who_may_not_be_told_and_the_reviewers_are_instead(reason: Reason, answer: dict[str, object]) -> None:
    told = hold(make(), **answer)  # type: ignore[arg-type]
    assert isinstance(told, NotTold)
    assert told.reason == reason
    assert not told.later
    (row,) = told.instead
    check_reviewers_row(row)
    assert read(row)["Subject"] == "1 held email needs a decision by 5pm on Friday 20 November 2026"
    assert EXPLAINED[reason].format(organisation="Elm Road Surgery") in text_of(row)
    assert read(row)["Auto-Submitted"] == "auto-generated"


def ask(notices: Notices, ref: str = HELD.ref, **given: object) -> tuple[NewDelivery, ...]:
    """What the reviewers are told of a hold, beside what its sender is told."""
    answer = hold(notices, ref=ref, **given)  # type: ignore[arg-type]
    return notices.needs_decision(ENVELOPE, VERDICT, ref, DUE, answer)


def test_whoever_decides_hears_of_a_hold_whose_sender_is_told() -> None:
    (row,) = ask(make())
    check_reviewers_row(row)
    assert read(row)["Subject"] == "1 held email needs a decision by 5pm on Friday 20 November 2026"
    text = text_of(row)
    assert "Its sender is told that it is held." in text and "could not be told" not in text
    assert "The rule “visible-list” stopped it." in text and "3 people, 2 of them outside" in text
    assert "mailguard held show MG-7Q4K-2F --text" in text and "Reference MG-7Q4K-2F" in text


def test_whoever_decides_hears_of_a_hold_once_however_it_is_told() -> None:
    assert ask(make(), session=replace(SESSION, trusted=False)) == ()
    assert ask(make(contact=None)) == ()
    own = row_of(hold(make()))
    assert ask(make(), raw=own.text) == ()


def test_t70_much_to_decide_is_told_together_and_the_rest_with_the_next() -> None:
    clock = Clock()
    notices = make(clock)
    rows = [row for n in range(2, 9) for row in ask(notices, f"MG-222{n}-22")]
    assert len(rows) == 5
    check_reviewers_row(rows[4])
    due = "5pm on Friday 20 November 2026"
    assert read(rows[4])["Subject"] == f"5 emails to decide about (the first by {due})"
    assert f"MG-2226-22, to be decided by {due}" in text_of(rows[4])
    assert "could not be told" not in text_of(rows[4])
    clock.at += timedelta(minutes=11)
    (late,) = ask(notices, "MG-3333-33")
    check_reviewers_row(late)
    for ref in ("MG-2227-22", "MG-2228-22"):
        assert f"{ref}, to be decided by {due}" in text_of(late)


def test_a_combined_notice_says_of_which_the_sender_could_not_be_told() -> None:
    notices = make()
    for n in range(2, 5):
        ask(notices, f"MG-222{n}-22")
    hold(notices, ref="MG-2225-22", session=replace(SESSION, trusted=False))
    told = end(notices, "expired", replace(HELD, ref="MG-2226-22", notify_sender=False))
    assert isinstance(told, NotTold)
    (row,) = told.instead
    assert read(row)["Subject"] == "5 emails to look at"
    lines = [line for line in text_of(row).splitlines() if "MG-222" in line]
    assert ["could not be told" in line for line in lines] == [True, True, False, False, False]
    assert ["to be decided by" in line for line in lines] == [False, True, True, True, True]


@pytest.mark.parametrize("contact", [None, "help@elsewhere.example"])
def test_without_a_contact_inside_nobody_is_told_and_the_answer_says_so(contact: str | None) -> None:
    assert hold(make(contact=contact), session=replace(SESSION, trusted=False)) == NotTold(Reason.UNTRUSTED)


def test_the_settings_reverse_path_is_for_notices_alone() -> None:
    notices = make(reverse_path="bounces@elmroad.example")
    reverse = row_of(hold(notices)).envelope.reverse_path
    assert reverse == path("bounces@elmroad.example")
    assert row_of(refuse(notices)).envelope.reverse_path is None


def test_an_international_sender_gets_a_message_that_says_so() -> None:
    envelope = replace(ENVELOPE, reverse_path=path("jörg@elmroad.example"), parameters=(b"SMTPUTF8",))
    row = row_of(hold(make(), envelope=envelope))
    assert row.envelope.parameters == (b"BODY=8BITMIME", b"SMTPUTF8")
    assert "To: jörg@elmroad.example\r\n".encode() in (row.text or b"")


# Own notices.


def test_t70_an_own_notice_is_known_by_its_keyed_mark() -> None:
    notices = make()
    row = row_of(hold(notices))
    told = hold(notices, raw=row.text or b"")
    assert told == NotTold(Reason.OWN)


def test_t70_what_is_told_of_an_own_notice_that_was_held_does_not_begin_a_loop() -> None:
    notices = make()
    to_sender = replace(HELD, envelope=Envelope(None, recipients("jo@elmroad.example")), notify_sender=False)
    told = notices.expired(to_sender, NOW)
    assert isinstance(told, NotTold)
    (row,) = told.instead
    assert notices.expired(replace(to_sender, envelope=row.envelope), NOW) == NotTold(Reason.OWN)


def test_t70_a_mark_of_another_key_another_message_or_a_copy_is_not_ours() -> None:
    row = row_of(hold(make()))
    text = row.text or b""
    mark = re.search(rb"X-Mailguard-Notice: .*\r\n", text)
    assert mark is not None
    copied = mark[0] + RAW
    assert isinstance(hold(make(), raw=copied), tuple)
    for forged, key in (
        (b"X-Mailguard-Notice: v1 held\r\n" + RAW, b"k" * 32),
        (mark[0] + text, b"k" * 32),
        (text.replace(b"Message-ID: <", b"Message-ID: <x"), b"k" * 32),
        (text, b"j" * 32),
    ):
        told = hold(make(key=key), raw=forged)
        assert isinstance(told, tuple) or told.reason == Reason.AUTOMATIC


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="too short"):
        make(key=b"k" * 15)


# Much at once.


def test_t70_five_at_once_are_told_together_and_further_ones_later() -> None:
    clock = Clock()
    notices = make(clock)
    answers = [hold(notices, ref=f"MG-222{n}-22") for n in range(2, 9)]
    assert [isinstance(each, tuple) for each in answers] == [True] * 5 + [False] * 2
    together = row_of(answers[4])
    assert read(together)["Subject"] == "Not sent yet: 5 emails"
    for n in range(2, 7):
        assert f"MG-222{n}-22" in text_of(together)
    assert answers[5] == NotTold(Reason.TOGETHER, later=True)
    clock.at += timedelta(minutes=10)
    (late,) = notices.overdue(clock.now())
    assert [each.address for each in late.envelope.recipients] == ["jo@elmroad.example"]
    assert "2 emails of yours have not been sent yet" in text_of(late)
    assert "MG-2227-22" in text_of(late)
    assert notices.overdue(clock.now()) == ()


def test_the_next_notice_names_what_was_left_out() -> None:
    clock = Clock()
    notices = make(clock)
    for n in range(2, 9):
        hold(notices, ref=f"MG-222{n}-22")
    clock.at += timedelta(minutes=11)
    assert "2 emails of yours were also held a short while ago" in text_of(row_of(hold(notices, ref="MG-3333-33")))


def test_a_hold_that_could_not_be_kept_is_not_counted() -> None:
    notices = make()
    for n in range(2, 9):
        hold(notices, ref=f"MG-222{n}-22")
        notices.withdraw(ENVELOPE, f"MG-222{n}-22")
    assert read(row_of(hold(notices)))["Subject"] == "Not sent yet: Flu clinic – new dates"


def test_t70_the_reviewers_are_not_flooded_either() -> None:
    clock = Clock()
    notices = make(clock)
    rows = []
    for _ in range(300):
        answer = hold(notices, session=replace(SESSION, trusted=False))
        assert isinstance(answer, NotTold)
        rows += answer.instead
    assert len(rows) == 5
    assert "5 emails" in read(rows[4])["Subject"]
    check_reviewers_row(rows[4])
    clock.at += timedelta(minutes=10)
    (late,) = notices.overdue(clock.now())
    check_reviewers_row(late)
    assert "295 emails" in read(late)["Subject"]


# The outcome.


@pytest.mark.parametrize(
    ("story", "subject", "says"),
    [
        ("released", "Being sent: ", "as separate copies to 2 people outside Elm Road Surgery"),
        ("rejected", "Not sent: ", "Sam Patel wrote\n> Please use the bulk email tool."),
        ("cancelled", "Not sent: ", "Your email was cancelled."),
        ("expired", "Not sent: ", "Nobody decided about it by 5pm on Friday 20 November 2026."),
    ],
)
def test_the_sender_hears_of_every_outcome_in_the_thread_of_the_hold(story: str, subject: str, says: str) -> None:
    notices = make()
    first = row_of(hold(notices))
    row = row_of(end(notices, story, HELD))
    assert read(row)["Subject"] == f"{subject}Flu clinic – new dates"
    assert says in text_of(row)
    assert read(row)["In-Reply-To"] == read(first)["Message-ID"]
    assert row.envelope == first.envelope
    assert row.identifier != first.identifier


def end(notices: Notices, story: str, held: Held) -> tuple[NewDelivery, ...] | NotTold:
    if story == "released":
        return notices.released(held, "separate", "Sam Patel", 3, NOW)
    if story == "rejected":
        return notices.rejected(held, "Please use the bulk email tool.", "Sam Patel", NOW)
    return notices.cancelled(held, "sender", NOW) if story == "cancelled" else notices.expired(held, NOW)


@pytest.mark.parametrize("story", ["released", "rejected", "cancelled", "expired"])
def test_where_the_sender_was_not_told_of_the_hold_the_reviewers_hear_of_the_outcome(story: str) -> None:
    told = end(make(), story, replace(HELD, notify_sender=False))
    assert isinstance(told, NotTold)
    assert told.reason == Reason.AS_BEFORE
    check_reviewers_row(told.instead[0])
    null = replace(HELD, envelope=replace(ENVELOPE, reverse_path=None), notify_sender=False)
    told = end(make(), story, null)
    assert isinstance(told, NotTold)
    assert told.reason == Reason.NULL_PATH


def test_a_release_never_says_more_copies_than_were_queued() -> None:
    assert "as separate copies to 1 person outside" in text_of(row_of(make().released(HELD, "separate", "", 1, NOW)))


def test_outcomes_are_never_left_out() -> None:
    notices = make()
    rows = [row_of(end(notices, "expired", replace(HELD, ref=f"MG-22{n:02}-22"))) for n in range(40)]
    assert len({row.identifier for row in rows}) == 40


def test_identifiers_differ_over_a_life_with_a_stopped_release() -> None:
    notices = make()
    rows = [row_of(hold(notices))]
    for version in (1, 3, 5):
        rows.append(row_of(end(notices, "released", replace(HELD, version=version))))
    rows.append(row_of(end(notices, "rejected", replace(HELD, version=7))))
    assert len({row.identifier for row in rows}) == len({read(row)["Message-ID"] for row in rows}) == 5


# Whatever comes in.


@settings(max_examples=60)
@given(
    header=st.binary(max_size=200),
    subject=st.binary(max_size=120),
    wire=st.one_of(st.none(), st.binary(max_size=60)),
    reason=st.text(max_size=200),
)
def test_every_message_is_answered_and_no_recipient_is_named(
    header: bytes, subject: bytes, wire: bytes | None, reason: str
) -> None:
    raw = header + b"\r\nSubject: " + subject + b"\r\n\r\nbody\r\n"
    sender = None if wire is None else Path(wire, "jo@elmroad.example")
    envelope = Envelope(sender, recipients("planted.recipient@outside.example"))
    answer = make().held(SESSION, envelope, parse(raw), VERDICT, HELD.ref, DUE, reason)
    rows = answer.instead if isinstance(answer, NotTold) else answer
    assert len(rows) == 1
    for row in rows:
        assert row.text is not None
        assert b"planted.recipient" not in row.text
        assert re.search(rb"(?<!\r)\n|\r(?!\n)|\0", row.text) is None
        assert read(row).keys().count("To") == 1


def test_the_sender_reads_what_was_found_in_the_file_and_no_address() -> None:
    hidden = Inventory("Referrals.xlsx", 46, 5, unseen=(("hidden sheet", 41),))
    rows = "1 hidden sheet has 40 rows of people: names and e-mail addresses"
    found = Finding("people", "people_rows", "sheet ann@outside.example", 40, rows, True)
    verdict = replace(VERDICT, findings=(found,), inventory=(hidden, replace(hidden, file="for ann@outside.example")))
    text = text_of(row_of(make().held(SESSION, ENVELOPE, parse(RAW), verdict, HELD.ref, DUE, REASON)))
    assert "Referrals.xlsx: Shows 5 rows and carries 46: 41 in hidden sheet." in text
    assert "1 hidden sheet has 40 rows of people" in text
    assert "ann@" not in text


# Links for senders.


def linking() -> Notices:
    return make(links=LinkMaker("https://mail.elmroad.example", Numbers()))


class Numbers:
    """Octets that differ from call to call."""

    def __init__(self) -> None:
        self._count = 0

    def octets(self, count: int) -> bytes:
        self._count += 1
        return self._count.to_bytes(count, "big")


def test_a_notice_carries_its_link_and_the_store_gets_a_hash_of_it() -> None:
    row = row_of(hold(linking()))
    (url,) = re.findall(r"https://mail\.elmroad\.example/s/[0-9a-f]{64}", text_of(row))
    (link,) = row.links
    assert (link.ref, link.sender, link.expires_at) == (HELD.ref, "jo@elmroad.example", DUE)
    assert link.key == key_of(url.rpartition("/")[2]) and url.rpartition("/")[2] not in repr(link)


def test_of_five_told_together_each_has_a_link_of_its_own() -> None:
    notices = linking()
    rows = [row_of(hold(notices, ref=f"MG-222{number}-22")) for number in range(2, 7)]
    assert [len(row.links) for row in rows] == [1, 1, 1, 1, 5]
    together = re.findall(r"/s/([0-9a-f]{64})", text_of(rows[-1]))
    assert sorted(key_of(each) for each in together) == sorted(link.key for link in rows[-1].links)
    assert {link.ref for link in rows[-1].links} == {f"MG-222{number}-22" for number in range(2, 7)}


def test_the_reviewers_and_the_canary_get_no_link() -> None:
    notices = linking()
    answer = hold(notices, envelope=replace(ENVELOPE, reverse_path=None))
    assert isinstance(answer, NotTold)
    for row in (*answer.instead, row_of(hold(notices.apart()))):
        assert row.links == () and "/s/" not in text_of(row)


def test_whoever_decides_is_led_to_the_console_where_there_is_one() -> None:
    notices = linking()
    (row,) = ask(notices)
    assert "/s/" not in text_of(row) and row.links == (), "the sender's link is the sender's alone"
    assert "https://mail.elmroad.example/m/MG-7Q4K-2F" in text_of(row) and "mailguard held" not in text_of(row)
    (row,) = notices.reviewers.urgent(HELD, NOW)
    assert "https://mail.elmroad.example/m/MG-7Q4K-2F" in text_of(row) and "mailguard held" not in text_of(row)
    (row,) = notices.reviewers.asked(HELD, ["amira@elmroad.example"], NOW)
    assert "https://mail.elmroad.example/m/MG-7Q4K-2F" in text_of(row)
    (row,) = notices.reviewers.reminders(Kind.REVIEW_REMINDED, [DueSoon(HELD.ref, DUE)], NOW)
    assert "https://mail.elmroad.example/queue" in text_of(row) and "/s/" not in text_of(row)
    many = [row for number in range(2, 7) for row in ask(notices, ref=f"MG-222{number}-22")]
    assert "https://mail.elmroad.example/queue" in text_of(many[-1])


def test_the_sender_is_told_who_acted_in_their_name() -> None:
    for by, says in (("sender", "You cancelled it at"), ("sender: Pat Brown", "Pat Brown cancelled it at")):
        assert says in text_of(row_of(make().cancelled(HELD, by, NOW)))
        says = says.replace("cancelled it", "decided this")
        assert says in text_of(row_of(make().released(HELD, "separate", by, 3, NOW)))
