"""What later messages are compared with of this one, read from what is seen of it.

Nothing is made of a message that shows and hides fewer than two people outside: there is nobody to show to anybody.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from itertools import islice

from ..envelope import Envelope
from ..mail.message import Message
from ..observation import Observation
from ..organisation import Organisation, untagged
from ..sides import Sides
from ..subject import subject_of
from .past import FEWEST_PEOPLE
from .recall import takes_back
from .trace import Sending
from .words import own_words_and_opening, plain_words

MOST_ANSWERED = 20
"""Identifiers in References that are looked up; the last ones are nearest."""
MOST_LINKS = 50
"""Senders, and identifiers of its own, by which a message is known: each costs a row, and a place in a query."""
MOST_SUBJECT_WORDS = 24
_IDENTIFIER = re.compile(rb"<([^<>\s]{1,250})>")
_CONVERSATION_OCTETS = 22


def sending_of(envelope: Envelope, observation: Observation, organisation: Organisation) -> Sending | None:
    """None where fewer than two people outside get it or are shown in it."""
    message, facts = observation.message, observation.facts
    if facts["visible_external_recipients"] + facts["envelope_external_recipients"] < FEWEST_PEOPLE:
        return None
    side = Sides(organisation).of
    shown = tuple([each for each in observation.visible if side(each).counts])
    beyond = dict.fromkeys([each.address for each in envelope.recipients if side(each.address).counts])
    seen = set(shown)
    hidden = tuple(each for each in beyond if each not in seen)
    if len(shown) + len(hidden) < FEWEST_PEOPLE:
        return None
    subject = subject_of(message)
    threads = tuple(islice(_threads(message), MOST_ANSWERED))
    words, opening = own_words_and_opening(message, subject)
    return Sending(
        senders=senders_of(observation, organisation),
        identifiers=(*_identifiers(message, "message-id")[:MOST_LINKS], *threads),
        answered=(*_identifiers(message, "in-reply-to", "references")[-MOST_ANSWERED:], *threads),
        shown=shown,
        hidden=hidden,
        subject=plain_words(subject)[:MOST_SUBJECT_WORDS],
        words=words,
        takes_back=takes_back(subject, opening),
    )


def senders_of(observation: Observation, organisation: Organisation) -> tuple[str, ...]:
    """By whom a message is known: canonical addresses, also without their tags, and names of teams."""
    path = (observation.reverse_path,) if observation.reverse_path else ()
    named = (*path, *observation.originators)[:MOST_LINKS]
    claimed = dict.fromkeys((*named, *map(untagged, named)))
    teams = {team.name: None for each in claimed if (team := organisation.team_of(each))}
    return (*claimed, *(f"team {name}" for name in teams))


def _identifiers(message: Message, *names: str) -> tuple[str, ...]:
    """RFC 5322 section 3.6.4; what stands between angle brackets, whatever else a program writes there."""
    values = (message.value(field) for field in message.named(*names))
    found = (each for value in values for each in _IDENTIFIER.findall(value))
    return tuple(dict.fromkeys(each.decode("utf-8", "replace") for each in found))


def _threads(message: Message) -> Iterator[str]:
    """MS-OXOMSG section 2.2.1.3: the first 22 octets of a conversation index name the conversation."""
    for field in message.named("thread-index"):
        try:
            octets = binascii.a2b_base64(message.value(field))
        except binascii.Error:
            continue
        if len(octets) >= _CONVERSATION_OCTETS:
            yield f"thread {octets[:_CONVERSATION_OCTETS].hex()}"
