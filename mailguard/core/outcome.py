"""What became of a transaction with the smarthost, by recipient, and what that means for the client.

The classes are a table from stage and code (RFC 5321 section 4.2.1 and 4.2.4), most severe first.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .envelope import Recipient

SIGN_IN_LOST = "the client's sign-in is lost"
"""A Transmission's trouble: nothing was sent, for the connection that the client signed in on is gone."""


class Outcome(StrEnum):
    """Of one recipient (DESIGN.md "Words")."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"


class Stage(StrEnum):
    """Where in the transaction something was said or went wrong."""

    CONNECT = "connect"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class SmarthostReply:
    """code: three digits. status: enhanced code or None. text: without both, as it came (never echoed raw)."""

    code: int
    status: str | None
    text: str


@dataclass(frozen=True, slots=True)
class RecipientOutcome:
    """reply: what the smarthost said that decided it; None where it said nothing (see Transmission.trouble)."""

    recipient: Recipient
    outcome: Outcome
    reply: SmarthostReply | None


@dataclass(frozen=True, slots=True)
class Transmission:
    """All that one message's transaction(s) yielded.

    recipients: one for each recipient that was to be sent to, in order. stage: the furthest that it came.
    reply: the reply that stands for the message: to the final dot where there was one, else the one that ended it.
    trouble: a short cause, for the log, where the guard's own dealings with the smarthost failed (refused connection,
    EHLO, STARTTLS, own AUTH; 421, 530, 535, 538 anywhere; a malformed reply; a time-out): that is 451 and an alarm,
    never a bounce. With trouble, no recipient is REFUSED because of it.
    without_dsn: parameters of RFC 3461 were left out, because the smarthost does not announce DSN: who took the message
    on owes what section 5.2.2 asks for ("relayed" to those who asked for SUCCESS).
    server: the smarthost that was spoken to last, as the settings name it; None where nobody can say.
    """

    recipients: tuple[RecipientOutcome, ...]
    stage: Stage
    reply: SmarthostReply | None
    trouble: str | None = None
    without_dsn: bool = False
    server: str | None = None

    @property
    def may_have_left(self) -> bool:
        """Whether the smarthost has it for anybody, as far as we know."""
        return any(each.outcome in (Outcome.ACCEPTED, Outcome.UNCERTAIN) for each in self.recipients)

    def with_outcome(self, outcome: Outcome) -> tuple[RecipientOutcome, ...]:
        return tuple(each for each in self.recipients if each.outcome is outcome)
