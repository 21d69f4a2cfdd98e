"""The text that HTML holds, whoever can see it: shown or hidden, in elements, attributes, comments, scripts and styles.

Made for searching, not for showing (that is safe_text.py). Promises: total; linear; nothing is left out, so that no
trick of style hides anything from it. Where a tag stood within a line there is a SEAM, where a block or a cell ended
there is a line break or a tab.
"""

from __future__ import annotations

import html
import re

from .mentions import SEAM

_WITHIN_A_LINE = (
    "span|[abiqsu]|font|strong|em|o:p|wbr|abbr|acronym|bd[io]|big|cite|code|del|dfn|ins|kbd|mark|nobr|samp|small|strike"
    "|su[bp]|tt|var"
)
_INLINE = re.compile(rf"</?(?:{_WITHIN_A_LINE})(?=[\s/>])[^<>]*>")
_CELL = re.compile(r"</?t[dh](?=[\s/>])[^<>]*>")
_TAG = re.compile(r"<[^<>]*>")
_TELLING_TAG = re.compile("<([^<>@%&\uff20\ufe6b]*(?:[@%&\uff20\ufe6b]|at[\\])}])[^<>]*)>")
"""Whose attributes could name somebody."""
_COMMON = (("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&shy;", ""), ("&#8203;", ""))


def readable(source: str) -> str:
    """All text of an HTML document in lines, in lower case, then the contents of tags that could name somebody."""
    source = source.lower()
    if not _may_tell(source):
        return ""
    tags = _TELLING_TAG.findall(source)
    shown = _TAG.sub("\n", _CELL.sub("\t", _INLINE.sub(SEAM, source)))
    return decode_entities("\n".join([shown, *tags]))


def _may_tell(source: str) -> bool:
    """Whether a document mentions somebody or is a ciphertext; most newsletters and notices do not.

    Single characters are looked for first: that costs a tenth of what two do.
    """
    return (
        "@" in source
        or ("%" in source and ("%40" in source or "%2540" in source))
        or ("&" in source and ("&#" in source or "&c" in source))
        or ("]" in source and "at]" in source)
        or (")" in source and "at)" in source)
        or ("}" in source and "at}" in source)
        or "pgp message" in source
        or (not source.isascii() and ("\uff20" in source or "\ufe6b" in source))
    )


_UNSHOWN = re.compile(r"<(/?)(?:style|script|head|title|template)(?=[\s/>])[^<>]*>|<!--|-->", re.IGNORECASE)


def shown(source: str) -> str:
    """About the text that a mail program shows of an HTML document, for comparing texts. Nothing is promised of it."""
    pieces, at, depth = [], 0, 0
    for mark in _UNSHOWN.finditer(source):
        if depth == 0:
            pieces.append(source[at : mark.start()])
        closes = mark[0] == "-->" or mark[1] == "/"
        depth = max(0, depth - 1) if closes else depth + 1
        at = mark.end()
    if depth == 0:
        pieces.append(source[at:])
    return decode_entities(_TAG.sub("\n", _CELL.sub("\t", _INLINE.sub("", "".join(pieces)))))


def decode_entities(text: str) -> str:
    """`&#64;` is an at sign. The common ones are replaced at once; only what is left over costs a look each."""
    if "&" not in text:
        return text
    for entity, character in _COMMON:
        text = text.replace(entity, character)
    return html.unescape(text)
