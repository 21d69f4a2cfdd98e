"""Every reply that the guard itself gives to a client, as one table, and the value that carries a reply.

The wire gets a plain sentence and a reference; the log gets the cause.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from .duration import duration_in_words

MAX_TEXT_OCTETS = 400
"""INTERFACE.md "SMTP replies": a relayed text is one printable line of at most this many octets."""


@dataclass(frozen=True, slots=True)
class Reply:
    """code: three digits (RFC 5321 section 4.2). status: enhanced code (RFC 3463), for example "5.7.1", or None."""

    code: int
    status: str | None
    text: str

    def __str__(self) -> str:
        return " ".join(word for word in (str(self.code), self.status, self.text) if word)


def printable(text: str, limit: int = MAX_TEXT_OCTETS) -> str:
    """One line of printable ASCII of at most `limit` octets, safe to put on the wire."""
    line = "".join(character if " " <= character <= "~" else " " for character in text)
    return " ".join(line.split())[:limit].rstrip()


def held(ref: str) -> Reply:
    return Reply(250, "2.0.0", f"Held for checking, ref {ref}")


def waiting(delay: timedelta, ref: str) -> Reply:
    """The message leaves by itself after this time, unless somebody stops it."""
    return Reply(250, "2.0.0", f"Waiting {duration_in_words(delay)}, then sent, ref {ref}")


def sending_copies(count: int, ref: str) -> Reply:
    return Reply(250, "2.0.0", f"Sending {count} separate {'copy' if count == 1 else 'copies'}, ref {ref}")


def rejected(reason: str, ref: str) -> Reply:
    """reason: the deciding rule's reason without its full stop, for example "288 people in Cc would see ..."."""
    return Reply(550, "5.7.1", printable(f"Not sent: {reason.rstrip('. ')}", 180 - len(ref)) + f". Ref {ref}")


def looped(ref: str) -> Reply:
    """RFC 5321 section 6.3, RFC 3463 section 3.5 (X.4.6)."""
    return Reply(554, "5.4.6", f"Not sent: this message goes round in circles between mail servers, ref {ref}")


def cannot_check(ref: str) -> Reply:
    return Reply(451, "4.3.0", f"Cannot check this message now, ref {ref}")


def smarthost_unavailable(ref: str) -> Reply:
    return Reply(451, "4.4.1", f"The next mail server cannot take this message now, ref {ref}")


def sign_in_lost(ref: str) -> Reply:
    """421 closes the session: a mail program connects anew and signs in again, as the message needs it to."""
    return Reply(421, "4.7.0", f"The next mail server ended your sign-in, connect and sign in again, ref {ref}")


def uncertain(ref: str) -> Reply:
    """The smarthost's answer was lost after the final dot: it may have the message (DESIGN.md "UNCERTAIN")."""
    return Reply(451, "4.4.2", f"The next mail server did not confirm this message, it may arrive twice, ref {ref}")


def relayed(code: int, status: str | None, text: str) -> Reply:
    """The smarthost's answer as the client's; a status is made up from the class of the code where it gave none."""
    return Reply(code, status or f"{code // 100}.0.0", printable(text))
