"""What a client says to sign in, and what comes of it (RFC 4954), as values. A secret stands in no repr."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from .outcome import SmarthostReply


class SignInOutcome(StrEnum):
    """refused: the name or the secret is wrong. unavailable: it could not be tried now, and may be right."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Credentials:
    """One whole attempt of one mechanism, collected from the client.

    mechanism: PLAIN (RFC 4616), LOGIN, XOAUTH2 or OAUTHBEARER (RFC 7628). account: the authentication identity that it
    names, decoded, for limits and for the record. responses: the client's responses in order, base64 undone (LOGIN has
    two, the others one), as they go on to a smarthost.
    """

    mechanism: str
    account: str = field(repr=False)
    responses: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignInAnswer:
    """reply: what the smarthost said, None where nobody or only the guard itself was asked. challenge: what a refused
    OAuth client must be shown before it hears of the refusal (RFC 7628 section 3.2.3), base64 undone, or None.
    """

    outcome: SignInOutcome
    reply: SmarthostReply | None = None
    challenge: bytes | None = field(default=None, repr=False)
