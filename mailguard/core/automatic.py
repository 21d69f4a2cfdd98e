"""Whether nobody reads what is answered to a message: automatic mail, list mail, addresses that nobody reads.

In doubt a message counts as automatic: the reviewers are then told in place of its sender (THREATS.md T70; RFC 3834
section 2, RFC 2919, RFC 2369).
"""

from __future__ import annotations

import re

from .mail.message import Message

_COMMENT = re.compile(rb"\([^()]*\)")
_LIST_FIELDS = frozenset(
    {
        *("list-id", "list-post", "list-help", "list-owner", "list-archive", "list-subscribe", "list-unsubscribe"),
        "feedback-id",
    }
)
_PRECEDENCE = frozenset({b"bulk", b"list", b"junk"})
_UNREAD = re.compile(
    r"(?:mailer-daemon|no[-_.]?reply|do[-_.]?not[-_.]?reply|owner-.+|.+-(?:owner|request|bounces?))"
    r"(?:\+.*)?"
)


def is_automatic(message: Message) -> bool:
    """Whether the message says that a program or a mailing list sent it."""
    return (
        not _LIST_FIELDS.isdisjoint(message.by_name)
        or any(_token(message.value(field)) != b"no" for field in message.named("auto-submitted"))
        or any(_token(message.value(field)) in _PRECEDENCE for field in message.named("precedence"))
        or message.root.media_type == "multipart/report"
    )


def is_unread(address: str) -> bool:
    """Whether nobody reads a canonical address, by its name: no-reply@, owner-x@, x-request@, MAILER-DAEMON@.

    RFC 3834 section 2 names the last three as addresses that automatic answers must not go to.
    """
    return _UNREAD.fullmatch(address.rpartition("@")[0].strip('"').lower()) is not None


def _token(value: bytes) -> bytes:
    """The first word of a field body in lower case, comments and parameters left out."""
    return _COMMENT.sub(b" ", value).partition(b";")[0].strip().lower()
