"""Hidden addresses are found in every spelling that a person could read, and others are not taken for them."""

from __future__ import annotations

import base64
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.errors import CannotRewrite
from mailguard.core.rewrite.search import hidden

LEAK = "leak@o.example"
IDN = "leak@xn--bcher-kva.example"


def encoded(text: str, encoding: str = "b", charset: str = "utf-8") -> bytes:
    octets = text.encode(charset)
    if encoding == "b":
        payload = base64.b64encode(octets).decode()
    else:
        payload = "".join(f"={octet:02X}" for octet in octets)
    return f"=?{charset}?{encoding}?{payload}?=".encode()


SPELLINGS = {
    "plain": b"leak@o.example",
    "case": b"LEAK@O.Example",
    "trailing dot": b"leak@o.example.",
    "angle": b"Somebody <leak@o.example>",
    "quotes": b'"\'leak@o.example\'"',
    "mailto": b"<mailto:leak@o.example?subject=x>",
    "quoted local part": b'"leak"@o.example',
    "quoted pair": b'"l\\eak"@o.example',
    "comment inside": b"leak(x)@(y)o.example",
    "in a comment": b"(see leak@o.example)",
    "spaces": b"leak @ o . example",
    "folded at the sign": b"leak@\r\n o.example",
    "folded in the middle": b"le\r\n ak@o.example",
    "encoded word b": encoded("x leak@o.example"),
    "encoded word q": encoded("leak@o.example", "Q", "iso-8859-1"),
    "two encoded words": encoded("leak@o") + b"\r\n " + encoded(".example"),
    "encoded word of utf-16": encoded("leak@o.example", "b", "utf-16-le"),
    "encoded sign": b"leak" + encoded("@", "q") + b"o.example",
    "percent": b"https://x.example/?m=leak%40o.example",
    "all percent": quote("leak@o.example", safe="").replace("o", "%6F").encode(),
    "percent hack": b"leak%o.example@relay.example",
    "verp": b"bounce+leak=o.example@lists.elmroad.example",
    "verp after a hyphen": b"unsubscribe-leak=o.example@lists.elmroad.example",
    "bang": b"o.example!leak",
    "dkim z": b"z=To:leak=40o.example|Subject:x",
    "rfc 2231": b"x; filename*=utf-8''leak%40o.example",
    "rfc 2231 in pieces": b'x; filename*0="le"; filename*1="ak@o.exa"; filename*2="mple"',
    "base64": b"keydata=" + base64.b64encode(b"some key of Leak <leak@o.example> and more"),
    "base64 folded": b"keydata=" + base64.b64encode(b"some key of Leak <leak@o.example> ...")[:30] + b"\r\n "
    + base64.b64encode(b"some key of Leak <leak@o.example> ...")[30:],
    "fullwidth": "leak＠o．example".encode(),
    "invisible": "le\u200bak@o.exa\u00admple".encode(),
    "json": b'{"to":["leak@o.example"]}',
    "json escape": b'{"to":["leak\\u0040o.example"]}',
    "entity": b"<p>leak&#64;o.example</p>",
    "all entities": "".join(f"&#x{ord(letter):x};" for letter in "leak@o.example").encode(),
    "entity in percent": b"?m=leak%26commat%3Bo.example",
    "file name": b"leak@o.example.pdf",
    "end of a sentence": b"ask leak@o.example.Then come",
    "latin-1 beside it": b"caf\xe9 leak@o.example",
}  # fmt: skip

OTHERS = [
    b"j.leak@o.example",
    b"leak.j@o.example",
    b"leaky@o.example",
    b"tleak@o.example",
    b"re-leak@o.example",
    b"tag+leak@o.example",
    b"leak@oo.example",
    b"leak@sub.o.example",
    b"d=o.example; s=leak",
    b"leak at o.example",
    b"smtp.mailfrom=o.example",
]


@pytest.mark.parametrize("name", SPELLINGS)
def test_found(name: str) -> None:
    assert hidden([LEAK, "other@o.example"]).found_in(SPELLINGS[name]) == {LEAK}


@pytest.mark.parametrize("text", OTHERS, ids=lambda text: text.decode())
def test_not_taken_for_it(text: bytes) -> None:
    assert hidden([LEAK]).found_in(text) == frozenset()


@pytest.mark.parametrize("text", ["leak@bücher.example", "leak@BÜCHER.example", "leak@xn--bcher-kva.example"])
def test_either_spelling_of_an_international_domain(text: str) -> None:
    assert hidden([IDN]).found_in(text.encode()) == {IDN}
    assert hidden([IDN]).found_in(encoded(text, "b")) == {IDN}


@pytest.mark.parametrize("address", ["o'hara@o.example", "a/b=c@o.example", "user@[192.0.2.1]", '"john doe"@o.example'])
def test_unusual_mailboxes(address: str) -> None:
    assert hidden([address]).found_in(b"X <" + address.encode() + b">") == {address}


def test_what_is_no_address_is_not_looked_for() -> None:
    assert hidden(["staff"]).found_in(b"to all staff") == frozenset()


def test_the_longer_of_two_addresses_is_the_one_that_stands_there() -> None:
    both = hidden(["bob@shop.example", "bob@shop.example.org"])
    assert both.found_in(b"<bob@shop.example.org>") == {"bob@shop.example.org"}
    assert both.found_in(b"<bob@shop.example>") == {"bob@shop.example"}


def test_many_odd_ones_stop_the_rewrite() -> None:
    with pytest.raises(CannotRewrite):
        hidden(f"a{number}@b c" for number in range(1000))


@given(st.binary(max_size=200))
def test_total(octets: bytes) -> None:
    hidden([LEAK, IDN, "odd@b c"]).found_in(octets)


@given(st.text(st.characters(codec="utf-8"), max_size=40), st.text(st.characters(codec="utf-8"), max_size=40))
def test_found_between_spaces_in_any_text(before: str, after: str) -> None:
    octets = f"{before} {LEAK} {after}".encode()
    assert LEAK in hidden([LEAK]).found_in(octets)


HOSTILE = {
    "at signs": b"a@",
    "equals": b"=",
    "encoded words": b"=?utf-8?q?=40?= ",
    "opened words": b"=?utf-8?q?",
    "comments": b"(",
    "closed comments": b"()",
    "percent": b"%25",
    "spaces": b" \t",
    "dots": b".",
    "continuations": b"; a*1*=x''",
    "bangs": b"o.example!",
    "base64": b"QUJD",
    "quotes": b'"\\',
    "folds": b"\r\n a",
    "domains": b"leak@o.example,",
    "letters": b"a",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_linear(name: str) -> None:
    """Eight times the octets may cost no more than some twenty times the time."""
    index = hidden(f"p{number}@o{number % 7}.example" for number in range(500))

    def cost(times: int) -> float:
        octets = (HOSTILE[name] * (times * 2000))[: times * 8000] + b"@"
        best = 1e9
        for _ in range(3):
            begun = time.process_time()
            index.found_in(octets)
            best = min(best, time.process_time() - begun)
        return best

    assert cost(8) < 24 * cost(1) + 0.01
