"""The second opinion on who is invited: the icalendar package. It is imported nowhere else.

It unfolds and splits all lines; the first of those that could name an attendee, and all that are not written strictly
by the grammar, it takes apart as well, at a tenth of a millisecond each. For the rest the grammar leaves one reading.
Its values and components are not asked: they raise on time zones, dates and rules that real programs get wrong, and
none of those names a person. Loaded with the first calendar, since it is slow to import.
"""

from __future__ import annotations

import re

_COULD_BE = re.compile(r"[^:;]{0,40}ATTENDEE", re.IGNORECASE)
_STRICT = re.compile(
    r'ATTENDEE(?>(?:;[A-Za-z0-9-]++=(?>"[^"\\^\x00-\x1f\x7f]*+"|[^";:,\\^\x00-\x1f\x7f]*+))*)'
    r":(mailto:[^\\\"\s\x00-\x1f\x7f]++)",
    re.IGNORECASE,
)
ALWAYS = 200
MOST = 2_000
"""Lines that it takes apart: of any calendar, and of one with odd lines. Beyond, the message is held."""


class TooMany(Exception):
    """More odd lines than can be read twice in reasonable time."""


def invited(text: str) -> frozenset[str] | None:
    """The values of all ATTENDEE lines, as `comparable`; None where a line that could be one cannot be read. TooMany"""
    from icalendar.parser import Contentlines

    found, asked = set(), 0
    for line in Contentlines.from_ical(text):  # type: ignore[no-untyped-call, unused-ignore]
        if not _COULD_BE.match(line):
            continue
        strict = _STRICT.fullmatch(line) if asked >= ALWAYS else None
        if strict:
            found.add(comparable(strict[1]))
            continue
        asked += 1
        if asked > MOST:
            raise TooMany
        value = _value(line)
        if value is None:
            return None
        if value:
            found.add(comparable(value))
    return frozenset(found)


def _value(line: str) -> str | None:
    """ "" for a line of another name, None for one that it cannot read."""
    from icalendar.parser import Contentline

    try:
        name, _, value = Contentline(line).parts()  # type: ignore[no-untyped-call, unused-ignore]
    except ValueError:
        return _only_address(line)
    return str(value) if name.rpartition(".")[2].upper() == "ATTENDEE" else ""


def _only_address(line: str) -> str | None:
    """Of a line that it refuses (an empty parameter, a quote in a name), where nobody could read another address."""
    _, found, value = line.partition("mailto:") if "mailto:" in line else line.partition("MAILTO:")
    alone = found and line.count("@") == 1 and "%40" not in line and "mailto:" not in value.lower()
    return found + value if alone else None


def comparable(value: str) -> str:
    """What two readers of one value may not differ in."""
    return value.replace("\\", "").strip().casefold()
