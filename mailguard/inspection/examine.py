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
from ..core.excerpt import Excerpt
from ..core.inventory import Inventory
from ..core.legible import legible
from ..core.mail.parse import parse
from ..core.verdict import Finding
from .body import WHERE, Written, body_items
from .budget import Budget, Limits, Uninspectable
from .detectors import DETECTORS, Detector
from .enclosed import Enclosed, Found, Letter
from .inventory import Stocktaking
from .read.text import holds_a_file
from .readers import READERS, Reader, readers_of
from .stream import SEEN, Item, Member, Row, Table, Text, Visibility

BROKEN = "it cannot be read"
CUT = "something in it is too long or broken"
TOO_DEEP = "files lie within files, deeper than is read"
NO_MEMORY = "reading it takes more memory than is allowed"
MOST_NAME_CHARACTERS = 255
WITHIN = " > "
MOST_INVENTORIES = 100
FILE = "file"
"""Of the members that a reader does not read itself these are read on; pictures and macros are only named."""
_UNSAFE = re.compile(r"[^ -~]")
_TAR_IN_ONE = frozenset({"tgz", "tbz", "tbz2", "tb2", "txz", "tlz"})


@dataclass(frozen=True, slots=True)
class Examined:
    """findings: of detectors. unread: why something in it could not be read. people: whom it names, None: not known.

    inventory: of the part, then of the files in it that hide something. error: the class of an error that no reader
    should have raised, for the log. excerpt: where one was asked for; nothing else was looked for then.
    """

    findings: tuple[Finding, ...] = ()
    unread: str | None = None
    people: Carried | None = None
    error: str | None = None
    inventory: tuple[Inventory, ...] = ()
    excerpt: Excerpt | None = None


@dataclass(frozen=True, slots=True)
class _Waiting:
    """file: the names on the way to it, "" for the part itself if it has none. why: what hides it from somebody who
    opens what it lies in; SEEN where nothing does. written: how it is, where it is no file but a text of the message
    itself.
    """

    source: Enclosed
    depth: int
    file: str = ""
    why: Visibility = SEEN
    stock: Stocktaking = field(default_factory=Stocktaking)
    written: Written | None = None


@dataclass(slots=True)
class Examination:
    """The examination of one part, in steps. answer: there when the steps are over.

    closed: whether somebody may be named in what was not read. taken: octets of all that was Enclosed so far.
    """

    readers: tuple[Reader, ...]
    detectors: tuple[Detector, ...]
    budget: Budget
    waiting: deque[_Waiting] = field(default_factory=deque)
    named: list[Carried] = field(default_factory=list)
    inventory: list[Inventory] = field(default_factory=list)
    unread: str | None = None
    closed: bool = False
    taken: int = 0
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
        self.unread = self.unread or next((each.unread for each in self.detectors if each.unread), None)
        people = None if self.closed else merged([Carried(), *self.named])
        self.answer = Examined(findings, self.unread, people, inventory=tuple(self.inventory))


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
    file = _name(source) if written is None else WHERE
    first = _Waiting(source, 0, file, written=written)
    looking = tuple(make() for make in detectors)
    return Examination(tuple(readers), looking, Budget(limits or Limits()), waiting=deque([first]))


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
    """What its readers had to remember is forgotten after it; what they found is remembered until it is read."""
    kept, taken, unread = examination.budget.kept_bytes, examination.taken, ""
    try:
        yield from _read(examination, waiting, waiting.depth == 0 or _count(examination, waiting))
    except Uninspectable as cause:
        unread = str(cause)
        examination.unread = examination.unread or unread
    inventory = waiting.stock.inventory(waiting.file, unread)
    is_part = waiting.depth == 0 and (waiting.written is None or unread)
    if (is_part or inventory.hides) and len(examination.inventory) < MOST_INVENTORIES:
        examination.inventory.append(inventory)
    own = len(waiting.source.data) if waiting.depth else 0
    examination.budget.kept_bytes = kept - own + examination.taken - taken


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
        written = waiting.written
        if written and not holds_a_file(bytes(waiting.source.data), written.charset, html=written.html):
            overlooks = all(detector.overlooks for detector in examination.detectors)
            for found in body_items(waiting.source.data, written, examination.budget, telling_only=overlooks):
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


def _take(examination: Examination, waiting: _Waiting, own: bool, found: Found, why: Visibility = SEEN) -> None:
    """own: whether its reader reads messages in another form. why: what hides a file in what is being read."""
    if isinstance(found, Enclosed):
        if not found.charged:
            examination.budget.spend_members(1)
            examination.budget.spend_bytes(len(found.data))
            examination.budget.keep(len(found.data))
        examination.taken += len(found.data)
        inner = _renamed(found, waiting.source)
        hidden = waiting.why if waiting.why is not SEEN else why
        examination.waiting.append(_Waiting(inner, waiting.depth + 1, _way(waiting.file, _name(inner)), hidden))
    elif isinstance(found, Letter):
        examination.named.append(_named(found, own and waiting.depth == 0 and not found.embedded))
    else:
        if waiting.why is not SEEN:
            found = _within(found, waiting.why)
        waiting.stock.take(found)
        item = _placed(found, waiting)
        for detector in examination.detectors:
            detector.take(item)
        if isinstance(found, Member) and found.content is not None and found.kind == FILE:
            _take(examination, waiting, own, Enclosed(found.content, names=(found.name,)), found.visibility)


def _within(item: Item, why: Visibility) -> Item:
    """An item of a hidden file: what it shows, the file that holds it does not. What it hides stays told apart."""
    if isinstance(item, Text | Table | Member) and item.visibility is SEEN:
        return replace(item, visibility=why)
    return item


def _way(file: str, name: str) -> str:
    """The way to a file inside, the end of it where it is long: that is the part that a reviewer looks for."""
    way = f"{file}{WITHIN}{name}" if file and name else name or file
    return way[-MOST_NAME_CHARACTERS:]


def _placed(item: Item, waiting: _Waiting) -> Item:
    """In a file inside, a place is where in that file: a reviewer has to find it."""
    if waiting.depth == 0 or not waiting.file or isinstance(item, Row | Member):
        return item
    return replace(item, where=f"{waiting.file}{WITHIN}{item.where}" if item.where else waiting.file)


def _name(source: Enclosed) -> str:
    return legible(source.names[0], MOST_NAME_CHARACTERS) if source.names else ""


def _renamed(found: Enclosed, holder: Enclosed) -> Enclosed:
    """A file in a wrapper is called as the wrapper is: people.csv in people.csv.gz, people.tar in people.tgz."""
    if not found.wrapped:
        return found
    outer = (name.rstrip(" .\t\0\"'").rpartition(".") for name in holder.names)
    names = (f"{stem}.tar" if ending.casefold() in _TAR_IN_ONE else stem for stem, _, ending in outer)
    return replace(found, names=(*found.names, *(name for name in names if name)))


def _named(letter: Letter, own: bool) -> Carried:
    """Who is blind in the message itself gets it without being shown; a message that it carries shows them as well."""
    if own:
        return Carried(listed=letter.recipients, senders=letter.authors, classes=(letter.kind,))
    recipients = (*letter.recipients, *letter.blind)
    return Carried(attached=(Attached(letter.authors, recipients),), classes=(letter.kind,))
