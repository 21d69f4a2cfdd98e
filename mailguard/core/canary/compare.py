"""Compares what the sink got with what it must have got. Says the worst that it finds.

INVARIANT: whatever arrives, each person of the canary has got exactly one message that shows nobody else of them, and
everything else in it is as it was written; or a Problem comes back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ..verdict import Rewrite
from .plant import Kind, Person, Planted
from .problems import Problem
from .readings import bodies, header_value, readings


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message as the sink got it. recipients: canonical addresses of its envelope.

    recorded: whether the decision about it was durable in the ledger when it came.
    """

    recipients: tuple[str, ...]
    raw: bytes
    recorded: bool = True


def compare(planted: Planted, arrivals: Sequence[Arrival], form: Rewrite) -> Problem | None:
    """The worst that is wrong in these arrivals; None where all is as it must be. form: how it had to leave."""
    people = {each.address: each for each in planted.people}
    found = [_look(planted, people, arrival, form) for arrival in arrivals]
    found.append(_count(people, arrivals))
    wrong = [problem for problem in found if problem is not None]
    return min(wrong, key=list(Problem).index, default=None)


def _look(planted: Planted, people: dict[str, Person], arrival: Arrival, form: Rewrite) -> Problem | None:
    if not set(arrival.recipients) <= set(people):
        return Problem.STRANGER
    own = [people[address] for address in arrival.recipients]
    separate = form is Rewrite.SEPARATE
    allowed = {token for person in own for token in person.tokens} if separate and len(own) == 1 else set()
    text = readings(arrival.raw)
    if any(token in text for person in planted.people for token in person.tokens if token not in allowed):
        return Problem.SHOWN
    if not arrival.recorded:
        return Problem.NOT_RECORDED
    if separate and (len(own) != 1 or own[0].address not in header_value(arrival.raw, "To").lower()):
        return Problem.CHANGED
    return Problem.CHANGED if _is_changed(planted, arrival.raw, own, form) else None


def _is_changed(planted: Planted, raw: bytes, own: Sequence[Person], form: Rewrite) -> bool:
    if header_value(raw, "Subject") != planted.subject or header_value(raw, "Message-ID") != planted.message_id:
        return True
    lines = [line for body in bodies(raw) for line in body.split("\n")]
    if any(lines.count(line) != 1 for line in planted.text):
        return True
    if planted.kind is Kind.LIST or form is not Rewrite.SEPARATE:
        return False
    attendees = [line for line in lines if line.upper().startswith("ATTENDEE")]
    return len(attendees) != 1 or own[0].address not in attendees[0].lower()


def _count(people: dict[str, Person], arrivals: Sequence[Arrival]) -> Problem | None:
    got = Counter(address for arrival in arrivals for address in arrival.recipients)
    if any(got[address] > 1 for address in people):
        return Problem.TWICE
    return Problem.MISSING if any(not got[address] for address in people) else None
