"""A message's HTML, made harmless: what is left of hostile pages, and how long that takes (THREATS.md T60, T61)."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.console.safe_html import MOST_CHARACTERS, POLICY, safe_page
from tests.console.house import Seen

PICTURES = {"logo@elm": ("image/png", b"\x89PNG"), "odd@elm": ("image/svg+xml", b"<svg onload=alert(1)>")}


def page_of(markup: str) -> Seen:
    found = safe_page(markup, PICTURES)
    assert found is not None
    return Seen(found)


@pytest.mark.parametrize(
    "markup",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg><script>alert(1)</script></svg>",
        '<meta http-equiv="refresh" content="0;url=http://evil.example/">',
        '<link rel="stylesheet" href="http://evil.example/a.css">',
        '<link rel="dns-prefetch" href="//evil.example">',
        '<base href="http://evil.example/">',
        '<iframe src="http://evil.example/"></iframe>',
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        '<object data="http://evil.example/"></object><embed src="http://evil.example/">',
        '<form action="http://evil.example/"><input name=a><button>Go</button></form>',
        '<video src="http://evil.example/v" poster="http://evil.example/p"></video>',
        '<img src="http://evil.example/p.png"><img src="//evil.example/p"><img src="file:///etc/passwd">',
        '<img src="data:image/png;base64,AAAA"><img srcset="http://evil.example/p 2x">',
        '<img src="cid:odd@elm"><img src="cid:nothing"><img src="CID:">',
        '<a href="javascript:alert(1)" target="_top" ping="http://evil.example/">press</a>',
        '<div background="http://evil.example/p"><table background="http://evil.example/p"></table></div>',
        "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=1 onerror=alert(1)>'>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
        "<template><script>alert(1)</script></template>",
    ],
)
def test_what_loads_runs_sends_or_opens_is_gone(markup: str) -> None:
    page = page_of(markup)
    assert not {"script", "iframe", "object", "embed", "form", "input", "button", "link", "base", "svg", "video"} & set(
        page.tags
    )
    assert page.tags.count("meta") == 1 and "a" not in page.tags
    for tag, name, value in page.attributes:
        assert not name.startswith("on") and name not in ("src", "href", "srcset", "background", "action"), (tag, name)
        assert "javascript:" not in value


def test_a_link_is_text_with_its_address() -> None:
    page = page_of('<p><a href="http://evil.example/?a=1&b=2">your bank</a> and <a name=x>none</a></p>')
    assert "your bank [http://evil.example/?a=1&b=2] and none" in " ".join(page.text.replace(" [", " [").split())
    assert "a" not in page.tags


def test_a_picture_that_the_message_carries_is_there_and_its_style_stays() -> None:
    page = page_of("<style>h1 { color: red }</style><h1 style='margin:0'>Flu</h1><img src='cid:logo@elm' alt='Logo'>")
    assert ("img", "src", "data:image/png;base64,iVBORw==") in page.attributes
    assert "h1 { color: red }" in page.html and ("h1", "style", "margin:0") in page.attributes


def test_nothing_may_be_loaded_even_if_something_got_through() -> None:
    assert POLICY.startswith("sandbox; default-src 'none';") and "script" not in POLICY and "http" not in POLICY


@pytest.mark.parametrize(
    "markup",
    [
        "<div>" * 50_000,
        "".join(f"<font color={number}><p>" for number in range(4_000)),
        "<b>" * 300,
        "<br>" * 20_000,
        "x" * (MOST_CHARACTERS + 1),
    ],
)
def test_what_would_take_long_is_not_shown(markup: str) -> None:
    began = time.process_time()
    assert safe_page(markup, {}) is None
    assert time.process_time() - began < 1


def test_an_ordinary_newsletter_is_shown() -> None:
    cell = "<td><p>Dear all<br>the <b>flu</b> clinic <a href='https://elmroad.example/'>moves</a><td>"
    assert safe_page(f"<html><body><table>{f'<tr>{cell * 3}' * 100}</table></body></html>", {}) is not None


@given(st.text(alphabet="<>/=\"'ab style&;#!-\x00\n", max_size=300))
def test_any_text_gives_a_page(markup: str) -> None:
    page = page_of(markup)
    assert page.tags[:4] == ["html", "head", "meta", "title"]
