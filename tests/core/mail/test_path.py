"""Envelope paths: what is taken goes on untouched, what two servers could read differently is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.envelope import Path
from mailguard.core.mail import path as path_module
from mailguard.core.mail.path import (
    KINDS,
    PathError,
    ordinary_path,
    parse_forward_path,
    parse_reverse_path,
    split_mail_argument,
    split_rcpt_argument,
)


@pytest.mark.parametrize(
    ("argument", "address"),
    [
        (b"<Bob@In.Example>", "bob@in.example"),
        (b"<bob+tag=x@in.example>", "bob+tag=x@in.example"),
        (b"<o'brien@in.example>", "o'brien@in.example"),
        (b'<"bob"@in.example>', "bob@in.example"),
        (b'<"bob ray"@in.example>', '"bob ray"@in.example'),
        (b"<root@localhost>", "root@localhost"),
        (b"<scan@host_1.in.example>", "scan@host_1.in.example"),
        (b"<bob@[192.0.2.1]>", "bob@[192.0.2.1]"),
        (b"<bob@[IPv6:2001:db8::1]>", "bob@[ipv6:2001:db8::1]"),
        ("<jörg@bücher.example>".encode(), "jörg@xn--bcher-kva.example"),
        (b"<" + b"a" * 64 + b"@" + b"b." * 90 + b"example>", "a" * 64 + "@" + "b." * 90 + "example"),
    ],
)
def test_paths_are_taken_and_the_wire_form_is_kept(argument: bytes, address: str) -> None:
    expected = Path(argument[1:-1], address)
    assert parse_forward_path(argument, smtputf8=True) == expected
    assert parse_reverse_path(argument, smtputf8=True) == expected


def test_the_null_path_is_none_and_no_recipient() -> None:
    assert parse_reverse_path(b"<>", smtputf8=False) is None
    with pytest.raises(PathError) as refusal:
        parse_forward_path(b"<>", smtputf8=False)
    assert refusal.value.kind == "null"


def test_postmaster_needs_no_domain_as_a_recipient_only() -> None:
    assert parse_forward_path(b"<PostMaster>", smtputf8=False) == Path(b"PostMaster", "postmaster")
    with pytest.raises(PathError):
        parse_reverse_path(b"<postmaster>", smtputf8=False)


REFUSED = [
    (b"bob@in.example", "brackets"),
    (b"<bob@in.example", "brackets"),
    (b"bob@in.example>", "brackets"),
    (b"<<bob@in.example>>", "brackets"),
    (b"<bob@in.example>x", "brackets"),
    (b"< bob@in.example>", "brackets"),
    (b"<bob ray@in.example>", "brackets"),
    (b"", "brackets"),
    (b"<bob>", "no-domain"),
    (b"<bob@>", "domain"),
    (b"<@in.example>", "source-route"),
    (b"<@r.example:bob@in.example>", "source-route"),
    (b"<@r.example,@s.example:bob@in.example>", "source-route"),
    (b"<bob@in.example@o.example>", "local-part"),
    (b"<.bob@in.example>", "local-part"),
    (b"<bob.@in.example>", "local-part"),
    (b"<bo..b@in.example>", "local-part"),
    (b"<bob,ray@in.example>", "local-part"),
    (b"<bob(x)@in.example>", "local-part"),
    (b'<bob"x"@in.example>', "local-part"),
    (b'<""@in.example>', "local-part"),
    (b'<"a@out.example"@in.example>', "local-part-quoted"),
    (b'<"b@in.example> SIZE=1"@o.example>', "local-part-quoted"),
    (b'<"b@in.example> ORCPT=x"@o.example>', "local-part-quoted"),
    (b'<"a\\@out.example"@in.example>', "local-part-quoted"),
    (b'<"a\\"b"@in.example>', "local-part-quoted"),
    (b'<"a<b"@in.example>', "local-part-quoted"),
    (b"<bob\r\n@in.example>", "control"),
    (b"<bob\0@in.example>", "control"),
    (b"<bob@in.example.>", "domain"),
    (b"<bob@.in.example>", "domain"),
    (b"<bob@in..example>", "domain"),
    (b"<bob@-in.example>", "domain"),
    (b"<bob@in/x.example>", "domain"),
    (b"<bob@" + b"a" * 64 + b".example>", "domain"),
    (b"<bob@[192.0.2]>", "literal"),
    (b"<bob@[192.0.2.256]>", "literal"),
    (b"<bob@[IPv6:2001:db8::1%eth0]>", "literal"),
    (b"<bob@[x:y]>", "literal"),
    (b"<bob@[192.0.2.1>", "literal"),
    (b"<" + b"a" * 65 + b"@in.example>", "too-long"),
    (b"<bob@" + b"a." * 130 + b"example>", "too-long"),
    ("<bob＠in.example>".encode(), "no-domain"),
    ("<x＠y@in.example>".encode(), "domain"),
    ("<bob@in。example>".encode(), "domain"),
    ("<bob\u2028@in.example>".encode(), "control"),
    (b"<bob\xff@in.example>", "smtputf8"),
    ("<bob@\u0301x.example>".encode(), "domain"),
]


@pytest.mark.parametrize(("argument", "kind"), REFUSED)
def test_t5_t6_what_two_servers_could_read_differently_is_refused(argument: bytes, kind: str) -> None:
    for parse_path in (parse_forward_path, parse_reverse_path):
        with pytest.raises(PathError) as refusal:
            parse_path(argument, smtputf8=True)
        assert refusal.value.kind == kind
        assert str(refusal.value) == KINDS[kind]


@pytest.mark.parametrize(
    "wire", [b"user%out.example@in.example", b"out.example!user@in.example", b'"user%x"@in.example']
)
def test_t5_relaying_forms_are_refused_for_recipients_only(wire: bytes) -> None:
    with pytest.raises(PathError) as refusal:
        parse_forward_path(b"<" + wire + b">", smtputf8=False)
    assert refusal.value.kind == "relay"
    path = parse_reverse_path(b"<" + wire + b">", smtputf8=False)
    assert path is not None and path.wire == wire


def test_addresses_beyond_ascii_need_smtputf8() -> None:
    for argument in ("<jörg@in.example>".encode(), "<bob@bücher.example>".encode()):
        with pytest.raises(PathError) as refusal:
            parse_forward_path(argument, smtputf8=False)
        assert refusal.value.kind == "smtputf8"


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        (b"FROM:<a@b.example>", (b"<a@b.example>", ())),
        (b"from:<a@b.example> SIZE=1 BODY=8BITMIME", (b"<a@b.example>", (b"SIZE=1", b"BODY=8BITMIME"))),
        (b"FROM: <a@b.example>  SMTPUTF8 ", (b"<a@b.example>", (b"SMTPUTF8",))),
        (b"FROM:<> AUTH=<> RET=HDRS ENVID=Ab+3D", (b"<>", (b"AUTH=<>", b"RET=HDRS", b"ENVID=Ab+3D"))),
        (b'FROM:<"a b> c"@d.example> SIZE=1', (b'<"a b> c"@d.example>', (b"SIZE=1",))),
    ],
)
def test_mail_arguments_are_split_in_wire_form(argument: bytes, expected: tuple[bytes, tuple[bytes, ...]]) -> None:
    assert split_mail_argument(argument) == expected


def test_rcpt_arguments_are_split_in_wire_form() -> None:
    argument = b"TO:<a@b.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a@b.example"
    expected = (b"<a@b.example>", (b"NOTIFY=SUCCESS,FAILURE", b"ORCPT=rfc822;a@b.example"))
    assert split_rcpt_argument(argument) == expected


@pytest.mark.parametrize(
    ("argument", "kind"),
    [
        (b"", "keyword"),
        (b"TO:<a@b.example>", "keyword"),
        (b"FROM <a@b.example>", "keyword"),
        (b"FROM:a@b.example", "brackets"),
        (b"FROM:", "brackets"),
        (b"FROM:<a b@c.example>", "brackets"),
        (b"FROM:<a@b.example>SIZE=1", "parameter"),
        (b"FROM:<a@b.example> =1", "parameter"),
        (b"FROM:<a@b.example> SIZE=", "parameter"),
        (b"FROM:<a@b.example> SIZE=1=2", "parameter"),
        (b"FROM:<a@b.example> <x@y.example>", "parameter"),
        (b"FROM:<a@b.example> -X=1", "parameter"),
        ("FROM:<a@b.example> X=ü".encode(), "parameter"),
        (b"FROM:<a@b.example> X=1\rRCPT", "control"),
    ],
)
def test_malformed_arguments_are_refused(argument: bytes, kind: str) -> None:
    with pytest.raises(PathError) as refusal:
        split_mail_argument(argument)
    assert refusal.value.kind == kind


@given(st.binary(max_size=300), st.booleans())
def test_only_path_errors_are_raised(argument: bytes, smtputf8: bool) -> None:
    for text in (argument, b"<" + argument + b">", b"FROM:<" + argument + b">"):
        for parse_path in (parse_forward_path, parse_reverse_path):
            try:
                path = parse_path(text, smtputf8=smtputf8)
            except PathError as refusal:
                assert refusal.kind in KINDS
            else:
                assert path is None or path.wire == text[1:-1]
        try:
            split_mail_argument(text)
        except PathError as refusal:
            assert refusal.kind in KINDS


_LOCAL = st.sampled_from(
    [b"a", b"Bob", b".", b"+x", b"-", b"_", b"%", b"!", b'"', b"=", b"@", b"\xc3\xa9", b" ", b"a" * 63]
)
_DOMAIN = st.sampled_from(
    [b"B", b"example", b".", b"-", b"_", b"[", b"]", b"\xc3\xbc", b"1", b"b" * 62, b"b." * 120, b"@"]
)


@given(st.lists(_LOCAL, max_size=5).map(b"".join), st.lists(_DOMAIN, max_size=5).map(b"".join), st.booleans())
def test_the_short_way_to_an_ordinary_path_gives_what_the_strict_one_gives(
    local: bytes, domain: bytes, smtputf8: bool
) -> None:
    argument = b"<" + local + b"@" + domain + b">"
    short = ordinary_path(argument)
    if short is not None:
        assert short == path_module._any_forward_path(argument, smtputf8)
        assert short == path_module._any_reverse_path(argument, smtputf8)


@pytest.mark.parametrize(
    "argument",
    [b"<jo@elmroad.example>", b"<Jo.Smith+x@mail.Elm-Road.example>", b"<a_b@1.example>", b"<root@localhost>"],
)
def test_ordinary_paths_go_the_short_way(argument: bytes) -> None:
    assert ordinary_path(argument) is not None


_ARGUMENT = st.sampled_from(
    [
        b"FROM:",
        b"From:",
        b"TO:",
        b"to:",
        b"<",
        b">",
        b"a@b.example",
        b" ",
        b"\t",
        b"SIZE=1",
        b"BODY",
        b"=",
        b'"',
        b"\xff",
    ]
)


@given(st.lists(_ARGUMENT, max_size=7).map(b"".join), st.sampled_from([b"FROM", b"TO"]))
def test_the_short_way_through_an_argument_gives_what_the_strict_one_gives(argument: bytes, keyword: bytes) -> None:
    def read(split: object) -> object:
        try:
            return split(argument, keyword)  # type: ignore[operator]
        except PathError as refused:
            return refused.kind

    assert read(split_mail_argument) == read(path_module._split_any)
