"""THREATS.md T20 to T34, T48, T49, T80: each row by its id, each with the spellings that it names."""

from __future__ import annotations

import pytest

from mailguard.core.mail.message import Message
from mailguard.core.mail.parse import REFUSED_DEFECTS, parse

HEAD = b"From: Ann <ann@in.example>\r\nDate: Mon, 2 Mar 2026 09:00:00 +0000\r\nSubject: Flu clinic\r\n"
LEAK = "leak@o.example"


def message(*lines: bytes | str, body: bytes = b"Hello\r\n") -> Message:
    octets = [line.encode() if isinstance(line, str) else line for line in lines]
    return parse(HEAD + b"".join(line + b"\r\n" for line in octets) + b"\r\n" + body)


def addresses(parsed: Message) -> set[str]:
    return {mailbox.address for mailbox in parsed.visible}


def holding(parsed: Message) -> set[str]:
    return {defect.kind for defect in parsed.defects if defect.holds}


def multipart(header: str, body: str) -> Message:
    octets = f"From: a@in.example\r\nTo: b@o.example\r\nMIME-Version: 1.0\r\n{header}\r\n\r\n{body}"
    return parse(octets.encode("latin-1"))


TWO_PARTS = "--B\r\nContent-Type: text/plain\r\n\r\none\r\n--B\r\nContent-Type: text/html\r\n\r\n<p>two\r\n--B--\r\n"


@pytest.mark.parametrize("name", ["To", "Cc", "TO", "cc"])
def test_t20_duplicate_recipient_fields_are_united_and_held(name: str) -> None:
    parsed = message(f"{name}: a@in.example", f"{name.lower()}: {LEAK}")
    assert addresses(parsed) == {"a@in.example", LEAK}
    assert "duplicate-field" in holding(parsed)


def test_t20_duplicate_from_is_held_and_every_address_is_an_originator() -> None:
    parsed = message("From: Eve <eve@o.example>", "To: a@in.example")
    assert parsed.originators == ("ann@in.example", "eve@o.example")
    assert "duplicate-field" in holding(parsed)


def test_t20_duplicate_subject_is_held_but_a_doubled_message_id_is_only_noted() -> None:
    assert "duplicate-field" in holding(message("To: a@in.example", "Subject: other"))
    parsed = message("To: a@in.example", "Message-ID: <1@x.example>", "Message-ID: <1@x.example>")
    assert not holding(parsed)
    assert [defect.kind for defect in parsed.defects] == ["duplicate-field"]


@pytest.mark.parametrize(
    "line", ["Cc : {}", "Cc\t: {}", "Cc\r\n : {}", "Cc\r\n\t: {}", "Cc\0: {}", "Cc \t : {}", "C\x01c: {}", "Cc\x7f: {}"]
)
def test_t21_damaged_names_count_as_the_field_and_hold(line: str) -> None:
    parsed = message("To: a@in.example", line.format(LEAK))
    assert LEAK in addresses(parsed)
    assert holding(parsed)


@pytest.mark.parametrize("line", [f" Cc: {LEAK}", f"\tCc: {LEAK}"])
def test_t21_white_space_before_the_first_field_counts_and_holds(line: str) -> None:
    parsed = parse(line.encode() + b"\r\n" + HEAD + b"\r\n")
    assert LEAK in addresses(parsed)
    assert "leading-white-space" in holding(parsed)


@pytest.mark.parametrize(
    "line", [b"no colon here", b"C\xc3\xa7: x", b"\xe2\x80\xaeCc: x", b"two words: x", b": x", b"\xa0: x"]
)
def test_t22_lines_that_end_the_header_for_some_hold_and_reading_goes_on(line: bytes) -> None:
    parsed = message(line, f"Cc: {LEAK}")
    assert LEAK in addresses(parsed)
    assert holding(parsed)


@pytest.mark.parametrize("blank", [b" ", b"\t", b" \t \t"])
def test_t23_a_blank_line_before_a_recipient_field_holds_and_both_readings_count(blank: bytes) -> None:
    parsed = message("To: a@in.example", "X-One: 1", blank, f"Cc: {LEAK}")
    assert addresses(parsed) == {"a@in.example", LEAK}
    assert "blank-line-in-header" in holding(parsed)


def test_t23_a_blank_line_within_a_recipient_field_holds() -> None:
    parsed = message("Cc: a@in.example,", " ", f" {LEAK}")
    assert addresses(parsed) == {"a@in.example", LEAK}
    assert "blank-line-in-header" in holding(parsed)


def test_t23_a_blank_line_that_hides_nothing_is_noted() -> None:
    parsed = message("To: a@in.example", "X-Mailer: Y", " ", "X-Other: z")
    assert not holding(parsed)
    assert "blank-line-in-header" in {defect.kind for defect in parsed.defects}


@pytest.mark.parametrize(
    "line", [b"From ann@in.example Mon Mar  2 09:00:00 2026", b">From x@y.example Mon 09:00:00 2026"]
)
def test_t24_a_mailbox_file_line_holds_and_the_fields_after_it_count(line: bytes) -> None:
    parsed = parse(line + b"\r\n" + HEAD + b"Cc: leak@o.example\r\n\r\n")
    assert LEAK in addresses(parsed)
    assert "mbox-line" in holding(parsed)


@pytest.mark.parametrize(
    "separator",
    [b"\r", b"\n", b"\x0b", b"\x0c", b"\x1c", b"\x1d", b"\x1e", b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9"],
)
def test_t25_separators_hide_no_field(separator: bytes) -> None:
    parsed = message("To: a@in.example", b"X-Note: x" + separator + b"Cc: leak@o.example")
    assert LEAK in addresses(parsed)
    assert holding(parsed)


@pytest.mark.parametrize("separator", [b"\x0b", b"\x0c", b"\x1c", b"\xc2\x85", b"\xe2\x80\xa8"])
def test_t25_separators_do_not_split_fields(separator: bytes) -> None:
    raw = HEAD + b"To: a@in.example\r\nX-Note: one" + separator + b"two\r\n\r\n"
    parsed = parse(raw)
    assert len(parsed.fields) == 5
    assert parsed.value(parsed.fields[4]) == b" one" + separator + b"two\r\n"


def test_t25_nul_in_the_header_holds() -> None:
    assert "nul" in holding(message("To: a@in.example", b"X: a\0b"))


@pytest.mark.parametrize(
    "value",
    [
        "=?utf-8?q?leak=40o.example?= <a@in.example>",
        "=?utf-8?b?bGVha0BvLmV4YW1wbGU=?= <a@in.example>",
        "=?us-ascii?q?Hi_=28leak=40o.example=29?= <a@in.example>",
        '"=?utf-8?q?leak=40o.example?=" <a@in.example>',
        "a@in.example (=?utf-8?q?leak=40o.example?=)",
        "=?utf-8?q?leak?=\r\n =?utf-8?q?=40o.example?= <a@in.example>",
        "=?utf-7?q?leak+AEA-o.example?= <a@in.example>",
        "=?utf-16be?b?AGwAZQBhAGsAQABvAC4AZQB4AGEAbQBwAGwAZQ==?= <a@in.example>",
        "=?utf-8*en?q?leak=40o.example?= <a@in.example>",
        "leak=?utf-8?q?=40?=o.example <a@in.example>",
    ],
)
def test_t26_an_address_in_a_decoded_name_counts(value: str) -> None:
    parsed = message(f"To: {value}")
    assert addresses(parsed) == {"a@in.example", LEAK}


@pytest.mark.parametrize(
    "value",
    [
        "=?utf-8?q?a=40in.example=2C_leak=40o.example?=",
        "=?utf-8?q?a=40in.example?=, =?utf-8?q?leak=40o.example?=",
        "=?utf-8?q?leak=40o.example=2C?= a@in.example",
        "=?utf-8?q?x_=3Cleak=40o.example=3E=2C?= <a@in.example>",
        "a@in.example, =?utf-8?q?leak?=@o.example",
        "a@in.example, leak@=?utf-8?q?o=2Eexample?=",
        "a@in.example, <=?utf-8?q?leak=40o.example?=>",
    ],
)
def test_t26_an_encoded_list_or_address_counts_and_holds(value: str) -> None:
    parsed = message(f"To: {value}")
    assert addresses(parsed) >= {"a@in.example", LEAK}
    assert holding(parsed)


def test_t26_text_against_an_encoded_word_is_read_with_and_without_a_space() -> None:
    parsed = message("To: =?utf-8?q?leak=40o.example?=.in.example <a@in.example>")
    assert addresses(parsed) == {"a@in.example", LEAK, "leak@o.example.in.example"}


def test_t27_a_comment_inside_an_address_is_seen_through_and_holds() -> None:
    parsed = message("To: leak(x)@(y)o.example")
    assert addresses(parsed) == {LEAK}
    assert "spaced-address" in holding(parsed)


@pytest.mark.parametrize(
    "value", ["a@in.example (leak@o.example)", "a@in.example (for (leak@o.example))", "(leak@o.example) a@in.example"]
)
def test_t27_an_address_in_a_comment_counts(value: str) -> None:
    parsed = message(f"To: {value}")
    assert addresses(parsed) == {"a@in.example", LEAK}


@pytest.mark.parametrize(
    "value", ["a@in.example (leak@o.example", "(((a@in.example, leak@o.example))", "a@in.example (\\), leak@o.example"]
)
def test_t27_an_unclosed_comment_holds_and_hides_nothing(value: str) -> None:
    parsed = message(f"To: {value}")
    assert addresses(parsed) == {"a@in.example", LEAK}
    assert "comment-not-closed" in holding(parsed)


@pytest.mark.parametrize(
    "value",
    [
        "Team: a@in.example, leak@o.example;",
        "Team:a@in.example,leak@o.example;",
        "One: a@in.example;, Two: leak@o.example;",
        '"A: b": a@in.example, L <leak@o.example>;',
    ],
)
def test_t28_members_of_groups_count(value: str) -> None:
    parsed = message(f"To: {value}")
    assert addresses(parsed) == {"a@in.example", LEAK}
    assert not holding(parsed)


@pytest.mark.parametrize(
    "value",
    [
        "A: a@in.example, B: leak@o.example;;",
        "A: a@in.example, leak@o.example",
        "A: a@in.example; leak@o.example",
        "leak@o.example: a@in.example;",
        ": a@in.example, leak@o.example;",
    ],
)
def test_t28_nested_unclosed_and_talking_groups_count_and_hold(value: str) -> None:
    parsed = message(f"To: {value}")
    assert addresses(parsed) == {"a@in.example", LEAK}
    assert holding(parsed)


@pytest.mark.parametrize(
    "value",
    [
        "undisclosed-recipients:;",
        "Undisclosed recipients: ;",
        "unlisted-recipients:; (no To-header on input)",
        '"undisclosed-recipients":;',
        "<Undisclosed-Recipient:;>",
        "Undisclosed-recipients:",
        "undisclosed recipients",
    ],
)
def test_t28_an_empty_group_shows_nobody_and_is_no_reason_to_hold(value: str) -> None:
    parsed = message(f"To: {value}")
    assert not parsed.visible
    assert not holding(parsed)


@pytest.mark.parametrize(
    "value",
    [
        "a@in.example <leak@o.example>",
        "leak@o.example <a@in.example>",
        "<a@in.example> <leak@o.example>",
        "<a@in.example> leak@o.example",
        "<a@in.example>leak@o.example",
        "a@in.example leak@o.example",
        "a@in.example\r\n leak@o.example",
        "a@in.example; leak@o.example",
        "a@in.example;leak@o.example;",
        "A <a@in.example>; L <leak@o.example>",
        "A <a@in.example> L <leak@o.example>",
        "<a@in.example, leak@o.example>",
        "<a@in.example,leak@o.example",
        "<<a@in.example>, leak@o.example>>",
        "a@in.example\\, leak@o.example",
        "A <a@in.example>, L leak@o.example",
        "A <a@in.example>, L [leak@o.example]",
        "a@in.example / leak@o.example",
        "a@in.example|leak@o.example",
        "a@in.example, mailto:leak@o.example",
        "a@in.example, <mailto:leak@o.example>",
        "a@in.example, leak @ o.example",
        "a@in.example, leak@\r\n o.example",
        "a@in.example, 'leak@o.example'",
        "a@in.example, <@r.example:leak@o.example>",
        "a@in.example, <@r.example,@s.example:leak@o.example>",
    ],
)
def test_t29_every_address_of_a_malformed_list_counts_and_it_holds(value: str) -> None:
    parsed = message(f"Cc: {value}")
    assert addresses(parsed) >= {"a@in.example", LEAK}
    assert holding(parsed)


@pytest.mark.parametrize(
    "value", ["bob", "<bob>", "Bob <>", "<>", ";;", "a@", "@in.example", "@", '"a"', "[]", "x:y", "(nobody)"]
)
def test_t29_a_recipient_field_without_a_recipient_holds(value: str) -> None:
    parsed = message(f"To: {value}")
    assert holding(parsed)


@pytest.mark.parametrize(
    "value",
    [
        '"Ann <a@in.example>, leak@o.example',
        'Ann "<a@in.example>, leak@o.example',
        'a@in.example, "L" leak@o.example, "',
        '"a\\" <a@in.example>, <leak@o.example>',
    ],
)
def test_t30_an_unterminated_quote_hides_nothing_and_holds(value: str) -> None:
    parsed = message(f"To: {value}")
    assert addresses(parsed) >= {"a@in.example", LEAK}
    assert holding(parsed)


@pytest.mark.parametrize(
    "value", ['"leak@o.example"@in.example', '"x,leak@o.example"@in.example', '"x> <leak@o.example"@in.example']
)
def test_t30_a_quoted_local_part_that_quotes_an_address_holds_and_both_count(value: str) -> None:
    parsed = message(f"To: {value}")
    assert LEAK in addresses(parsed)
    assert len(addresses(parsed)) == 2
    assert holding(parsed)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("Bob@Bücher.Example", "bob@xn--bcher-kva.example"),
        ("bob@XN--BCHER-KVA.example", "bob@xn--bcher-kva.example"),
        ("bob@in.example.", "bob@in.example"),
        ("BOB@IN.EXAMPLE", "bob@in.example"),
        ("jörg@in.example", "jörg@in.example"),
        ("bob@ＩＮ.example", "bob@in.example"),
        ("bob@straße.example", "bob@xn--strae-oqa.example"),
    ],
)
def test_t31_domains_are_compared_in_one_form(written: str, canonical: str) -> None:
    parsed = message(f"To: {written}")
    assert addresses(parsed) == {canonical}
    assert not holding(parsed)


@pytest.mark.parametrize(
    "written",
    [
        "leak＠o.example",
        "leak﹫o.example",
        "leak@o。example",
        "leak@o．example",
        "L <leak＠o.example>",
        "L＠x <leak@o。example>",
    ],
)
def test_t31_wide_signs_count_and_hold(written: str) -> None:
    parsed = message(f"To: {written}")
    assert LEAK in addresses(parsed)
    assert holding(parsed)


def test_t31_a_domain_that_does_not_convert_stays_as_text() -> None:
    parsed = message("To: bob@\u0301in.example")
    assert len(parsed.visible) == 1
    assert not next(iter(addresses(parsed))).endswith("@in.example")


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ('Content-Disposition: attachment; filename*0="a."; filename*1=exe', {"a.exe"}),
        ("Content-Disposition: attachment; filename*0*=utf-8''a%2E; filename*1=exe", {"a.exe"}),
        ("Content-Disposition: attachment; filename=a.txt; filename*=utf-8''a.exe", {"a.txt", "a.exe"}),
        (
            "Content-Type: application/x; name=a.exe\r\nContent-Disposition: attachment; filename=a.txt",
            {"a.txt", "a.exe"},
        ),
        ("Content-Disposition: attachment; filename=a.txt; filename=a.exe", {"a.txt", "a.exe"}),
        ('Content-Disposition: attachment; filename="=?utf-8?q?a=2Eexe?="', {"a.exe", "=?utf-8?q?a=2Eexe?="}),
        ("Content-Disposition: attachment; filename=Report (final).exe", {"Report (final).exe", "Report .exe"}),
        ("Content-Disposition: attachment; filename*=iso-8859-1'de'%E4.exe", {"ä.exe"}),
        ('Content-Disposition: attachment; filename="a.exe', {"a.exe"}),
    ],
)
def test_t32_every_name_of_an_attachment_is_returned(header: str, names: set[str]) -> None:
    parsed = multipart("Content-Type: multipart/mixed; boundary=B", f"--B\r\n{header}\r\n\r\nx\r\n--B--\r\n")
    assert set(parsed.root.children[0].filenames) >= names


def test_t33_a_header_of_more_than_a_megabyte_is_to_be_refused_and_still_counted() -> None:
    recipients = b",\r\n ".join(b"person%d@patients.example" % number for number in range(45_000))
    parsed = parse(HEAD + b"Cc: " + recipients + b"\r\n\r\n")
    assert len(addresses(parsed)) == 45_000
    assert holding(parsed) == {"header-too-long"} <= REFUSED_DEFECTS


def test_t33_ten_thousand_recipients_are_within_the_limits() -> None:
    recipients = b",\r\n ".join(b"Person %d <person%d@patients.example>" % (number, number) for number in range(10_000))
    parsed = parse(HEAD + b"Cc: " + recipients + b"\r\n\r\n")
    assert len(addresses(parsed)) == 10_000
    assert not parsed.defects


def test_t33_more_than_ten_thousand_fields_are_to_be_refused() -> None:
    parsed = parse(HEAD + b"X: y\r\n" * 20_000 + b"Cc: leak@o.example\r\n\r\n")
    assert "too-many-fields" in holding(parsed) & REFUSED_DEFECTS
    assert addresses(parsed) == {LEAK}


def test_t33_long_lines_are_noted_and_do_not_hold() -> None:
    parsed = message("To: a@in.example", "X-Long: " + "x" * 1200, body=b"y" * 5000 + b"\r\n")
    assert not holding(parsed)
    assert {"long-line", "long-header-line"} <= {defect.kind for defect in parsed.defects}
    exact = message("To: a@in.example", body=b"y" * 998 + b"\r\n" + b"z" * 998 + b"\r\n")
    assert not exact.defects


@pytest.mark.parametrize(
    "header",
    [
        "Content-Type: multipart/mixed; boundary=B\r\nContent-Type: text/plain",
        "Content-Type: text/plain\r\nContent-Type: multipart/mixed; boundary=B",
        "Content-Type: multipart/mixed; boundary=B; boundary=C",
        "Content-Type: multipart/mixed; boundary=C; boundary=B",
        "Content-Type: multipart/mixed; boundary*=us-ascii''B",
        "Content-Type: multipart/mixed; boundary*0=B",
        "Content-Type: multipart/mixed",
        'Content-Type: multipart/mixed; boundary=""',
        'Content-Type: multipart/mixed; boundary="B\0"',
        'Content-Type: multipart/mixed; boundary="B\xe9"',
        'Content-Type: multipart/mixed; boundary="=?utf-8?q?B?="',
        'Content-Type: multipart/mixed; boundary="B',
        "Content-Type: multipart/mixed; boundary=B (x",
        "Content-Type: multipart/mixed; boundary=B C",
        "Content-Type: multipart; boundary=B",
        "Content-Type: multipart/mixed boundary=B",
        "Content-Type: =?utf-8?q?multipart/mixed?=; boundary=B",
        "Content-Type : multipart/mixed; boundary=B",
        "Content-Type: multipart/mixed; boundary=B\r\nContent-Transfer-Encoding: base64",
        "Content-Type: multipart/mixed; boundary=" + "B" * 71,
        "Content-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: 7bit",
        "Content-Transfer-Encoding: base64 (x)",
        "Content-Transfer-Encoding: (x) base64",
        "Content-Transfer-Encoding: =?us-ascii?q?base64?=",
        'Content-Transfer-Encoding: "base64"',
        "Content-Transfer-Encoding: base64; x",
        "Content-Transfer-Encoding: ba se64",
        "Content-Transfer-Encoding: x-uuencode",
        "Content-Disposition: attachment; filename=a.txt\r\nContent-Disposition: inline; filename=b.exe",
    ],
)
def test_t34_ambiguous_mime_fields_hold(header: str) -> None:
    parsed = multipart(header, TWO_PARTS)
    assert holding(parsed)


@pytest.mark.parametrize(
    "body",
    [
        "Content-Type: text/html\r\n\r\n<b>hidden</b>\r\n" + TWO_PARTS,
        "x" * 1001 + "\r\n" + TWO_PARTS,
        "--other-boundary\r\n\r\nhidden\r\n" + TWO_PARTS,
        TWO_PARTS + "Content-Disposition: attachment\r\n\r\nhidden",
        TWO_PARTS + "begin 644 list.csv\r\n#0V%T\r\n",
        TWO_PARTS + "y" * 1001,
        TWO_PARTS + "--B\r\n\r\nhidden\r\n--B--\r\n",
        "--Bx\r\n\r\nhidden\r\n" + TWO_PARTS,
        TWO_PARTS.replace("--B--", "--B-- x"),
        "no delimiter at all",
        "--B\r\nContent-Type: text/plain\r\nno colon\r\n\r\none\r\n--B--\r\n",
        "--B\r\nContent-Type: text/plain\r\n--B\r\n\r\ntwo\r\n--B--\r\n",
        "--B\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n\r\nx\r\n--B--\r\n",
        "--B\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD=\r\nQUJD\r\n--B--\r\n",
        "--B\r\nContent-Transfer-Encoding: base64\r\n\r\nQU!JD\r\n--B--\r\n",
        "--B\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\n--B--\r\n",
    ],
)
def test_t34_ambiguous_structure_holds(body: str) -> None:
    parsed = multipart("Content-Type: multipart/mixed; boundary=B", body)
    assert holding(parsed)


@pytest.mark.parametrize("kind", ["message/partial; id=1; number=1; total=2", "message/external-body; access-type=url"])
def test_t48_t49_fragments_and_external_bodies_hold(kind: str) -> None:
    assert holding(multipart(f"Content-Type: {kind}", "x"))
    body = f"--B\r\nContent-Type: {kind}\r\n\r\nx\r\n--B--\r\n"
    assert holding(multipart("Content-Type: multipart/mixed; boundary=B", body))


def test_t44_a_nested_message_is_seen_as_a_part_and_its_recipients_are_not_counted() -> None:
    inner = "From: x@y.example\r\nTo: leak@o.example\r\n\r\nHi"
    body = f"--B\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n--B--\r\n"
    parsed = multipart("Content-Type: multipart/mixed; boundary=B", body)
    assert [part.media_type for part in parsed.root.walk()] == ["multipart/mixed", "message/rfc822"]
    part = parsed.root.children[0]
    assert bytes(parsed.raw[part.body_start : part.end]) == inner.encode()
    assert addresses(parsed) == {"b@o.example"}


def test_t80_deep_nesting_is_bounded_without_recursion_and_holds() -> None:
    body = "".join(
        f"--B{depth}\r\nContent-Type: multipart/mixed; boundary=B{depth + 1}\r\n\r\n" for depth in range(20_000)
    )
    parsed = multipart("Content-Type: multipart/mixed; boundary=B0", body)
    assert "nested-too-deep" in holding(parsed)
    assert len(parsed.root.walk()) < 1100


def test_t80_a_hundred_thousand_parts_are_bounded_and_hold() -> None:
    parsed = multipart("Content-Type: multipart/mixed; boundary=B", "--B\r\n\r\nx\r\n" * 100_000)
    assert "too-many-parts" in holding(parsed)
    assert len(parsed.root.walk()) == 1_000


def test_t80_dashed_lines_are_bounded_and_hold() -> None:
    parsed = multipart("Content-Type: multipart/mixed; boundary=B", "--\r\n" * 300_000 + TWO_PARTS)
    assert "too-many-delimiter-lines" in holding(parsed)
