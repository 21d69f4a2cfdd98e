"""Exceptions of a rule: for a sender, for an exact set of recipients, or both, with an owner and an end.

INVARIANT: an exception spares only what it names: never after its end, never with one person more or fewer, never for
everybody. INVARIANT: it spares a match of its own rule alone; floors, errors and what a rule has still to read stay.
An error while one is looked at means that there is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StrictStr, WithJsonSchema, model_validator

from ..observation import Observation
from ..organisation import Organisation
from .conditions.declaration import declared
from .conditions.operands import Address, Addresses, Word, problem
from .conditions.originators import sent_by

LASTS = timedelta(days=90)
"""Unless the exception says another end."""
SOON = timedelta(days=14)
"""Within it `policy check` warns that one runs out."""
LONG = timedelta(days=366)
"""What lasts longer is probably no exception."""
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

_ANYBODY = "zyxwvutsrqponmlkjihgfedcba9876543210"
"""A pattern that is found in every address is found in this one's address too, at least where it is a single letter."""
_PROBES = (f"{_ANYBODY}@{_ANYBODY}.invalid",)
_PEOPLE = ("q7x", "jo.smith", _ANYBODY)
"""Local parts that no exception names: one that holds for all of them at a domain holds for everybody there."""


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise ValueError
        return date.fromisoformat(value)
    except ValueError:
        raise problem(f'"{value}" is no day: write it like 2026-11-26') from None


Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]


def _identifier(text: str) -> str:
    if not IDENTIFIER.fullmatch(text):
        raise problem(f'"{text[:80]}" is not an id: letters, digits, "-", "_" and ".", at most 64 of them')
    return text


def _people(addresses: tuple[str, ...]) -> tuple[str, ...]:
    for each in addresses:
        if each.startswith("@"):
            raise problem(f'"{each}" is a whole domain: an exception names every recipient')
    return tuple(dict.fromkeys(addresses))


Recipients = Annotated[Addresses, AfterValidator(_people)]


class ExceptionModel(BaseModel):
    """Whom a rule spares, who answers for it, and until when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[StrictStr, AfterValidator(_identifier)] = declared(
        "The exception's name in decisions, metrics and lists; one exception of the rule.",
        otherwise="must be given",
        unit="letters, digits, - _ .",
        example="board-2026",
        consequence="A new id starts a new count of uses.",
    )
    sender: Address | None = declared(
        "The rule spares a message if the reverse-path and every From and Sender address match.",
        otherwise="any sender, if `recipients` is given",
        unit="address",
        example=["board-secretary@elmroad.example"],
        consequence="Whoever may send as this address is spared. A forged From spares nobody.",
        default=None,
    )
    recipients: Recipients | None = declared(
        "The rule spares a message if exactly these people outside get it or stand in its fields.",
        otherwise="any recipients, if `sender` is given",
        unit="address or a list of them",
        example=["ann@council.example", "ben@hospital.example"],
        consequence="With one more or one fewer, hidden in Bcc or named in Reply-To too, the rule applies.",
        default=None,
    )
    owner: Word = declared(
        "Who answers for the exception.",
        otherwise="must be given",
        unit="text",
        example="practice manager",
        consequence="Shown by `policy exceptions`, so that somebody can be asked whether it is still needed.",
        max_length=200,
    )
    reason: Word = declared(
        "Why the rule spares them.",
        otherwise="must be given",
        unit="text",
        example="The board members know each other.",
        consequence="Shown by `policy exceptions`; it is not sent to anybody.",
        max_length=500,
    )
    added: Day = declared(
        "The day from which it holds (UTC).",
        otherwise="must be given",
        unit="day: YYYY-MM-DD",
        example="2026-11-26",
        consequence="A day in the future: until then the rule applies.",
    )
    expires: Day | None = declared(
        "The day from which the rule applies again (UTC).",
        otherwise="90 days after `added`",
        unit="day: YYYY-MM-DD",
        example="2027-02-24",
        consequence="`policy check` warns 14 days before; nobody has to remember it.",
        default=None,
    )

    @model_validator(mode="after")
    def _limited(self) -> Self:
        if self.sender is None and self.recipients is None:
            raise problem("one of sender, recipients is needed: nothing else keeps the rule on for everybody else")
        if self.sender is not None and not leaves_out(self.sender):
            raise problem('"sender" holds for everybody: an exception never switches a rule off')
        if self.expires is not None and self.expires <= self.added:
            raise problem(f'"expires" {self.expires} is not after "added" {self.added}: it would never hold')
        return self


def leaves_out(sender: Address) -> bool:
    """Whether it fails for addresses that nobody named, so that it cannot hold for everybody."""
    return sender.leaves_out() and not any(sender.holds(probe) for probe in _PROBES)


@dataclass(frozen=True, slots=True)
class RuleException:
    """An exception as it is judged by. expires: the first day on which it no longer holds. line: where it stands."""

    id: str
    sender: Address | None
    recipients: frozenset[str] | None
    owner: str
    reason: str
    added: date
    expires: date
    line: int

    def in_force(self, day: date) -> bool:
        return self.added <= day < self.expires

    def days_left(self, day: date) -> int:
        """0 where it has expired; one that has not begun counts to its end too."""
        return max((self.expires - day).days, 0)


def exception_of(model: ExceptionModel, line: int) -> RuleException:
    """The value that judging uses. A last day that the calendar does not have becomes the calendar's own."""
    expires = model.expires or date.fromordinal(min(model.added.toordinal() + LASTS.days, date.max.toordinal()))
    people = None if model.recipients is None else frozenset(model.recipients)
    return RuleException(model.id, model.sender, people, model.owner, model.reason, model.added, expires, line)


def twice(models: Sequence[ExceptionModel]) -> Iterator[int]:
    """The places of exceptions whose id an earlier one of the same rule has."""
    seen: set[str] = set()
    for index, each in enumerate(models):
        if each.id in seen:
            yield index
        seen.add(each.id)


@dataclass(frozen=True, slots=True)
class Spared:
    """by: the exception that holds, None for none. errors: how many could not be looked at."""

    by: str | None = None
    errors: int = 0


NOBODY = Spared()


def spared(exceptions: Iterable[RuleException], observation: Observation, clock: datetime) -> Spared:
    """The first exception that holds. One that breaks is no exception."""
    errors = 0
    for each in exceptions:
        try:
            if _holds(each, observation, day_of(clock)):
                return Spared(each.id, errors)
        except Exception:  # whatever it is, nobody is spared by it
            errors += 1
    return Spared(None, errors)


def day_of(clock: datetime) -> date:
    return clock.astimezone(UTC).date()


def _holds(each: RuleException, observation: Observation, day: date) -> bool:
    if not each.in_force(day) or (each.sender is None and each.recipients is None):
        return False
    if each.recipients is not None and each.recipients != observation.outsiders:
        return False
    return each.sender is None or sent_by(observation, each.sender)


def spares_everybody(exceptions: Sequence[RuleException], organisation: Organisation) -> bool:
    """Whether together, whenever they hold, they leave nobody guarded whose address is at a domain of ours."""
    senders = [each.sender for each in exceptions if each.recipients is None and each.sender is not None]
    domains = organisation.domains
    return bool(domains) and all(any(_whole(sender, domain) for sender in senders) for domain in domains)


def _whole(sender: Address, domain: str) -> bool:
    return all(sender.holds(f"{person}@{domain}") for person in _PEOPLE)


def doubt(each: RuleException) -> str | None:
    """What is probably not meant, of one that can be used."""
    if each.recipients is None and each.sender is not None:
        whole = [name for name in each.sender.is_ or () if name.startswith("@")]
        if whole and each.sender.ends_with is None and each.sender.matches is None:
            return f"it spares everybody at {' and '.join(whole)}"
    if each.expires - each.added > LONG:
        return f"it lasts {(each.expires - each.added).days:,} days"
    return None


def running_out(each: RuleException, day: date) -> str | None:
    """What `policy check` says of the time that is left, None where there is enough."""
    if day >= each.expires:
        return f"expired on {each.expires}: the rule applies again; renew it or take it out"
    if each.expires - day <= SOON:
        days = (each.expires - day).days
        return f"expires in {days} day{'' if days == 1 else 's'}, on {each.expires}"
    return f"holds only from {each.added} on" if day < each.added else None
