"""How often, when, how many, and which: counted by outcome, rule and day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from mailguard.core.replay.outcome import Match, Outcome, Record
from mailguard.core.replay.totals import LARGEST, Totals

RULES = [("list", "enforce", "hold"), ("watch", "monitor", "hold"), ("never", "enforce", "reject")]
PASSES = Outcome("relay", None, None, ())


def held(number: int, *, waits: bool = False) -> Outcome:
    return Outcome("hold", "separate", "list", (Match("list", number, "visible_external_recipients"),), waits)


def record(position: int, day: int | None, outcome: Outcome) -> Record:
    return Record(position, "ref", datetime(2026, 3, day, 12, tzinfo=UTC) if day else None, (outcome,))


def test_every_message_is_in_one_count() -> None:
    totals = Totals(RULES)
    watched = Outcome("relay", None, None, (Match("watch", 5, "visible_external_recipients"),))
    for each in (
        record(1, 1, PASSES),
        record(2, 1, held(288)),
        record(3, 4, held(12, waits=True)),
        record(4, None, watched),
        Record(5, unreadable="it is empty"),
    ):
        totals.add(each)
    found = totals.to_json()
    assert [found[each] for each in ("messages", "relay", "hold", "reject", "rewrite", "unreadable")] == [
        5,
        2,
        2,
        0,
        0,
        1,
    ]
    assert found["rules"] == {"list": 2, "watch": 1, "never": 0}
    assert found["unreadable_because"] == {"it is empty": 1}
    assert (found["first"], found["last"], found["undated"], found["waits"]) == ("2026-03-01", "2026-03-04", 1, 1)
    assert found["days"]["2026-03-01"] == {"messages": 2, "relay": 1, "rewrite": 0, "hold": 1, "reject": 0}
    rule = found["by_rule"]["list"]
    assert (rule["first"], rule["last"], rule["decided"]) == ("2026-03-01", "2026-03-04", 2)
    assert rule["largest"][0] == {"number": 288, "of": "visible_external_recipients", "position": 2}
    assert found["by_rule"]["watch"]["decided"] == 0
    assert totals.most_holds in ((date(2026, 3, 1), 1), (date(2026, 3, 4), 1))
    assert totals.span_days == 4


def test_the_largest_are_named_by_position_and_bounded() -> None:
    totals = Totals(RULES)
    for position in range(1, 20):
        totals.add(record(position, 1, held(10 + position % 7)))
    largest = totals.rules["list"].largest
    assert [number for number, _, _ in largest] == [16, 16, 15, 15, 15]
    assert len(largest) == LARGEST
    assert [place for _, _, place in largest] == [6, 13, 5, 12, 19]


def test_days_are_those_of_the_time_zone() -> None:
    totals = Totals(RULES, zone=ZoneInfo("Europe/Berlin"))
    totals.add(Record(1, "r", datetime(2026, 3, 1, 23, 30, tzinfo=UTC), (PASSES,)))
    assert totals.first == date(2026, 3, 2)


def test_an_outcome_comes_back_from_json() -> None:
    for outcome in (PASSES, held(3, waits=True)):
        assert Outcome.from_json(outcome.to_json()) == outcome
