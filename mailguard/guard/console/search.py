"""What somebody types into the search box of the held messages, read into a value. Pure.

Words with a colon ask for one thing (`from:jo`, `domain:council.example`, `before:2026-11-20`), all others for a part
of the subject, of the sender, for a recipient or a reference. Every word has to hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from difflib import get_close_matches

from ...core.reference import is_reference

MOST_CHARACTERS = 200
KNOWN = ("from", "to", "domain", "reason", "ref", "before", "after")
_TOKEN = re.compile(r'(?:([a-zA-Z]+):)?(?:"([^"]*)"|(\S+))')


@dataclass(frozen=True, slots=True)
class Wanted:
    """All in small letters. texts: in subject or sender, or a whole recipient. senders, reasons: a part of them.
    recipients: whole addresses. domains: of recipients, those below them too. refs: whole, in capitals. before, after:
    days when a message was received, both counted in.
    """

    texts: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()
    before: date | None = None
    after: date | None = None

    def between(self, after: date | None, before: date | None) -> Wanted:
        """The same, received in these days."""
        return replace(self, after=after, before=before)

    @property
    def asks_about_content(self) -> bool:
        """Whether something is asked of what is sealed."""
        return bool(self.texts or self.senders or self.recipients or self.domains or self.reasons)


@dataclass(frozen=True, slots=True)
class UnknownWord:
    """A word that is none: what was typed, and the nearest that there is, if one is near."""

    typed: str
    near: str | None


@dataclass(frozen=True, slots=True)
class BadDay:
    """What was typed where a day belongs."""

    typed: str


def read_search(typed: str) -> Wanted | UnknownWord | BadDay:
    """The wanted, or the first thing that is wrong with it. Total."""
    found: dict[str, list[str]] = {name: [] for name in (*KNOWN, "text")}
    for name, quoted, bare in _TOKEN.findall(typed[:MOST_CHARACTERS]):
        value = quoted or bare
        if name and not _is_word(name, value):
            name, value = "", f"{name}:{value}"
        if name and name.lower() not in KNOWN:
            near = get_close_matches(name.lower(), KNOWN, 1, 0.5)
            return UnknownWord(name.lower(), near[0] if near else None)
        if not name and is_reference(value.upper()):
            name = "ref"
        if value:
            found[name.lower() or "text"].append(value.casefold())
    days = {}
    for name in ("before", "after"):
        for value in found[name]:
            day = read_day(value)
            if day is None:
                return BadDay(value)
            days[name] = day
    return Wanted(
        texts=tuple(found["text"]),
        senders=tuple(found["from"]),
        recipients=tuple(found["to"]),
        domains=tuple(each.removeprefix("@") for each in found["domain"]),
        reasons=tuple(found["reason"]),
        refs=tuple(each.upper() for each in found["ref"]),
        before=days.get("before"),
        after=days.get("after"),
    )


def _is_word(name: str, value: str) -> bool:
    """Not "Re: flu" and not "https://...": what stands in subjects too."""
    return bool(value) and not value.startswith("//") and name.lower() not in ("re", "fw", "fwd", "aw", "wg")


_DAY_FORMS: tuple[Callable[[str], date], ...] = (
    date.fromisoformat,
    lambda typed: datetime.strptime(typed, "%d/%m/%Y").date(),
    lambda typed: datetime.strptime(typed, "%d.%m.%Y").date(),
)


def read_day(typed: str) -> date | None:
    """2026-11-20, 20/11/2026 or 20.11.2026, of this century; None for anything else."""
    for form in _DAY_FORMS:
        try:
            day = form(typed.strip())
        except ValueError:
            continue
        return day if 2000 <= day.year < 2100 else None
    return None
