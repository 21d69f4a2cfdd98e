"""What is known of a client's session when it submits a message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Session:
    """identifier: random, for the log. greeting: the HELO or EHLO argument as printable ASCII.

    account: who signed in, None where nobody did. trusted: whether notices may go to an inside sender
    (the message came through sign-in or an allowed network; THREATS.md T70). bound: it signed in at the smarthost, and
    what passes at once goes on the connection that signed in and on no other. may_send_as: the canonical addresses that
    the account may use as reverse-path and From, None where it may use any (THREATS.md T8).
    """

    identifier: str
    peer: str
    greeting: str
    extended: bool
    listener: str
    started_at: datetime
    secure: bool = False
    account: str | None = None
    trusted: bool = False
    bound: bool = False
    may_send_as: frozenset[str] | None = None
