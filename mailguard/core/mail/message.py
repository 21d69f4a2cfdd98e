"""The values that parsing yields: fields, parts, mailboxes and defects, all as spans of the raw bytes.

A value here never holds a decoded copy where a span will do, so that a rewrite can splice the bytes
that were judged. `parse` (parse.py) makes a Message of any bytes whatever.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from mmap import mmap
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .calendar.model import Calendar

Buffer = bytes | memoryview | mmap


@dataclass(frozen=True, slots=True)
class Defect:
    """Something that two readers could read differently, or that cannot be read.

    kind: kebab-case name (docs/policy.md lists them all). where: the field or part, never its content.
    holds: whether the floor holds the message for it (DESIGN.md "The floor under every policy").
    """

    kind: str
    where: str
    holds: bool = True


class Field(NamedTuple):
    """One header field. `raw[start:end]` is the whole field with its final CRLF; `raw[value_start:end]` its body.

    name: lower-case, white space before the colon removed ("cc" for b"Cc :"). Empty for a line that has no colon.
    """

    name: str
    start: int
    value_start: int
    end: int


class Mailbox(NamedTuple):
    """A mailbox that a recipient of the message could read in a field that lists recipients.

    address: canonical form for comparing, lower-case local part "@" A-label domain (or the decoded text, lower-cased,
    where the domain does not convert). field: lower-case field name.
    start, end: the span in raw of the list item that shows it, as written, with its display name and comments,
    without the separating comma. Several mailboxes may share one span (an encoded word that hides a list).
    item: index of that list item within its field; `field_start` is Field.start of its field.
    """

    address: str
    field: str
    field_start: int
    start: int
    end: int
    item: int = 0

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Part:
    """A MIME part. `raw[start:end]` is all of it, `raw[body_start:end]` its body, still encoded.

    media_type: "type/subtype" in lower case, "text/plain" where none is given. parameters: of Content-Type, lower-case
    names, RFC 2231 decoded. encoding: Content-Transfer-Encoding in lower case, "7bit" where none. filenames: every name
    that a mail client might show (filename, filename*, name, name*). path: "1", "1.2", ... as in IMAP; "" for the root.
    """

    path: str
    start: int
    body_start: int
    end: int
    fields: tuple[Field, ...]
    media_type: str
    parameters: dict[str, str]
    encoding: str
    disposition: str | None
    filenames: tuple[str, ...]
    children: tuple[Part, ...] = ()

    def walk(self) -> list[Part]:
        """This part and all below it, in order of appearance, without recursion."""
        if not self.children:
            return [self]
        found: list[Part] = []
        waiting = [self]
        while waiting:
            part = waiting.pop()
            found.append(part)
            waiting.extend(reversed(part.children))
        return found


@dataclass(frozen=True, slots=True)
class Message:
    """What `parse` makes of raw bytes. body_start is the offset after the empty line that ends the header.

    visible: every mailbox in To, Cc, Resent-To, Resent-Cc and their obsolete forms, in order, duplicates included.
    originators: canonical addresses of every From and Sender (and Resent-From, Resent-Sender) field.
    calendars: every calendar part, whose attendees a recipient can read as well.
    leaves: the parts without children, in order. by_name: the fields by their names; both are made of the others.
    """

    raw: Buffer
    fields: tuple[Field, ...]
    body_start: int
    root: Part
    visible: tuple[Mailbox, ...]
    originators: tuple[str, ...]
    defects: tuple[Defect, ...]
    calendars: tuple[Calendar, ...] = ()
    leaves: tuple[Part, ...] = field(init=False, compare=False, repr=False)
    by_name: Mapping[str, Sequence[Field]] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "leaves", tuple([part for part in self.root.walk() if not part.children]))
        object.__setattr__(self, "by_name", fields_by_name(self.fields))

    def value(self, field: Field) -> bytes:
        """The body of a field as it stands, folding and final CRLF included."""
        return bytes(self.raw[field.value_start : field.end])

    def named(self, *names: str) -> list[Field]:
        """The fields with one of these lower-case names, in order."""
        known = self.by_name
        if len(names) == 1:
            return [*known.get(names[0], ())]
        there = [known[name] for name in dict.fromkeys(names) if name in known]
        if len(there) == 1:
            return [*there[0]]
        return sorted((each for group in there for each in group), key=_place)


def _place(each: Field) -> int:
    return each.start


def fields_by_name(fields: Iterable[Field]) -> dict[str, list[Field]]:
    """The fields by their names, those of one name in order."""
    found: dict[str, list[Field]] = {}
    for each in fields:
        known = found.get(each.name)
        if known is None:
            found[each.name] = [each]
        else:
            known.append(each)
    return found
