"""mailguard policy fmt: which files it writes, what it says, and what it leaves alone."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

MESSY = "version:   1   # first\nrules:\n- {id: a,describe: x,   when: {calendar: true}, action: hold}\n"
NEAT = "version: 1   # first\nrules:\n  - {id: a, describe: x, when: {calendar: true}, action: hold}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("p/a.yaml", "p/teams/b.yaml", "p/tests/t.yaml", "p/.c.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(MESSY)
    (tmp_path / "p" / "teams" / "b.yaml").chmod(0o640)
    return tmp_path / "p"


def test_all_files_of_a_folder_are_written_in_one_layout_and_named(run: Any, folder: Path) -> None:
    ran = run("policy", "fmt", str(folder))
    changed = [folder / "a.yaml", folder / "teams" / "b.yaml", folder / "tests" / "t.yaml"]
    assert (ran.status, ran.out.splitlines()) == (0, list(map(str, changed)))
    assert {path.read_text() for path in changed} == {NEAT}
    assert (folder / "teams" / "b.yaml").stat().st_mode & 0o777 == 0o640
    assert (folder / ".c.yaml").read_text() == MESSY
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == [
        ".c.yaml",
        "a.yaml",
        "b.yaml",
        "t.yaml",
    ]
    again = run("policy", "fmt", str(folder))
    assert (again.status, again.out) == (0, "")


def test_check_writes_nothing_and_names_the_first_line_that_would_change(run: Any, folder: Path) -> None:
    (folder / "a.yaml").write_text(NEAT.replace(", when", ",when"))
    ran = run("policy", "fmt", str(folder / "a.yaml"), "--check")
    assert (ran.status, ran.out) == (1, f"{folder / 'a.yaml'}:3:1: is not formatted: mailguard policy fmt\n")
    assert (folder / "a.yaml").read_text() == NEAT.replace(", when", ",when")
    ran = run("policy", "fmt", str(folder / "a.yaml"), "--check", "--format", "github")
    assert ran.out.startswith(f"::error file={folder / 'a.yaml'},line=3,col=1,")
    (folder / "a.yaml").write_text(NEAT)
    assert run("policy", "fmt", str(folder / "a.yaml"), "--check").status == 0


def test_a_broken_file_is_an_error_with_its_place_and_stays(run: Any, folder: Path) -> None:
    (folder / "a.yaml").write_text("version: [\n")
    ran = run("policy", "fmt", str(folder))
    assert ran.status == 1 and f"{folder / 'a.yaml'}:2:1: not valid yaml" in ran.out
    assert (folder / "a.yaml").read_text() == "version: [\n"
    assert (folder / "teams" / "b.yaml").read_text() == NEAT


def test_a_link_stays_a_link(run: Any, folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_text(MESSY)
    (folder / "a.yaml").unlink()
    (folder / "a.yaml").symlink_to(target)
    assert run("policy", "fmt", str(folder / "a.yaml")).status == 0
    assert (folder / "a.yaml").is_symlink() and target.read_text() == NEAT


def test_an_editor_hands_over_its_text(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(MESSY.encode()), isatty=lambda: False))
    ran = run("policy", "fmt", "-")
    assert (ran.status, ran.out) == (0, NEAT)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"a: ["), isatty=lambda: False))
    assert run("policy", "fmt", "-").status == 2


def test_without_a_name_it_is_the_policy_in_the_settings(run: Any, tmp_path: Path) -> None:
    assert run("init", str(tmp_path / "new")).status == 0
    config = ("-C", str(tmp_path / "new" / "mailguard.yaml"))
    assert run(*config, "policy", "fmt", "--check").status == 0, "what init writes is formatted"
    (tmp_path / "new" / "policies" / "default.yaml").write_text(MESSY)
    assert run(*config, "policy", "fmt").out == f"{tmp_path / 'new' / 'policies' / 'default.yaml'}\n"


@pytest.mark.parametrize("arguments", [("absent.yaml",), ("{empty}",)])
def test_nothing_to_format_is_wrong_usage(run: Any, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "empty").mkdir()
    assert run("policy", "fmt", *(each.format(empty=tmp_path / "empty") for each in arguments)).status == 2
