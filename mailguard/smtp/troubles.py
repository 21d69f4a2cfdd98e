"""Every way in which the guard's own dealings with the smarthost fail: a deferral and an alarm, never a bounce.

INVARIANT: a trouble is one of these short phrases and never holds text of the smarthost (THREATS.md T13).
"""

from __future__ import annotations

from enum import StrEnum

from ..core.errors import MailguardError
from ..core.outcome import SIGN_IN_LOST, SmarthostReply


class Trouble(StrEnum):
    NO_SUCH_NAME = "name not found"
    CONNECTION_REFUSED = "connection refused"
    UNREACHABLE = "cannot be reached"
    NO_FREE_CONNECTION = "all connections are busy"
    CLOSING = "the guard is stopping"
    TIMED_OUT = "no answer in time"
    CUT = "connection lost"
    GREETING = "greeting refuses service"
    EHLO = "EHLO refused"
    NO_STARTTLS = "STARTTLS not offered"
    STARTTLS = "STARTTLS refused"
    CERTIFICATE = "certificate not valid"
    TLS = "TLS failed"
    CA_FILE = "ca_file cannot be used"
    NO_SIGN_IN = "sign-in not offered"
    PASSWORD_FILE = "password_file cannot be read"  # noqa: S105 - a phrase
    SIGN_IN = "sign-in refused or asked for"
    NO_XCLIENT = "XCLIENT not offered"
    XCLIENT = "XCLIENT refused"
    XFORWARD = "XFORWARD refused"
    SIGN_IN_LOST = SIGN_IN_LOST
    UNAVAILABLE = "service not available (421)"
    MALFORMED = "malformed reply"
    TOO_LONG = "reply too long"
    OUT_OF_STEP = "reply out of step"
    NOT_CANONICAL = "content has a bare CR or LF"
    INTERNAL = "error inside the guard"


class InTrouble(MailguardError):
    """The smarthost cannot be dealt with now. reply: what it said, None where it said nothing that can be read."""

    def __init__(self, trouble: Trouble, reply: SmarthostReply | None = None) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble
        self.reply = reply
