"""How alike two texts are, from fingerprints that nobody can read.

A text is its set of pairs of neighbouring words. Each pair is hashed with a key first, so that without the key nobody
can test whether a text held some words. Of the hashes MinHash keeps the smallest in each of 128 bins, which estimates
the Jaccard index of two sets (A. Broder, "On the resemblance and containment of documents", 1997; with one hash a pair:
P. Li, A. Owen, C. Zhang, "One Permutation Hashing", NIPS 2012). The estimate's standard deviation is below 0.045.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Sequence
from itertools import pairwise

BINS = 128
FEWEST_WORDS = 5
"""Below, a text has no fingerprint: "please see attached" is like every other one."""
SIMILAR = 0.4
"""A tenth of the words changed at random leaves 0.68, a new greeting and other names in fifty words 0.8; what other
texts of the same sender come to is measured in docs/decisions/batches.md."""
SHORT_BINS = 24
SHORT_SIMILAR = 0.5
"""Of a text of a line or two, a greeting that everybody uses is a large part."""
_EMPTY = 0xFFFF
_ALL = (1 << 16 * BINS) - 1
_HIGH = _ALL // 0xFFFF * 0x8000
_LOW = _ALL // 0xFFFF * 0x7FFF
_PERSON = b"mailguard text"


def fingerprint(words: Sequence[str], key: bytes) -> bytes:
    """256 octets, or none for a text that says too little. key: at most 64 octets."""
    if len(words) < FEWEST_WORDS:
        return b""
    pairs = {f"{first} {second}".encode("utf-8", "surrogatepass") for first, second in pairwise(words)}
    smallest = [1 << 64] * BINS
    begun = hashlib.blake2b(digest_size=8, key=key, person=_PERSON)
    for pair in pairs:
        hashed = begun.copy()  # a third of the time that a new one takes
        hashed.update(pair)
        rest, place = divmod(int.from_bytes(hashed.digest()), BINS)
        if rest < smallest[place]:
            smallest[place] = rest
    return array("H", (_kept(each) for each in smallest)).tobytes()


def are_similar(one: bytes, other: bytes) -> bool:
    """Whether two texts are the same but for what varies between copies. False where one has no fingerprint."""
    alike = resemblance(one, other)
    if alike < SIMILAR:
        return False
    return alike >= SHORT_SIMILAR or min(_filled(one), _filled(other)) >= SHORT_BINS


def resemblance(one: bytes, other: bytes) -> float:
    """The estimated Jaccard index of two texts, 0.0 to 1.0; 0.0 where one has no fingerprint."""
    if len(one) != 2 * BINS or len(other) != 2 * BINS:
        return 0.0
    mine, theirs = int.from_bytes(one), int.from_bytes(other)
    empty = _noughts(~(mine & theirs) & _ALL)
    same = _noughts(mine ^ theirs) - empty
    return same / (BINS - empty) if empty < BINS else 0.0


def _noughts(bins: int) -> int:
    """How many of the bins are nought, all at once: a bin that is not sets its highest bit, by itself or by a carry."""
    return BINS - (((bins & _LOW) + _LOW | bins) & _HIGH).bit_count()


def _filled(made: bytes) -> int:
    return BINS - array("H", made).count(_EMPTY) if len(made) == 2 * BINS else 0


def _kept(number: int) -> int:
    """Sixteen bits of the smallest hash of a bin; none has the value of an empty one."""
    return _EMPTY if number == 1 << 64 else min(number & 0xFFFF, _EMPTY - 1)
