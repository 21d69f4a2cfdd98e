"""Text from outside made safe to show to a person: nothing in it can move, hide or reorder what stands around it.

Every notice passes its values (subject, note, reason, names) through here before they reach a header or a body.
"""

from __future__ import annotations

import re
import unicodedata

_AT = re.compile("[@\uff20\ufe6b]")
_JOINERS = "\u200c\u200d"
"""Zero-width joiners belong to the spelling of Persian, Hindi and of many emoji; they reorder nothing."""


def legible(text: str, limit: int = 200) -> str:
    """One line of at most `limit` characters. Controls, line ends and bidirectional marks become visible signs."""
    visible = _visible(text.strip()[: 2 * limit].replace("\t", " "))
    return _shorten(re.sub(" {2,}", " ", visible), limit)


def legible_lines(text: str, limit: int = 4_000) -> tuple[str, ...]:
    """The lines of a longer text, each as by `legible`, empty ones left out; of `limit` characters in all."""
    shortened = _shorten(text.strip(), limit)
    lines = re.split(r"\r\n|\r|\n", shortened)
    return tuple(line for line in (legible(line, limit) for line in lines) if line)


def without_addresses(text: str) -> str:
    """The text on one line with every word that could be an email address taken out (THREATS.md T71)."""
    return " ".join("(an address)" if _AT.search(word) else word for word in text.split())


def _shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _visible(text: str) -> str:
    return "".join(character if _harmless(character) else _sign(character) for character in text)


def _harmless(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp")


def _sign(character: str) -> str:
    """U+2400 and following are the pictures of the control characters; others are named by their code point."""
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    return f"[U+{code:04X}]"
