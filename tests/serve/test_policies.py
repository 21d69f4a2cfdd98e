"""The policy in force, and what is said of one that cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from mailguard.serve.policies import PolicySource


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("rules: [", "1 error; `mailguard policy check` says where"),
        ("version: 2\nrule: []\n", "3 errors; `mailguard policy check` says where"),
    ],
)
async def test_a_broken_file_is_a_problem_in_few_words(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "policy.yaml").write_text(text)
    unused = cast(Any, None)
    source = PolicySource(tmp_path, unused, unused, unused)
    assert not await source.reload()
    assert (source.problem, source.revision) == (problem, None)
