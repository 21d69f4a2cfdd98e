"""One calendar part: what every copy for somebody outside loses, and where each recipient's own ATTENDEE goes.

INVARIANT: a line that shows nobody hidden keeps its octets, folds included, in every copy.
A recipient that is invited under a UID keeps those lines and gets no others; one that is not (a list was invited, or
the recipient stands in Bcc) gets a plain ATTENDEE in each component of it that had one (RFC 5546 section 3.2.2), never
in an answer and never in PUBLISH, which has none (section 3.2.1). An alarm that mails people mails the recipient alone.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

from ...envelope import Recipient
from ...errors import CannotRewrite
from ...mail.calendar.model import ANSWERS, Attendee, Calendar, Line
from ...mail.message import Message
from .. import sentences
from ..content import Content, Edit
from ..recode import Recoder
from ..search import Hidden
from ..splice import MOST_EDITS
from .lines import fold, own, without
from .reveal import shown


@dataclass(slots=True)
class _Slot:
    """Before text[start] a recipient's own line goes; `written` is the line that stands there.

    key: what belongs together, so that who is invited in one component of it needs no line in the others. keeps:
    whether the recipient's own line stays; makes: whether one is made where there is none, and asks: that asks for an
    answer. hidden: who is invited by a line that goes; staying: by one that stays.
    """

    start: int
    written: bytes
    key: Hashable
    keeps: bool
    makes: bool
    asks: bool
    hidden: dict[str, Line] = field(default_factory=dict)
    staying: set[str] = field(default_factory=set)


class CalendarPlan:
    """Made once for a message; asked for each recipient."""

    def __init__(self, message: Message, calendar: Calendar, hidden: Hidden) -> None:
        self._calendar = calendar
        self._hidden = hidden
        self._text = calendar.text.octets
        self._recoder = Recoder(message.raw, calendar.transferred)
        self._slots: dict[int, _Slot] = {}
        self._by_line = {attendee.line.start: attendee for attendee in calendar.attendees}
        changes = [change for line in calendar.lines for change in self._line(line)]
        self._ordered = sorted(self._slots.values(), key=lambda slot: slot.start)
        self._groups = self._grouped()
        self._segments = self._cut(changes)
        self.touched = bool(changes) or bool(self._slots)
        self._kept = len(self._text) + sum(len(each.replacement) - (each.end - each.start) for each in changes)

    @property
    def weight(self) -> int:
        """About how many octets a copy of its own takes."""
        whole = self._calendar.transferred.encoding == "base64" or self._calendar.text.codec is not None
        return (2 * self._kept if whole else 0) + 100 * len(self._slots)

    def edits(self, recipient: Recipient) -> tuple[Edit, ...]:
        """The edits of raw that make this recipient's copy of the part."""
        lines = dict(self._own(recipient))
        changes = list(self._segments[0])
        for slot, segment in zip(self._ordered, self._segments[1:], strict=True):
            if slot.start in lines:
                changes.append(Edit(slot.start, slot.start, lines[slot.start]))
            changes += segment
        return self._recoder.edits(self._of_octets(changes))

    # What all copies lose.

    def _line(self, line: Line) -> Iterator[Edit]:
        attendee = self._by_line.get(line.start) if line.name == "ATTENDEE" else None
        if attendee is None:
            yield from self._changed(line)
            return
        method = self._calendar.method_of(line.component)
        slot = self._slot(line, method)
        address = attendee.address
        if method == "PUBLISH" or self._invites_hidden(attendee):
            slot.hidden.setdefault(address, line)
            yield Edit(line.start, line.end)
        else:
            slot.staying.add(address)
            yield from self._changed(line)

    def _invites_hidden(self, attendee: Attendee) -> bool:
        if attendee.address:
            return attendee.address in self._hidden.addresses
        return bool(shown(self._hidden, attendee.line.value))

    def _changed(self, line: Line) -> Iterator[Edit]:
        if not shown(self._hidden, line.content):
            return
        content = without(line, self._hidden)
        written = self._text[line.start : line.end]
        yield Edit(line.start, line.end, fold(content, written) if content is not None else b"")

    def _slot(self, line: Line, method: str) -> _Slot:
        if line.component not in self._slots:
            self._slots[line.component] = self._new_slot(line, method)
        return self._slots[line.component]

    def _new_slot(self, line: Line, method: str) -> _Slot:
        component = self._calendar.components[line.component] if line.component >= 0 else None
        alarm = component is not None and component.kind == "VALARM"
        uid = component.uid if component else b""
        return _Slot(
            line.start,
            self._text[line.start : line.end],
            key=(line.component,) if alarm else (self._calendar.root(line.component), uid),
            keeps=method != "PUBLISH",
            makes=component is not None and method != "PUBLISH" and method not in ANSWERS,
            asks=method == "REQUEST" and not alarm,
        )

    def _cut(self, changes: list[Edit]) -> list[tuple[Edit, ...]]:
        """The changes between slots, each run of them few."""
        segments: list[list[Edit]] = [[] for _ in range(len(self._ordered) + 1)]
        index = 0
        for change in changes:
            while index < len(self._ordered) and self._ordered[index].start <= change.start:
                index += 1
            segment = segments[index]
            if segment and segment[-1].end == change.start and not segment[-1].replacement:
                change = Edit(segment.pop().start, change.end, change.replacement)
            segment.append(change)
        return [self._few(segment) for segment in segments]

    def _few(self, segment: list[Edit]) -> tuple[Edit, ...]:
        if len(segment) <= MOST_EDITS:
            return tuple(segment)
        start, end = segment[0].start, segment[-1].end
        moved = tuple(Edit(each.start - start, each.end - start, each.replacement) for each in segment)
        return (Edit(start, end, Content(self._text[start:end], moved).to_bytes()),)

    # What each recipient gets.

    def _grouped(self) -> dict[Hashable, list[_Slot]]:
        groups: dict[Hashable, list[_Slot]] = {}
        for slot in self._ordered:
            groups.setdefault(slot.key, []).append(slot)
        return groups

    def _own(self, recipient: Recipient) -> Iterator[tuple[int, bytes]]:
        address = recipient.address
        for slots in self._groups.values():
            invited = any(address in slot.hidden or address in slot.staying for slot in slots)
            for slot in slots:
                if slot.keeps and address in slot.hidden:
                    yield slot.start, self._as_invited(slot, recipient)
                elif slot.makes and not invited:
                    yield slot.start, self._made(slot, recipient)

    def _as_invited(self, slot: _Slot, recipient: Recipient) -> bytes:
        line = slot.hidden[recipient.address]
        content = own(line, recipient.address, self._hidden)
        if content is None:
            return self._made(slot, recipient)
        written = self._text[line.start : line.end]
        return _closed(written, slot.written) if content == line.content else fold(content, written)

    def _made(self, slot: _Slot, recipient: Recipient) -> bytes:
        """The recipient as a plain attendee; asked to answer where the others were."""
        wire = recipient.path.wire
        if not wire.isascii() or b'"' in wire:
            raise CannotRewrite(sentences.NO_COPY)
        asked = b";RSVP=TRUE" if slot.asks else b""
        content = b"ATTENDEE" + asked + b":mailto:" + wire.replace(b"%", b"%25")
        if not shown(self._hidden, content) <= {recipient.address}:
            raise CannotRewrite(sentences.NO_COPY)
        return fold(content, slot.written)

    def _of_octets(self, changes: list[Edit]) -> tuple[Edit, ...]:
        """Changes of the text as changes of the part's octets."""
        text, octets = self._calendar.text, self._calendar.transferred.octets
        mark = len(text.mark)
        if text.codec is None:
            return tuple(Edit(mark + each.start, mark + each.end, each.replacement) for each in changes)
        try:
            made = text.written(Content(self._text, tuple(changes)).to_bytes())
        except UnicodeError:
            raise CannotRewrite(sentences.NO_COPY) from None
        return _difference(octets, made)


def _closed(written: bytes, other: bytes) -> bytes:
    """A last line may have no line end; where it moves it needs one. Empty lines behind it stay behind."""
    line = written.rstrip(b"\r\n")
    return line + (b"\r\n" if b"\r\n" in other or b"\n" not in other else b"\n")


def _difference(before: bytes, after: bytes) -> tuple[Edit, ...]:
    """One edit that turns one into the other."""
    if before == after:
        return ()
    start = _common(before, after)
    end = min(_common(before[::-1], after[::-1]), len(before) - start, len(after) - start)
    return (Edit(start, len(before) - end, after[start : len(after) - end]),)


def _common(one: bytes, other: bytes) -> int:
    """How many octets they begin with alike, by halving."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
