"""The smarthost's replies, read from bytes without I/O (RFC 5321 section 4.2.1).

INVARIANT: memory held is bounded by MAX_LINE_OCTETS and MAX_REPLY_OCTETS, whatever arrives (THREATS.md T13).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..core.outcome import SmarthostReply
from .troubles import InTrouble, Trouble

MAX_LINE_OCTETS = 2_048
"""RFC 5321 section 4.5.3.1.5 allows 512; servers exceed it with links and explanations."""
MAX_REPLY_OCTETS = 32_768
MAX_TEXT_CHARACTERS = 1_000
"""What is kept of a reply's text: thousands of replies to RCPT are kept at once."""

_LINE = re.compile(rb"([0-9]{3})(?:([ -])(.*))?", re.DOTALL)
_ORDINARY = re.compile(
    rb"([2-5])([0-9]{2}) (?>\1\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})(?: ++|\Z))?"
    rb"([\x21-\x2f\x3a-\x7e][\x20-\x7e]*+)?"
)
"""One line with an enhanced code of its class, or with a text that does not begin like one."""
_STATUS = re.compile(r"([245])\.([0-9]{1,3})\.([0-9]{1,3})(?:\s+|$)")


class ReplyReader:
    """Feed it what arrives. After it raised, it must not be fed again: what follows cannot be told apart."""

    __slots__ = ("_code", "_octets", "_partial", "_texts")

    def __init__(self) -> None:
        self._partial = b""
        self._code: bytes | None = None
        self._texts: list[bytes] = []
        self._octets = 0

    @property
    def amid(self) -> bool:
        """Whether part of a reply has arrived."""
        return bool(self._partial or self._texts)

    def feed(self, octets: bytes) -> Iterator[SmarthostReply]:
        """The replies that these octets complete. Raises InTrouble (MALFORMED, TOO_LONG) after the right ones."""
        *lines, self._partial = (self._partial + octets).split(b"\n")
        for line in lines:
            line = line.removesuffix(b"\r")
            if (reply := (None if self._texts else read_ordinary(line)) or self._line(line)) is not None:
                yield reply
        if len(self._partial) > MAX_LINE_OCTETS:
            raise InTrouble(Trouble.TOO_LONG)

    def _line(self, line: bytes) -> SmarthostReply | None:
        self._octets += len(line)
        if len(line) > MAX_LINE_OCTETS or self._octets > MAX_REPLY_OCTETS:
            raise InTrouble(Trouble.TOO_LONG)
        found = _LINE.fullmatch(line)
        if found is None or b"\0" in line or b"\r" in line or self._code not in (None, found[1]):
            raise InTrouble(Trouble.MALFORMED)
        self._texts.append(found[3] or b"")
        if found[2] == b"-":
            self._code = found[1]
            return None
        texts, self._texts, self._code, self._octets = self._texts, [], None, 0
        return read_reply(int(found[1]), b"\n".join(texts).decode("utf-8", "replace"))


def read_ordinary(line: bytes) -> SmarthostReply | None:
    """A line that is a whole reply of the usual form, as `ReplyReader` reads it step by step; None for any other."""
    if len(line) > MAX_TEXT_CHARACTERS or (found := _ORDINARY.fullmatch(line)) is None:
        return None
    class_, rest, subject, detail, text = found.groups()
    if subject and class_ == b"3":  # no enhanced code has that class (RFC 3463 section 2)
        return None
    status = f"{class_.decode()}.{subject.decode()}.{detail.decode()}" if subject else None
    return SmarthostReply(int(class_ + rest), status, text.decode("ascii").rstrip() if text else "")


def read_reply(code: int, text: str) -> SmarthostReply:
    """A reply from its code and its lines of text, each of which may begin with an enhanced code (RFC 2034).

    An enhanced code of another class than the code's stays in the text: nobody could trust it.
    """
    found = _STATUS.match(text)
    if found is None or int(found[1]) != code // 100:
        return SmarthostReply(code, None, text[:MAX_TEXT_CHARACTERS].strip())
    lines = (_STATUS.sub("", line, count=1) if _STATUS.match(line) else line for line in text.split("\n"))
    status = f"{int(found[1])}.{int(found[2])}.{int(found[3])}"
    return SmarthostReply(code, status, "\n".join(lines)[:MAX_TEXT_CHARACTERS].strip())
