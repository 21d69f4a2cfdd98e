"""Packages under a password, whatever they call themselves: opened once where the password is everybody's."""

from __future__ import annotations

import pytest

from mailguard.inspection.budget import Budget, Uninspectable
from mailguard.inspection.enclosed import Enclosed
from mailguard.inspection.examine import examine
from mailguard.inspection.read import office_encryption
from mailguard.inspection.readers import CONTRADICTS, readers_of
from tests.inspection.read import written
from tests.inspection.read.written import text_row, workbook
from tests.inspection.test_examine import Words

NOTE = workbook(text_row(1, "Ada"), docProps__a="<note>only once</note>")
NAMES = ["a.docx", "a.docm", "a.dotx", "a.pptx", "a.ppsm", "a.xlsx", "a.xlsb", "a.bin", ""]


def encrypted(password: str = "VelvetSweatshop") -> bytes:
    return written.standard_encrypted(NOTE, password)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_read_once_by_whoever_reads_its_content(name: str) -> None:
    found = examine(Enclosed(encrypted(), names=(name,) if name else ()), detectors=[Words])
    assert found.unread is None and found.error is None
    assert [finding.summary for finding in found.findings] == ["only once"]


@pytest.mark.parametrize("name", NAMES)
def test_another_password_keeps_the_guard_out(name: str) -> None:
    assert examine(Enclosed(encrypted("another"), names=(name,))).unread == "encrypted"


def test_the_media_type_of_another_office_program_does_not_contradict() -> None:
    for kind in ("spreadsheetml.sheet", "wordprocessingml.document", "presentationml.presentation"):
        source = Enclosed(encrypted(), f"application/vnd.openxmlformats-officedocument.{kind}")
        assert [each.name for each in readers_of(source)] == ["encrypted office document"]


def test_any_other_name_contradicts() -> None:
    assert examine(Enclosed(encrypted(), names=("a.msg",))).unread == CONTRADICTS


def test_the_name_of_a_package_does_not_make_one() -> None:
    assert [each.name for each in readers_of(Enclosed(NOTE, names=("a.xlsx",)))] == ["spreadsheet"]


def test_a_workbook_beside_the_package_is_not_passed_over() -> None:
    data = written.compound({"EncryptionInfo": b"x" * 9, "EncryptedPackage": b"x" * 5_000, "Workbook": b"x" * 5_000})
    with pytest.raises(Uninspectable, match="beside its encrypted package"):
        list(office_encryption.read(data, Budget()))


def test_what_is_written_here_is_read_here() -> None:
    assert office_encryption.begins(encrypted()) and office_encryption.begins(memoryview(encrypted()))
    assert not office_encryption.begins(NOTE) and not office_encryption.begins(b"")
