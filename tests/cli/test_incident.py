"""mailguard incident and mailguard report: entered, revised, decided and printed, without a service and through one."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import time
from pathlib import Path
from typing import Any

import pytest

from mailguard.core.register.reports import REPORTS
from mailguard.guard import entries
from mailguard.guard.register.ports import NewRevision
from mailguard.serve.parts import Parts
from tests.core.register.records import HERE, written
from tests.core.register.test_reports import year_of_incidents

from .conftest import AT, Ran, Run, hold, on_store

PHSO = str(HERE / "ombudsman.yaml")


@pytest.fixture
def made(settings: Path) -> Path:
    """Settings with a store."""

    async def nothing(_: Any) -> None:
        pass

    on_store(settings, nothing)
    return settings


@pytest.fixture
def mg(run: Run, made: Path) -> Run:
    """A command line on these settings."""
    return lambda *arguments: run("-C", str(made), *arguments)


def one(ran: Ran) -> dict[str, Any]:
    assert (ran.status, ran.err) == (0, ""), ran
    (item,) = ran.items()
    return item


def entered(mg: Run, *arguments: str) -> str:
    return str(one(mg("incident", "add", *arguments, "--json"))["incident"])


def kinds(mg: Run) -> list[dict[str, Any]]:
    found = [
        each
        for each in mg("audit", "list", "--json").items()
        if "incident" in each["kind"] or "register" in each["kind"]
    ]
    return found


def test_the_ombudsmans_case_is_entered_and_gives_register_answer_and_notification(mg: Run) -> None:
    incident = entered(mg, "--file", PHSO)
    period = ("--from", "2020-01-01", "--to", "2020-12-31")
    (row,) = one(mg("report", "register", *period, "--json"))["tables"][0]["rows"]
    assert (row["incident"], row["subjects_max"], row["hours_to_report"]) == (incident, "5502", "6.5")
    (answer,) = one(mg("report", "foi", *period, "--json"))["tables"][0]["rows"]
    assert answer["by_type"] == "complainants: 5,305; caseworkers: 197" and answer["date"] == "2020-03-05"
    form = one(mg("incident", "form", incident, "--as", "notification", "--json"))
    assert form["missing"] == []
    assert [each["key"] for each in form["sections"]] == ["33(1)", "33(3)(a)", "33(3)(b)", "33(3)(c)", "33(3)(d)"]
    shown = mg("incident", "form", incident, "--as", "notification")
    assert shown.status == 0 and "complainants: 5,305; caseworkers: 197" in shown.out
    assert (
        mg("report", "foi", "--from", "2021-01-01", "--to", "2021-12-31", "--json").items()[0]["tables"][0]["rows"]
        == []
    )


def test_a_report_as_csv_opens_in_a_spreadsheet_and_runs_nothing(mg: Run) -> None:
    incident = entered(mg, "--file", PHSO, "--set", "narrative==HYPERLINK(1)", "--set", "outcome_regulator=x; =1+1")
    ran = mg("report", "register", "--from", "2020-03-05", "--to", "2020-03-05", "--csv")
    assert ran.status == 0 and ran.out.startswith("\ufeffIncident,")
    (row,) = list(csv.DictReader(io.StringIO(ran.out.removeprefix("\ufeff"))))
    assert row["Incident"] == incident and row["Facts"] == "'=HYPERLINK(1)" and "'=1+1" in row["Outcome"]


def test_a_long_text_is_whole_in_the_register(mg: Run) -> None:
    text = "word " * 3000 + "end"
    entered(mg, "--file", PHSO, "--narrative", text)
    ran = mg("report", "register", "--from", "2020-01-01", "--to", "2020-12-31", "--csv")
    (row,) = list(csv.DictReader(io.StringIO(ran.out.removeprefix("\ufeff"))))
    assert row["Facts"] == text


def test_statistics_comes_out_section_by_section(mg: Run) -> None:
    entered(mg, "--file", str(HERE / "statistics.yaml"))
    period = ("--from", "2019-01-01", "--to", "2019-12-31")
    (form,) = one(mg("report", "statistics", *period, "--json"))["forms"]
    assert [each["key"] for each in form["sections"]] == ["1", "2", "3", "4"] and form["missing"] == []
    rows = list(csv.reader(io.StringIO(mg("report", "statistics", *period, "--csv").out)))
    assert len({row[2] for row in rows[1:]}) == 4
    shown = mg("report", "statistics", *period).out
    assert shown.index("1. Core") < shown.index("2. Circ") < shown.index("3. Impact") < shown.index("4. Corrective")


def test_by_flags_the_72_hours_count_from_now_where_nobody_says_since_when(mg: Run) -> None:
    ran = mg("incident", "add", "--narrative", "A laptop was lost", "--mechanism", "lost_or_stolen", "--most", "12")
    assert ran.status == 0 and "is in the register" in ran.out and "72 hours left" in ran.err
    (item,) = mg("incident", "list", "--json").items()
    assert item["clock"]["state"] == "running" and item["clock"]["hours_left"] == pytest.approx(72, abs=0.2)
    assert item["record"]["subjects_max"] == 12 and item["record"]["kind"] == "breach"


REFUSED = (
    (("--narrative", "NHS number 999 339 5633 was shown"), "NHS numbers"),
    (("--set", "consequences_likely=ask jo@patients.example"), "e-mail addresses"),
    (("--mechanism", "magic"), "is not in the list"),
    (("--known", "9", "--most", "8"), "at most 8"),
    (("--set", "shoes=1"), "there is no such field"),
    (("--aware", "yesterday"), "aware_at: a time is written as 2026-03-05T10:00, or a day as 2026-03-05"),
    (("--aware", "2026"), "aware_at: a time is written as"),
    (("--set", "aware_at=20261120"), "aware_at: a time is written as"),
    (("--aware", "9999-12-31"), "aware_at: the year is not between 1900 and 2199"),
    (("--occurred", "2026-11-20", "--aware", "2026-11-18"), "aware_at: nobody is aware of it before it happens"),
    (("--set", "outcome_date=2026"), "outcome_date: a day is written as"),
    (("--set", "status=closed"), "alone"),
    (("--set", "nothing"), "NAME=VALUE"),
    (("--message", "MG-7Q4K-2F"), "no message"),
    (("--message", "x"), "not a reference"),
    (("--file", "/nowhere.yaml"), "cannot be read"),
)


def test_what_cannot_be_saved_is_said_and_nothing_is(mg: Run) -> None:
    for arguments, said in REFUSED:
        ran = mg("incident", "add", *arguments)
        assert (ran.status, ran.out) == (2, "") and said in ran.err, arguments
        assert "5633" not in ran.err and "patients.example" not in ran.err
    assert mg("incident", "list", "--json").items() == [] and kinds(mg) == []


def test_revisions_supersede_and_are_all_kept(mg: Run) -> None:
    incident = entered(mg, "--file", PHSO, "--set", "risk={likelihood: 3, impact: 2}")
    ran = mg(
        "incident", "revise", incident, "--set", "subjects_max=6000", "--set", "risk.impact=4", "--why", "another list"
    )
    assert ran.status == 0 and "is at revision 2" in ran.out
    item = one(mg("incident", "show", incident, "--json"))
    assert [each["record"].get("subjects_max") for each in item["revisions"]] == [None, 6000]
    assert item["record"]["risk"] == {"likelihood": 3, "impact": 4}
    assert (item["supersedes"], item["why"], item["act"]) == (1, "another list", "revised")
    stale = mg("incident", "revise", incident, "--set", "subjects_max=1", "--why", "x", "--if-revision", "1")
    assert stale.status == 5
    assert mg("incident", "revise", incident, "--set", "subjects_max=6000", "--why", "x").status == 2
    assert mg("incident", "revise", incident, "--set", "fine=1", "--why", "for 07911 123456").status == 2
    taken = mg("incident", "revise", incident, "--set", "subjects_max=null", "--why", "back", "--json")
    assert "subjects_max" not in one(taken)["record"]
    before = mg("incident", "form", incident, "--as", "regulator", "--revision", "2", "--json")
    assert before.status == 1 and "Not known yet: Who else was told; Advice taken." in before.err
    assert "6,000" in before.out
    shown = mg("incident", "show", incident).out
    assert "another list" in shown and "REVISION" in shown


def test_not_to_report_needs_a_reason_and_a_breach_is_closed_after_a_decision(mg: Run) -> None:
    incident = entered(mg, "--narrative", "A letter went to the wrong house", "--mechanism", "posted_wrongly")
    assert mg("incident", "close", incident, "--why", "done").status == 2
    refused = mg("incident", "decide", incident, "--do-not-report", "--decided-by", "DPO")
    assert refused.status == 2 and "needs its reason" in refused.err
    ran = mg("incident", "decide", incident, "--do-not-report", "--decided-by", "DPO", "--reason", "came back unopened")
    assert ran.status == 0 and "decided not to report" in ran.err
    early = mg("incident", "decide", incident, "--report", "--decided-by", "DPO", "--at", "2020-01-01")
    assert early.status == 2 and "decision_at: nobody decides about a breach before being aware of it" in early.err
    assert mg("incident", "close", incident, "--why", "done").status == 0
    again = mg("incident", "close", incident, "--why", "done")
    assert again.status == 2 and "it is closed already" in again.err
    (item,) = mg("incident", "list", "--json").items()
    assert item["record"]["status"] == "closed" and item["record"]["decision_reason"] == "came back unopened"
    assert mg("incident", "list", "--open", "--json").items() == []
    assert mg("incident", "close", incident, "--reopen", "--why", "a complaint").status == 0
    acts = [each["act"] for each in kinds(mg)]
    assert acts == ["added", "decided", "closed", "reopened"]


def test_a_late_report_needs_the_reasons_for_the_delay(mg: Run) -> None:
    incident = entered(mg, "--narrative", "Found late", "--aware", "2026-03-05T10:00")
    late = ("incident", "revise", incident, "--set", "notified_ico_at=2026-03-09T10:00", "--why", "told them")
    refused = mg(*late)
    assert refused.status == 2 and "delay_reason" in refused.err
    item = one(mg(*late, "--set", "delay_reason=The office was closed", "--json"))
    assert (item["clock"]["state"], item["clock"]["hours_to_report"]) == ("late", 96.0)


def test_a_held_message_is_a_near_miss_by_itself_and_its_release_is_added(mg: Run, made: Path) -> None:
    hold(made, "MG-7Q4K-2F")
    (item,) = mg("incident", "list", "--json").items()
    assert (item["incident"], item["act"], item["by"]) == ("IR-7Q4K-2F", "derived", None)
    record = item["record"]
    assert record["subjects_max"] == 2 and record["guard"]["rules"] == ["visible-list"]
    assert mg("held", "release", "MG-7Q4K-2F", "--as", "original", "--reason", "they know each other").status == 0
    (item,) = mg("incident", "list", "--kind", "near_miss", "--json").items()
    assert (item["record"]["guard"]["outcome"], item["record"]["guard"]["form"]) == ("released", "original")
    assert item["revision"] == 2
    period = ("--from", "2026-11-01", "--to", "2026-12-31", "--json")
    (row,) = one(mg("report", "near-miss", *period))["tables"][0]["rows"]
    assert (row["ref"], row["people"], row["outcome"], row["form"]) == ("MG-7Q4K-2F", "2", "released", "original")
    (rule,) = [
        each for each in one(mg("report", "rules", *period))["tables"][0]["rows"] if each["rule"] == "visible-list"
    ]
    assert (rule["held"], rule["as_it_was"], rule["as_it_was_share"]) == ("1", "1", "100%")
    numbers = {each["name"]: each["number"] for each in one(mg("report", "summary", *period))["tables"][0]["rows"]}
    assert (numbers["held"], numbers["near_misses"], numbers["people"], numbers["breaches"]) == ("1", "1", "2", "0")
    revised = mg(
        "incident",
        "revise",
        "IR-7Q4K-2F",
        "--set",
        "kind=breach",
        "--set",
        "aware_at=2026-11-21",
        "--why",
        "it was wrong",
    )
    assert revised.status == 0 and ("OVER by" in revised.err or "hours left" in revised.err)


def test_a_breach_names_the_entries_of_the_ledger_that_prove_it(mg: Run, made: Path) -> None:
    hold(made, "MG-7Q4K-2F")
    hold(made, "MG-7Q4K-3G")
    taken = mg("incident", "add", "--narrative", "x", "--message", "MG-7Q4K-2F")
    assert taken.status == 2 and "IR-7Q4K-2F" in taken.err
    incident = entered(mg, "--narrative", "It got out")
    item = one(mg("incident", "link", incident, "MG-7Q4K-3G", "--json"))
    listed = mg("audit", "list", "MG-7Q4K-3G", "--json").items()
    assert [each["hash"] for each in item["record"]["entries"]] == [each["hash"] for each in listed]
    assert item["record"]["message"]["ref"] == "MG-7Q4K-3G"
    assert mg("incident", "link", incident, "MG-7Q4K-3G").status == 2
    assert mg("incident", "link", incident, "MG-AAAA-AA").status == 2


def test_the_ledger_says_who_did_what_and_nothing_of_what_they_wrote(mg: Run) -> None:
    incident = entered(mg, "--file", PHSO, "--by", "Sam Patel")
    mg("incident", "form", incident, "--as", "letter", "--by", "jo@elmroad.example")
    mg("report", "annual", "--from", "2020-01-01", "--to", "2020-12-31", "--by", "Sam Patel")
    added, form, report = kinds(mg)
    assert added["actor"] == "Sam Patel" and added["incident"] == incident and "narrative" in added["changed"]
    assert form["report"] == f"letter of {incident} revision 1" and "@" not in json.dumps(form)
    assert report["report"] == "annual 2020-01-01 to 2020-12-31" and report["rows"] == 1
    assert "spreadsheet" not in json.dumps([added, form, report]).lower()
    # Four figures stand in a digest, or in a fraction of a second, once in a while.
    told = {name: value for name, value in added.items() if name not in ("at", "hash", "record_sha256", "incident")}
    assert "5305" not in json.dumps(told)
    assert mg("audit", "verify").status == 0


def test_a_thousand_incidents_of_a_year_are_the_list_that_was_asked_for(mg: Run, made: Path) -> None:
    revisions = year_of_incidents(1000)

    async def enter(parts: Parts) -> None:
        new = [NewRevision(each, entries.plain("incident_added", None, AT)) for each in revisions]
        await asyncio.gather(*(parts.store.incidents.add(each) for each in new))

    on_store(made, enter)
    ran = mg("report", "foi", "--from", "2025-01-01", "--to", "2025-12-31", "--csv")
    rows = list(csv.DictReader(io.StringIO(ran.out.removeprefix("\ufeff"))))
    breaches = [each.record for each in revisions if each.record.kind == "breach"]
    assert len(rows) == len(breaches) > 500
    assert [row["Date of incident"] for row in rows] == sorted(row["Date of incident"] for row in rows)
    for row, record in zip(rows, breaches, strict=True):
        most = record.subjects_max or 0
        assert row["People affected"] == ("fewer than 5" if most < 5 else f"{most:,}")
        assert row["Nature"] and row["Organisation"] == "Elm Road Surgery"


def test_lists_and_contacts_of_an_organisations_own(mg: Run, made: Path) -> None:
    made.write_text(made.read_text() + "incident_register: own.yaml\n")
    own = made.with_name("own.yaml")
    own.write_text("version: 1\nsmall_numbers_below: 10\ndpo: {name: Kim Bell}\nsubject_types: {pupils: pupils}\n")
    incident = entered(
        mg, "--aware", "2026-03-05", "--occurred", "2026-03-05", "--set", "subjects=[{type: pupils, known: 7}]"
    )
    assert "Kim Bell" in mg("incident", "form", incident, "--as", "notification").out
    ran = mg("report", "foi", "--from", "2026-03-05", "--to", "2026-03-05")
    assert "pupils: fewer than 10" in ran.out and "7" not in ran.out.replace("2026", "")
    own.write_text("version: 1\nshoes: 1\n")
    assert mg("incident", "form", incident, "--as", "letter").status == 2
    own.unlink()
    assert "cannot be read" in mg("incident", "add", "--narrative", "x").err


def test_times_are_shown_where_they_were_typed_and_say_so(mg: Run, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The computer is in another zone than the organisation."""
    made.write_text(made.read_text().replace("organisation: {", "organisation: {time_zone: Europe/Dublin, "))
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        ran = mg("incident", "add", "--aware", "2019-05-01", "--occurred", "2019-05-01", "--narrative", "x")
        assert "since 2019-05-04 00:00 IST" in ran.err
        incident = ran.out.split()[0]
        shown = mg("incident", "show", incident)
        assert "since 2019-05-04 00:00 IST" in shown.out and "2019-05-01 00:00 IST" in shown.out
        assert "NZ" not in shown.out.replace(incident, "")
        listed = mg("incident", "list").out
        assert "2019-05-01 00:00 IST" in listed and "since 2019-05-04 00:00 IST" in listed
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_period_to_the_ends_of_the_calendar_is_everything(mg: Run) -> None:
    incident = entered(mg, "--file", PHSO)
    whole = ("--from", "0001-01-01", "--to", "9999-12-31")
    (item,) = mg("incident", "list", *whole, "--json").items()
    assert item["incident"] == incident
    for name in REPORTS:
        ran = mg("report", name, *whole)
        assert ran.status == 0, name


@pytest.mark.parametrize("field", ["mechanism", "narrative", "cyber", "recipients_external", "statistics"])
def test_null_takes_a_field_back_of_whatever_kind(mg: Run, field: str) -> None:
    incident = entered(
        mg, "--file", str(HERE / "statistics.yaml"), "--set", "cyber=true", "--set", "recipients_external={press: 2}"
    )
    assert field in one(mg("incident", "show", incident, "--json"))["record"]
    taken = one(mg("incident", "revise", incident, "--set", f"{field}=null", "--why", "wrong", "--json"))
    assert field not in taken["record"]


def test_null_takes_back_a_part_of_a_field(mg: Run) -> None:
    incident = entered(mg, "--file", str(HERE / "statistics.yaml"))
    taken = one(mg("incident", "revise", incident, "--set", "statistics.codes=null", "--why", "wrong", "--json"))
    assert "codes" not in taken["record"]["statistics"] and "output_title" in taken["record"]["statistics"]
    assert "kind: field required" in mg("incident", "revise", incident, "--set", "kind=null", "--why", "x").err


def test_every_report_prints_of_nothing_too(mg: Run) -> None:
    for name, form in zip(sorted(REPORTS), ("", "--csv", "--json") * 3, strict=False):
        assert mg("report", name, "--from", "2026-01-01", "--to", "2026-12-31", *filter(None, [form])).status == 0


def test_a_wrong_report_period_or_incident_is_2(mg: Run) -> None:
    for unknown in ("IR-AAAA-AAAAAA", "nonsense", "MG-7Q4K-2F"):
        assert mg("incident", "show", unknown).status == 2
    assert mg("report", "nothing", "--from", "2026-01-01", "--to", "2026-12-31").status == 2
    assert mg("report", "foi", "--from", "2026-12-31", "--to", "2026-01-01").status == 2
    assert mg("report", "foi", "--from", "soon", "--to", "2026-01-01").status == 2
    assert mg("report", "foi", "--from", "2026-01-01", "--to", "2026-01-01", "--csv", "--json").status == 2


def test_the_examples_are_whole_documents() -> None:
    assert written("ombudsman.yaml")["kind"] == "breach" and written("statistics.yaml")["kind"] == "embargo_breach"
