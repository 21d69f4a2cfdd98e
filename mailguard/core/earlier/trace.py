"""What one message leaves behind, so that later ones can be compared with it.

Sending is what the guard knows; Trace is what is kept of it: digests under a key, which say nothing to whoever has not
the key, and with it only to whoever already knows the address or the text.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace

from .similarity import fingerprint

VERSION = 1
PEOPLE, SUBJECT, LINKS = b"mailguard person", b"mailguard words", b"mailguard links"
DIGEST_OCTETS = 8
_HEAD = ">BB3I"


@dataclass(frozen=True, slots=True)
class Sending:
    """senders: canonical addresses of reverse-path and originators, and names of their teams. identifiers: its own
    Message-ID; answered: those in In-Reply-To and References. shown, hidden: outside people, none of a trusted domain,
    that it shows to each other, and that it goes to besides. takes_back: it has the shape of a recall or an apology.
    """

    senders: tuple[str, ...]
    identifiers: tuple[str, ...]
    answered: tuple[str, ...]
    shown: tuple[str, ...]
    hidden: tuple[str, ...]
    subject: tuple[str, ...]
    words: tuple[str, ...]
    takes_back: bool


@dataclass(frozen=True, slots=True)
class Trace:
    """exposed: somebody let a list pass as it was. Digests have 8 octets, so a chance agreement among a million people
    has a probability of one in 10^13."""

    shown: frozenset[bytes]
    hidden: frozenset[bytes]
    subject: frozenset[bytes]
    text: bytes
    exposed: bool = False

    def as_left(self, *, hidden: bool, exposed: bool) -> Trace:
        """hidden: a rewrite hid everybody from each other. exposed: somebody let a list pass as it was."""
        if hidden:
            return replace(self, shown=frozenset(), hidden=self.shown | self.hidden, exposed=False)
        return replace(self, exposed=exposed)


def trace_of(sending: Sending, key: bytes) -> Trace:
    """What is kept of it under a key of at most 64 octets."""
    return Trace(
        shown=digests(sending.shown, key, PEOPLE),
        hidden=digests(sending.hidden, key, PEOPLE),
        subject=digests(sending.subject, key, SUBJECT),
        text=fingerprint(sending.words, key),
    )


def digests(texts: Iterable[str], key: bytes, purpose: bytes) -> frozenset[bytes]:
    """Keyed hashes. purpose: one of PEOPLE, SUBJECT, LINKS, so that they cannot be compared across these."""
    return frozenset(_digest(each, key, purpose) for each in texts)


def _digest(text: str, key: bytes, purpose: bytes) -> bytes:
    octets = text.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(octets, digest_size=DIGEST_OCTETS, key=key, person=purpose).digest()


def packed(trace: Trace) -> bytes:
    """A trace as octets, for keeping."""
    sets = (trace.shown, trace.hidden, trace.subject)
    head = struct.pack(_HEAD, VERSION, trace.exposed, *map(len, sets))
    return b"".join([head, *(b"".join(sorted(each)) for each in sets), trace.text])


def unpacked(octets: bytes) -> Trace:
    """The trace that `packed` made. ValueError for anything else."""
    try:
        version, exposed, *counts = struct.unpack_from(_HEAD, octets)
    except struct.error as error:
        raise ValueError("no trace") from error
    at = struct.calcsize(_HEAD)
    if version != VERSION or len(octets) < at + sum(counts) * DIGEST_OCTETS:
        raise ValueError("no trace of this version")
    sets = []
    for count in counts:
        end = at + count * DIGEST_OCTETS
        sets.append(frozenset(octets[place : place + DIGEST_OCTETS] for place in range(at, end, DIGEST_OCTETS)))
        at = end
    return Trace(sets[0], sets[1], sets[2], octets[at:], bool(exposed))
