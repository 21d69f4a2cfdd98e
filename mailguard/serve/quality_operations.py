"""What `mailguard policy quality`, `policy suggest` and `held wrong` do, on open parts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import Field

from ..core.errors import NotAllowed
from ..core.policy.load import Policy, load_policy
from ..core.quality import in_words, stricter_words
from ..core.quality.suggestion import Suggestion
from ..core.quality.tightening import StricterNumbers, Tightening
from ..guard.actor import Actor
from ..guard.ports import Clock, Quarantine
from ..guard.quality import RuleQualities
from ..guard.tightening import Sources
from ..guard.wrong_holds import MOST_REASON, AlreadySaid, NeverSaid, SaidBy, WrongHolds
from ..store.store import Store
from .arguments import Arguments, Item, LookArguments
from .control import BadArguments


@dataclass(frozen=True, slots=True)
class Rating:
    """What these operations work on. zone: of the organisation."""

    rules: RuleQualities
    wrong_holds: WrongHolds
    quarantine: Quarantine
    zone: ZoneInfo


def rating_of(store: Store, policy: Callable[[], Policy], clock: Clock, zone: ZoneInfo) -> Rating:
    return Rating(
        rules=RuleQualities(
            holds=store.hold_entries,
            sources=Sources(store.passed_entries, store.incidents, store.evidence),
            policies=store.policies,
            in_force=policy,
            load=load_policy,
            clock=clock,
        ),
        wrong_holds=WrongHolds(ledger=store.ledger, evidence=store.evidence, clock=clock),
        quarantine=store.quarantine,
        zone=zone,
    )


class SinceArguments(Arguments):
    since: str | None = None


class SuggestArguments(SinceArguments):
    rule: str = Field(min_length=1, max_length=64)


class WrongArguments(LookArguments):
    reason: str = Field(default="", max_length=MOST_REASON)
    withdraw: bool = False


async def quality(rating: Rating, given: SinceArguments, _: str) -> AsyncIterator[Item]:
    found = await rating.rules.look(_since(rating, given))
    yield {
        "since": found.since.isoformat(timespec="seconds"),
        "days": round(found.days, 1),
        "rules": [each.to_json() for each in found.rules.values()],
    }


async def suggest(rating: Rating, given: SuggestArguments, _: str) -> AsyncIterator[Item]:
    since = _since(rating, given)
    found = await rating.rules.suggest(given.rule, since)
    yield suggestion_item(found, await rating.rules.tighten(given.rule, since))


async def wrong(rating: Rating, given: WrongArguments, system_user: str) -> AsyncIterator[Item]:
    held = await rating.quarantine.get(given.ref)
    actor = Actor(given.by, system_user)
    said_by = SaidBy.SENDER if actor.has_sent(held) else SaidBy.ADMIN
    try:
        if given.withdraw:
            said_by = await rating.wrong_holds.withdraw(held, actor)
        else:
            await rating.wrong_holds.say(held, actor, said_by, given.reason)
    except (AlreadySaid, NeverSaid) as cause:
        # Under a name that the control socket knows.
        raise NotAllowed(str(cause)) from None
    yield {"ref": held.ref, "said_by": said_by.value, "rules": list(held.rules)}


def suggestion_item(found: Suggestion, tightening: Tightening) -> Item:
    """`policy suggest --json`; `said` is what a terminal shows. Both are of the same numbers of the rule."""
    stricter = {each.threshold: each for each in tightening.numbers}
    return {
        "rule": found.rule.id,
        "days": round(found.days, 1),
        "held": found.total,
        "by_end": {end.value: count for end, count in sorted(found.held.items())},
        "no_longer_held": found.no_longer,
        "cannot_be_told": found.unknown,
        "said": in_words.summary(found),
        "numbers": [
            {
                "condition": each.threshold.key,
                "bound": each.threshold.bound,
                "number": each.threshold.number,
                "file": found.rule.file,
                "line": found.rule.line,
                "place": in_words.place(found.rule, each.threshold),
                "proposed": each.proposed.number if each.proposed is not None else None,
                "said": in_words.proposal(found, each),
                "warning": in_words.warning(each),
                "effects": [
                    {**one.to_json(), "yaml": each.threshold.in_yaml(one.number), "row": list(in_words.row(one))}
                    for one in each.effects
                ],
                "stricter": _stricter(tightening, stricter[each.threshold]) if each.threshold in stricter else None,
            }
            for each in found.candidates
        ],
        "tightening": _looked_at(tightening),
    }


def _stricter(found: Tightening, numbers: StricterNumbers) -> Item:
    return {
        "proposed": numbers.proposed.number if numbers.proposed is not None else None,
        "said": stricter_words.proposal(found, numbers),
        "out_of_reach": list(numbers.out_of_reach),
        "cannot_be_told": list(numbers.unknown),
        "effects": [
            {
                "number": one.number,
                "breaches": list(one.breaches),
                "others_held": one.others,
                "others_a_month": round(found.a_month(one.others), 1),
                "cannot_be_told": one.unknown,
                "yaml": numbers.threshold.in_yaml(one.number),
                "row": list(stricter_words.row(found, one)),
            }
            for one in numbers.effects
        ],
    }


def _looked_at(found: Tightening) -> Item:
    return {
        "days": round(found.days, 2),
        "looked_at": found.looked_at,
        "is_limited": found.is_limited,
        "breaches": {
            "left": list(found.left),
            "held_today": list(found.held_today),
            "held_then": list(found.named.held_then),
            "not_left": list(found.named.not_left),
            "without_message": found.named.without,
        },
        "said": stricter_words.summary(found),
    }


def _since(rating: Rating, given: SinceArguments) -> datetime | None:
    if given.since is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(given.since), time(), rating.zone)
    except ValueError:
        raise BadArguments("a day is written as 2026-03-05") from None


OnRating = Callable[[Rating, Any, str], AsyncIterator[Item]]

QUALITY_OPERATIONS: dict[str, tuple[type[Arguments], OnRating]] = {
    "policy_quality": (SinceArguments, quality),
    "policy_suggest": (SuggestArguments, suggest),
    "held_wrong": (WrongArguments, wrong),
}
