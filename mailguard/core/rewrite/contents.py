"""Whether the text of a message shows somebody whom its rewritten header hides.

A rewrite splices the header; the text is its author's own words, which nobody here changes. So a message whose text,
shown or hidden in HTML, names somebody that another recipient outside must not see, cannot be rewritten.
"""

from __future__ import annotations

from ..carried.walk import each_text
from ..envelope import Envelope
from ..errors import CannotRewrite
from ..mail.mentions import TooManyMentions, mentions
from ..mail.message import Message
from ..organisation import Organisation
from . import sentences
from .search import Hidden

_SEARCHED_CHARACTERS = 200_000
"""Texts up to this long are also searched in every reading that a header would be (bounce addresses, base64)."""


def check_contents(message: Message, envelope: Envelope, organisation: Organisation, hidden: Hidden) -> None:
    """CannotRewrite where one recipient outside could read in the text the hidden address of another person outside."""
    readers = {each.address for each in envelope.recipients if not organisation.is_inside(each.address)}
    shown = {each for each in _shown(message, hidden) if not organisation.is_inside(each)}
    if any(readers - {address} for address in shown):
        raise CannotRewrite(sentences.IN_TEXT)


def _shown(message: Message, hidden: Hidden) -> frozenset[str]:
    found: set[str] = set()

    def look(text: str) -> None:
        try:
            found.update(hidden.addresses.intersection(mentions(text)))
        except TooManyMentions:
            found.update(hidden.addresses)
        if len(text) <= _SEARCHED_CHARACTERS:
            found.update(hidden.found_in(text.encode("utf-8", "replace")))

    each_text(message, look)
    return frozenset(found)
