"""What the attributes of an HTML element carry besides looks: texts that nobody sees, form values, files as data: URLs.

Promises: total; linear. Links name where they lead and not what the document says: they are left to those who count
addresses (core/mail/markup.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from ..core.mail.markup import decode_entities
from ..core.mail.text import decode_base64
from .enclosed import Enclosed, Found
from .stream import Member, Person, Text, Visibility

_TELLING = re.compile(r"title|alt|value|content|summary|label|placeholder|srcdoc|data[:-]", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"(?<![\w:.-])([a-z][a-z0-9:_.-]*+)\s*+=\s*+(\"[^\"]*\"|'[^']*'|[^\s\"']++)", re.IGNORECASE)
_UNSEEN = frozenset({"title", "alt", "summary", "label", "placeholder", "content", "aria-label", "aria-description"})
_FIELDS = frozenset({"input", "button", "option", "param", "data", "meter", "select", "textarea", "output"})
_DATA = re.compile(r"\s*data:([^,;]{0,100})((?:;[^,;]{0,200}){0,5}),", re.IGNORECASE)
_LOOKS = re.compile(r"(?:image|font|audio|video)/|text/css|[^,]*(?:javascript|font)", re.IGNORECASE)
"""What such a URL carries in every other newsletter: pictures and fonts are named, and not looked into."""
MAX_TEXT = 4_000


def attribute_items(tag: str, attributes: str, where: str) -> Iterator[Found]:
    """The stream of one element's attributes."""
    if "=" not in attributes or not _TELLING.search(attributes):
        return
    given = {name.lower(): decode_entities(value.strip("\"'")) for name, value in _ATTRIBUTE.findall(attributes)}
    if tag == "meta" and given.get("name", "").lower() in ("author", "dc.creator", "last-modified-by"):
        yield Person("author", given.get("content", "")[:MAX_TEXT])
        return
    for name, value in given.items():
        if _DATA.match(value):
            yield from _carried(value, given.get("download", ""))
        elif name == "srcdoc":
            yield Enclosed(value.encode("utf-8", "replace"), "text/html; charset=utf-8")
        elif name == "value" and tag in _FIELDS:
            yield from _texts(value, f"{where}, in a form", Visibility.FORM_VALUE)
        elif name in _UNSEEN or name.startswith("data-"):
            yield from _texts(value, f"{where}, in its markup", Visibility.MARKUP)


def _texts(value: str, where: str, why: Visibility) -> Iterator[Text]:
    for line in value.splitlines():
        for start in range(0, len(line), MAX_TEXT):
            yield Text(line[start : start + MAX_TEXT], where, why)


def _carried(url: str, name: str) -> Iterator[Found]:
    """A file in a data: URL (RFC 2397)."""
    found = _DATA.match(url)
    if found is None:
        return
    media_type = found[1].strip() or "text/plain"
    if _LOOKS.match(media_type):
        yield Member(name or media_type[:100], "picture", Visibility.EMBEDDED)
        return
    octets = unquote_to_bytes(url[found.end() :])
    if "base64" in found[2].lower():
        octets = decode_base64(octets)
    yield Enclosed(octets, media_type + found[2].lower().replace(";base64", ""), (name,) if name else ())
