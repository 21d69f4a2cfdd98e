"""Counts a month out of entries of the ledgers, one after the other, and out of records of the register. Pure.

Contract: of a message that was neither held nor a near miss nothing is kept, so that memory grows with what was stopped
and not with what was judged. Days, and hours, are those of the organisation.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from ..register.near_miss import near_miss_of
from ..register.record import Incident, LedgerEntry
from ..verdict import EXCEPTION
from .figures import BUCKETS, Day, Load, MissEnd, People, RuleRow, Times, Waiting
from .holds import AS_IT_WAS, By, End, Life, Lives
from .holds import KINDS as KINDS_OF_HOLDS
from .month import Month
from .rule_quality import RuleQuality, rule_quality

APPROVED = "release_approved"
KINDS = (*KINDS_OF_HOLDS, APPROVED)
"""What it wants to be shown: decisions of the month, `message_held` also of LOOKS_BACK before it, the others from then
on."""
LOOKS_BACK = timedelta(days=31)
"""What waits at the end of the month may have come before it."""
MOST_REVIEWERS = 50
DAY_BEGINS, DAY_ENDS = 8, 18
_FRIDAY = 4
_NOWHERE = LedgerEntry(ledger="main", sequence=1, hash="0")
"""Of a near miss only numbers are kept: which entry it stands on is the register's matter."""


@dataclass(frozen=True, slots=True)
class Miss:
    """A near miss. ref: of its message, None where a person entered it for none. stopped: without anybody's decision,
    by a refusal or a rewrite.
    """

    day: int
    people: int | None
    mechanisms: tuple[str, ...]
    stopped: bool
    in_register: bool = False


class MonthCount:
    """`take` each entry of KINDS, `record` what the register says of near misses; then the properties. now: aware."""

    def __init__(self, month: Month, zone: ZoneInfo, now: datetime) -> None:
        self.month = month
        self._begins = month.begins(zone)
        self._until = min(month.ends(zone), now)
        self.judged = self.relayed = self.rewritten = self.refused = self.became = self.breaches = 0
        self.revision: str | None = None
        self.spared: Counter[tuple[str, str]] = Counter()
        self._zone = zone
        self._lives = Lives()
        self._until_then = Lives()
        self._found: list[Life] | None = None
        self._days = {number: Day(number) for number in range(1, month.days + 1)}
        self._rules: dict[str, Counter[str]] = {}
        self._misses: dict[str, Miss] = {}
        self._approvals: list[tuple[str, str]] = []
        self._revision_at: datetime | None = None
        self._last: tuple[str | None, object, bool, list[str]] = None, None, False, []

    def take(self, kind: str, ref: str | None, at: datetime, fields: Mapping[str, Any]) -> None:
        self._found = None
        if kind != "message_decided" and at < self._until and fields.get("state") != "waiting":
            self._until_then.take(kind, ref, at, fields)
        if kind == "message_held" and at < self._begins:
            return
        self._lives.take(kind, ref, at, fields)
        if kind == "message_decided":
            self._take_decision(ref, at, fields)
        elif kind == "message_held":
            self._take_hold(ref)
        elif kind == APPROVED and ref is not None:
            self._approvals.append(
                (ref, str(fields.get("account") or fields.get("system_user") or fields.get("actor")))
            )

    def refs(self) -> list[str]:
        """Of the messages that are near misses by the ledger alone: the register is asked what it says of them."""
        return list(self._misses)

    def record(self, ref: str, incident: Incident) -> None:
        """What the register says of a near miss of the ledger, where a person may have corrected it."""
        was = self._misses[ref]
        if incident.kind == "near_miss":
            people, mechanisms = incident.most, tuple(map(str, incident.mechanism))
            self._misses[ref] = replace(was, people=people, mechanisms=mechanisms, in_register=True)
        else:
            self.became += 1
            del self._misses[ref]

    def enter(self, incident_id: str, at: datetime, incident: Incident) -> None:
        """A near miss that a person entered, and that is none of the ledger's own. at: when it happened."""
        # No reference of a message is spelled like one of an incident.
        mechanisms = tuple(map(str, incident.mechanism))
        self._misses[incident_id] = Miss(at.astimezone(self._zone).day, incident.most, mechanisms, False, True)

    def lives(self) -> list[Life]:
        """Of what was held in the month, the oldest first."""
        if self._found is None:
            self._found = self._lives.lives()
        return self._found

    @property
    def days(self) -> tuple[Day, ...]:
        days = dict(self._days)
        for life in self.lives():
            number = life.held_at.astimezone(self._zone).day
            days[number] = replace(days[number], held=days[number].held + 1)
        for miss in self._misses.values():
            was = days[miss.day]
            people = was.people + (miss.people or 0)
            days[miss.day] = replace(was, near_misses=was.near_misses + 1, people=people)
        return tuple(days.values())

    @property
    def ends(self) -> Mapping[End, int]:
        return Counter(life.end for life in self.lives())

    @property
    def misses(self) -> Mapping[MissEnd, People]:
        lives = {life.ref: life for life in self.lives()}
        found: dict[MissEnd, People] = {}
        for ref, miss in self._misses.items():
            end = _miss_end(miss, lives.get(ref))
            found[end] = found.get(end, People()).plus(miss.people)
        return found

    @property
    def mechanisms(self) -> Mapping[str, People]:
        """The most frequent first."""
        found: dict[str, People] = {}
        for miss in self._misses.values():
            for each in miss.mechanisms or ("",):
                found[each] = found.get(each, People()).plus(miss.people)
        return dict(sorted(found.items(), key=lambda pair: (-pair[1].near_misses, pair[0])))

    @property
    def from_ledger(self) -> int:
        return sum(not each.in_register for each in self._misses.values())

    def people_of(self, ref: str) -> int | None:
        miss = self._misses.get(ref)
        return miss.people if miss else None

    @property
    def waiting(self) -> Waiting:
        """At the end of the month, or now; of what only waits by itself nothing, nobody has to decide about it."""
        since = [life.held_at for life in self._until_then.lives() if life.end is End.OPEN]
        return Waiting(self._until, len(since), min(since, default=None))

    @property
    def rules(self) -> tuple[RuleRow, ...]:
        """Those that matched, erred or were spared, by name."""
        qualities = rule_quality(self.lives())
        names = sorted(set(self._rules) | set(qualities))
        return tuple(
            RuleRow(qualities.get(name, RuleQuality(name)), **self._rules.get(name, Counter())) for name in names
        )

    @property
    def times(self) -> Times:
        taken = [(life.taken, life.by) for life in self.lives() if life.taken is not None]
        seconds = array("d", sorted(each.total_seconds() for each, _ in taken if each is not None))
        return Times(
            decided=len(seconds),
            median=_median(seconds),
            ninetieth=_nearest_rank(seconds, 0.9),
            longest=timedelta(seconds=seconds[-1]) if seconds else None,
            buckets=_bucketed(seconds),
            by_sender=sum(by is By.SENDER for _, by in taken),
            expired=self.ends.get(End.EXPIRED, 0),
        )

    def numbers_of_reviewers(self) -> Mapping[str, int]:
        """Who decided -> a number, from 1, in the order of their first decision; then who only gave first approvals."""
        decided = [life for life in self.lives() if life.reviewer is not None and life.ended_at is not None]
        first = sorted(decided, key=lambda life: (life.ended_at or life.held_at, life.ref))
        names = [life.reviewer or "" for life in first] + [
            who for ref, who in self._approvals if self._lives.is_held(ref)
        ]
        return {name: number for number, name in enumerate(dict.fromkeys(names), 1)}

    @property
    def reviewers(self) -> tuple[Load, ...]:
        """Each who decided about a message that was held in the month."""
        numbers = self.numbers_of_reviewers()
        loads = {name: Load(number) for name, number in numbers.items()}
        seconds: dict[str, array[float]] = {name: array("d") for name in numbers}
        for life in self.lives():
            if life.reviewer is None or life.ended_at is None or life.taken is None:
                continue
            loads[life.reviewer] = _with(loads[life.reviewer], life, life.ended_at.astimezone(self._zone))
            seconds[life.reviewer].append(life.taken.total_seconds())
        approved = Counter(who for ref, who in self._approvals if self._lives.is_held(ref))
        return tuple(
            replace(load, approvals=approved[name], median=_median(sorted(seconds[name])))
            for name, load in loads.items()
        )

    def _take_decision(self, ref: str | None, at: datetime, fields: Mapping[str, Any]) -> None:
        disposition, rewrite = fields.get("disposition"), fields.get("rewrite") is not None
        self.judged += 1
        self.relayed += disposition == "relay" and not rewrite
        self.rewritten += disposition == "relay" and rewrite
        self.refused += disposition == "reject"
        number = at.astimezone(self._zone).day
        self._days[number] = replace(self._days[number], judged=self._days[number].judged + 1)
        if self._revision_at is None or at >= self._revision_at:
            self.revision, self._revision_at = str(fields.get("policy_revision")), at
        enforced = [each for each in fields.get("rules") or () if self._take_rule(each)]
        names = [str(each.get("id")) for each in enforced]
        self._count("refused", names, int(disposition == "reject"))
        self._count("rewritten", names, int(disposition == "relay" and rewrite))
        self._last = ref, disposition, rewrite, names
        miss = near_miss_of(fields, ref, at, _NOWHERE) if ref is not None else None
        if ref is not None and miss is not None:
            stopped = disposition != "hold"
            self._misses[ref] = Miss(number, miss.most, tuple(map(str, miss.mechanism)), stopped)

    def _take_hold(self, ref: str | None) -> None:
        """What could not be rewritten is held, and its decision, just before, says "relay"."""
        last, disposition, rewrite, names = self._last
        if ref == last and disposition == "relay":
            self.rewritten -= rewrite
            self.relayed -= not rewrite
            self._count("rewritten", names, -int(rewrite))

    def _count(self, what: str, rules: Iterable[str], number: int) -> None:
        for rule in rules:
            self._rules[rule][what] += number

    def _take_rule(self, rule: Mapping[str, Any]) -> bool:
        """Whether it is enforced and matched."""
        matched, erred = bool(rule.get("matched")), rule.get("error") is not None
        spared = (rule.get("values") or {}).get(EXCEPTION) if not matched else None
        if not (matched or erred or spared):
            return False
        name = str(rule.get("id"))
        counted = self._rules.setdefault(name, Counter())
        counted["errors"] += erred
        if spared:
            counted["spared"] += 1
            self.spared[name, str(spared)] += 1
        if matched:
            counted["monitored" if rule.get("mode") == "monitor" else "enforced"] += 1
        return matched and rule.get("mode") != "monitor"


def bounded_reviewers(loads: Iterable[Load]) -> tuple[tuple[Load, ...], Load | None]:
    """The first MOST_REVIEWERS, and all others together (number 0); None where there are no others."""
    loads = tuple(loads)
    others = loads[MOST_REVIEWERS:]
    if not others:
        return loads, None
    together = Load(
        0,
        decisions=sum(each.decisions for each in others),
        sent=sum(each.sent for each in others),
        changed=sum(each.changed for each in others),
        rejected=sum(each.rejected for each in others),
        approvals=sum(each.approvals for each in others),
        out_of_hours=sum(each.out_of_hours for each in others),
    )
    return loads[:MOST_REVIEWERS], together


def overrides_of(lives: Iterable[Life]) -> Iterator[Life]:
    """Holds that somebody ended by letting the message go as it was."""
    return (life for life in lives if life.end is End.SENT and life.by is not By.NOBODY)


def _miss_end(miss: Miss, life: Life | None) -> MissEnd:
    if life is None:
        return MissEnd.PROTECTED if miss.stopped else MissEnd.UNKNOWN
    if life.end is End.OPEN:
        return MissEnd.OPEN
    return MissEnd.AS_IT_WAS if life.form == AS_IT_WAS else MissEnd.PROTECTED


def _with(load: Load, life: Life, at: datetime) -> Load:
    out = at.weekday() > _FRIDAY or not DAY_BEGINS <= at.hour < DAY_ENDS
    return replace(
        load,
        decisions=load.decisions + 1,
        sent=load.sent + (life.end is End.SENT),
        changed=load.changed + (life.end is End.CHANGED),
        rejected=load.rejected + (life.end is End.REJECTED),
        out_of_hours=load.out_of_hours + out,
    )


def _median(seconds: Iterable[float]) -> timedelta | None:
    seconds = list(seconds)
    return timedelta(seconds=median(seconds)) if seconds else None


def _nearest_rank(seconds: array[float], share: float) -> timedelta | None:
    """The smallest that at least this share does not exceed. seconds: sorted."""
    return timedelta(seconds=seconds[ceil(share * len(seconds)) - 1]) if seconds else None


def _bucketed(seconds: Iterable[float]) -> tuple[int, ...]:
    counts = [0] * (len(BUCKETS) + 1)
    for each in seconds:
        counts[sum(each >= bucket.total_seconds() for bucket in BUCKETS)] += 1
    return tuple(counts)
