"""The two rewrites, promise by promise (DESIGN.md "Rewriting")."""

from __future__ import annotations

import time
from email import message_from_bytes, policy

import pytest

from mailguard.core.errors import CannotRewrite
from mailguard.core.rewrite.content import Content, Edit

from .submission import BODY, RECEIVED, SENDER, contents, header, hide_bcc, hide_separate, letter, values

A, B, C = "a@o.example", "b@p.example", "c@q.example"
NURSE, DOCTOR = "nurse@elmroad.example", "doctor@elmroad.example"


def only(
    raw: bytes, *recipients: str, above: int | None = None, sender: str | None = SENDER
) -> tuple[bytes, tuple[str, ...]]:
    """The single content of a bcc rewrite and its changes."""
    rewritten = hide_bcc(raw, *recipients, above=above, sender=sender)
    assert len(rewritten.copies) == 1 and [each.address for each in rewritten.copies[0].recipients] == list(recipients)
    return Content(raw, rewritten.copies[0].edits).to_bytes(), rewritten.changes


class TestBcc:
    def test_to_becomes_the_senders_address_where_nobody_is_left(self) -> None:
        raw = letter(b"To: a@o.example, B <b@p.example>")
        made, changes = only(raw, A, B)
        assert made == RECEIVED + raw.replace(b"a@o.example, B <b@p.example>", b"clinic@elmroad.example")
        assert changes == ("to",)

    def test_inside_addresses_stay_as_written(self) -> None:
        raw = letter(
            b"TO: a@o.example, =?utf-8?q?N=C3=BCrse?= <nurse@elmroad.example>",
            b"Cc: b@p.example,",
        )
        made, changes = only(raw, A, B, NURSE)
        assert values(made, "to") == [b"=?utf-8?q?N=C3=BCrse?= <nurse@elmroad.example>"]
        assert b"\r\nTO: " in made and values(made, "cc") == []
        assert changes == ("to", "cc-removed")

    def test_cc_keeps_inside_and_an_emptied_to_gets_the_sender(self) -> None:
        made, _ = only(letter(b"To: a@o.example", b"Cc: b@p.example, nurse@elmroad.example"), A, B, NURSE)
        assert values(made, "to") == [b"clinic@elmroad.example"]
        assert values(made, "cc") == [b"nurse@elmroad.example"]

    def test_cc_alone_emptied(self) -> None:
        raw = letter(b"Cc: a@o.example")
        made, changes = only(raw, A)
        assert made == RECEIVED + raw.replace(b"Cc: a@o.example", b"To: clinic@elmroad.example")
        assert set(changes) == {"to", "cc-removed"}

    def test_trusted_domains_are_hidden_too(self) -> None:
        made, _ = only(letter(b"To: x@partner.example, nurse@elmroad.example"), "x@partner.example", NURSE)
        assert values(made, "to") == [b"nurse@elmroad.example"]

    @pytest.mark.parametrize(("above", "left"), [(None, True), (2, True), (1, False), (0, False)])
    def test_more_inside_than_outsiders_may_see(self, above: int | None, left: bool) -> None:
        raw = letter(b"To: a@o.example, nurse@elmroad.example", b"Cc: doctor@elmroad.example")
        made, _ = only(raw, A, NURSE, DOCTOR, above=above)
        assert (b"nurse@" in made, b"doctor@" in made) == (left, left)
        assert values(made, "to") == [b"nurse@elmroad.example" if left else b"clinic@elmroad.example"]

    def test_nothing_to_hide_is_relay(self) -> None:
        raw = letter(b"To: nurse@elmroad.example", b"Bcc: doctor@elmroad.example")
        made, changes = only(raw, NURSE, DOCTOR)
        assert made == RECEIVED + raw.replace(b"Bcc: doctor@elmroad.example\r\n", b"") and changes == ("bcc-removed",)

    def test_undisclosed_recipients_stay(self) -> None:
        raw = letter(b"To: undisclosed-recipients:;")
        assert only(raw, A, B) == (RECEIVED + raw, ())

    def test_null_path_uses_the_inside_originator(self) -> None:
        made, _ = only(letter(b"To: a@o.example"), A, sender=None)
        assert values(made, "to") == [b"clinic@elmroad.example"]

    def test_a_group_loses_its_members_and_its_name(self) -> None:
        made, _ = only(letter(b"To: Patients: a@o.example, b@p.example;, nurse@elmroad.example"), A, B, NURSE)
        assert values(made, "to") == [b"nurse@elmroad.example"]

    def test_a_long_list_is_folded(self) -> None:
        staff = b", ".join(b'"Member of staff %d" <staff%d@elmroad.example>' % (n, n) for n in range(50))
        made, _ = only(letter(b"To: a@o.example, " + staff), A)
        assert max(map(len, header(made).split(b"\r\n"))) <= 78
        assert len(message_from_bytes(made, policy=policy.default)["to"].addresses) == 50


class TestSeparate:
    def test_each_sees_itself_and_those_inside(self) -> None:
        raw = letter(b"To: Ann <a@o.example>, nurse@elmroad.example", b"Cc: b@p.example, doctor@elmroad.example")
        rewritten = hide_separate(raw, A, B, C, NURSE, DOCTOR)
        made = contents(raw, rewritten)
        assert [len(copy.recipients) for copy in rewritten.copies] == [1, 1, 1, 2]
        assert values(made[A], "to") == [b"Ann <a@o.example>, nurse@elmroad.example"]
        assert values(made[B], "to") == [b"b@p.example, nurse@elmroad.example"]
        assert values(made[C], "to") == [b"c@q.example, nurse@elmroad.example"]
        assert all(values(made[each], "cc") == [b"doctor@elmroad.example"] for each in (A, B, C))
        assert made[NURSE] == made[DOCTOR] == RECEIVED + raw
        assert rewritten.changes == ("to", "cc")

    def test_message_id_date_and_body_stay(self) -> None:
        raw = letter(b"To: a@o.example, b@p.example")
        for content in contents(raw, hide_separate(raw, A, B)).values():
            assert b"\r\nMessage-ID: <1@elmroad.example>\r\n" in content and content.endswith(b"\r\n\r\n" + BODY)
            assert b"\r\nDate: Thu, 12 Mar 2026 09:00:00 +0000\r\n" in content

    def test_everything_but_to_is_as_sent(self) -> None:
        raw = letter(b"To: a@o.example, b@p.example", b"X-Odd  :\tkept ")
        assert contents(raw, hide_separate(raw, A, B)) == {
            A: RECEIVED + raw.replace(b"a@o.example, b@p.example", A.encode()),
            B: RECEIVED + raw.replace(b"a@o.example, b@p.example", B.encode()),
        }

    def test_a_blind_recipient_gets_a_copy_of_its_own(self) -> None:
        raw = letter(b"To: a@o.example", b"Bcc: b@p.example, hidden@r.example")
        made = contents(raw, hide_separate(raw, A, B))
        assert values(made[B], "to") == [b"b@p.example"] and b"a@o.example" not in made[B]
        assert values(made[A], "to") == [b"a@o.example"] and b"b@p.example" not in made[A]

    def test_no_copy_goes_to_an_address_that_only_a_header_names(self) -> None:
        rewritten = hide_separate(letter(b"To: a@o.example, b@p.example"), A)
        assert [recipient.address for copy in rewritten.copies for recipient in copy.recipients] == [A]

    def test_without_a_to_field_one_is_made(self) -> None:
        raw = letter(b"Cc: a@o.example, b@p.example")
        made = contents(raw, hide_separate(raw, A, B))
        assert made[B] == RECEIVED + raw.replace(b"Cc: a@o.example, b@p.example", b"To: b@p.example")
        raw = letter()
        made = contents(raw, hide_separate(raw, A, B))
        assert made[B] == RECEIVED + b"To: b@p.example\r\n" + raw

    def test_undisclosed_recipients_give_way(self) -> None:
        raw = letter(b"To: undisclosed-recipients:;")
        assert values(contents(raw, hide_separate(raw, A, B))[A], "to") == [A.encode()]

    def test_to_with_only_inside_keeps_its_bytes(self) -> None:
        raw = letter(
            b"To:\r\n\tnurse@elmroad.example (the\r\n nurse), \r\n doctor@elmroad.example",
            b"Cc: a@o.example, b@p.example",
        )
        made = contents(raw, hide_separate(raw, A, B))[A]
        assert (
            b"\r\nTo: a@o.example,\r\n nurse@elmroad.example (the\r\n nurse), \r\n doctor@elmroad.example\r\nSubject"
            in made
        )

    def test_one_recipient_in_to_is_left_alone(self) -> None:
        raw = letter(b"To: Ann <a@o.example>, nurse@elmroad.example", b"Bcc: doctor@elmroad.example")
        rewritten = hide_separate(raw, A, NURSE)
        relayed = RECEIVED + raw.replace(b"Bcc: doctor@elmroad.example\r\n", b"")
        assert contents(raw, rewritten) == {A: relayed, NURSE: relayed} and rewritten.changes == ("bcc-removed",)

    def test_inside_addresses_above_the_limit_leave_the_outside_copies_only(self) -> None:
        raw = letter(b"To: a@o.example, nurse@elmroad.example", b"Cc: doctor@elmroad.example, b@p.example")
        made = contents(raw, hide_separate(raw, A, B, NURSE, above=1))
        assert b"nurse@" not in made[A] and b"doctor@" not in made[B] and made[NURSE] == RECEIVED + raw

    def test_a_name_that_shows_another_address_falls_back_to_the_bare_one(self) -> None:
        raw = letter(b'To: "b@p.example" <a@o.example>, b@p.example')
        try:
            made = contents(raw, hide_separate(raw, A, B))
        except CannotRewrite:
            return
        assert values(made[A], "to") == [b"a@o.example"]

    def test_parameters_and_duplicates_of_recipients_are_kept(self) -> None:
        rewritten = hide_separate(letter(b"To: a@o.example, b@p.example"), A, "A@o.example", B)
        assert [len(copy.recipients) for copy in rewritten.copies] == [2, 1]
        assert all(each.parameters == (b"NOTIFY=FAILURE",) for copy in rewritten.copies for each in copy.recipients)

    def test_smtputf8_stays_as_written(self) -> None:
        raw = letter("To: Bücherei <lesen@bücher.example>, b@p.example".encode())
        made = contents(raw, hide_separate(raw, "lesen@bücher.example", B))
        assert values(made["lesen@xn--bcher-kva.example"], "to") == ["Bücherei <lesen@bücher.example>".encode()]

    def test_a_sender_outside_stays_in_from(self) -> None:
        raw = letter(b"To: a@o.example, b@p.example", b"Reply-To: visitor@w.example", sender="visitor@w.example")
        made = contents(raw, hide_separate(raw, A, B, sender="forms@elmroad.example"))
        assert b"From: Clinic <visitor@w.example>" in made[A]

    def test_a_sender_outside_who_writes_to_itself_stands_in_to_once(self) -> None:
        me = "visitor@w.example"
        raw = letter(b"To: a@o.example, visitor@w.example", sender=me)
        made = contents(raw, hide_separate(raw, A, me, sender=me))
        assert values(made[me], "to") == [b"visitor@w.example"]
        assert values(made[A], "to") == [b"a@o.example, visitor@w.example"]

    def test_nobody_outside_gets_it(self) -> None:
        raw = letter(b"To: a@o.example, nurse@elmroad.example", b"Bcc: b@p.example")
        rewritten = hide_separate(raw, NURSE)
        assert contents(raw, rewritten) == {NURSE: RECEIVED + raw.replace(b"Bcc: b@p.example\r\n", b"")}
        assert rewritten.changes == ("bcc-removed",)

    def test_recipients_in_from_stop_it(self) -> None:
        raw = letter(b"To: c@q.example").replace(
            b"From: Clinic <clinic@elmroad.example>",
            b"From: a@o.example, b@p.example\r\nSender: clinic@elmroad.example",
        )
        with pytest.raises(CannotRewrite):
            hide_separate(raw, A, B, C)


def test_many_copies_share_the_common_edits() -> None:
    addresses = [f"patient{number}@o{number % 9}.example" for number in range(5000)]
    staff = ", ".join(f"staff{number}@elmroad.example" for number in range(500))
    listed = ",\r\n ".join(f'"Patient {address}" <{address}>'.replace("@", " at ", 1) for address in addresses)
    raw = letter(f"To: {listed}".encode(), f"Cc: {staff}".encode(), b"X-List: " + addresses[7].encode())
    begun = time.process_time()
    rewritten = hide_separate(raw, *addresses)
    taken = time.process_time() - begun
    print(f"5,000 copies: {taken:.2f} s of CPU")
    assert len(rewritten.copies) == 5000
    first, last = rewritten.copies[0], rewritten.copies[-1]
    differing = [(one, other) for one, other in zip(first.edits, last.edits, strict=True) if one is not other]
    assert len(differing) == 1 and len(differing[0][0].replacement) < 200
    assert taken < 8


def test_edits_stay_few_however_many_fields_change() -> None:
    noise = [b"X-Seen-%d: a@o.example" % number if number % 2 else b"X-Kept-%d: x" % number for number in range(3000)]
    raw = letter(b"To: a@o.example, b@p.example", *noise)
    rewritten = hide_separate(raw, A, B)
    assert all(len(copy.edits) <= 5 for copy in rewritten.copies)
    assert contents(raw, rewritten)[B].count(b"\r\nX-Kept-") == 1500
    assert isinstance(rewritten.copies[0].edits[0], Edit)
