"""References of incidents: never reused. A near miss has its message's letters, a person's record letters of its own.

That of a message is IR- and what follows MG-, so that one message is entered once however often it is tried. A person's
has a middle part of six: no message has such letters.
"""

from __future__ import annotations

import re

from ..reference import ALPHABET

PATTERN = re.compile(rf"IR-[{ALPHABET}]{{4}}-(?:[{ALPHABET}]{{2}}|[{ALPHABET}]{{6}}|[{ALPHABET}]{{10}})")
RANDOM_OCTETS = 10


def incident_of_message(ref: str) -> str:
    """IR-7Q4K-2F for MG-7Q4K-2F. ref: a reference of ours."""
    return f"IR-{ref.removeprefix('MG-')}"


def new_incident(random: bytes) -> str:
    """IR-7Q4K-2FXB7M: 50 bits, from RANDOM_OCTETS random octets."""
    letters = "".join(ALPHABET[octet & 31] for octet in random[:RANDOM_OCTETS])
    if len(letters) < RANDOM_OCTETS:
        raise ValueError("a reference needs more random octets")
    return f"IR-{letters[:4]}-{letters[4:]}"


def is_incident(text: str) -> bool:
    return PATTERN.fullmatch(text) is not None
