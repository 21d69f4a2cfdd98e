"""The port MonthRecords, and the report made of it, on both engines: a generated month against what happened in it."""

from __future__ import annotations

import csv
import io
import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from mailguard.console.month_view import file_of, model_of
from mailguard.core.errors import UnknownReference
from mailguard.core.legible import without_addresses
from mailguard.core.register.reference import incident_of_message
from mailguard.core.register.revision import Revision
from mailguard.core.review_report.figures import Figures, MissEnd, ReasonState
from mailguard.core.review_report.month import Month
from mailguard.core.review_report.month_tables import month_tables
from mailguard.guard.monthly.reports import MonthlyReports
from mailguard.guard.records import NewEntry
from mailguard.guard.register.near_misses import NearMisses
from mailguard.guard.register.ports import NewRevision
from mailguard.inspection.find.screen import personal_data_in
from mailguard.store import month_records
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.core.review_report.generated_month import LONDON, REVISION, Happened, entries_of, happened
from tests.store import samples

MONTH = Month(2026, 10)
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
POLICY = b"""version: 1
rules:
  - id: list
    describe: Ten or more people outside would see each other.
    when: {visible_external_recipients: {at_least: 10}}
    action: hold
    exceptions:
      - id: board
        sender: chair@elmroad.example
        owner: practice manager
        reason: The board knows each other.
        added: 2026-09-01
        expires: 2026-11-10
      - id: later
        sender: news@elmroad.example
        owner: manager@elmroad.example
        reason: Ask 07700 900123 about it.
        added: 2026-10-01
        expires: 2026-10-20
      - id: far
        sender: far@elmroad.example
        owner: manager
        reason: Not yet.
        added: 2026-10-01
        expires: 2027-03-01
"""


class At:
    """A clock that stands."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


def reports_on(store: Store, clock: At) -> MonthlyReports:
    return MonthlyReports(
        records=store.month_records,
        incidents=store.incidents,
        quarantine=store.quarantine,
        policies=store.policies,
        enter=NearMisses(incidents=store.incidents, ledger=store.ledger, clock=clock).enter,
        find=personal_data_in,
        clock=clock,
        zone=LONDON,
    )


async def wrote(store: Store, month: Sequence[Happened], reason: str | None = "The board asked for it") -> None:
    """All of it in the order of time, as a guard would. reason: of what was let go."""
    entries = sorted((entry for each in month for entry in entries_of(each)), key=lambda entry: entry[2])
    for start in range(0, len(entries), 500):
        await store.ledger.append([_new(*each, reason) for each in entries[start : start + 500]])


def _new(kind: str, ref: str, at: datetime, fields: dict[str, Any], reason: str | None) -> NewEntry:
    noted = kind == "release_decided" and reason is not None
    evidence = {"account": "sam@elmroad.example", "note": reason} if noted else None
    return NewEntry(kind, ref, at, fields, evidence=evidence, claims_ref=kind == "message_decided")


@pytest.fixture
def month() -> list[Happened]:
    return happened(400)


async def made(store: Store, month: Sequence[Happened], **changes: Any) -> Figures:
    await store.policies.keep(REVISION, {"default.yaml": POLICY}, month[0].at)
    await wrote(store, month, **changes)
    return await reports_on(store, At()).figures(MONTH)


async def test_the_figures_are_what_happened(store: Store, month: list[Happened], monkeypatch: Any) -> None:
    # A look of fewer entries than there are, so that pages follow each other.
    monkeypatch.setattr(month_records, "LOOKED_AT", 150)
    monkeypatch.setattr(month_records, "PAGE_ROWS", 60)
    others = [*happened(60, month=9, seed=1), *happened(60, month=11, seed=2)]
    others = [replace(each, ref=f"{each.ref}-{each.at.month}") for each in others]
    figures = await made(store, sorted([*month, *others], key=lambda each: each.at))
    ways, fates = Counter(each.way for each in month), Counter(each.fate for each in month if each.is_held)
    assert (figures.judged, figures.relayed, figures.rewritten, figures.refused) == (
        400, ways["passed"], ways["rewritten"], ways["refused"],
    )  # fmt: skip
    assert figures.held == ways["held"] + ways["cannot"]
    misses = [each for each in month if each.is_near_miss]
    protected = [each for each in misses if each.fate not in ("original", "open")]
    assert figures.near_misses == len(misses)
    assert (figures.protected.near_misses, figures.protected.people) == (
        len(protected), sum(each.people for each in protected),
    )  # fmt: skip
    assert figures.misses[MissEnd.AS_IT_WAS].people == sum(each.people for each in misses if each.fate == "original")
    assert len(figures.overrides) == fates["original"] > 3
    assert {each.reason.text for each in figures.overrides} == {"The board asked for it"}
    assert (figures.from_ledger, figures.became, figures.over, figures.since) == (0, 0, True, None)


async def test_of_two_guards_one_may_hold_what_the_other_releases(
    settings: StoreSettings, tmp_path: Path, month: list[Happened]
) -> None:
    """And its ledger comes first."""
    entries = [entry for each in month for entry in entries_of(each)]
    kinds = ("message_decided", "message_held")
    holding = await Store.open(settings.model_copy(update={"ledger": "second"}))
    await holding.ledger.append([_new(*each, None) for each in entries if each[0] in kinds])
    await holding.close()
    releasing = await Store.open(settings.model_copy(update={"ledger": "first", "witness": tmp_path / "witness"}))
    try:
        await releasing.ledger.append([_new(*each, None) for each in entries if each[0] not in kinds])
        figures = await reports_on(releasing, At()).figures(MONTH)
    finally:
        await releasing.close()
    fates = Counter(each.fate for each in month if each.is_held)
    assert figures.times.expired == fates["expired"]
    assert len(figures.overrides) == fates["original"]


async def test_exceptions_that_run_out_are_those_of_the_months_own_policy(store: Store, month: list[Happened]) -> None:
    figures = await made(store, month)
    assert figures.exceptions is not None
    assert [each.id for each in figures.exceptions] == ["board", "later"]
    board, later = figures.exceptions
    assert board.uses == sum(each.spared for each in month) > 0
    assert (board.owner, board.reason.text) == ("practice manager", "The board knows each other.")
    assert (later.owner, later.reason.state) == ("(an address)", ReasonState.WITHHELD)


async def test_a_policy_that_is_not_known_is_said_not_to_be(store: Store, month: list[Happened]) -> None:
    await wrote(store, month)
    figures = await reports_on(store, At()).figures(MONTH)
    assert figures.exceptions is None
    table = next(each for each in month_tables(figures, str) if each.name == "exceptions")
    assert table.rows == () and "Not known" in table.notes[0]


async def test_reasons_that_retention_removed_say_so(store: Store, month: list[Happened]) -> None:
    before = await made(store, month)
    assert all(each.reason.state is ReasonState.SAID for each in before.overrides)
    await store.evidence.purge(NOW, NOW)
    figures = await reports_on(store, At()).figures(MONTH)
    assert {each.reason.state for each in figures.overrides} == {ReasonState.REMOVED}
    table = next(each for each in month_tables(figures, str) if each.name == "overrides")
    assert {row[-1] for row in table.rows} == {"Not known any more: removed by retention"}
    model = model_of(figures, str)
    assert any("retention has removed the text" in note for note in model["notes"])
    # What stands in the ledger, which nothing is removed from, is still told.
    assert replace(before, overrides=()) == replace(figures, overrides=(), made_at=before.made_at)


@pytest.mark.parametrize("reason", ["Send it to pat@outside.example", "NHS 999 123 4560", "call 07700 900456"])
async def test_a_reason_with_personal_data_is_not_shown(store: Store, month: list[Happened], reason: str) -> None:
    figures = await made(store, month, reason=reason)
    assert {each.reason.state for each in figures.overrides} <= {ReasonState.WITHHELD, ReasonState.SAID}
    said = file_of(figures, month_tables(figures, str)).decode()
    assert "@" not in said
    if reason.startswith(("Send", "call")):
        assert reason not in said


async def test_where_records_begin_and_what_is_not_over_is_said(store: Store, month: list[Happened]) -> None:
    late = [each for each in month if each.at.astimezone(LONDON).day >= 12]
    await wrote(store, late)
    now = datetime(2026, 10, 20, 12, tzinfo=UTC)
    figures = await reports_on(store, At(now)).figures(MONTH)
    assert not figures.over and figures.since is not None
    told = " ".join(model_of(figures, str)["notes"])
    assert "October 2026 is not over" in told and "Records begin at" in told and "Monday 12 October 2026" in told
    days = next(each for each in month_tables(figures, str) if each.name == "days")
    assert [row[0] for row in days.rows] == [f"2026-10-{day:02}" for day in range(12, 21)]


async def test_months_without_records_are_none(store: Store, month: list[Happened]) -> None:
    reports = reports_on(store, At())
    assert await reports.months() == ()
    with pytest.raises(UnknownReference, match="no message has been checked"):
        await reports.figures(MONTH)
    await wrote(store, month)
    assert await reports.months() == [Month(2026, 11), Month(2026, 10)]
    for unknown, why in ((Month(2026, 9), "no records of September 2026"), (Month(2026, 12), "has not begun")):
        with pytest.raises(UnknownReference, match=why):
            await reports.figures(unknown)


async def test_a_month_in_which_nothing_came_is_a_report_of_nothing(store: Store, month: list[Happened]) -> None:
    await wrote(store, month)
    figures = await reports_on(store, At()).figures(Month(2026, 11))
    assert (figures.judged, figures.near_misses, figures.times.median) == (0, 0, None)
    model = model_of(figures, str)
    assert model["headline"] == "In November 2026 no message was checked."
    assert all(each["chart"] is None for each in model["sections"])


async def test_reading_gives_a_piece_at_a_time_whatever_the_month_holds(store: Store) -> None:
    await wrote(store, happened(2500))
    begins, ends = MONTH.begins(LONDON), MONTH.ends(LONDON)
    sizes = [len(each) async for each in store.month_records.entries(begins, ends)]
    assert sum(sizes) > 2500
    assert max(sizes) <= 500


async def test_where_the_ledgers_begin_and_end_is_not_looked_for_in_every_entry(tmp_path: Path) -> None:
    """Steps of SQLite's virtual machine are counted, so no clock is asked."""
    settings = StoreSettings(url=f"sqlite:///{tmp_path}/mailguard.db")
    for ledger in ("empty", "main"):
        store = await Store.open(settings.model_copy(update={"ledger": ledger}))
        if ledger == "empty":
            await store.close()
    count = [0]

    def tick() -> int:
        count[0] += 1
        return 0

    def counted(connection: Connection) -> Sequence[tuple[str, int, int]]:
        raw: Any = connection.connection.driver_connection
        raw.set_progress_handler(tick, 1)
        try:
            return month_records._ledgers(connection)
        finally:
            raw.set_progress_handler(None, 0)

    steps, done = [], 0
    for entries in (100, 2_000):
        await store.ledger.append([samples.entry(f"MG-{number}") for number in range(done, entries)])
        done, count[0] = entries, 0
        assert ("main", 1, entries) in await store.engine.read(counted)
        steps.append(count[0])
    await store.close()
    assert steps[1] < steps[0] + 50, steps


async def test_the_file_opens_as_a_table_and_guards_against_formulas(store: Store, month: list[Happened]) -> None:
    figures = await made(store, month, reason='=HYPERLINK("http://evil.example")')
    octets = file_of(figures, month_tables(figures, lambda code: f"={code}"))
    rows = list(csv.reader(io.StringIO(octets.decode("utf-8-sig"), newline="")))
    assert rows[0] == ["Name", "What", "Number"]
    assert ["judged", "Messages checked", "400"] in rows
    titles = [row[0] for previous, row in pairwise(rows) if not previous and len(row) == 1]
    assert "Quality of rules" in titles and "Load of reviewers" in titles
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert [row for row in rows if row and row[-1].startswith("'=HYPERLINK")]


async def test_no_address_and_no_account_stands_in_it(store: Store, month: list[Happened]) -> None:
    figures = await made(store, month)
    said = str(model_of(figures, str))
    assert without_addresses(said) == " ".join(said.split())
    assert not any(name in said for name in ("anna", "bert", "cleo", "sam@"))


@pytest.mark.soak
async def test_a_month_of_100_000_decisions_takes_bounded_memory(tmp_path: Path) -> None:
    """With decisions as large as real ones, 7 kB: 700 MB are read, and a seventh of that may be in memory."""
    store = await Store.open(StoreSettings(url=f"sqlite:///{tmp_path}/mailguard.db"))
    try:
        for seed in range(20):
            month = [replace(each, ref=f"MG-{seed:02}-{each.ref[3:]}") for each in happened(5000, seed=seed)]
            entries = [_new(*each, None) for one in month for each in entries_of(one)]
            for start in range(0, len(entries), 500):
                padded = [
                    replace(each, fields={**each.fields, "conditions": ["x" * 50] * 110})
                    if each.kind == "message_decided" else each
                    for each in entries[start : start + 500]
                ]  # fmt: skip
                await store.ledger.append(padded)
        reports = reports_on(store, At())
        begun, before = time.process_time(), _resident()
        await NearMisses(incidents=store.incidents, ledger=store.ledger, clock=At()).enter()
        entered = time.process_time() - begun
        peak = before

        def watch(read: int) -> None:
            nonlocal peak
            peak = max(peak, _resident())

        begun = time.process_time()
        figures = await reports.figures(MONTH, watch)
        took = time.process_time() - begun
    finally:
        await store.close()
    assert figures.judged == 100_000
    print(
        f"100,000 decisions: {took:.1f} s of the processor, {(peak - before) / 2**20:.0f} MB; entered {entered:.1f} s"
    )
    assert peak - before < 35 * 2**20 + 60 * 2**20


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def test_the_register_counts_where_a_person_changed_a_record(store: Store, month: list[Happened]) -> None:
    await wrote(store, month)
    clock = At()
    await NearMisses(incidents=store.incidents, ledger=store.ledger, clock=clock).enter()
    misses = [each for each in month if each.is_near_miss and each.fate not in ("original", "open")]
    corrected, breach, moved = misses[:3]
    changes = (
        (corrected, {"subjects_max": 3}),
        (breach, {"kind": "breach"}),
        (moved, {"occurred_from": NOW, "occurred_to": NOW}),
    )
    for each, fields in changes:
        (before,) = (await store.incidents.current([incident_of_message(each.ref)])).values()
        record = before.record.model_copy(update=fields)
        revision = Revision(before.incident, before.revision + 1, NOW, "revised", "Sam", "looked at", record)
        entry = NewEntry("incident_revised", None, NOW, {"incident": before.incident})
        await store.incidents.add(NewRevision(revision, entry))
    figures = await reports_on(store, clock).figures(MONTH)
    assert (figures.became, figures.breaches, figures.from_ledger) == (1, 1, 0)
    assert figures.near_misses == sum(each.is_near_miss for each in month) - 1
    assert figures.protected.people == sum(each.people for each in misses) - corrected.people + 3 - breach.people
