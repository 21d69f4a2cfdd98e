"""The log in a file: each line whole in the file that bears the name, and never a reason to stop."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailguard.core.errors import SettingsError
from mailguard.serve.log_file import LogFile


def test_lines_follow_the_name(tmp_path: Path) -> None:
    path = tmp_path / "mailguard.log"
    path.write_text("from before\n")
    log = LogFile(path)
    log.write("one\n")
    path.rename(tmp_path / "moved")
    log.write("two\n")
    (tmp_path / "mailguard.log").unlink()
    log.write("three\n")
    assert (tmp_path / "moved").read_text() == "from before\none\n"
    assert path.read_text() == "three\n" and path.stat().st_mode & 0o137 == 0


def test_a_file_that_cannot_be_opened_is_a_start_error(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for path in (tmp_path / "none" / "mailguard.log", tmp_path, tmp_path / "link"):
        with pytest.raises(SettingsError, match="log_file"):
            LogFile(path)


def test_a_line_that_cannot_be_written_goes_to_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = LogFile(Path("/dev/full"))
    log.write("one\n")
    path = tmp_path / "folder" / "mailguard.log"
    path.parent.mkdir()
    gone = LogFile(path)
    path.unlink()
    path.parent.rmdir()
    gone.write("two\n")
    assert capsys.readouterr().err == "one\ntwo\n"
