"""Names under which files are saved: whatever a message calls them (THREATS.md T64)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.file_name import LONGEST, safe_file_name

HOSTILE = {
    "Referrals March.xlsx": "Referrals March.xlsx",
    "Adhérents.xlsx": "Adherents.xlsx",
    "../../etc/passwd": "passwd",
    "..\\..\\x.bat": "x.bat",
    "C:\\Users\\jo\\list.csv": "list.csv",
    "C:list.csv": "list.csv",
    "a.txt\r\nSet-Cookie: x=1": "x_1",
    "a\r\nb.txt": "a_b.txt",
    "x\0.txt": "attachment-2.txt",
    'x"; filename="evil.exe': "x_ filename_evil.exe",
    "invoice\u202excod.exe": "invoice_xcod.exe",
    "con.txt": "_con.txt",
    "NUL": "_NUL",
    "com1.tar.gz": "_com1.tar.gz",
    "console.txt": "console.txt",
    ".htaccess": "attachment-2.htaccess",
    "...": "attachment-2",
    "": "attachment-2",
    "报告.xlsx": "attachment-2.xlsx",
    "name. . .": "name",
    "-rf.txt": "rf.txt",
    ")(x).txt": "(x).txt",
    ")0": "0",
    "a" * 300 + ".xlsx": "a" * 74 + ".xlsx",
    "<script>alert(1)</script>.html": "script.html",
    "%2e%2e%2fx": "2e_2e_2fx",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_file_is_saved_as(name: str) -> None:
    assert safe_file_name(name, "attachment-2") == HOSTILE[name]


@given(st.text(max_size=400) | st.from_regex(r"[./\\a-z:\x00-\x1f]{0,30}"))
def test_no_name_can_be_more_than_a_name(name: str) -> None:
    found = safe_file_name(name, "attachment-2")
    assert re.fullmatch(r"[A-Za-z0-9_(][A-Za-z0-9 ._()-]*", found) and len(found) <= LONGEST
    assert found[-1] not in " ." and safe_file_name(found, "attachment-2") == found
