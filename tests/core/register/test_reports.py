"""Lists over a period: what is asked for is there, and what is handed out gives no small number away."""

from __future__ import annotations

import random
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from mailguard.core.register.record import Incident
from mailguard.core.register.reports import HANDED_OUT, REPORTS, Asked, Period, report_on
from mailguard.core.register.reports.affected import without_small
from mailguard.core.register.reports.tally import Tally
from mailguard.core.register.revision import Revision
from mailguard.core.register.small_numbers import total_shown
from mailguard.core.register.table import Table, table_from_json
from tests.core.register.records import NOW, ZONE, breach, lists, ombudsman, read, revision, written


def tables(name: str, *records: Incident, tally: Tally | None = None) -> tuple[Table, ...]:
    revisions = [revision(each, f"IR-{number}") for number, each in enumerate(records)]
    return report_on(name, Asked(revisions, tally or Tally(), lists(), ZONE, NOW)).tables


def rows(table: Table) -> list[dict[str, str]]:
    return [dict(zip(table.keys, row, strict=True)) for row in table.rows]


def text_of(*given: Table) -> str:
    return "\n".join([*("|".join(row) for table in given for row in table.rows), *(n for t in given for n in t.notes)])


def test_the_ombudsmans_case_is_a_row_of_the_register() -> None:
    (row,) = rows(*tables("register", ombudsman()))
    assert row["occurred_from"] == "2020-03-05"
    assert row["aware_at"] == "2020-04-28T10:00+01:00" and row["deadline"] == "2020-05-01T10:00+01:00"
    assert row["notified_ico_at"] == "2020-04-28T16:30+01:00" and row["hours_to_report"] == "6.5"
    assert row["subjects"] == "complainants: 5,305; caseworkers: 197" and row["subjects_max"] == "5502"
    assert row["narrative"].startswith("A spreadsheet with") and row["effects"] == "No misuse is known."
    assert "deleted" in row["containment"] or "delete" in row["containment"]
    assert row["decision"] == "report" and row["decision_by"] == "Robin Lake"


def test_the_ombudsmans_case_is_an_answer_to_the_request_that_was_made() -> None:
    (table,) = tables("foi", ombudsman())
    (row,) = rows(table)
    assert row == {
        "date": "2020-03-05",
        "nature": "A workbook carried hidden sheets",
        "data": "basic personal identifiers; complaints and casework",
        "organisation": "Parliamentary and Health Service Ombudsman",
        "affected": "5,502",
        "by_type": "complainants: 5,305; caseworkers: 197",
        "aware": "2020-04-28",
        "notified": "yes, 2020-04-28",
        "people_told": "yes, 2020-05-04",
        "outcome": "No further action",
    }
    assert table.notes[0] == "Incidents: 1. People affected in all: 5,502."


def of_types(*counts: int | None, **fields: Any) -> Incident:
    types = ("patients", "employees", "customers", "students")
    subjects = [{"type": name, "max": count} for name, count in zip(types, counts, strict=False)]
    return breach(subjects=subjects, **fields)


@pytest.mark.parametrize(
    ("record", "affected", "total"),
    [
        (breach(subjects_max=4), "fewer than 5", "not known"),
        (breach(subjects_max=5), "5", "5"),
        (breach(subjects_max=0), "0", "0"),
        (breach(), "not known", "not known"),
        (of_types(5302, 3), "at least 5,302", "at least 5,302"),
        (of_types(3, 2), "at least", "not known"),
        (of_types(5302, None, subjects_max=5304), "at least 5,302", "at least 5,302"),
        (of_types(7, subjects_max=9), "at least 7", "at least 7"),
        (of_types(7, 7, subjects_max=12), "at least 14", "at least 14"),
        (of_types(7, 8), "15", "15"),
        (of_types(0, 8), "8", "8"),
    ],
)
def test_no_number_below_five_follows_from_a_row_or_its_total(record: Incident, affected: str, total: str) -> None:
    (table,) = tables("foi", record)
    shown = rows(table)[0]["affected"]
    assert shown == affected or (affected == "at least" and shown == "not known")
    assert f"in all: {total}." in table.notes[0]


def test_a_total_beside_one_suppressed_row_does_not_give_it_away() -> None:
    (table,) = tables("foi", breach(subjects_max=500), breach(subjects_max=3))
    assert [each["affected"] for each in rows(table)] == ["500", "fewer than 5"]
    assert "at least 500." in table.notes[0] and "503" not in text_of(table)


def test_no_form_that_is_handed_out_says_a_small_number_in_words_either() -> None:
    record = breach(
        subjects_max=3,
        narrative="The files of 3 people, of whom 2 are children",
        notified_ico_at="2026-03-06",
        outcome_regulator="All three people were told; 2 complained, and £1,000 was paid on 3.5 % of 14 claims",
        measures_prevention=[{"what": "Training of the 4 who sent it"}],
        subjects_told={"told": True, "at": "2026-03-09", "individually": 3, "how": "by 3 letters"},
        others_told=[{"who": "police", "note": "about 3 people"}],
    )
    for name in HANDED_OUT:
        found = "\n".join("|".join(row) for table in tables(name, record) for row in table.rows)
        assert not re.search(r"(?<![\d.,-])[1-4](?![\d.,-])|three", found), (name, found)
        assert "fewer than 5" in found
    (row,) = rows(*tables("foi", record))
    assert row["outcome"].startswith("All (a small number) people were told; (a small number) complained, and £1,000")


@pytest.mark.parametrize(
    ("written", "handed_out"),
    [
        ("3 people,4 letters", "(a small number) people,(a small number) letters"),
        ("Both patients (2)", "(a small number) patients ((a small number))"),
        ("a pair of three-year-old children", "a (a small number) of (a small number)-year-old children"),
        ("2-3 people were told", "~ people were told"),
        ("2–3 or 1/2 of 4", "~–~ or ~/~ of ~"),
        ("two-three or 3-to-4", "~-~ or ~-to-~"),
        ("patients 1,2 and 3", "patients ~ and ~"),
        ("wards 1-2-3, 4-12 letters", "wards ~, ~-12 letters"),
        ("a trio, their twins, a Pair's duo", "a ~, their ~, a ~'s ~"),
        ("the triplets; a quartet; the lone caller", "the ~; a ~; the ~ caller"),
        ("Neither of them, nor either of the couples", "~ them, nor ~ the ~"),
        ("half a dozen letters, a dozen files", "half a dozen letters, a dozen files"),
        ("on 05-03-2026 at 10-11, 1,234 and 12,345 rows", "on 05-03-2026 at 10-11, 1,234 and 12,345 rows"),
        (
            "on 2026-03-05, fine 1,000 GBP, 3.5 %, 14 claims, 33(3)",
            "on 2026-03-05, fine 1,000 GBP, 3.5 %, 14 claims, 33(~)",
        ),
    ],
)
def test_texts_lose_small_numbers_and_keep_dates_and_sums(written: str, handed_out: str) -> None:
    expected = handed_out.replace("~", "(a small number)")
    assert without_small(written, breach(subjects_max=2), 5) == expected
    assert without_small(written, breach(subjects_max=200), 5) == written


def test_a_larger_threshold_reaches_tens_and_dozens() -> None:
    said = without_small("thirty-one people, half a dozen in a dozen of 45-60 rows, fifty", breach(subjects_max=31), 50)
    few = "(a small number)"
    assert said == f"{few}-{few} people, {few} in a {few} of {few}-60 rows, fifty"


def test_whatever_is_recorded_the_parts_and_totals_of_a_year_bound_no_small_number() -> None:
    rng = random.Random(9)
    for _ in range(300):
        counts = [rng.choice([None, 0, 1, 2, 3, 4, 5, 9, 200]) for _ in range(rng.randint(1, 4))]
        total = total_shown(counts, 5)
        if any(each is not None and 0 < each < 5 for each in counts):
            assert total == "not known" or total == f"at least {sum(each for each in counts if each and each >= 5):,}"


def test_the_annual_table_parts_what_was_reported_from_what_was_recorded() -> None:
    told = ombudsman()
    others = [breach(mechanism=["calendar_attendees"], subjects_max=288), breach(mechanism=["calendar_attendees"])]
    reported, recorded = tables("annual", told, *others)
    (row,) = rows(reported)
    assert row["date"] == "2020-03-05" and row["affected"] == "5,502"
    assert row["steps"] == "Information Commissioner told 2020-04-28; people affected told: yes, 2020-05-04"
    assert row["action"].startswith("Spreadsheets leave as CSV files")
    assert rows(recorded) == [
        {
            "nature": "Attendees of an invitation could see each other",
            "incidents": "2",
            "affected": "at least 288",
        }
    ]


def year_of_incidents(count: int) -> list[Revision]:
    """Invented incidents, spread over a year, near misses among them."""
    rng = random.Random(2026)
    mechanisms, made = list(lists().mechanisms), []
    for number in range(count):
        at = datetime(2025, 1, 1, 9, tzinfo=UTC) + timedelta(hours=number * 364 * 24 / count)
        most = rng.choice([1, 3, 4, 5, 12, 288, 5305])
        record = Incident(
            kind=rng.choice(["breach", "breach", "near_miss"]),
            occurred_from=at,
            aware_at=at + timedelta(hours=rng.randint(1, 500)),
            mechanism=(rng.choice(mechanisms),),
            subjects_max=most,
            notified_ico_at=at + timedelta(hours=520) if rng.random() < 0.2 else None,
            outcome_regulator=f"{most} people complained" if rng.random() < 0.1 else None,
        )
        made.append(revision(record, f"IR-{number:04}"))
    return made


def test_a_thousand_incidents_of_a_year_yield_the_list_that_was_asked_for() -> None:
    revisions = year_of_incidents(1000)
    breaches = [each for each in revisions if each.record.kind == "breach"]
    (table,) = report_on("foi", Asked(revisions, Tally(), lists(), ZONE, NOW)).tables
    assert len(table.rows) == len(breaches) > 500
    for row, of in zip(rows(table), breaches, strict=True):
        assert of.record.occurred_from is not None and of.record.subjects_max is not None
        assert row["date"] == of.record.occurred_from.astimezone(ZONE).date().isoformat()
        assert row["nature"] and row["organisation"] == "Elm Road Surgery"
        small = of.record.subjects_max < 5
        assert row["affected"] == ("fewer than 5" if small else f"{of.record.subjects_max:,}")
        assert row["notified"].startswith("yes" if of.record.notified_ico_at else "no")
        assert not (small and re.search(r"(?<![\d-])[1-4](?![\d-])", row["outcome"]))
    assert "at least" in table.notes[0]


def test_a_period_takes_its_days_whole_in_the_organisations_time_zone() -> None:
    period = Period(date(2026, 7, 1), date(2026, 7, 31))
    assert period.holds(datetime(2026, 6, 30, 23, tzinfo=UTC), ZONE)
    assert not period.holds(datetime(2026, 6, 30, 22, 59, tzinfo=UTC), ZONE)
    assert period.holds(datetime(2026, 7, 31, 22, 59, tzinfo=UTC), ZONE)
    assert not period.holds(datetime(2026, 7, 31, 23, tzinfo=UTC), ZONE)
    assert not period.holds(None, ZONE)


def test_statistics_takes_what_is_about_statistics() -> None:
    asked = Asked([revision(ombudsman()), revision(read(written("statistics.yaml")))], Tally(), lists(), ZONE, NOW)
    report = report_on("statistics", asked)
    assert report.tables == () and [each.name for each in report.forms] == ["statistics"]


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_every_report_can_be_made_of_nothing_and_of_everything(name: str) -> None:
    for records in ([], [ombudsman(), breach(), read(written("statistics.yaml")), read({"kind": "near_miss"})]):
        for table in tables(name, *records):
            assert table_from_json(table.to_json()) == table


def test_a_tally_says_what_became_of_the_holds_of_each_rule() -> None:
    tally = Tally()
    at = datetime(2026, 11, 2, 9, tzinfo=UTC)

    def rule(name: str, matched: bool = True, mode: str = "enforce") -> dict[str, Any]:
        return {"id": name, "matched": matched, "mode": mode, "error": None}

    endings: list[tuple[str, str, dict[str, Any]]] = [
        ("MG-1", "message_released", {"form": "original"}),
        ("MG-2", "message_released", {"form": "separate"}),
        ("MG-3", "release_rejected", {}),
        ("MG-4", "hold_expired", {}),
        ("MG-5", "hold_cancelled", {}),
    ]
    for ref in ("MG-1", "MG-2", "MG-3", "MG-4", "MG-5", "MG-6"):
        fields = {"disposition": "hold", "rewrite": "separate", "rules": [rule("a"), rule("b", False)]}
        tally.take("message_decided", ref, at, fields)
    tally.take(
        "message_decided", "MG-7", at, {"disposition": "relay", "rewrite": None, "rules": [rule("b", True, "monitor")]}
    )
    tally.take("message_decided", "MG-8", at, {"disposition": "relay", "rewrite": "bcc", "rules": [rule("c")]})
    for ref, kind, fields in endings:
        tally.take(kind, ref, at + timedelta(minutes=30), fields)
    found = {row["rule"]: row for row in rows(*tables("rules", tally=tally))}
    a = found["a"]
    assert (a["held"], a["as_it_was"], a["changed"], a["not_sent"], a["expired"], a["cancelled"], a["open"]) == tuple(
        "6111111"
    )
    assert a["as_it_was_share"] == "33%" and found["b"]["monitored"] == "1" and found["c"]["rewritten"] == "1"
    (summary,) = tables("summary", breach(), tally=tally)
    numbers = {row["name"]: row["number"] for row in rows(summary)}
    assert (numbers["messages"], numbers["held"], numbers["decision_minutes"]) == ("8", "6", "30")
    assert (numbers["breaches"], numbers["running"], numbers["overdue"]) == ("1", "1", "1")
