"""find_addresses: every x@y that a person or a program could read in any field, with the octets that show it."""

from __future__ import annotations

import pytest

from mailguard.core.mail.search import find_addresses


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("leak@o.example", "leak@o.example"),
        (" <leak@o.example>;", "leak@o.example"),
        ("by x for <Leak@O.Example>; date", "Leak@O.Example"),
        ("addr=leak@o.example; keydata=xx", "leak@o.example"),
        ("<mailto:leak@o.example?subject=x>", "leak@o.example"),
        ("rfc822;leak@o.example", "leak@o.example"),
        ("x'leak@o.example'", "leak@o.example"),
        ("=?utf-8?q?hi_leak=40o.example?= x", "=?utf-8?q?hi_leak=40o.example?="),
        ("=?utf-8?b?bGVha0BvLmV4YW1wbGU=?=", "=?utf-8?b?bGVha0BvLmV4YW1wbGU=?="),
        ("=?utf-8?q?leak?=\r\n =?utf-8?q?=40o.example?=", "=?utf-8?q?leak?=\r\n =?utf-8?q?=40o.example?="),
        ("x=?utf-8?q?leak=40o.example?=y", "=?utf-8?q?leak=40o.example?="),
        ("https://x.example/?u=leak%40o.example&y", "leak%40o.example"),
        ("leak(x)@(y)o.example", "leak(x)@(y)o.example"),
        ("leak@\r\n o.example", "leak@\r\n o.example"),
        ("leak @ o.example", "leak @ o.example"),
        ("leak＠o.example", "leak＠o.example"),
        ("联系leak@o.example吧", "leak@o.example"),
        ("leak%o.example@relay.example", "leak%o.example@relay.example"),
        ("bounce+leak=o.example@lists.example", "bounce+leak=o.example@lists.example"),
        ("o.example!leak@relay.example", "o.example!leak@relay.example"),
        ('"leak@o.example"@in.example', "leak@o.example"),
        ("a@in.example|leak@o.example", "leak@o.example"),
        ('"leak"@o.example', '"leak"@o.example'),
    ],
)
def test_an_address_is_found_wherever_it_stands(value: str, shown: str) -> None:
    octets = value.encode()
    spans = [
        octets[each.start : each.end].decode() for each in find_addresses(octets) if each.address == "leak@o.example"
    ]
    assert shown in spans


def test_what_decoding_shows_is_marked_as_decoded() -> None:
    found = {each.address: each.decoded for each in find_addresses(b"a@b.example =?utf-8?q?c=40d.example?=")}
    assert found == {"a@b.example": False, "c@d.example": True}


def test_domains_are_canonical() -> None:
    found = find_addresses("x@Bücher.Example".encode())
    assert "x@xn--bcher-kva.example" in {each.address for each in found}


@pytest.mark.parametrize("value", [b"", b"@", b"a@", b"@b", b"no address", b"@ @ @", b"a @ b", b"=?utf-8?q?=40?="])
def test_nothing_is_found_where_there_is_none(value: bytes) -> None:
    assert find_addresses(value) == ()
