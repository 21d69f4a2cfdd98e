"""Times as people and as header fields write them, in English whatever the machine's locale.

Every function takes an aware datetime that already stands in the time zone to be shown.
"""

from __future__ import annotations

from datetime import datetime

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def time_in_words(at: datetime) -> str:
    """CONSOLE.md 2.0: "5pm", "2:15pm"; "midday" and "midnight" where 12 could be misread."""
    if at.minute == 0 and at.hour in (0, 12):
        return "midday" if at.hour else "midnight"
    minutes = f":{at.minute:02}" if at.minute else ""
    return f"{at.hour % 12 or 12}{minutes}{'pm' if at.hour >= 12 else 'am'}"


def second_in_words(at: datetime) -> str:
    """For what is a matter of seconds: "2:15:40pm"."""
    return f"{at.hour % 12 or 12}:{at.minute:02}:{at.second:02}{'pm' if at.hour >= 12 else 'am'}"


def date_in_words(at: datetime) -> str:
    """For example "Friday 20 November 2026"."""
    return f"{DAYS[at.weekday()]} {at.day} {MONTHS[at.month - 1]} {at.year}"


def moment_in_words(at: datetime) -> str:
    """For example "5pm on Friday 20 November 2026". Midnight is the start of the day that is named."""
    if at.hour == at.minute == 0:
        return f"midnight at the start of {date_in_words(at)}"
    return f"{time_in_words(at)} on {date_in_words(at)}"


def header_date(at: datetime) -> str:
    """The date-time of RFC 5322 section 3.3: "Fri, 20 Nov 2026 14:02:00 +0000". ValueError without a time zone."""
    offset = at.utcoffset()
    if offset is None:
        raise ValueError("a date in a header needs a time zone")
    minutes = int(offset.total_seconds()) // 60
    zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
    time = f"{at.hour:02}:{at.minute:02}:{at.second:02}"
    return f"{DAYS[at.weekday()][:3]}, {at.day} {MONTHS[at.month - 1][:3]} {at.year:04} {time} {zone}"
