"""The figures of a month against a count of what happened that knows nothing of the ledger or of the program."""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

import pytest

from mailguard.core.register.record import Incident
from mailguard.core.review_report.counting import MonthCount, bounded_reviewers, overrides_of
from mailguard.core.review_report.figures import BUCKETS, Load, MissEnd, People
from mailguard.core.review_report.holds import End
from mailguard.core.review_report.month import Month
from tests.core.review_report.generated_month import LONDON, REVISION, Happened, entries_of, happened

MONTH = Month(2026, 10)
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
PERSONS_DECISION = {"separate", "bcc", "original", "rejected", "cancelled", "stopped-then-rejected"}
CHANGED = {"separate", "bcc"}
REVIEWERS_OWN = PERSONS_DECISION - {"cancelled"}


@pytest.fixture(scope="module")
def month() -> list[Happened]:
    return happened(3000)


def counted(month: list[Happened], *, shuffled: bool = False) -> MonthCount:
    """shuffled: what became of messages comes before the holds, as where another guard's ledger is read first."""
    count = MonthCount(MONTH, LONDON, NOW)
    entries = [entry for each in month for entry in entries_of(each)]
    decisions = [each for each in entries if each[0] in ("message_decided", "message_held")]
    steps = [each for each in entries if each not in decisions] if shuffled else []
    if shuffled:
        random.Random(1).shuffle(steps)
    for kind, ref, at, fields in [*steps, *decisions] if shuffled else entries:
        count.take(kind, ref, at, fields)
    return count


def test_messages_are_counted_by_what_was_done_with_them(month: list[Happened]) -> None:
    count, ways = counted(month), Counter(each.way for each in month)
    assert count.judged == 3000
    assert (count.relayed, count.rewritten, count.refused) == (ways["passed"], ways["rewritten"], ways["refused"])
    assert len(count.lives()) == ways["held"] + ways["cannot"]
    assert count.revision == REVISION


def test_ends_of_holds(month: list[Happened]) -> None:
    fates = Counter(each.fate for each in month if each.is_held)
    assert dict(counted(month).ends) == {
        End.CHANGED: fates["separate"] + fates["bcc"],
        End.SENT: fates["original"],
        End.REJECTED: fates["rejected"] + fates["stopped-then-rejected"],
        End.CANCELLED: fates["cancelled"],
        End.EXPIRED: fates["expired"],
        End.OPEN: fates["open"],
    }


def test_near_misses_and_people_by_what_became_of_them(month: list[Happened]) -> None:
    by_end: dict[MissEnd, list[int]] = defaultdict(list)
    for each in month:
        if each.is_near_miss:
            kept_back = {"original": MissEnd.AS_IT_WAS, "open": MissEnd.OPEN}
            by_end[kept_back.get(each.fate or "", MissEnd.PROTECTED)].append(each.people)
    assert counted(month).misses == {end: People(len(found), sum(found), 0) for end, found in by_end.items()}


def test_near_misses_by_how_they_would_have_happened(month: list[Happened]) -> None:
    found = counted(month).mechanisms
    for rule, way in (("list", "to_cc_exposure"), ("sheet", "hidden_rows_cols")):
        people = [each.people for each in month if each.is_near_miss and each.rule == rule]
        assert found[way] == People(len(people), sum(people), 0)
    assert len(found) == 2
    assert [each.near_misses for each in found.values()] == sorted(
        (each.near_misses for each in found.values()), reverse=True
    )


def test_days_are_the_organisations_own(month: list[Happened]) -> None:
    count = counted(month)
    assert len(count.days) == 31
    for day in count.days:
        of_day = [each for each in month if each.at.astimezone(LONDON).day == day.number]
        assert day.judged == len(of_day)
        assert day.held == sum(each.is_held for each in of_day)
        assert day.near_misses == sum(each.is_near_miss for each in of_day)
        assert day.people == sum(each.people for each in of_day if each.is_near_miss)
    # The first second of October is still September in UTC.
    assert month[0].at == datetime(2026, 9, 30, 23, tzinfo=UTC)


def test_times_to_decide(month: list[Happened]) -> None:
    times = counted(month).times
    seconds = sorted(each.after.total_seconds() for each in month if each.is_held and each.fate in PERSONS_DECISION)
    assert times.decided == len(seconds) > 100
    assert times.median == timedelta(seconds=median(seconds))
    assert times.ninetieth == timedelta(seconds=seconds[math.ceil(len(seconds) * 0.9) - 1])
    assert times.longest == timedelta(seconds=seconds[-1])
    assert times.by_sender == sum(each.is_held and each.fate == "cancelled" for each in month)
    assert times.expired == sum(each.is_held and each.fate == "expired" for each in month)
    edges = [0.0, *(each.total_seconds() for each in BUCKETS), math.inf]
    assert times.buckets == tuple(sum(low <= each < high for each in seconds) for low, high in pairwise(edges))


def test_quality_of_rules(month: list[Happened]) -> None:
    rows = {each.quality.rule: each for each in counted(month).rules}
    assert set(rows) == {"list", "sheet", "big", "trial"}
    for name in ("list", "sheet", "big"):
        mine = [each for each in month if each.rule == name]
        fates, quality = Counter(each.fate for each in mine if each.is_held), rows[name].quality
        assert quality.held == sum(each.is_held for each in mine)
        assert quality.changed == fates["separate"] + fates["bcc"]
        assert quality.sent == fates["original"]
        assert quality.rejected == fates["rejected"] + fates["stopped-then-rejected"]
        assert (quality.cancelled, quality.expired, quality.open) == (
            fates["cancelled"], fates["expired"], fates["open"],
        )  # fmt: skip
        assert quality.sent_share == pytest.approx(fates["original"] / (quality.held - fates["open"]))
        assert rows[name].enforced == len(mine)
        assert rows[name].refused == sum(each.way == "refused" for each in mine)
        assert rows[name].rewritten == sum(each.way == "rewritten" for each in mine)
    assert rows["trial"].monitored == sum(each.monitored for each in month)
    assert rows["list"].spared == sum(each.spared for each in month)


def test_load_of_reviewers_is_numbered_and_names_nobody(month: list[Happened]) -> None:
    count = counted(month)
    decided = [each for each in month if each.is_held and each.fate in REVIEWERS_OWN]
    order = list(dict.fromkeys(each.who for each in sorted(decided, key=lambda each: each.at + each.after)))
    numbers = count.numbers_of_reviewers()
    assert {name: order.index(name) + 1 for name in order} == numbers
    for name, load in zip(numbers, count.reviewers, strict=True):
        mine = [each for each in decided if each.who == name]
        assert (load.number, load.decisions) == (numbers[name], len(mine))
        assert load.changed == sum(each.fate in CHANGED for each in mine)
        assert load.sent == sum(each.fate == "original" for each in mine)
        assert load.rejected == len(mine) - load.changed - load.sent
        assert load.median == timedelta(seconds=median(each.after.total_seconds() for each in mine))
        local = [(each.at + each.after).astimezone(LONDON) for each in mine]
        assert load.out_of_hours == sum(each.weekday() >= 5 or each.hour < 8 or each.hour >= 18 for each in local)


def test_overrides_are_what_somebody_let_go_as_it_was(month: list[Happened]) -> None:
    found = [life.ref for life in overrides_of(counted(month).lives())]
    assert found == [each.ref for each in month if each.is_held and each.fate == "original"]


def test_the_order_in_which_ledgers_are_read_makes_no_difference(month: list[Happened]) -> None:
    one, other = counted(month), counted(month, shuffled=True)
    for name in ("ends", "misses", "mechanisms", "days", "times", "rules", "reviewers"):
        assert getattr(one, name) == getattr(other, name), name


def near_miss(**fields: Any) -> Incident:
    return Incident(kind="near_miss", mechanism=("to_cc_exposure",), **fields)


def test_what_a_person_corrected_in_the_register_counts() -> None:
    month = [each for each in happened(400) if each.is_near_miss][:3]
    count = counted(month)
    assert (count.refs(), count.from_ledger) == ([each.ref for each in month], 3)
    count.record(month[0].ref, near_miss(subjects_max=7))
    count.record(month[1].ref, Incident(kind="breach"))
    assert (count.from_ledger, count.became) == (1, 1)
    assert sum(each.people for each in count.misses.values()) == 7 + month[2].people
    assert count.people_of(month[0].ref) == 7
    assert count.people_of(month[1].ref) is None


def test_a_near_miss_that_a_person_entered_is_one_of_its_day() -> None:
    count = MonthCount(MONTH, LONDON, NOW)
    count.enter("IR-7Q4K-2FXB7M", datetime(2026, 10, 5, 23, 30, tzinfo=UTC), near_miss())
    assert count.misses == {MissEnd.UNKNOWN: People(1, 0, 1)}
    assert count.days[5].near_misses == 1


def test_an_empty_month_has_no_times_and_no_rules() -> None:
    count = MonthCount(MONTH, LONDON, NOW)
    assert (count.judged, count.times.median, count.rules, count.reviewers) == (0, None, (), ())
    assert sum(each.judged for each in count.days) == 0


def test_first_approvals_count_for_who_gave_them() -> None:
    held = next(each for each in happened(400) if each.fate == "rejected")
    count = counted([held])
    count.take("release_approved", held.ref, held.at, {"account": "dora"})
    count.take("release_approved", "MG-OTHER", held.at, {"account": "eve"})
    assert [(load.number, load.decisions, load.approvals) for load in count.reviewers] == [(1, 1, 0), (2, 0, 1)]


def test_many_reviewers_stay_a_short_list() -> None:
    loads, more = bounded_reviewers(Load(number, decisions=2, sent=1) for number in range(1, 61))
    assert len(loads) == 50
    assert more == Load(0, decisions=20, sent=10)
    assert bounded_reviewers([Load(1)]) == ((Load(1),), None)


def test_memory_grows_with_what_was_stopped_and_not_with_what_was_judged() -> None:
    """Of messages that passed nothing is kept: neither a reference nor a day's list."""
    count = MonthCount(MONTH, LONDON, NOW)
    passed = [each for each in happened(500) if each.way == "passed"]
    for each in passed:
        for kind, ref, at, fields in entries_of(each):
            count.take(kind, ref, at, fields)
    kept = [value for value in vars(count).values() if isinstance(value, (dict, list)) and len(value) > 40]
    assert kept == []
    assert count.lives() == []


def test_what_waits_at_the_end_of_the_month_may_have_come_before_it(month: list[Happened]) -> None:
    end = MONTH.ends(LONDON)
    decided = PERSONS_DECISION | {"expired"}
    waits = [
        each.at for each in month
        if each.is_held and (each.fate not in decided or each.at + each.after - timedelta(seconds=4) >= end)
    ]  # fmt: skip
    count = counted(month)
    assert (count.waiting.at, count.waiting.count, count.waiting.oldest) == (end, len(waits), min(waits))
    before = MONTH.begins(LONDON) - timedelta(days=3)
    held = len(count.lives())
    count.take("message_held", "MG-EARLIER", before, {"state": "held"})
    count.take("message_held", "MG-DELAYED", before, {"state": "waiting"})
    count.take("hold_expired", "MG-EARLIER", end, {})
    assert (count.waiting.count, count.waiting.oldest) == (len(waits) + 1, before)
    assert len(count.lives()) == held


def test_of_a_month_that_runs_what_waits_now_is_told() -> None:
    held = next(each for each in happened(400) if each.way == "held" and each.fate == "open")
    now = held.at + timedelta(hours=5)
    count = MonthCount(MONTH, LONDON, now)
    for kind, ref, at, fields in entries_of(held):
        count.take(kind, ref, at, fields)
    assert (count.waiting.at, count.waiting.oldest) == (now, held.at)
