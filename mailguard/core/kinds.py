"""What a MIME part is, by the type and the names that it gives itself: a calendar, or TNEF, which may hold one.

The policy's `calendar` condition and the rewrites ask the same question, so that a rule for invitations sees whatever a
rewrite would hold as one. What is inside a part is looked at elsewhere (rewrite/obstacles.py).
"""

from __future__ import annotations

import re

from .mail.message import Part

_CALENDAR_TYPES = frozenset({"text/calendar", "text/x-vcalendar", "text/ics", "application/ics", "application/x-ics"})
_CALENDAR_TYPE = re.compile(r"application/calendar\+\w+\Z")
_CALENDAR_NAME = re.compile(r"\.(?:ics|ical|icalendar|ifb|vcs)\Z")
_TNEF_TYPES = frozenset({"application/ms-tnef", "application/vnd.ms-tnef", "application/x-ms-tnef"})
_TNEF_NAME = re.compile(r"(?:winmail|win)\.dat\Z|\.tnef\Z")


_TNEF_START = re.compile(rb"\s*(?:\x78\x9f\x3e\x22|eJ8\+I)")


def plain_names(part: Part) -> list[str]:
    """The part's file names as they are compared: without case, and without what may stand behind an ending."""
    return [name.casefold().rstrip(" .\t\0\"'") for name in part.filenames]


def is_calendar(part: Part) -> bool:
    """iCalendar (RFC 5545), vCalendar, and their forms in XML and JSON (RFC 6321, RFC 7265)."""
    named = part.filenames and any(map(_CALENDAR_NAME.search, plain_names(part)))
    return bool(named) or part.media_type in _CALENDAR_TYPES or _CALENDAR_TYPE.match(part.media_type) is not None


def is_tnef(part: Part) -> bool:
    """Outlook's envelope for a message of its own (MS-OXTNEF)."""
    named = part.filenames and any(map(_TNEF_NAME.search, plain_names(part)))
    return bool(named) or part.media_type in _TNEF_TYPES


def begins_as_tnef(start: bytes) -> bool:
    """Whether a part, as it is encoded, begins with the signature of TNEF (MS-OXTNEF section 2.1.3.1)."""
    return _TNEF_START.match(start) is not None
