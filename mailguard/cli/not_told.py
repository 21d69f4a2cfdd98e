"""Why the sender was not told of what became of their message, as `mailguard explain` says it."""

from __future__ import annotations

from ..guard.told import Reason

WHY_NOT_TOLD: dict[str, str] = {
    Reason.LEAVES: "it leaves by itself",
    Reason.NULL_PATH: "it has no return address",
    Reason.UNTRUSTED: "it came without a sign-in and not from an allowed network",
    Reason.ANOTHER: "the account that signed in may not use the return address",
    Reason.OUTSIDE: "the return address is outside",
    Reason.AUTOMATIC: "a program or a mailing list sent it",
    Reason.UNREAD: "nobody reads the return address",
    Reason.OWN: "it is a notice of ours",
    Reason.UNWRITABLE: "the return address cannot be written to",
    Reason.NOT_ASKED: "no report was asked for",
    Reason.TOGETHER: "much was held at once, it is told together with others",
    Reason.AS_BEFORE: "nor could they be told of the hold",
}
