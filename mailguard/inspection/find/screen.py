"""Personal data in what one of us writes: a few sentences for the register of incidents, before they are saved.

It implements core.register.checks.FindPersonalData. Stricter than free_text.py: whatever passes its check counts,
without a word beside it that explains it, since a text that is refused can be written anew. Dates are not looked for:
an incident has some; nor are names, which no rule tells from words well enough to refuse a text for them.
"""

from __future__ import annotations

import re

from ...core.register.checks import Spotted
from .shape import compact, plain
from .spelled import BY_GROUP, Spelled, candidates

_AS_WRITTEN = frozenset({"email", "phone", "bank", "ssn"})
_NOT_LOOKED_FOR = frozenset({"date_of_birth"})
_ADDRESS = re.compile(r"[^\s@<>]{1,64}@[\w-]+\.[\w.-]*\w")


def personal_data_in(text: str) -> list[Spotted]:
    """Where it holds identifiers, addresses, telephone numbers and postcodes, in order."""
    found: dict[int, Spotted] = {}
    start = 0
    for line in text.split("\n"):
        for spotted in _in_line(line):
            found.setdefault(start + spotted.at, Spotted(spotted.noun, start + spotted.at))
        start += len(line) + 1
    return [found[at] for at in sorted(found)]


def _in_line(line: str) -> list[Spotted]:
    # One width and kind of digits and hyphens, so that a number is found however it is typed: places are near enough.
    line = line if line.isascii() else " ".join(plain(line.split(" ") or [""]))
    found = [Spotted("e-mail addresses", match.start()) for match in _ADDRESS.finditer(line)]
    # Postcodes and National Insurance numbers are typed in small letters too; letters change no place in ASCII.
    lines = (line, line.upper()) if line.isascii() else (line,)
    for each in lines:
        for match in candidates(each):
            known = next((kind for kind in BY_GROUP[match.lastgroup or ""] if _is(kind, match[0])), None)
            if known is not None:
                found.append(Spotted(known.noun, match.start()))
    return found


def _is(kind: Spelled, value: str) -> bool:
    if kind.id in _NOT_LOOKED_FOR:
        return False
    return kind.check(value if kind.group in _AS_WRITTEN else compact(value))
