"""Finds the calendar parts of a message and reads them. Total: any bytes give a Calendar, or a defect that holds.

Whoever a line names ATTENDEE counts, in whatever component it stands or in none. What two readers could read
differently is a defect (THREATS.md T42), and icalendar is asked as a second reader.
"""

from __future__ import annotations

import re

from ...kinds import is_calendar
from ..header import Defects
from ..message import Buffer, Part
from ..transfer import Transferred, decode_transfer
from . import second_reader
from .charset import Text, read_text
from .lines import physical, plain_name, split
from .model import Attendee, Calendar, Component, Line
from .people import read_people

MAX_LINES = 250_000
"""Of all calendars of a message, folds not counted: years of a busy calendar. Beyond it is not read, and held."""

_PLAIN_START = re.compile(
    rb"[\s\xef\xbb\xbf]*(?:BEGIN\s*(?::|=3A)\s*VCALENDAR|QkVHSU46VkNBTEVOREFS|77u/QkVHSU46)", re.IGNORECASE
)
_WIDE_START = re.compile(
    rb"(?:\xff\xfe|\xfe\xff)?\0?B\0E\0G\0I\0N\0|//5CAEUARwBJ|/v8AQgBFAEcASQ|QgBFAEcASQBO|AEIARQBHAEkATg"
)
"""As it stands, with or without a mark, and in base64."""
_WORD = re.compile(rb"[A-Za-z-]{1,40}")
_HIDDEN_LINE = re.compile(
    rb"(?:[\x0b\x0c\x1c-\x1e]|\r(?!\n)|\xc2\x85|\xe2\x80[\xa8\xa9])\s*(?:[\w-]+\.)?(?:ATTENDEE|ORGANIZER)",
    re.IGNORECASE,
)
"""What some readers take for a line end (THREATS.md T25), with a person behind it."""


def read_calendars(raw: Buffer, root: Part, defects: Defects) -> tuple[Calendar, ...]:
    """The calendars of all parts that call themselves one, or begin like one."""
    found: list[Calendar] = []
    for part in root.walk():
        if not part.children and (is_calendar(part) or _begins_like_one(raw, part)):
            room = MAX_LINES - sum(len(each.lines) for each in found)
            found.append(_Reader(raw, part, defects, room).read())
    return tuple(found)


def _begins_like_one(raw: Buffer, part: Part) -> bool:
    start = bytes(raw[part.body_start : min(part.end, part.body_start + 120)])
    return _PLAIN_START.match(start) is not None or _WIDE_START.match(start.lstrip()) is not None


class _Reader:
    """Reads one part, line by line, with a stack of the components that are open."""

    def __init__(self, raw: Buffer, part: Part, defects: Defects, room: int) -> None:
        self.part = part
        self.room = room
        self.defects = defects
        self.where = f"part {part.path}" if part.path else "message"
        self.transferred: Transferred = decode_transfer(raw, part)
        self.text: Text = read_text(self.transferred.octets, part.parameters.get("charset"))
        self.lines: list[Line] = []
        self.components: list[Component] = []
        self.open: list[int] = []
        self.attendees: list[Attendee] = []
        self.organisers: dict[str, None] = {}

    def read(self) -> Calendar:
        for start, end, content in physical(self.text.octets):
            if len(self.lines) >= self.room:
                self.defects.add("calendar-too-long", self.where)
                break
            self._line(start, end, content)
        else:
            self._ask_second_reader()
        self._check()
        return Calendar(
            self.part,
            self.transferred,
            self.text,
            tuple(self.lines),
            tuple(self.components),
            tuple(self.attendees),
            tuple(self.organisers),
            plain_name(self.part.parameters.get("method", "").encode("ascii", "replace")),
        )

    def _line(self, start: int, end: int, content: bytes) -> None:
        pieces = split(content)
        name = pieces.name
        if name == "BEGIN" and pieces.whole:
            self._begin(_kind(pieces.value))
        component = self.open[-1] if self.open else -1
        line = Line(name, start, end, content, pieces.parameters, pieces.value, component)
        self.lines.append(line)
        if b"\r" in content:
            self.defects.add("calendar-line-ends", self.where)
        if name in ("ATTENDEE", "ORGANIZER", "CALENDAR-ADDRESS"):
            self._person(line, pieces.whole)
        elif name == "END" and pieces.whole:
            self._end(_kind(pieces.value))
        elif component >= 0 and name in ("METHOD", "UID"):
            self._note(self.components[component], line)

    def _begin(self, kind: str) -> None:
        index = len(self.components)
        self.components.append(Component(kind, self.open[0] if self.open else index))
        self.open.append(index)

    def _end(self, kind: str) -> None:
        if not self.open or self.components[self.open[-1]].kind != kind:
            self.defects.add("calendar-structure", self.where)
        if self.open:
            self.open.pop()

    def _note(self, component: Component, line: Line) -> None:
        if line.name == "UID":
            component.uid = component.uid or line.value.strip()
        elif component.kind == "VCALENDAR":
            if component.method:
                self.defects.add("calendar-structure", self.where)
            component.method = plain_name(line.value)

    def _person(self, line: Line, whole: bool) -> None:
        address, addresses = read_people(line.parameters if whole else line.content, line.value)
        if not whole:
            self.defects.add("calendar-line", self.where)
            address = ""
        if line.name != "ORGANIZER":
            self.attendees.append(Attendee(line, address, addresses))
            return
        self.organisers.update(dict.fromkeys(addresses))
        if line.component >= 0:
            self.components[line.component].organiser = address

    def _check(self) -> None:
        octets = self.text.octets
        if self.open:
            self.defects.add("calendar-structure", self.where)
        if not any(component.kind == "VCALENDAR" for component in self.components):
            self.defects.add("calendar-unreadable", self.where)
        if self.transferred.flawed:
            self.defects.add("calendar-encoding", self.where)
        if self.text.flawed:
            self.defects.add("calendar-charset", self.where)
        if _HIDDEN_LINE.search(octets):
            self.defects.add("calendar-hidden-line", self.where)

    def _ask_second_reader(self) -> None:
        values = {attendee.line.value for attendee in self.attendees if attendee.line.name == "ATTENDEE"}
        ours = frozenset(second_reader.comparable(value.decode("utf-8", "replace")) for value in values) - {""}
        try:
            theirs = second_reader.invited(self.text.octets.decode("utf-8", "replace"))
        except second_reader.TooMany:
            self.defects.add("calendar-too-long", self.where)
            return
        if theirs != ours:
            self.defects.add("calendar-readers-disagree", self.where)


def _kind(value: bytes) -> str:
    word = _WORD.search(value)
    return word[0].decode("ascii").upper() if word else ""
