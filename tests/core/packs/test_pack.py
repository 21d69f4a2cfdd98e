"""What an incident pack prints of what is known, and of what is not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.packs.answers import Answer, answers_in, count_got, got_of
from mailguard.core.packs.exposure import Form, Got
from mailguard.core.packs.facts import Gap, Known, Sent, completed, form_of, known_from_json
from mailguard.core.packs.gaps import of_file, of_reading, of_unread
from mailguard.core.packs.pack import Pack, pack_of
from mailguard.core.packs.page import as_html, as_text

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
ADA, BEN, CAT = "ada@patients.example", "ben@patients.example", "cat@patients.example"
SHEET = {"detector": "rows", "kind": "people_rows", "where": "Sheet2", "count": 5305, "summary": "", "hidden": True}
FILE: Mapping[str, Any] = {"part": "2", "file": "Caseload.xlsx", "unseen": {"hidden sheet": 5306}}


def answer(address: str | None, outcome: str, minutes: int = 0, digest: str = "") -> Answer:
    at = AT + timedelta(minutes=minutes)
    return Answer(at, "message_relayed", address, digest, "127.0.0.1:25", outcome, 250, "2.0.0", "kept as <b>A1</b>")


KNOWN = Known(
    ref="MG-7Q4K-2F",
    decided_at=AT,
    subject="=SUM(A1)<script>",
    recipients=(ADA, BEN, CAT),
    visible=(ADA, BEN),
    senders=("jo@elmroad.example",),
    counts={"envelope_recipients": 3, "visible_external_recipients": 2},
    findings=({**SHEET, "part": "2"},),
    inventory=(FILE,),
    answers=(answer(ADA, "accepted"), answer(BEN, "deferred"), answer(BEN, "accepted", 5), answer(CAT, "refused")),
    apologies=(Sent("MG-7Q4K-2FXB7M3KQW", AT, 2),),
)


def packed(known: Known) -> Pack:
    return pack_of(known, organisation="Elm Road", is_inside=lambda each: each.endswith("@elmroad.example"), made_at=AT)


def test_the_last_answer_counts_and_a_delivery_is_never_taken_back() -> None:
    later = (*KNOWN.answers, answer(ADA, "deferred", 9))
    assert got_of(later) == {ADA: Got.YES, BEN: Got.YES, CAT: Got.NO}
    assert count_got(later) == {Got.YES: 2, Got.NO: 1}


def test_answers_about_notices_are_not_about_the_message() -> None:
    evidence = {"outcome": {ADA: {"outcome": "accepted", "code": 250, "status": None}}}
    assert answers_in("copy_delivered", AT, {"row": "notice"}, evidence) == ()
    (found,) = answers_in("copy_delivered", AT, {"row": "copy", "smarthost": "mx:25"}, evidence)
    assert (found.address, found.server, found.text) == (ADA, "mx:25", None)
    hashed = {"recipient_hashes": [{"hash": "ab" * 16, "outcome": "accepted", "code": 250}]}
    (lost,) = answers_in("copy_delivered", AT, {"row": "copy", **hashed}, None)
    assert (lost.address, lost.hash, lost.code) == (None, "ab" * 16, 250)


def test_a_pack_names_whose_rows_an_attachment_hid_by_their_number() -> None:
    pack = packed(KNOWN)
    assert pack.counts() == {"recipients": 3, "exposed": 2, "deliveries": 4, "delivered": 2, "hidden": 5305}
    lead = " ".join(pack.lead())
    assert "2 people could see the email addresses of others in this message: 2 addresses, 2 of them outside." in lead
    assert "Caseload.xlsx: 5,305 rows of people, hidden" in lead
    recipients, exposures, deliveries, apologies = pack.tables()
    got = {row[0]: row for row in recipients.rows}
    assert got[ADA][4] == "1" and "5,305 rows of people" in got[ADA][5]
    # Whose copy was refused saw nothing, rows neither.
    assert got[CAT][4:] == ("0", "")
    assert [row[0] for row in exposures.rows] == [ADA, BEN, "Caseload.xlsx", "Caseload.xlsx"]
    assert len(deliveries.rows) == 4 and apologies.rows[0][2] == "2"
    assert pack.concerned() == (ADA, BEN) and pack.concerned(to_all=True) == (ADA, BEN)


def test_an_apology_goes_to_nobody_whom_the_message_only_names_nor_to_its_sender() -> None:
    known = replace(KNOWN, visible=(ADA, BEN, "never@patients.example", "in@elmroad.example", "jo@elmroad.example"),
                    recipients=(ADA, BEN, CAT, "in@elmroad.example", "jo@elmroad.example"))  # fmt: skip
    pack = packed(known)
    assert "never@patients.example" in {each.address for each in pack.exposed}
    assert pack.concerned() == (ADA, BEN)
    assert pack.concerned(inside=True) == (ADA, BEN, "in@elmroad.example")
    assert "1 of the addresses that could be seen got no copy" in " ".join(pack.lead())


def test_a_page_escapes_what_came_in_a_message() -> None:
    page, text = as_html(packed(KNOWN)), as_text(packed(KNOWN))
    assert "<script>" not in page and "<b>A1" not in page and "&lt;script&gt;" in page
    for said in (ADA, "Caseload.xlsx", "What is not known", "kept as"):
        assert said in page and (said in text or said.upper() in text)


def test_what_never_left_exposed_nobody() -> None:
    pack = packed(replace(KNOWN, form=None, answers=()))
    assert pack.exposed == () and pack.concerned(to_all=True) == ()
    assert pack.lead() == ("This message did not leave: nobody outside saw anything of it.",)


def test_the_form_is_that_of_the_release_else_of_the_decision() -> None:
    assert form_of({"disposition": "relay", "rewrite": None}, []) is Form.ORIGINAL
    assert form_of({"disposition": "relay", "rewrite": "separate"}, []) is Form.SEPARATE
    assert form_of({"disposition": "hold", "rewrite": "separate"}, []) is None
    assert form_of({"disposition": "hold", "rewrite": "separate"}, [{"form": "original"}]) is Form.ORIGINAL


LOST = replace(
    KNOWN,
    recipients=None,
    visible=None,
    senders=(),
    findings=(),
    inventory=(),
    hashed=("a1", "b1", "c1"),
    answers=(answer(None, "accepted", digest="a1"), answer(None, "accepted", digest="b1")),
    gaps=(Gap("recipients", "Lost.", AT), Gap("exposures", "Lost.", AT), Gap("deliveries", "Lost.", AT)),
)


def test_what_was_purged_is_counted_and_said() -> None:
    pack = packed(LOST)
    text = as_text(pack)
    assert pack.counts()["delivered"] == 2 and ADA not in text
    assert "is no longer known. It showed the addresses of 2 people outside" in text
    assert "Lost. It was removed at 9am on Friday 20 November 2026." in text


def test_a_file_gives_names_back_to_those_whom_the_ledger_knows_and_to_nobody_else() -> None:
    stranger = "never@patients.example"
    file = replace(KNOWN, ref=None, recipients=(ADA, BEN, stranger), visible=(ADA, BEN), from_file=True, gaps=())
    found = completed(LOST, file, {"a1": ADA, "b1": BEN, "x1": stranger})
    assert found.recipients == (ADA, BEN) and {each.address for each in found.answers} == {ADA, BEN}
    (gap,) = [each for each in found.gaps if each.table == "recipients"]
    assert "1 person whom the ledger knows" in gap.text and gap.since == AT
    assert packed(found).concerned() == (ADA, BEN)


def test_what_the_ledger_knows_no_file_changes() -> None:
    file = replace(KNOWN, recipients=("x@y.example",), visible=("x@y.example",), findings=())
    assert completed(KNOWN, file, {}) == KNOWN
    assert completed(KNOWN, replace(file, findings=({**SHEET, "part": "2", "count": 7},)), {}) == KNOWN


def test_a_file_says_what_attachments_carry_that_nobody_had_read() -> None:
    unread = replace(KNOWN, findings=(), inventory=(), gaps=(of_reading(),))
    file = replace(KNOWN, ref=None, gaps=(*of_file(envelope_given=False), of_unread(1)))
    found = completed(unread, file, {})
    assert (found.findings, found.inventory, found.gaps) == (KNOWN.findings, KNOWN.inventory, (of_unread(1),))
    # Of the parts that somebody had read stays what was read then; the others are added.
    other = {**SHEET, "part": "3", "count": 12}
    found = completed(KNOWN, replace(file, findings=({**SHEET, "part": "2", "count": 7}, other)), {})
    assert found.findings == (*KNOWN.findings, other)


def test_who_has_no_copy_is_not_said_to_have_one_and_one_in_the_outbox_is_still_tried() -> None:
    known = replace(
        KNOWN,
        visible=(ADA, BEN, CAT, "never@patients.example"),
        answers=(answer(ADA, "accepted"), answer(BEN, "deferred"), answer(CAT, "refused")),
        waiting=(BEN,),
    )
    pack = packed(known)
    got, exposed, *_ = pack.tables()
    assert [row[3] for row in got.rows] == ["delivered to the next mail server", "still being tried", "not delivered"]
    assert [row[4] for row in got.rows] == ["3", "0", "0"]
    # ADA alone has a copy, so nobody else saw hers.
    assert [row[3] for row in exposed.rows[:3]] == ["still being tried", "no: not delivered", "no"]
    assert "took it for 1 person (not for 1, still tried for 1)." in " ".join(pack.lead())
    assert pack.concerned(to_all=True) == (ADA,)
    # Once nothing of it is left in the outbox, nobody tries it any more.
    assert "(not for 2)" in " ".join(packed(replace(known, waiting=())).lead())
    assert known_from_json(json.loads(json.dumps(known.to_json()))) == known


def test_after_a_purge_it_is_still_tried_by_its_hash_and_a_file_gives_the_name_back() -> None:
    lost = replace(LOST, answers=(answer(None, "accepted", digest="a1"), answer(None, "deferred", digest="b1")))
    lost = replace(lost, waiting=("b1",))
    assert packed(lost).got == {Got.YES: 1, Got.TRYING: 1, Got.UNKNOWN: 1}
    found = packed(completed(lost, replace(KNOWN, ref=None, gaps=()), {"a1": ADA, "b1": BEN}))
    assert {each.address: each.got for each in found.exposure.sights} == {ADA: Got.YES, BEN: Got.TRYING}


people = st.sampled_from([ADA, BEN, CAT, "in@elmroad.example"])


@given(st.lists(people, max_size=6), st.lists(people, max_size=6), st.sampled_from(Form), st.data())
def test_every_recipient_has_one_row_and_what_is_known_survives_json(
    recipients: list[str], visible: list[str], form: Form, data: st.DataObject
) -> None:
    outcomes = st.sampled_from(["accepted", "refused", "deferred", "uncertain"])
    answers = tuple(answer(each, data.draw(outcomes)) for each in recipients)
    known = replace(KNOWN, recipients=tuple(recipients), visible=tuple(visible), form=form, answers=answers)
    table = packed(known).tables()[0]
    assert sorted(row[0] for row in table.rows) == sorted(set(recipients))
    assert {row[0] for row in packed(known).tables()[1].rows} <= {*visible, "Caseload.xlsx"}
    assert known_from_json(json.loads(json.dumps(known.to_json()))) == known
