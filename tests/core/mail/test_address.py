"""The mailboxes of one field: spans, items, order, and what each flaw is called."""

from __future__ import annotations

import pytest

from mailguard.core.mail.address import canonical_address, list_mailboxes
from mailguard.core.mail.message import Defect, Field, Mailbox

NAME = b"Cc:"


def read(value: str | bytes, base: int = 0) -> tuple[tuple[Mailbox, ...], tuple[Defect, ...], bytes]:
    octets = NAME + (value.encode() if isinstance(value, str) else value) + b"\r\n"
    field = Field("cc", base, base + len(NAME), base + len(octets))
    mailboxes, defects = list_mailboxes(octets, field, base)
    return mailboxes, defects, octets


def shown(value: str) -> list[tuple[str, str, int]]:
    mailboxes, _, octets = read(value)
    return [(each.address, octets[each.start : each.end].decode(), each.item) for each in mailboxes]


def kinds(value: str | bytes) -> set[tuple[str, bool]]:
    return {(defect.kind, defect.holds) for defect in read(value)[1]}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" a@b.example", [("a@b.example", "a@b.example", 0)]),
        ("a@b.example,c@d.example", [("a@b.example", "a@b.example", 0), ("c@d.example", "c@d.example", 1)]),
        (
            ' "Doe, J" <J@D.example> ,\r\n\tBob\t<b@d.example>(x)  ',
            [("j@d.example", '"Doe, J" <J@D.example>', 0), ("b@d.example", "Bob\t<b@d.example>(x)", 1)],
        ),
        (
            "Team: a@b.example , <c@d.example> ; , e@f.example",
            [("a@b.example", "a@b.example", 0), ("c@d.example", "<c@d.example>", 1), ("e@f.example", "e@f.example", 2)],
        ),
        (
            " =?utf-8?q?J=C3=B6rg?= <a@b.example>, Jörg <c@d.example>",
            [
                ("a@b.example", "=?utf-8?q?J=C3=B6rg?= <a@b.example>", 0),
                ("c@d.example", "Jörg <c@d.example>", 1),
            ],
        ),
        (
            "=?utf-8?q?x=40y.example=2C_z=40y.example?=, a@b.example",
            [
                ("x@y.example", "=?utf-8?q?x=40y.example=2C_z=40y.example?=", 0),
                ("z@y.example", "=?utf-8?q?x=40y.example=2C_z=40y.example?=", 0),
                ("a@b.example", "a@b.example", 1),
            ],
        ),
        (",, a@b.example,,b@b.example,", [("a@b.example", "a@b.example", 0), ("b@b.example", "b@b.example", 1)]),
        ("a@b.example, a@b.example", [("a@b.example", "a@b.example", 0), ("a@b.example", "a@b.example", 1)]),
        (
            "a@b.example (c@d.example)",
            [("a@b.example", "a@b.example (c@d.example)", 0), ("c@d.example", "a@b.example (c@d.example)", 0)],
        ),
        ("", []),
        (" , ", []),
    ],
)
def test_spans_are_the_items_as_written(value: str, expected: list[tuple[str, str, int]]) -> None:
    assert shown(value) == expected


def test_spans_count_from_the_beginning_of_raw() -> None:
    mailboxes, _, _ = read(" a@b.example, x <c@d.example>", base=1000)
    assert [(each.field_start, each.start, each.end) for each in mailboxes] == [(1000, 1004, 1015), (1000, 1017, 1032)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a@b.example,", set()),
        ("a@b.example,,c@d.example", {("empty-item", False)}),
        ("a@b.example;", {("semicolon-separator", False)}),
        ("a@b.example; c@d.example", {("semicolon-separator", True)}),
        ("Doe, Jane <a@b.example>", {("item-without-address", False)}),
        ("Jane, a@b.example", {("item-without-address", True)}),
        ("a@b.example <a@b.example>", {("unquoted-name", False)}),
        ("c@d.example <a@b.example>", {("unquoted-name", True)}),
        ("a..b.@d.example", {("odd-local-part", False)}),
        ('"a b"@d.example', set()),
        ('"a@b"@d.example', {("quoted-local-part", True)}),
        ('"a\\"b"@d.example', {("quoted-local-part", True)}),
        ("a@b..example", {("invalid-domain", True)}),
        ("a@b.example.", set()),
        ("a@my_host.example", set()),
        (b"a@b\xff.example", {("address-not-utf-8", True)}),
        ("=?utf-8?q?a@b?= <c@d.example>", {("sign-in-encoded-word", True)}),
        ("=?utf-8?q?a=40b.example?=", {("unreadable-address", True)}),
        ("(a@b.example)", {("address-in-comment", True)}),
        ("g: a@b.example; c@d.example", {("missing-comma", True)}),
        ("g: a@b.example; (closing words)", set()),
        ("g: h: a@b.example;;", {("nested-group", True), ("missing-comma", True), ("semicolon-separator", False)}),
        ("g: a@b.example", {("group-not-closed", True)}),
        ("<@r.example:a@b.example>", {("source-route", True)}),
        ("<@r.example,@s.example:a@b.example>", {("source-route", True)}),
        ("< a@b.example >", set()),
        ("a @b.example", {("spaced-address", True)}),
    ],
)
def test_flaws_have_names_and_say_whether_they_hold(value: str | bytes, expected: set[tuple[str, bool]]) -> None:
    assert kinds(value) == expected


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("Bob@B.Example", "bob@b.example"),
        (b"Bob@B.Example.", "bob@b.example"),
        ('"bob"@b.example', "bob@b.example"),
        ('"Bob Ray"@b.example', '"bob ray"@b.example'),
        ('"a@b"@c.example', '"a@b"@c.example'),
        ("postmaster", "postmaster"),
        ("x@bücher.example", "x@xn--bcher-kva.example"),
        ("x@BÜCHER.example", "x@xn--bcher-kva.example"),
        ("x@bu\u0308cher.example", "x@xn--bcher-kva.example"),
        ("x@faß.example", "x@xn--fa-hia.example"),
        ("ⅻ@b.example", "xii@b.example"),
        ("x@b\u200d.example", "x@b\u200d.example"),
        (b"x\xff@b.example", "xÿ@b.example".lower()),
        ("x@" + "ü" * 2000, "x@" + "ü" * 2000),
        ("", ""),
        ("@", "@"),
        ("x@[192.0.2.1]", "x@[192.0.2.1]"),
    ],
)
def test_canonical_addresses(text: str | bytes, canonical: str) -> None:
    assert canonical_address(text) == canonical
    assert canonical_address(canonical) == canonical


@pytest.mark.parametrize("empty", [",,,", ", ,\t,", ",\r\n ,,", " , ,,", "," * 10_000])
def test_runs_of_empty_items_are_one_defect_and_hide_nobody(empty: str) -> None:
    value = f"{empty}a@b.example{empty}c@d.example{empty}"
    assert [(each.address, each.item) for each in read(value)[0]] == [("a@b.example", 0), ("c@d.example", 1)]
    assert kinds(value) == {("empty-item", False)}
