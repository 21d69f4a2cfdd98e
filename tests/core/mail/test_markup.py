"""The text of HTML, shown or not: nobody in it is missed, and nobody is made out of two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.mail.markup import readable
from mailguard.core.mail.mentions import mentions


@pytest.mark.parametrize(
    "source",
    [
        "<p>anna@x.example</p>",
        "<p>anna&#64;x.example</p>",
        "<p>anna&#x40;x&#46;example</p>",
        "<p>anna&commat;x&period;example</p>",
        "<p>anna<span>@</span>x.example</p>",
        "<p><b>anna@x.example</b></p>",
        "<p>anna@<wbr>x.example</p>",
        "<p>anna@x.&shy;example</p>",
        '<a href="mailto:anna@x.example">write</a>',
        "<a href='mailto:anna%40x.example'>write</a>",
        "<a href=mailto:anna@x.example>write</a>",
        '<img alt="anna@x.example">',
        '<td title="Anna &lt;anna@x.example&gt;">A</td>',
        "<!-- anna@x.example -->",
        "<!-- <p>anna@x.example</p> -->",
        "<!--[if mso]><p>anna@x.example</p><![endif]-->",
        '<div style="display:none">anna@x.example</div>',
        '<font color="#ffffff" size="1">anna@x.example</font>',
        "<script>var a='anna@x.example';</script>",
        "<style>/* anna@x.example */</style>",
        '<input type="hidden" value="anna@x.example">',
        '<meta name="author" content="anna@x.example">',
        "<title>anna@x.example</title>",
        "anna@x.example < 3",
        "<p anna@x.example",
        '<p title="a > b">anna@x.example',
        "<P>ANNA@X.EXAMPLE</P>",
    ],
)
def test_one_person(source: str) -> None:
    assert mentions(readable(source)) == ("anna@x.example",)


@pytest.mark.parametrize(
    "source",
    [
        "<td>a@x.example</td><td>b@x.example</td>",
        "<p>a@x.example</p><p>b@x.example</p>",
        "a@x.example<br>b@x.example",
        "<span>a@x.example</span><span>b@x.example</span>",
        '<a href="mailto:a@x.example,b@x.example">all</a>',
        '<a href="mailto:a@x.example?cc=b@x.example&amp;subject=x">all</a>',
        "<li>a@x.example<li>b@x.example",
    ],
)
def test_two_people(source: str) -> None:
    assert sorted(mentions(readable(source))) == ["a@x.example", "b@x.example"]


@given(st.text(alphabet="<>ab@x.e &#64;!-\"'/\n", max_size=300))
def test_total(source: str) -> None:
    mentions(readable(source))


@given(st.lists(st.from_regex(r"[a-z]{1,8}@[a-z]{2,8}\.example", fullmatch=True), min_size=1, max_size=9, unique=True))
def test_nobody_is_missed_between_tags(addresses: list[str]) -> None:
    source = "".join(f"<div class=x><b>Name</b>: <i>{address}</i></div>" for address in addresses)
    assert list(mentions(readable(source))) == addresses
