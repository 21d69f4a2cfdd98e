"""A whole replay: what was planted is found, the same on any number of processes, and after an interruption."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mailguard.core.errors import SettingsError
from mailguard.core.organisation import Organisation
from mailguard.core.policy.load import load_policy
from mailguard.core.policy.model import Policy
from mailguard.core.replay.outcome import Record
from mailguard.replay.archive import open_archive
from mailguard.replay.run import Asked, Replay
from tests.replay.generated import INSIDE, write_mbox
from tests.replay.policies import without_inspection

ORGANISATION = Organisation("Elm Road", frozenset({INSIDE}))
MESSAGES = 250


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[int, str]]:
    path = tmp_path_factory.mktemp("archive") / "sent.mbox"
    return path, write_mbox(MESSAGES, path)


def asked(path: Path, *policies: Policy, processes: int = 2, resume: Path | None = None) -> Asked:
    return Asked(open_archive(path), policies, ORGANISATION, None, processes, resume=resume)


def records(what: Asked) -> list[Record]:
    with Replay(what) as running:
        return list(running.records())


def found(of: list[Record], which: int = 0) -> dict[int, str | None]:
    return {each.position: each.outcomes[which].rule for each in of if each.outcomes[which].outcome != "relay"}


@pytest.fixture(scope="module")
def judged(planted: tuple[Path, dict[int, str]]) -> list[Record]:
    return records(asked(planted[0], without_inspection()))


def test_every_message_has_its_record_in_order(planted: tuple[Path, dict[int, str]], judged: list[Record]) -> None:
    """What is found is compared with what was planted in test_planted.py."""
    assert found(judged).keys() == {position for position, kind in planted[1].items() if kind != "sheet"}
    assert [each.position for each in judged] == list(range(1, MESSAGES + 1))
    assert all(each.unreadable is None and each.at is not None for each in judged)


def test_one_process_finds_what_several_do(planted: tuple[Path, dict[int, str]], judged: list[Record]) -> None:
    assert records(asked(planted[0], without_inspection(), processes=1)) == judged


def test_judging_every_message_with_what_came_before_it_makes_no_difference(
    planted: tuple[Path, dict[int, str]], judged: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is judged again only where earlier messages matter; here always, one after the other."""
    monkeypatch.setattr(Replay, "_matters", lambda *_: True)
    assert records(asked(planted[0], without_inspection(), processes=1)) == judged


def test_an_interrupted_replay_goes_on_where_it_was(
    planted: tuple[Path, dict[int, str]], judged: list[Record], tmp_path: Path
) -> None:
    """Interrupted twice, the second time within a line of its journal."""
    journal = tmp_path / "replay.journal"
    what = asked(planted[0], without_inspection(), resume=journal)
    for until in (100, 200):
        seen: list[Record] = []
        with Replay(what, lambda until=until, seen=seen: len(seen) >= until) as running:  # type: ignore[misc]
            seen.extend(running.records())
        assert running.interrupted
        assert until <= len(seen) < MESSAGES
        assert journal.stat().st_mode & 0o777 == 0o600
    whole = journal.read_bytes()
    journal.write_bytes(whole[:-7])
    assert b"@" not in whole
    with Replay(what) as running:
        assert list(running.records()) == judged
        assert running.progress.messages == MESSAGES
    assert not journal.exists()


def test_a_journal_of_another_replay_is_refused(planted: tuple[Path, dict[int, str]], tmp_path: Path) -> None:
    journal = tmp_path / "replay.journal"
    with Replay(asked(planted[0], without_inspection(), resume=journal), lambda: True) as running:
        list(running.records())
    other = replace(asked(planted[0], without_inspection(), resume=journal), organisation=None)
    with pytest.raises(SettingsError, match="not the same organisation"):
        Replay(other)
    journal.write_text("my only copy of something else, which is longer than the first line of a journal " * 9)
    with pytest.raises(SettingsError, match="no file that a replay"):
        Replay(other)
    assert journal.read_text().startswith("my only copy")


def test_a_message_that_ends_its_process_is_counted_and_the_rest_is_judged(
    planted: tuple[Path, dict[int, str]], judged: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    from mailguard.replay import judging

    whole = judging.Judge._first

    def deadly(self: judging.Judge, place: object) -> object:
        if place.position == 40:  # type: ignore[attr-defined]
            os._exit(9)
        if place.position == 41:  # type: ignore[attr-defined]
            raise RuntimeError("jo@elmroad.example")
        return whole(self, place)  # type: ignore[arg-type]

    monkeypatch.setattr(judging.Judge, "_first", deadly)
    of = records(asked(planted[0], without_inspection()))
    assert [(each.position, each.unreadable) for each in of if each.unreadable] == [
        (40, "it ended the process that judged it"),
        (41, "it could not be judged (RuntimeError)"),
    ]
    assert [each for each in of if each.position > 41] == judged[41:]


def test_two_policies_are_judged_in_one_pass_each_with_its_own_memory(
    planted: tuple[Path, dict[int, str]], judged: list[Record]
) -> None:
    nothing = load_policy({"none.yaml": b"version: 1\nrules: []\n"})
    of = records(asked(planted[0], nothing, without_inspection()))
    assert found(of, 0) == {}
    assert [each.outcomes[1] for each in of] == [each.outcomes[0] for each in judged]
