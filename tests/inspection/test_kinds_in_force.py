"""Kinds of an organisation's own, through real workers: taken at the start, exchanged while the service runs."""

from __future__ import annotations

import random

import pytest

from mailguard.core.document import DocumentErrors
from mailguard.core.mail.parse import parse
from mailguard.core.verdict import Finding
from mailguard.inspection.find.own_kinds import MAX_FILE_OCTETS
from mailguard.inspection.inspector import TEXT_OCTETS, SandboxedInspector
from mailguard.inspection.pool import WorkerPool
from mailguard.inspection.settings import InspectionSettings
from tests.inspection.find import invented

HOUSING = rb"""
version: 1
identifiers:
  - {id: housing_reference, describe: housing references, matches: 'HR\d{7}', headings: [housing reference]}
"""
PRACTICE = rb"""
version: 1
identifiers:
  - id: practice_number
    describe: practice numbers
    matches: '\d{10}'
    check: mod11
    headings: [practice number, practice no]
    heading_needed: true
"""
RNG = random.Random(7)
REFERENCES = [f"HR{1_000_000 + 7_919 * n}" for n in range(12)]
NUMBERS = [invented.with_check_digit(RNG, lambda: "1" + invented.digits(RNG, 8)) for _ in range(12)]


def message(rows: list[str], name: str = "list.csv") -> bytes:
    disposition = f"Content-Disposition: attachment; filename={name}\r\n" if name else ""
    head = f"From: a@elm.example\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n{disposition}\r\n"
    return (head + "\r\n".join(rows) + "\r\n").encode()


async def found(inspector: SandboxedInspector, raw: bytes) -> dict[str, int]:
    (answer,) = await inspector.inspect(parse(raw), [""])
    assert answer.uninspectable is None
    findings: tuple[Finding, ...] = answer.findings
    return {each.kind: each.count for each in findings}


async def test_workers_and_the_service_look_for_them_and_for_others_after_a_change() -> None:
    settings = InspectionSettings(workers=1)
    pool = WorkerPool(settings)
    inspector = SandboxedInspector(settings, pool)
    references, numbers = ["Housing reference", *REFERENCES], ["Practice number", *NUMBERS]
    long = [*(f"The housing reference {each} is new." for each in REFERENCES), *["A line."] * (TEXT_OCTETS // 8)]
    try:
        assert await found(inspector, message(references)) == {}
        inspector.look_for(HOUSING)
        assert await found(inspector, message(references)) == {"housing_reference": 12}
        assert await found(inspector, message(long, name="")) == {"housing_reference": 12}
        assert await found(inspector, message(long[:12], name="")) == {"housing_reference": 12}
        with pytest.raises(DocumentErrors):
            inspector.look_for(b"version: 1\nidentifiers: [{id: x}]\n")
        assert await found(inspector, message(references)) == {"housing_reference": 12}
        inspector.look_for(PRACTICE)
        assert await found(inspector, message(references)) == {}
        assert (await found(inspector, message(numbers)))["practice_number"] == 12
        assert "practice_number" not in await found(inspector, message(["Order", *NUMBERS]))
        inspector.look_for(None)
        assert "practice_number" not in await found(inspector, message(numbers))
    finally:
        await pool.close()


async def test_the_largest_file_and_every_character_reach_a_worker() -> None:
    filled = HOUSING + b"# " + "\u00e4\u4e2d".encode() * ((MAX_FILE_OCTETS - len(HOUSING) - 8) // 5)
    settings = InspectionSettings(workers=1)
    pool = WorkerPool(settings)
    inspector = SandboxedInspector(settings, pool)
    inspector.look_for(filled)
    try:
        assert await found(inspector, message(REFERENCES)) == {"housing_reference": 12}
    finally:
        await pool.close()
    with pytest.raises(DocumentErrors, match="larger than 65,536 bytes"):
        inspector.look_for(filled + b"#" * MAX_FILE_OCTETS)
