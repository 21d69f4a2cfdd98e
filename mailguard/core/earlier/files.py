"""The files that a message brings to people outside, and what earlier messages say about each of them.

A merge job that goes wrong sends everybody the file of all: each message by itself goes to one person. So what counts
is to how many people the same sender has brought the same file already. Pure; digests take the place of people.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from ..envelope import Envelope
from ..mail.decoded import decoded_buffer
from ..mail.message import Buffer, Message, Part
from ..observation import Observation
from ..organisation import Organisation
from ..sides import Sides
from ..verdict import Inspection
from .file_content import content_of
from .past import Reached, SameFile
from .sending import senders_of
from .trace import LINKS, PEOPLE, digests

MOST_FILES = 20
"""Of a message the largest are compared: pictures and cards of a signature are the small ones."""
MOST_SENDERS = 10
FEWEST_OCTETS = 64
"""Less holds no table of people."""
MOST_PEOPLE = 100
"""So many recipients of one message are kept, and no rule can ask for more people."""

_PICTURE = re.compile(
    rb"\x89PNG|\xff\xd8\xff|GIF8|RIFF.{4}WEBP|II\*\0|MM\0\*|\x01\0\0\0.{36} EMF|\xd7\xcd\xc6\x9a", re.DOTALL
)
_PICTURE_NAMES = re.compile(r"\.(?:png|jpe?g|jfif|gif|bmp|webp|tiff?|ico|emf|wmf|svg|heic|avif)\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SentFiles:
    """senders: as in Sending. people: those outside, none of a trusted domain, whom the message goes to. files: path of
    the part, and what the file has in common with others that are the same."""

    senders: tuple[str, ...]
    people: tuple[str, ...]
    files: tuple[tuple[str, str], ...]


def files_of(envelope: Envelope, observation: Observation, organisation: Organisation) -> SentFiles | None:
    """The files by their content. None where nobody outside gets the message, or it has no sender.

    It decodes every file.
    """
    side = Sides(organisation).of
    people = tuple(dict.fromkeys([each.address for each in envelope.recipients if side(each.address).counts]))
    message, wanted = observation.message, set(observation.inspectable)
    senders = senders_of(observation, organisation)[:MOST_SENDERS]
    if not people or not senders:
        return None
    parts = [part for part in message.root.walk() if part.path in wanted]
    parts.sort(key=lambda part: part.body_start - part.end)
    compared = ((part.path, octets) for part in parts if (octets := _table_or_text(message, part)) is not None)
    files = tuple((path, f"file {content_of(octets).hex()}") for path, octets in _first(compared, MOST_FILES))
    return SentFiles(senders, people, files)


def with_people(sent: SentFiles, inspections: Iterable[Inspection]) -> SentFiles:
    """The same message with its files by who stands in their rows, as far as they were read.

    A name that is merged into a file, another order or another format makes no difference to that.
    """
    found = ((each.part, finding.people) for each in inspections for finding in each.findings)
    return replace(sent, files=tuple((part, f"people {mark.hex()}") for part, mark in found if mark))


def _first(found: Iterable[tuple[str, Buffer]], count: int) -> Iterable[tuple[str, Buffer]]:
    return (each for _, each in zip(range(count), found, strict=False))


def _table_or_text(message: Message, part: Part) -> Buffer | None:
    """What the part holds; None for a picture, which stands in every message of some senders and holds no rows."""
    if part.media_type.startswith("image/") and all(_PICTURE_NAMES.search(name) for name in part.filenames):
        return None
    octets = decoded_buffer(message, part)
    return None if len(octets) < FEWEST_OCTETS or _PICTURE.match(octets) else octets


def file_links(sent: SentFiles, key: bytes) -> dict[str, frozenset[str]]:
    """By part, what its file is looked up by: a digest for each sender, under a key of at most 64 octets."""
    links: dict[str, frozenset[str]] = {}
    for path, mark in sent.files:
        found = digests((f"{mark} of {sender}" for sender in sent.senders), key, LINKS)
        links[path] = links.get(path, frozenset()) | {each.hex() for each in found}
    return links


def reached_by(sent: SentFiles, key: bytes) -> frozenset[bytes]:
    """Digests of the people whom the message reaches."""
    return digests(sent.people, key, PEOPLE)


def same_files(
    sent: SentFiles, earlier: Iterable[tuple[SentFiles, timedelta]], key: bytes = b""
) -> tuple[SameFile, ...]:
    """What earlier messages, each with its age, say about the files of one. What the store does, without a store."""
    own, before = reached_by(sent, key), tuple(earlier)
    return tuple(
        SameFile(
            path,
            tuple(
                Reached(reached_by(each, key) - own, age)
                for each, age in before
                if any(links & others for others in file_links(each, key).values())
            ),
        )
        for path, links in file_links(sent, key).items()
    )
