"""Addresses in running text: one mention a person, whatever surrounds it; what only looks like one is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.mail import mentions as module
from mailguard.core.mail.mentions import SEAM, TooManyMentions, mentions, windows

ANNA = ("anna@x.example",)


@pytest.mark.parametrize(
    "text",
    [
        "anna@x.example",
        "ANNA@X.Example.",
        "'anna@x.example'",
        '"anna@x.example" <anna@x.example>',
        "Anna <mailto:anna@x.example>",
        "anna@x.example<mailto:anna@x.example>",
        "mailto:anna%40x.example",
        "mailto:%20anna@x.example",
        "https://y.example/?u=anna%2540x.example",
        "*anna@x.example*",
        "(anna@x.example)",
        "[anna@x.example]",
        "e=anna@x.example;",
        "Anna:anna@x.example,",
        "/anna@x.example/",
        "anna\uff20x.example",
        "anna@x\u3002example",
        "an\u200bna@x\u00ad.example",
        "anna [at] x [dot] example",
        "anna (at) x.example",
        "ご連絡はanna@x.exampleまで",
        "連絡先：anna@x.example。",
        "anna@x.example\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
        f"{SEAM}anna{SEAM}@x.example{SEAM}",
        f"Name:{SEAM}anna@x.example{SEAM}",
        "anna@x.example?subject=hello",
    ],
)
def test_one_person(text: str) -> None:
    assert mentions(text) == ANNA


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("a@x.example,b@x.example;c@x.example d@x.example|e@x.example", "a b c d e"),
        ("mailto:a@x.example,b%40x.example?cc=c@x.example&bcc=d@x.example%2Ce@x.example", "a b c d e"),
        ("a@x.example\nb@x.example\tc@x.example\u3001d@x.example\uff0ce@x.example", "a b c d e"),
        (f"a@x.example{SEAM}b@x.example", "a b"),
    ],
)
def test_several(text: str, addresses: str) -> None:
    assert mentions(text) == tuple(f"{name}@x.example" for name in addresses.split())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "meet @ noon",
        "@handle and @other.handle",
        "logo@2x.png",
        "follow @anna@social.example",
        "cid:image001.png@01DA73B1.ABCDEFAB",
        "npm i left-pad@1.3.0",
        "user@localhost",
        "10@3.5",
        "https://maps.example/@51.5,-0.1,15z",
        "Message-ID: <abc@mail.example>\nReferences: <d@mail.example>\n <e@mail.example>\n\t<f@mail.example>",
        "> In-Reply-To: <g@mail.example>",
        "References: <d@mail.example>\n\n <e@mail.example>\n>\n> <f@mail.example>",
        "X-Original-Message-ID: <h@mail.example>",
    ],
)
def test_nobody(text: str) -> None:
    assert mentions(text) == ()


def test_international_addresses_are_canonical() -> None:
    assert mentions("J\u00f6rg <j\u00f6rg@b\u00fccher.example>") == ("j\u00f6rg@xn--bcher-kva.example",)


def test_identifiers_end_where_their_field_does() -> None:
    text = "References: <d@mail.example>\nCc: <anna@x.example>"
    assert mentions(text) == ANNA


def test_too_many_is_said_and_not_cut() -> None:
    text = " ".join(f"p{number}@x.example" for number in range(module.MOST_MENTIONS + 1))
    with pytest.raises(TooManyMentions):
        mentions(text)
    assert len(mentions(text.rpartition(" ")[0])) == module.MOST_MENTIONS


@pytest.mark.parametrize("join", [" ", "\n", ","])
def test_no_mention_is_lost_or_made_where_a_long_text_is_divided(join: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WINDOW", 5_000)
    expected = tuple(f"person{number}@dom{number % 7}.example" for number in range(2_000))
    found = mentions(join.join(expected))
    assert set(expected) <= set(found)
    assert join == "," or found == expected
    assert all(len(window) <= 5_000 for window in windows(join.join(expected)))


@given(
    st.text(max_size=400), st.sampled_from(["", "@x.example", "%40x.example ", SEAM + "@", "\n> References: <a@b.cc>"])
)
def test_total_and_canonical(text: str, added: str) -> None:
    for address in mentions(text + added + text):
        assert address.count("@") >= 1 and address == address.lower().strip()


@given(
    st.lists(st.from_regex(r"[a-z][a-z0-9.]{0,8}[a-z]@[a-z]{2,8}\.example", fullmatch=True), max_size=20, unique=True)
)
def test_every_address_between_separators_is_found(addresses: list[str]) -> None:
    for separator in (", ", "; ", "\n", " <", "> ", '"', "\t"):
        assert set(addresses) == set(mentions(separator.join(addresses)))


@pytest.mark.parametrize("at", ["&#64;", "&#x40;", "&#0064;", "&commat;", "\\u0040", "\\'40"])
def test_an_at_sign_as_xml_json_and_rtf_write_it(at: str) -> None:
    assert mentions(f"<a>ben{at}y.example</a>, cy{at}y.example") == ("ben@y.example", "cy@y.example")
