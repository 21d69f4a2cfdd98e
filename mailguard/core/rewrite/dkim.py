"""DKIM signatures (RFC 6376, RFC 8463) over what the guard rewrote, with the organisation's own keys.

A signature is one more edit, above everything, so that a signed copy too is (stored original, edits). relaxed/relaxed,
the whole body. What leaves as it was written is never signed: its bytes and its own signature are as they came.
The keys are values that sign; nothing here knows a cryptographic library. docs/decisions/dkim.md says why.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from ..errors import MailguardError
from ..mail.address import list_mailboxes
from ..mail.header import Defects, read_header
from ..mail.message import Message
from .content import Content, Edit
from .copies import Rewritten
from .relaxed import relaxed_body_sha256, relaxed_field

_NEVER_MORE = ("from", "to", "cc", "subject", "reply-to", "mime-version", "content-type", "content-transfer-encoding")
"""Signed once more than they are there, so that nobody can add one: what a reader is shown."""
_IF_THERE_NEVER_MORE = ("date", "message-id", "sender", "in-reply-to", "references")
"""The same, unless there is none: a smarthost may complete Date and Message-ID."""
_AS_THEY_ARE = (
    *("resent-date", "resent-from", "resent-sender", "resent-to", "resent-cc", "resent-message-id"),
    *("list-id", "list-help", "list-unsubscribe", "list-unsubscribe-post", "list-subscribe", "list-post"),
    *("list-owner", "list-archive", "autocrypt", "content-disposition", "content-id", "content-language"),
)
_SHORTEST_SIGNATURE = 64
_WIDTH = 72


@dataclass(frozen=True, slots=True)
class DkimKey:
    """domain, selector: in lower case, A-labels. algorithm: rsa-sha256 or ed25519-sha256.

    sign: the signature of some octets; it hashes them as the algorithm asks (RFC 8463 section 3: twice).
    """

    domain: str
    selector: str
    algorithm: str
    sign: Callable[[bytes], bytes] = field(repr=False, compare=False)


def sign(message: Message, rewritten: Rewritten, keys: Sequence[DkimKey], at: datetime) -> Rewritten:
    """The copies, each that was rewritten with a signature of every key for the domain in From. at: when it is signed.

    Without such a key nothing changes. Whatever goes wrong raises: nothing may leave unsigned that should be signed.
    """
    chosen = keys_for(message, keys)
    if not chosen or all(copy.as_written for copy in rewritten.copies):
        return rewritten
    signer = _Signer(message, chosen, int(at.timestamp()))
    copies = tuple(
        copy if copy.as_written else replace(copy, edits=signer.signed(copy.edits)) for copy in rewritten.copies
    )
    return Rewritten(copies, (*rewritten.changes, f"dkim-signed:{chosen[0].domain}"))


def keys_for(message: Message, keys: Sequence[DkimKey]) -> tuple[DkimKey, ...]:
    """The keys of From's domain, else of the nearest domain above it (relaxed alignment, RFC 7489 section 3.1.1).

    None where From does not name exactly one mailbox, in every reading of it.
    """
    fields = message.named("from")
    header = bytes(message.raw[: message.body_start])
    shown = {mailbox.address for each in fields for mailbox in list_mailboxes(header, each)[0]}
    if len(fields) != 1 or len(shown) != 1:
        return ()
    domain = shown.pop().rpartition("@")[2]
    fitting = [key for key in keys if domain == key.domain or domain.endswith(f".{key.domain}")]
    longest = max((len(key.domain) for key in fitting), default=0)
    return tuple(key for key in fitting if len(key.domain) == longest)


class _Signer:
    """Signs the copies of one message. What they share (bodies, header fields) is hashed and canonicalised once."""

    def __init__(self, message: Message, keys: Sequence[DkimKey], moment: int) -> None:
        self._message = message
        self._header = bytes(message.raw[: message.body_start])
        self._keys = keys
        self._moment = moment
        self._bodies: dict[tuple[Edit, ...], bytes] = {}
        self._relaxed: dict[bytes, bytes] = {}

    def signed(self, edits: tuple[Edit, ...]) -> tuple[Edit, ...]:
        """The edits, with the signatures over what they make on top of it."""
        start = self._message.body_start
        above = tuple(edit for edit in edits if edit.start < start or edit.start == 0)
        if any(edit.end > start for edit in above):
            raise MailguardError("an edit reaches from the header into the body")
        body = edits[len(above) :]
        if body not in self._bodies:
            self._bodies[body] = self._hash_body(body)
        header = Content(self._header, above).to_bytes()
        signatures = b"".join(self._signature(header, key, self._bodies[body]) for key in self._keys)
        return (Edit(0, 0, signatures), *edits)

    def _signature(self, header: bytes, key: DkimKey, body_hash: bytes) -> bytes:
        """The whole DKIM-Signature field for this header."""
        left: dict[str, list[bytes]] = {}
        for name, octets in _fields(header):
            left.setdefault(name, []).append(octets)
        names = list(_names(left))
        unsigned = _unsigned(key, names, body_hash, self._moment)
        # Of several fields of one name the lowest comes first (section 5.4.2).
        covered = [self._canonical(left[name].pop()) for name in names if left.get(name)]
        signature = key.sign(b"\r\n".join([*covered, relaxed_field(unsigned)]))
        if not isinstance(signature, bytes) or len(signature) < _SHORTEST_SIGNATURE:
            raise MailguardError("a DKIM key did not sign")
        return unsigned + _folded(b64encode(signature)) + b"\r\n"

    def _canonical(self, octets: bytes) -> bytes:
        if octets not in self._relaxed:
            self._relaxed[octets] = relaxed_field(octets)
        return self._relaxed[octets]

    def _hash_body(self, edits: tuple[Edit, ...]) -> bytes:
        start = self._message.body_start
        body = memoryview(self._message.raw)[start:]
        moved = tuple(Edit(edit.start - start, edit.end - start, edit.replacement) for edit in edits)
        return relaxed_body_sha256(Content(body, moved).segments())


def _fields(header: bytes) -> Iterator[tuple[str, bytes]]:
    for each in read_header(header, 0, len(header), "", Defects()).fields:
        yield each.name, header[each.start : each.end]


def _names(by_name: dict[str, list[bytes]]) -> Iterator[str]:
    """What h= lists; a name beyond the last field of that name says that there is no more (section 5.4)."""
    for name in _NEVER_MORE:
        yield from [name] * (len(by_name.get(name, ())) + 1)
    for name in _IF_THERE_NEVER_MORE:
        yield from [name] * (len(by_name[name]) + 1 if name in by_name else 0)
    for name in _AS_THEY_ARE:
        yield from [name] * len(by_name.get(name, ()))


def _unsigned(key: DkimKey, names: Sequence[str], body_hash: bytes, moment: int) -> bytes:
    """The field up to `b=`, which stays empty while it is signed."""
    lines = [
        f"DKIM-Signature: v=1; a={key.algorithm}; c=relaxed/relaxed; t={moment};",
        f"d={key.domain};",
        f"s={key.selector};",
        f"h={_listed(names)};",
        f"bh={b64encode(body_hash).decode()};",
        "b=",
    ]
    return "\r\n\t".join(lines).encode("ascii")


def _listed(names: Sequence[str]) -> str:
    """Names with colons between them, folded in front of a colon."""
    lines = [names[0]]
    for name in names[1:]:
        if len(lines[-1]) + len(name) >= _WIDTH:
            lines.append("")
        lines[-1] += f":{name}"
    return "\r\n\t".join(lines)


def _folded(text: bytes) -> bytes:
    return b"\r\n\t".join(re.findall(rb".{1,%d}" % _WIDTH, text))
