"""What reading a workbook costs, beside openpyxl on the same octets in the same run. Processor time, the best of
several turns.

    .venv/bin/python -m pytest -q -s tests/bench/test_workbooks.py

A workbook of 5,000 people as openpyxl writes it. Asserts only that the readers are faster than openpyxl, by less than
was measured (docs/performance.md), so that a loaded machine does not matter.
"""

from __future__ import annotations

import gc
import io
import time
from collections.abc import Callable
from datetime import date, timedelta

import openpyxl

from mailguard.inspection.budget import Budget
from mailguard.inspection.read.spreadsheet import read_spreadsheet
from mailguard.inspection.read.xlsx import sheet_states
from tests.inspection.stock import take_inventory

ROWS = 5_000


def workbook() -> bytes:
    made = openpyxl.Workbook(write_only=True)
    sheet = made.create_sheet("Data")
    sheet.append(["Name", "Number", "Born", "Postcode", "Reason"])
    for n in range(ROWS):
        born = date(1938, 1, 1) + timedelta(days=n)
        sheet.append([f"Person {n}", 9_990_000_000 + n, born, f"EX{n % 9} {n % 8}AA", "asthma review"])
    made.create_sheet("Notes").sheet_state = "hidden"
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def best(work: Callable[[], object], turns: int) -> float:
    """Milliseconds of processor of the fastest of so many turns."""
    found = []
    for _ in range(turns):
        gc.collect()
        begun = time.process_time()
        work()
        found.append(1_000 * (time.process_time() - begun))
    return min(found)


def by_openpyxl(data: bytes) -> int:
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True)
    return sum(1 for sheet in book for _ in sheet.iter_rows(values_only=True))


def by_openpyxl_with_looks(data: bytes) -> int:
    """What it takes to know what is hidden: states of rows and columns are there only with the full model."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    return sum(1 for sheet in book for _ in sheet.iter_rows(values_only=True))


def states_by_openpyxl(data: bytes) -> list[str]:
    return [sheet.sheet_state for sheet in openpyxl.load_workbook(io.BytesIO(data), read_only=True)]


def test_all_text_of_a_workbook() -> None:
    data = workbook()
    assert take_inventory(read_spreadsheet(data, Budget())).rows == ROWS + 1 == by_openpyxl(data)
    ours = best(lambda: sum(1 for _ in read_spreadsheet(data, Budget())), 7)
    counted = best(lambda: take_inventory(read_spreadsheet(data, Budget())), 5)
    streamed, modelled = best(lambda: by_openpyxl(data), 3), best(lambda: by_openpyxl_with_looks(data), 3)
    print(f"\n{ROWS:,} rows of 5 cells, all text and what hides it: {ours:.0f} ms, with the inventory {counted:.0f} ms")
    print(
        f"openpyxl: text alone {streamed:.0f} ms ({streamed / ours:.1f} times ours), with looks {modelled:.0f} ms",
        end="",
    )
    print(f" ({modelled / ours:.1f} times)")
    assert streamed > 1.3 * ours


def test_the_states_of_its_sheets() -> None:
    data = workbook()
    assert [visibility.seen for _, visibility in sheet_states(data, Budget())] == [True, False]
    ours, theirs = best(lambda: sheet_states(data, Budget()), 30), best(lambda: states_by_openpyxl(data), 5)
    print(f"\nstates of the sheets: {ours:.2f} ms; openpyxl {theirs:.1f} ms ({theirs / ours:.0f} times ours)")
    assert theirs > 4 * ours
