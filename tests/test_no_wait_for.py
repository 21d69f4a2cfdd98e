"""asyncio.wait_for is not used: before Python 3.12 it can swallow a cancellation that comes together with the result,
and a task that was told to end went on for ever (one start in forty that failed hung for it). asyncio.timeout cannot.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1] / "mailguard"


def test_no_wait_for() -> None:
    users = [str(file) for file in ROOT.rglob("*.py") if "asyncio.wait_for(" in file.read_text()]
    assert not users, f"use asyncio.timeout instead: {users}"
