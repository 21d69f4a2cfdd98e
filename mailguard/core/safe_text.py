"""What a held message says, as text for whoever decides about it: a few header fields, its text, what else it carries.

Promises: total and linear for any bytes; nothing is loaded, run or followed; nothing longer than the limits. HTML is
stripped crudely, so that too much is shown rather than too little. What comes out is text as the sender wrote it,
control characters included: whoever prints it makes those visible.
"""

from __future__ import annotations

import binascii
import html
import re
from dataclasses import dataclass

from .mail.message import Message, Part
from .mail.text import decode_base64, decode_charset, decode_text

LIMIT = 20_000
"""Characters of the text, and of one field."""
MOST_FIELDS = 50
MOST_NAMES = 5
LONGEST_NAME = 200

SHOWN_FIELDS = {"from": "From", "to": "To", "cc": "Cc", "subject": "Subject", "date": "Date"}
"""Of the header, by the name of the field what it is called."""
_OCTETS_READ = 400_000
"""Of an encoded part: enough for the limit in any charset and encoding, and for the styles at the top of HTML."""
_TAG = re.compile(r"(<[^<>]*>)")
_TAG_NAME = re.compile(r"</?([a-z][a-z0-9]*)", re.IGNORECASE)
_UNSHOWN = frozenset({"script", "style", "title"})
_BREAKS = frozenset(
    {"address", "blockquote", "br", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol"}
    | {"p", "pre", "section", "table", "tr", "ul"}
)
_LINE_ENDS = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class OtherPart:
    """What the message carries besides its text. octets: about how many, decoded. names: as mail programs show them.

    path: of the part, as in mail.message.
    """

    names: tuple[str, ...]
    media_type: str
    octets: int
    path: str = ""


@dataclass(frozen=True, slots=True)
class SafeText:
    """fields: name and decoded value, in the order of the message. text: its lines end with "\\n".

    text_from: "text/plain" or "text/html", None where there is no text; text_path: then the path of its part.
    shortened: there is more of the text.
    """

    fields: tuple[tuple[str, str], ...]
    text: str
    text_from: str | None
    shortened: bool
    others: tuple[OtherPart, ...]
    text_path: str | None = None


def safe_text(message: Message, limit: int = LIMIT) -> SafeText:
    """From, To, Cc, Subject and Date, the first text/plain (else the first text/html), and the parts beside it.

    limit: characters of the text and of each field.
    """
    shown = _shown(_leaves(message))
    text, shortened = _text(message, shown, limit) if shown else ("", False)
    return SafeText(
        fields=_fields(message, limit),
        text=text,
        text_from=shown.media_type if shown else None,
        shortened=shortened,
        others=other_parts(message),
        text_path=shown.path if shown else None,
    )


def other_parts(message: Message) -> tuple[OtherPart, ...]:
    """What the message carries besides its text, in order: their places in it are what people call them by."""
    leaves = _leaves(message)
    shown = _shown(leaves)
    return tuple(_other(part) for part in leaves if part is not shown)


def _leaves(message: Message) -> list[Part]:
    return [part for part in message.root.walk() if not part.children]


def _shown(leaves: list[Part]) -> Part | None:
    return _first(leaves, "text/plain") or _first(leaves, "text/html")


def _fields(message: Message, limit: int) -> tuple[tuple[str, str], ...]:
    found = message.named(*SHOWN_FIELDS)[:MOST_FIELDS]
    return tuple((SHOWN_FIELDS[field.name], _cut(decode_text(message.value(field)), limit)) for field in found)


def _first(leaves: list[Part], media_type: str) -> Part | None:
    """Text that a reader would show, not a file that happens to hold text."""
    return next(
        (
            part
            for part in leaves
            if part.media_type == media_type and part.disposition != "attachment" and not part.filenames
        ),
        None,
    )


def _text(message: Message, part: Part, limit: int) -> tuple[str, bool]:
    stop = min(part.end, part.body_start + _OCTETS_READ)
    decoded = decode_charset(
        _decoded(bytes(message.raw[part.body_start : stop]), part.encoding), part.parameters.get("charset", "")
    )
    text = without_tags(decoded) if part.media_type == "text/html" else "\n".join(_LINE_ENDS.split(decoded))
    text = text.strip("\n")
    return text[:limit], len(text) > limit or stop < part.end


def _decoded(octets: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        return decode_base64(octets)
    return binascii.a2b_qp(octets) if encoding == "quoted-printable" else octets


def without_tags(text: str) -> str:
    """The text of HTML, crudely: no tags, styles or scripts; a line for each block; no more than one empty line."""
    pieces: list[str] = []
    unshown = ""
    for piece in _TAG.split(text):
        name = _TAG_NAME.match(piece)
        if unshown:
            if name and piece.startswith("</") and name[1].lower() == unshown:
                unshown = ""
        elif not (piece.startswith("<") and piece.endswith(">")):
            pieces.append(re.sub(r"[ \t\r\n]+", " ", html.unescape(piece)))
        elif name and name[1].lower() in _UNSHOWN and not piece.startswith("</"):
            unshown = name[1].lower()
        elif name:
            pieces.append("\n" if name[1].lower() in _BREAKS else " " if name[1].lower() in ("td", "th") else "")
    lines = (re.sub(" {2,}", " ", line).strip(" ") for line in "".join(pieces).split("\n"))
    return re.sub("\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _other(part: Part) -> OtherPart:
    names = tuple(_cut(name, LONGEST_NAME) for name in part.filenames[:MOST_NAMES])
    return OtherPart(names, _cut(part.media_type, LONGEST_NAME), _size(part), part.path)


def _size(part: Part) -> int:
    """Of base64 in lines of 76 characters, 78 octets with their CRLF carry 57."""
    length = max(part.end - part.body_start, 0)
    return length * 57 // 78 if part.encoding == "base64" else length


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
