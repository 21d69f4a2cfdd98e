"""Plain text: notes, logs, source code, patches, reports of delivery, and any other text that has no reader of its own.

Its lines are paragraphs, or tables where separators make some (inspection/body.py).

Promises: total: every letter of a text is in the stream; what is called a text and is none is `Uninspectable`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...core.mail.decoded import as_text
from ..body import text_items
from ..budget import Budget, Uninspectable
from ..enclosed import Found
from ..stream import Text

TYPES = frozenset(
    {
        *("text/plain", "message/delivery-status", "message/disposition-notification", "message/feedback-report"),
        *("message/global-delivery-status", "message/global-disposition-notification", "message/tracking-status"),
        *("application/yaml", "application/x-yaml", "application/toml", "application/sql", "application/x-sql"),
        *("application/x-patch", "application/x-diff", "application/x-tex", "application/x-latex"),
        *("application/x-subrip", "application/pgp-encrypted", "application/x-pem-file"),
    }
)
ENDINGS = (
    *(".txt", ".text", ".md", ".markdown", ".rst", ".log", ".ini", ".cfg", ".conf", ".yaml", ".yml", ".toml", ".sql"),
    *(".diff", ".patch", ".tex", ".bib", ".srt", ".vtt", ".pem", ".ldif", ".ldi", ".properties", ".env", ".css"),
    *(".py", ".java", ".c", ".h", ".cc", ".cpp", ".hpp", ".cs", ".go", ".rs", ".rb", ".kt", ".swift", ".r", ".m"),
    *(".ts", ".tsx", ".jsx", ".pl", ".lua", ".scala", ".gitignore", ".editorconfig"),
)
ACTIVE = (".js", ".vbs", ".vbe", ".jse", ".wsf", ".wsh", ".hta", ".bat", ".cmd", ".ps1", ".url", ".scr", ".reg")
"""Of files that are run or followed when they are opened: no text, whatever their type says."""
RTF = "text/rtf"
"""A document, whose letters stand in it as codes."""
NOT_TEXT = "it is called a text and holds something else"
_DOCUMENTS = (b"%PDF-", b"{\\rtf", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_PIECE = 1_000_000
CONTROL = bytes([*range(0x01, 0x08), *range(0x0E, 0x1A), *range(0x1C, 0x20)])
"""Characters that no program writes into a text; NUL is another question."""
_BLOCK, _MOST_CONTROL = 512, 16
"""Octets that are looked at together, and how many of them no text has: a log has a stray one, a file within a text,
however short, has more."""


def read(data: bytes | memoryview, budget: Budget, charset: str = "") -> Iterator[Found]:
    """Its text, in pieces cut at a line. charset: that its media type names; without one UTF-8, else Latin-1."""
    budget.keep(len(data))
    octets = bytes(data)
    if not is_text(octets):
        raise Uninspectable(NOT_TEXT)
    for piece in pieces(as_text(octets, charset).replace("\r\n", "\n").replace("\r", "\n"), "text"):
        yield from text_items(piece.text, piece.where)


def is_other(media_type: str, names: tuple[str, ...]) -> bool:
    """Whether a file that no reader knows calls itself a text, and is not one that acts when it is opened."""
    return media_type.startswith("text/") and media_type != RTF and not any(name.endswith(ACTIVE) for name in names)


_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
"""In no text that people write; octets of programs are full of them, and can be UTF-8 all the same."""


def is_plain(octets: bytes) -> bool:
    """Whether octets that call themselves nothing (README, LICENSE) are a text in UTF-8, and no document in letters."""
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    if _CONTROLS.search(octets):
        return False
    return not holds_a_file(octets, "", html=False)


def holds_a_file(octets: bytes, charset: str, *, html: bool) -> bool:
    """Whether what calls itself a text, perhaps only since it calls itself nothing, is a document.

    charset: that it names, which may be one in which no letter stands where ASCII has it.
    """
    if begins_as_document(octets[:4_096], html=html):
        return True
    return not is_text(octets) and not is_text(as_text(octets, charset).encode("utf-8", "replace"))


def begins_as_document(octets: bytes, *, html: bool) -> bool:
    """octets: the first 4,096."""
    beginning = octets.lstrip(b"\xef\xbb\xbf \t\r\n")
    flat = not html and beginning.startswith(b"<?xml") and b"opendocument" in beginning
    return flat or beginning.startswith(_DOCUMENTS)


def is_text(octets: bytes) -> bool:
    """Whether octets are meant to be read: hardly any control characters anywhere, and NULs only as UTF-16 has them."""
    octets = octets.rstrip(b"\0\x1a")
    unwanted = CONTROL if b"\0" not in octets or _is_wide(octets) else CONTROL + b"\0"
    if len(octets) - len(octets.translate(None, unwanted)) <= _MOST_CONTROL:
        return True
    for start in range(0, len(octets), _BLOCK):
        block = octets[start : start + _BLOCK]
        if len(block) - len(block.translate(None, unwanted)) > _MOST_CONTROL:
            return False
    return True


def _is_wide(octets: bytes) -> bool:
    """UTF-16 of a language whose letters have few high octets, or with the mark of it."""
    even, odd = octets[:4_096:2].count(0), octets[1:4_096:2].count(0)
    most = max(even, odd) * 5 > min(len(octets), 4_096)
    return octets.startswith((b"\xff\xfe", b"\xfe\xff")) or (most and min(even, odd) * 20 <= max(even, odd))


def pieces(text: str, where: str) -> Iterator[Text]:
    """The whole text, cut at lines where it is long."""
    start = 0
    while start < len(text):
        end = start + _PIECE
        end = text.rfind("\n", start, end) + 1 or end if end < len(text) else len(text)
        yield Text(text[start:end], where)
        start = end
