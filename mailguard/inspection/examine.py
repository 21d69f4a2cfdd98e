"""The examination of one part: everything that lies in it is read, at any depth, within one budget.

Promises: total: any octets give an Examined; what could not be read is in `unread`, and where that could name people,
`people` is None. It must not know formats (readers.py) nor processes (worker.py).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from ..core.carried.model import Attached, Carried, merged
from ..core.carried.walk import carried
from ..core.mail.parse import parse
from ..core.verdict import Finding
from .body import Written, body_items
from .budget import Budget, Limits, Uninspectable
from .detectors import DETECTORS, Detector
from .enclosed import Enclosed, Found, Letter
from .readers import READERS, Reader, readers_of
from .stream import Member

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
    """written: how it is, where it is no file but a text of the message itself."""

    source: Enclosed
    depth: int
    written: Written | None = None


@dataclass(slots=True)
class Examination:
    """The examination of one part, in steps. answer: there when the steps are over.

    closed: whether somebody may be named in what was not read.
    """

    readers: tuple[Reader, ...]
    detectors: tuple[Detector, ...]
    budget: Budget
    waiting: deque[_Waiting] = field(default_factory=deque)
    named: list[Carried] = field(default_factory=list)
    unread: str | None = None
    closed: bool = False
    answer: Examined = field(default_factory=lambda: Examined(unread=BROKEN))

    def steps(self) -> Iterator[None]:
        """Each reads as much as comes in one piece: a paragraph, a row."""
        try:
            while self.waiting:
                yield from _look_into(self, self.waiting.popleft())
            findings = tuple(finding for detector in self.detectors for finding in detector.findings())
        except MemoryError:
            self.answer = Examined(unread=NO_MEMORY)
            return
        people = None if self.closed else merged([Carried(), *self.named])
        self.answer = Examined(findings, self.unread, people)


Detectors = Iterable[Callable[[], Detector]]


def examination_of(
    source: Enclosed,
    *,
    written: Written | None = None,
    limits: Limits | None = None,
    readers: Iterable[Reader] = READERS,
    detectors: Detectors = DETECTORS,
) -> Examination:
    """The examination of a part that has not begun; written: of a text of the message itself."""
    looking = tuple(make() for make in detectors)
    return Examination(
        tuple(readers), looking, Budget(limits or Limits()), waiting=deque([_Waiting(source, 0, written)])
    )


def examine(
    source: Enclosed,
    *,
    written: Written | None = None,
    limits: Limits | None = None,
    readers: Iterable[Reader] = READERS,
    detectors: Detectors = DETECTORS,
) -> Examined:
    """Read a part in one go.

    Whom a part names that core reads by itself (a text) core has counted, and only that.
    """
    examination = examination_of(source, written=written, limits=limits, readers=readers, detectors=detectors)
    for _ in examination.steps():
        pass
    return examination.answer


def _look_into(examination: Examination, waiting: _Waiting) -> Iterator[None]:
    try:
        yield from _read(examination, waiting, waiting.depth == 0 or _count(examination, waiting))
    except Uninspectable as cause:
        examination.unread = examination.unread or str(cause)


def _count(examination: Examination, waiting: _Waiting) -> bool:
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


def _read(examination: Examination, waiting: _Waiting, closed: bool) -> Iterator[None]:
    """Have it read, and what is found in it wait. closed: whether it can name people whom nobody has counted."""
    try:
        if waiting.depth > examination.budget.limits.depth:
            raise Uninspectable(TOO_DEEP)
        if waiting.written is not None:
            for found in body_items(waiting.source.data, waiting.written, examination.budget):
                if found is not None:
                    _take(examination, waiting, False, found)
                yield
            return
        for reader in readers_of(waiting.source, examination.readers):
            for found in reader.items(waiting.source, examination.budget):
                _take(examination, waiting, reader.own, found)
                yield
    except Uninspectable:
        examination.closed |= closed
        raise


def _take(examination: Examination, waiting: _Waiting, own: bool, found: Found) -> None:
    """own: whether its reader reads messages in another form."""
    if isinstance(found, Enclosed):
        examination.budget.spend_members(1)
        examination.budget.spend_bytes(len(found.data))
        examination.waiting.append(_Waiting(found, waiting.depth + 1))
    elif isinstance(found, Letter):
        examination.named.append(_named(found, own and waiting.depth == 0 and not found.embedded))
    else:
        for detector in examination.detectors:
            detector.take(found)
        if isinstance(found, Member) and found.content is not None and found.kind == FILE:
            _take(examination, waiting, own, Enclosed(found.content, names=(found.name,)))


def _named(letter: Letter, own: bool) -> Carried:
    """Who is blind in the message itself gets it without being shown; a message that it carries shows them as well."""
    if own:
        return Carried(listed=letter.recipients, senders=letter.authors, classes=(letter.kind,))
    recipients = (*letter.recipients, *letter.blind)
    return Carried(attached=(Attached(letter.authors, recipients),), classes=(letter.kind,))
