"""What notices tell of: their kinds, and the facts that their letters are written from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

LISTED = 20
"""How many messages a combined notice lists; the rest is a count."""


class Kind(StrEnum):
    """What a notice tells. Those of TO_REVIEWERS go to the reviewers, the others to the sender."""

    HELD = "held"
    SEVERAL = "several"
    WAITING = "waiting"
    SENT = "sent"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    WEEK = "week"
    REVIEW_WEEK = "review_week"
    REVIEW_HELD = "review_held"
    REVIEW_ASKED = "review_asked"
    REVIEW_ENDED = "review_ended"
    REVIEW_FAILED = "review_failed"
    REVIEW_SEVERAL = "review_several"
    REVIEW_URGENT = "review_urgent"
    REVIEW_REMINDED = "review_reminded"
    REVIEW_PRESSED = "review_pressed"
    CANARY_FAILED = "canary_failed"
    CANARY_RECOVERED = "canary_recovered"
    REGISTER_CLOCK = "register_clock"


TO_REVIEWERS = frozenset(
    {
        Kind.REVIEW_HELD,
        Kind.REVIEW_ASKED,
        Kind.REVIEW_ENDED,
        Kind.REVIEW_FAILED,
        Kind.REVIEW_SEVERAL,
        Kind.REVIEW_WEEK,
        Kind.REVIEW_URGENT,
        Kind.REVIEW_REMINDED,
        Kind.REVIEW_PRESSED,
        Kind.CANARY_FAILED,
        Kind.CANARY_RECOVERED,
        Kind.REGISTER_CLOCK,
    }
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One message in a combined notice. untold: its sender could not be told; only the reviewers read that. link: where
    its sender acts on it, empty where there is no console.
    """

    ref: str
    subject: str = ""
    due_at: datetime | None = None
    untold: bool = False
    link: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Facts:
    """What happened. Text is as it came: it is made legible here. Times are in the organisation's time zone.

    at: when it happened. people, outside: how many recipients in all, and outside. form: what was released (original,
    separate, bcc, cleaned). listed, count: further messages, and how many they are in all. outcome: a sentence for the
    reviewers. why_not_told: likewise. rule, revision: for IT. release_as: the forms that are left, None for any.
    lines: what the canary found, or what a week came to. deferring: new mail is not taken until it passes. carries:
    what was found in the message, in sentences. link: as in Listed. sender_may: the forms in which the sender may
    send it there. delayed: it was to leave by itself, so that nobody checked it.
    """

    ref: str
    at: datetime
    subject: str = ""
    reason: str = ""
    due_at: datetime | None = None
    people: int = 0
    outside: int = 0
    by: str = ""
    note: str = ""
    form: str = "original"
    listed: tuple[Listed, ...] = ()
    count: int = 0
    outcome: str = ""
    why_not_told: str = ""
    rule: str = ""
    revision: str = ""
    release_as: tuple[str, ...] | None = None
    lines: tuple[str, ...] = ()
    carries: tuple[str, ...] = ()
    deferring: bool = False
    link: str = field(default="", repr=False)
    sender_may: tuple[str, ...] = ()
    delayed: bool = False
