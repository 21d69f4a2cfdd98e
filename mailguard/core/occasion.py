"""What later messages of an invitation are known by: its organiser and its UID (RFC 5546 section 2.1.4).

Once a rule has sent an invitation as separate copies, an update or a cancellation of it must not show everybody after
all. The text of an occasion names a person: it is kept only as a keyed hash (guard/ports.py History).
"""

from __future__ import annotations

from .mail.calendar.model import ANSWERS
from .mail.message import Message

_SCHEDULED = frozenset({"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY"})
MOST = 200
"""A calendar file with more is an export, not an invitation."""


def occasions(message: Message) -> tuple[str, ...]:
    """Organiser and UID of everything that the message schedules, distinct, in order; none of answers.

    Where no organiser is named, whoever From names stands for it.
    """
    sender = next(iter(message.originators), "")
    found = {
        f"{component.organiser or sender}\n{component.uid.decode('utf-8', 'replace')}": None
        for calendar in message.calendars
        for index, component in enumerate(calendar.components)
        if component.kind in _SCHEDULED and component.uid and calendar.method_of(index) not in ANSWERS
    }
    return tuple(found)[:MOST]
