"""Makes the report of a month out of the ledgers, the register and what is kept beside them.

Contract: the ledgers are read a piece at a time, and counted in threads, so that mail does not wait and memory does not
grow with a month's mail. INVARIANT: no address, subject or name of an account leaves this file: reviewers are numbered,
and a reason that holds personal data is not shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ...core.errors import MailguardError, UnknownReference
from ...core.legible import legible
from ...core.policy.exceptions import RuleException
from ...core.policy.load import Policy, load_policy
from ...core.register.checks import FindPersonalData
from ...core.register.record import BREACHES
from ...core.register.reference import incident_of_message
from ...core.review_report.counting import MonthCount, bounded_reviewers, overrides_of
from ...core.review_report.figures import Figures, Override, Reason, ReasonState, Running
from ...core.review_report.holds import Life
from ...core.review_report.month import Month, month_of
from ..ports import Clock, Quarantine
from ..records import Entry
from ..register.ports import Incidents
from .ports import Documents, MonthRecords

MOST_OVERRIDES = 200
RUNS_OUT_WITHIN = timedelta(days=31)
_AT_ONCE = 200
LONGEST_REASON = 300
OnProgress = Callable[[int], None]


class MonthlyReports:
    """enter: enters the near misses that the register has not seen yet. find: personal data in what somebody wrote."""

    def __init__(
        self,
        *,
        records: MonthRecords,
        incidents: Incidents,
        quarantine: Quarantine,
        policies: Documents,
        enter: Callable[[], Awaitable[object]],
        find: FindPersonalData,
        clock: Clock,
        zone: ZoneInfo,
    ) -> None:
        self._records = records
        self._incidents = incidents
        self._quarantine = quarantine
        self._policies = policies
        self._enter = enter
        self._find = find
        self._clock = clock
        self.zone = zone

    async def months(self) -> Sequence[Month]:
        """Those that there are records of, the newest first: from the first judged message on to today."""
        begins = await self._records.begins()
        if begins is None:
            return ()
        last, month, found = month_of(self._clock.now(), self.zone), month_of(begins, self.zone), []
        while month <= last:
            found.append(month)
            month = month.next
        return found[::-1]

    async def figures(self, month: Month, progress: OnProgress = lambda read: None) -> Figures:
        """progress: called with how many entries have been read. UnknownReference for a month without records."""
        now, begins = self._clock.now(), await self._records.begins()
        self._refuse_unknown(month, begins, now)
        await self._enter()
        count = MonthCount(month, self.zone, now)
        await self._read(count, progress)
        await self._compare(count)
        counted = await asyncio.to_thread(_counted, count)
        overrides = list(overrides_of(count.lives()))
        return Figures(
            month=month,
            zone=self.zone.key,
            made_at=now,
            over=now >= month.ends(self.zone),
            since=begins if begins is not None and begins >= month.begins(self.zone) + _FIRST_DAY else None,
            overrides=await self._overrides(count, overrides[:MOST_OVERRIDES], count.numbers_of_reviewers()),
            overrides_more=max(len(overrides) - MOST_OVERRIDES, 0),
            exceptions=await self._running_out(count),
            **counted,
        )

    def _refuse_unknown(self, month: Month, begins: datetime | None, now: datetime) -> None:
        if month > month_of(now, self.zone):
            raise UnknownReference(f"{month.in_words} has not begun: there is nothing to report yet")
        if begins is None:
            raise UnknownReference("no message has been checked yet: there is nothing to report")
        if month < month_of(begins, self.zone):
            first = month_of(begins, self.zone)
            raise UnknownReference(f"there are no records of {month.in_words}: they begin in {first.in_words}")

    async def _read(self, count: MonthCount, progress: OnProgress) -> None:
        read, month = 0, count.month
        async for entries in self._records.entries(month.begins(self.zone), month.ends(self.zone)):
            await asyncio.to_thread(_take, count, entries)
            read += len(entries)
            progress(read)

    async def _compare(self, count: MonthCount) -> None:
        """What the register says of the ledger's near misses, and those that people entered."""
        begins, ends = count.month.begins(self.zone), count.month.ends(self.zone)
        unseen = {incident_of_message(ref): ref for ref in count.refs()}
        async for revision in self._incidents.walk(None, begins, ends):
            count.breaches += revision.record.kind in BREACHES
            ref = unseen.pop(revision.incident, None)
            if ref is not None:
                count.record(ref, revision.record)
            elif revision.record.kind == "near_miss":
                count.enter(revision.incident, revision.record.happened_at or revision.at, revision.record)
        # A person may have moved one of them to another month: it was decided in this one.
        left = sorted(unseen)
        for start in range(0, len(left), _AT_ONCE):
            for incident, revision in (await self._incidents.current(left[start : start + _AT_ONCE])).items():
                count.record(unseen[incident], revision.record)

    async def _overrides(
        self, count: MonthCount, lives: Sequence[Life], numbers: Mapping[str, int]
    ) -> tuple[Override, ...]:
        known = await self._records.reasons([life.ref for life in lives])
        found = []
        for life in lives:
            reason = await self._reason(life.ref, known)
            by = numbers.get(life.reviewer) if life.reviewer is not None else None
            found.append(Override(life.ref, life.held_at, life.rules, by, count.people_of(life.ref), reason))
        return tuple(found)

    async def _reason(self, ref: str, known: Mapping[str, str | None]) -> Reason:
        """What stands with the message, while it is kept; else in the evidence."""
        said = known.get(ref)
        if said is None:
            try:
                said = (await self._quarantine.get(ref)).note
            except UnknownReference:
                return Reason(ReasonState.NONE if ref in known else ReasonState.REMOVED)
        return self._shown(said)

    def _shown(self, said: str | None) -> Reason:
        if not said or not said.strip():
            return Reason(ReasonState.NONE)
        if self._find(said):
            return Reason(ReasonState.WITHHELD)
        return Reason(ReasonState.SAID, legible(said, LONGEST_REASON))

    async def _running_out(self, count: MonthCount) -> tuple[Running, ...] | None:
        """Of the policy that judged last in the month: another month may have had other exceptions."""
        policy = await self._policy(count.revision)
        if policy is None:
            return None
        first, last = count.month.begins(self.zone).date(), count.month.last + RUNS_OUT_WITHIN
        return tuple(
            self._running(rule.id, each, count)
            for rule in policy.rules
            for each in rule.exceptions
            if _runs_out(each, first, last)
        )

    def _running(self, rule: str, each: RuleException, count: MonthCount) -> Running:
        owner = self._shown(each.owner)
        # Who answers is often written as an address; the policy has it.
        name = owner.text if owner.state is ReasonState.SAID else "(an address)"
        return Running(rule, each.id, name, self._shown(each.reason), each.expires, count.spared[rule, each.id])

    async def _policy(self, revision: str | None) -> Policy | None:
        if revision is None:
            return None
        try:
            documents = await self._policies.get(revision)
            return await asyncio.to_thread(load_policy, documents)
        except MailguardError:
            return None


_FIRST_DAY = timedelta(days=1)


def _take(count: MonthCount, entries: Sequence[Entry]) -> None:
    for entry in entries:
        count.take(entry.kind, entry.ref, entry.at.astimezone(UTC), entry.fields)


def _counted(count: MonthCount) -> dict[str, Any]:
    """The figures that need nothing but what was read. A month may have many holds: not in the loop that mail is in."""
    reviewers, more = bounded_reviewers(count.reviewers)
    return {
        "judged": count.judged,
        "relayed": count.relayed,
        "rewritten": count.rewritten,
        "held": len(count.lives()),
        "refused": count.refused,
        "days": count.days,
        "misses": count.misses,
        "mechanisms": count.mechanisms,
        "from_ledger": count.from_ledger,
        "became": count.became,
        "breaches": count.breaches,
        "ends": count.ends,
        "times": count.times,
        "waiting": count.waiting,
        "rules": count.rules,
        "reviewers": reviewers,
        "reviewers_more": more,
    }


def _runs_out(each: RuleException, first: date, last: date) -> bool:
    return first < each.expires <= last + timedelta(days=1)
