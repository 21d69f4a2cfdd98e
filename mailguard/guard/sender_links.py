"""Links by which a sender acts on a held message without an account: made here, kept by the store as hashes (T68)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..core.policy.leaving import Form, allows
from .console.tokens import key_of, new_token
from .ports import Randomness
from .records import SenderLink

PATH = "/s/"
SENDER = "sender"
"""Who acts by such a link: nobody who is known by an account or to the operating system."""
SENDER_FORMS: tuple[Form, ...] = ("separate", "original")


@dataclass(frozen=True, slots=True)
class MadeLink:
    """url: what the notice says, the only place where the token stands. link: what is kept."""

    url: str
    link: SenderLink


class LinkMaker:
    """base_url: where the console is, from the settings and never from a request (THREATS.md T69)."""

    def __init__(self, base_url: str, randomness: Randomness) -> None:
        self.base_url = base_url
        self._randomness = randomness

    def make(self, ref: str, sender: str, expires_at: datetime) -> MadeLink:
        token = new_token(self._randomness)
        return MadeLink(f"{self.base_url}{PATH}{token}", SenderLink(key_of(token), ref, sender, expires_at))


def forms_for_sender(
    sender_may: tuple[str, ...], release_as: tuple[str, ...] | None, approvals_needed: int
) -> tuple[Form, ...]:
    """In which forms the sender may send it alone. None where two people have to agree: the sender is neither."""
    if approvals_needed > 1:
        return ()
    return tuple(form for form in SENDER_FORMS if form in sender_may and allows(release_as, form))


def acting(name: str) -> str:
    """How the record calls a sender who acts. name: what they wrote of themselves; empty for nothing."""
    return f"{SENDER}: {name}" if name else SENDER


def name_of(by: str) -> str | None:
    """The name within `acting`; empty where none was given, None where it was not the sender who acted."""
    who, _, name = by.partition(": ")
    return name if who == SENDER else None
