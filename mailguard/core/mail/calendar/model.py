"""What a calendar part says: its content lines as spans, its components, and the people whom it names."""

from __future__ import annotations

from dataclasses import dataclass

from ..message import Part
from ..transfer import Transferred
from .charset import Text

ANSWERS = frozenset({"REPLY", "COUNTER", "DECLINECOUNTER", "REFRESH"})
"""Methods between one attendee and the organiser: that attendee is a party to the message, like its sender."""


@dataclass(frozen=True, slots=True)
class Line:
    """A content line. text[start:end] is all of it with its folds and its line end; `content` is what it says unfolded.

    name: upper case, without a group (RFC 6350 section 3.3, which some calendars borrow) and without white space.
    parameters: from the first semicolon to the colon. value: after the colon. component: index, -1 outside of all.
    """

    name: str
    start: int
    end: int
    content: bytes
    parameters: bytes
    value: bytes
    component: int


@dataclass(slots=True)
class Component:
    """kind: VCALENDAR, VEVENT, VALARM, ... root: index of the outermost around it. method: upper case, of a VCALENDAR.

    organiser: canonical, "" where it names no clear one.
    """

    kind: str
    root: int
    method: str = ""
    uid: bytes = b""
    organiser: str = ""


@dataclass(frozen=True, slots=True)
class Attendee:
    """An ATTENDEE line (or CALENDAR-ADDRESS, RFC 9073).

    address: whom it invites, canonical, "" where that is not one clear mailbox. addresses: all that can be read in it.
    """

    line: Line
    address: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Calendar:
    """One calendar part, read. attendees: in order. organisers: canonical addresses of all ORGANIZER lines, distinct.

    method: what Content-Type says, upper case; a calendar's own METHOD wins.
    """

    part: Part
    transferred: Transferred
    text: Text
    lines: tuple[Line, ...]
    components: tuple[Component, ...]
    attendees: tuple[Attendee, ...]
    organisers: tuple[str, ...]
    method: str

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address that an ATTENDEE line shows, distinct, in order."""
        return tuple(dict.fromkeys(address for attendee in self.attendees for address in attendee.addresses))

    @property
    def invites(self) -> bool:
        """Whether it is more than a file with dates: it names people, or it is a scheduling message (RFC 5546)."""
        methods = {each.method for each in self.components} | {self.method}
        return bool(self.attendees or self.organisers or methods - {"", "PUBLISH"})

    @property
    def parties(self) -> frozenset[str]:
        """The one attendee of each answer (RFC 5546 section 3.2), without whom it would answer nothing."""
        found: dict[int, set[str]] = {}
        for attendee in self.attendees:
            root = self.root(attendee.line.component)
            found.setdefault(root, set()).add(attendee.address)
        return frozenset(
            address
            for root, addresses in found.items()
            if self.method_of(root) in ANSWERS and len(addresses) == 1
            for address in addresses
            if address
        )

    def root(self, component: int) -> int:
        """The outermost component around this one."""
        return self.components[component].root if component >= 0 else component

    def method_of(self, component: int) -> str:
        root = self.root(component)
        return (self.components[root].method if root >= 0 else "") or self.method
