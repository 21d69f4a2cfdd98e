"""A message's HTML as a page of its own that can do nothing: what a sanitiser leaves of it, under a policy that lets
nothing be loaded, run, sent or opened (CONSOLE.md 2.2, THREATS.md T60, T61).

Promises: total; bounded in time and size: HTML that is longer, has more tags or leaves more of them open than the
limits is not shown. Pictures are only those that the message carries. Links are text, with their address beside it.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Mapping

import nh3

POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
MOST_CHARACTERS = 400_000
MOST_TAGS = 10_000
MOST_OPEN = 200
"""Without these limits 80 kB of `<font><p>` take the sanitiser half a minute; with them a second is the worst found."""
MOST_PICTURE_OCTETS = 5_000_000
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_CLOSED_BY_THEMSELVES = frozenset(
    {"area", "br", "col", "hr", "img", "input", "link", "meta", "wbr", "p", "li", "td", "tr", "th", "dd", "dt", "tbody"}
    | {"option", "source", "html", "head", "body", "thead", "tfoot", "colgroup", "base", "embed", "param", "track"}
)
_TAGS = nh3.ALLOWED_TAGS | {"style", "font", "center", "u", "big"}
_ATTRIBUTES = {
    "*": {"style", "class", "id", "align", "valign", "dir", "lang", "title", "width", "height", "bgcolor", "color"},
    "a": {"href"},
    "font": {"face", "size"},
    "img": {"src", "alt"},
    "table": {"border", "cellpadding", "cellspacing"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
_LINK = re.compile(r'<a((?: [a-z]+="[^"]*")*)>|</a>')
_HREF = re.compile(r' href="([^"]*)"')


def safe_page(markup: str, pictures: Mapping[str, tuple[str, bytes]]) -> str | None:
    """A whole page to be served under POLICY; None where the HTML is beyond the limits.

    pictures: media type and octets of those that the message carries, by Content-ID without its brackets.
    """
    if _is_too_much(markup):
        return None

    def kept(tag: str, attribute: str, value: str) -> str | None:
        if attribute != "src":
            return value
        return _data(pictures, value) if tag == "img" else None

    cleaned = nh3.clean(
        markup,
        tags=_TAGS,
        clean_content_tags={"script", "title"},
        attributes=_ATTRIBUTES,
        attribute_filter=kept,
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        link_rel=None,
        strip_comments=True,
    )
    return (
        '<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n<title>Message</title>\n</head>\n'
        f"<body>\n{_without_links(cleaned)}\n</body>\n</html>\n"
    )


def _is_too_much(markup: str) -> bool:
    if len(markup) > MOST_CHARACTERS:
        return True
    opened: Counter[str] = Counter()
    for number, (closes, name) in enumerate(_TAG.findall(markup)):
        if number >= MOST_TAGS:
            return True
        tag = name.lower()
        if tag not in _CLOSED_BY_THEMSELVES:
            opened[tag] = max(0, opened[tag] + (-1 if closes else 1))
    return opened.total() > MOST_OPEN


def _data(pictures: Mapping[str, tuple[str, bytes]], source: str) -> str | None:
    scheme, _, name = source.partition(":")
    media_type, octets = pictures.get(name, ("", b"")) if scheme.lower() == "cid" else ("", b"")
    if media_type not in PICTURES or len(octets) > MOST_PICTURE_OCTETS:
        return None
    return f"data:{media_type};base64,{base64.b64encode(octets).decode('ascii')}"


def _without_links(cleaned: str) -> str:
    """What the sanitiser writes is regular: every link is `<a ...>` with quoted attributes, and none is in another."""
    addresses: list[str] = []

    def replaced(found: re.Match[str]) -> str:
        if found[0] == "</a>":
            address = addresses.pop() if addresses else ""
            return f"</u> [{address}]" if address else "</u>"
        href = _HREF.search(found[1])
        addresses.append(href[1] if href else "")
        return "<u>"

    return _LINK.sub(replaced, cleaned)
