"""The example policies do what they say: each has tests beside it, which pass and leave no rule out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .conftest import Run

EXAMPLES = Path(__file__).resolve().parents[2] / "policies" / "examples"
NAMES = sorted(path.name for path in EXAMPLES.glob("*.yaml"))


def test_each_example_has_tests_and_no_others_are_there() -> None:
    assert sorted(path.name for path in (EXAMPLES / "tests").glob("*.yaml")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_tests_of_an_example_pass_and_show_each_of_its_rules_at_work(run: Run, tmp_path: Path, name: str) -> None:
    shutil.copytree(EXAMPLES / "tests", tmp_path / "p" / "tests", ignore=lambda _, all: [x for x in all if x != name])
    shutil.copy(EXAMPLES / name, tmp_path / "p" / name)
    ran = run("policy", "test", str(tmp_path / "p" / "tests" / name), "--policy", str(tmp_path / "p"))
    assert ran.status == 0 and " 0 failed." in ran.out, ran.out
    checked = run("policy", "check", str(tmp_path / "p"))
    assert "no test shows" not in checked.out + checked.err, checked.out
    named = f"# Run with: mailguard policy test policies/examples/tests/{name} --policy policies/examples/{name}"
    assert (EXAMPLES / "tests" / name).read_text("utf-8").splitlines()[0] == named
