"""The policy in force, and what is said of one that cannot be."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from mailguard.serve import policies
from mailguard.serve.policies import PolicySource, read_documents

MAIN = "version: 1\ninclude: [teams/clinic.yaml]\nrules: []\n"
CLINIC = "version: 1\nrules:\n  - {id: %s, describe: x, when: {calendar: true}, action: hold}\n"


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


class Kept:
    """The ports that a policy which comes into force asks."""

    def __init__(self) -> None:
        self.revisions: dict[str, dict[str, bytes]] = {}

    async def keep(self, revision: str, documents: dict[str, bytes], at: datetime) -> None:
        self.revisions[revision] = documents

    async def append(self, entries: object) -> None:
        pass

    def now(self) -> datetime:
        return datetime(2026, 3, 12, tzinfo=UTC)


def split(folder: Path) -> tuple[PolicySource, Kept]:
    (folder / "teams").mkdir()
    (folder / "main.yaml").write_text(MAIN)
    (folder / "teams" / "clinic.yaml").write_text(CLINIC % "first")
    kept = Kept()
    return PolicySource(folder, cast(Any, kept), cast(Any, kept), cast(Any, kept)), kept


async def test_a_policy_in_several_files_is_kept_with_all_of_them(tmp_path: Path) -> None:
    source, kept = split(tmp_path)
    assert await source.reload()
    assert [rule.id for rule in source().rules] == ["first"]
    assert list(kept.revisions[source().revision]) == ["main.yaml", "teams/clinic.yaml"]
    assert read_documents(tmp_path / "main.yaml") == read_documents(tmp_path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("teams/clinic.yaml", "version: 1\nrules: [\n"),
        ("teams/clinic.yaml", None),
        ("teams/clinic.yaml", "version: 1\ninclude: [../main.yaml]\nrules: []\n"),
        ("main.yaml", MAIN.replace("teams/", "../teams/")),
        ("main.yaml", MAIN.replace("[teams", "[teams/./clinic.yaml, teams")),
        ("main.yaml", MAIN.replace("[]", "[{id: first, describe: x, when: {calendar: true}, action: hold}]")),
        ("other.yaml", CLINIC % "first"),
        ("other.yaml", MAIN),
    ],
)
async def test_a_broken_or_conflicting_set_leaves_the_policy_in_force(
    tmp_path: Path, name: str, text: str | None
) -> None:
    source, _ = split(tmp_path)
    await source.reload()
    before = source()
    if text is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text(text)
    assert not await source.reload()
    assert source() is before and source.problem is not None and source.diagnostics[0].line > 0
    (tmp_path / "other.yaml").unlink(missing_ok=True)
    (tmp_path / "main.yaml").write_text(MAIN)
    (tmp_path / "teams" / "clinic.yaml").write_text(CLINIC % "second")
    assert await source.reload() and source.problem is None
    assert [rule.id for rule in source().rules] == ["second"]


async def test_an_included_file_that_changes_or_comes_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "LOOK_SECONDS", 0.01)
    source, _ = split(tmp_path)
    (tmp_path / "teams" / "clinic.yaml").unlink()
    assert not await source.reload(), "it is not there yet"
    watching = asyncio.create_task(source.watch())
    try:
        for name in ("second", "third"):
            (tmp_path / "teams" / "clinic.yaml").write_text(CLINIC % name)
            for _ in range(2000):
                if source.revision is not None and [rule.id for rule in source().rules] == [name]:
                    break
                await asyncio.sleep(0.01)
            assert [rule.id for rule in source().rules] == [name]
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
