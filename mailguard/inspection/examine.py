"""The examination of one part: everything that lies in it is read, at any depth, within one budget.

Promises: total: any octets give an Examined; what could not be read is in `unread`, and where that could name people,
`people` is None. It must not know formats (readers.py) nor processes (worker.py).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from ..core.carried.model import Attached, Carried, merged
from ..core.carried.walk import carried
from ..core.mail.parse import parse
from ..core.verdict import Finding
from .budget import Budget, Limits, Uninspectable
from .detectors import DETECTORS, Detector
from .enclosed import Enclosed, Found, Letter
from .readers import READERS, Reader, readers_of
from .stream import SEEN, Item, Member, Table, Text, Visibility

BROKEN = "it cannot be read"
CUT = "something in it is too long or broken"
TOO_DEEP = "files lie within files, deeper than is read"
NO_MEMORY = "reading it takes more memory than is allowed"
MOST_NAME_CHARACTERS = 255
FILE = "file"
"""Of the members that a reader does not read itself these are read on; pictures and macros are only named."""
_UNSAFE = re.compile(r"[^ -~]")


@dataclass(frozen=True, slots=True)
class Examined:
    """findings: of detectors. unread: why something in it could not be read. people: whom it names, None: not known.

    error: the class of an error that no reader should have raised, for the log.
    """

    findings: tuple[Finding, ...] = ()
    unread: str | None = None
    people: Carried | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class _Waiting:
    """why: what hides the file that it is from somebody who opens what it lies in; SEEN where nothing does."""

    source: Enclosed
    depth: int
    why: Visibility = SEEN


@dataclass(slots=True)
class _Examination:
    """closed: whether somebody may be named in what was not read."""

    readers: tuple[Reader, ...]
    detectors: tuple[Detector, ...]
    budget: Budget
    waiting: deque[_Waiting] = field(default_factory=deque)
    named: list[Carried] = field(default_factory=list)
    unread: str | None = None
    closed: bool = False


def examine(
    source: Enclosed,
    *,
    limits: Limits | None = None,
    readers: Iterable[Reader] = READERS,
    detectors: Iterable[Callable[[], Detector]] = DETECTORS,
) -> Examined:
    """Read a part. Whom a part names that core reads by itself (a text) core has counted, and only that."""
    looking = tuple(make() for make in detectors)
    examination = _Examination(tuple(readers), looking, Budget(limits or Limits()))
    examination.waiting.append(_Waiting(source, 0))
    try:
        while examination.waiting:
            _look_into(examination, examination.waiting.popleft())
        findings = tuple(finding for detector in looking for finding in detector.findings())
    except MemoryError:
        return Examined(unread=NO_MEMORY)
    people = None if examination.closed else merged([Carried(), *examination.named])
    return Examined(findings, examination.unread, people)


def _look_into(examination: _Examination, waiting: _Waiting) -> None:
    try:
        _read(examination, waiting, waiting.depth == 0 or _count(examination, waiting))
    except Uninspectable as cause:
        examination.unread = examination.unread or str(cause)


def _count(examination: _Examination, waiting: _Waiting) -> bool:
    """Count whom something inside names, as core would if it were a part. Whether it is closed to core."""
    entity = parse(_as_part(waiting.source))
    found = carried(entity)
    attendees = tuple(address for calendar in entity.calendars for address in calendar.addresses)
    repeated = tuple(mailbox.address for mailbox in found.repeated)
    examination.named.append(
        replace(found, contacts=(*found.contacts, *attendees), repeated=(), listed=repeated, unread=(), cut=())
    )
    if found.cut:
        examination.closed = True
        examination.unread = examination.unread or CUT
    return bool(found.unread)


def _as_part(source: Enclosed) -> bytes:
    """As a part of a message, so that core reads it as it reads an attachment."""
    media_type = _UNSAFE.sub("", source.media_type)[:MOST_NAME_CHARACTERS]
    if media_type.strip().lower().startswith("multipart/"):
        media_type = "message/rfc822"  # Outlook keeps a signed message so: with the header of its multipart
    fields = [f"Content-Type: {media_type}", "Content-Transfer-Encoding: binary"]
    for name in source.names[:1]:
        fields.append(f"Content-Disposition: attachment; filename*=utf-8''{quote(name[:MOST_NAME_CHARACTERS])}")
    return "\r\n".join([*fields, "", ""]).encode("ascii", "replace") + bytes(source.data)


def _read(examination: _Examination, waiting: _Waiting, closed: bool) -> None:
    """Have it read, and what is found in it wait. closed: whether it can name people whom nobody has counted."""
    try:
        if waiting.depth > examination.budget.limits.depth:
            raise Uninspectable(TOO_DEEP)
        for reader in readers_of(waiting.source, examination.readers):
            for found in reader.read(waiting.source.data, examination.budget):
                _take(examination, waiting, reader, found)
    except Uninspectable:
        examination.closed |= closed
        raise


def _take(examination: _Examination, waiting: _Waiting, reader: Reader, found: Found, why: Visibility = SEEN) -> None:
    """why: what hides a file in what is being read."""
    if isinstance(found, Enclosed):
        examination.budget.spend_members(1)
        examination.budget.spend_bytes(len(found.data))
        within = waiting.why if waiting.why is not SEEN else why
        examination.waiting.append(_Waiting(found, waiting.depth + 1, within))
    elif isinstance(found, Letter):
        own = reader.own and waiting.depth == 0 and not found.embedded
        examination.named.append(_named(found, own))
    else:
        if waiting.why is not SEEN:
            found = _within(found, waiting.why)
        for detector in examination.detectors:
            detector.take(found)
        if isinstance(found, Member) and found.content is not None and found.kind == FILE:
            _take(examination, waiting, reader, Enclosed(found.content, names=(found.name,)), found.visibility)


def _within(item: Item, why: Visibility) -> Item:
    """An item of a hidden file: what it shows, the file that holds it does not. What it hides stays told apart."""
    if isinstance(item, Text | Table | Member) and item.visibility is SEEN:
        return replace(item, visibility=why)
    return item


def _named(letter: Letter, own: bool) -> Carried:
    """Who is blind in the message itself gets it without being shown; a message that it carries shows them as well."""
    if own:
        return Carried(listed=letter.recipients, senders=letter.authors, classes=(letter.kind,))
    recipients = (*letter.recipients, *letter.blind)
    return Carried(attached=(Attached(letter.authors, recipients),), classes=(letter.kind,))
