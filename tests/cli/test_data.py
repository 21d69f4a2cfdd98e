"""mailguard data backup, restore, hold-back: a half or changed backup is never used, and nothing is overwritten."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from .conftest import Run, hold, queue


@pytest.fixture
def backup(run: Run, settings: Path, tmp_path: Path) -> Path:
    """A backup of a store with one held message and one row of the outbox; its keys are in `keys`."""
    hold(settings, "MG-7Q4K-2F")
    queue(settings, "MG-2222-2F")
    folder = tmp_path / "backups" / "monday"
    ran = run("-C", str(settings), "data", "backup", str(folder), "--keys", str(tmp_path / "safe" / "keys"))
    assert ran.status == 0, ran.err
    return folder


def lose(settings: Path, *, keys: bool = True) -> None:
    for path in settings.parent.glob("mailguard.*"):
        if path.is_dir() and keys:
            shutil.rmtree(path)
        elif path.is_file() and path.suffix != ".yaml":
            path.unlink()


def beside(settings: Path) -> set[str]:
    return {path.name for path in settings.parent.iterdir()}


def test_a_store_is_put_back_with_its_keys(run: Run, settings: Path, backup: Path) -> None:
    lose(settings)
    ran = run("-C", str(settings), "data", "restore", str(backup), "--keys", str(backup.parents[1] / "safe" / "keys"))
    assert ran.status == 0, ran.err
    assert "outbox drop" in ran.err and "held list --open" in ran.err
    (row,) = run("-C", str(settings), "outbox", "list", "--json").items()
    assert row["ref"] == "MG-2222-2F" and row["held_back"]
    assert "held back: retry or drop" in run("-C", str(settings), "outbox", "list").out
    assert run("-C", str(settings), "outbox", "retry", "MG-2222-2F").status == 0
    (row,) = run("-C", str(settings), "outbox", "list", "--json").items()
    assert not row["held_back"]
    assert run("-C", str(settings), "audit", "verify").status == 0
    mode = (settings.parent / "mailguard.db").stat().st_mode & 0o777
    assert mode == 0o600 and not [name for name in beside(settings) if name.startswith(".")]


def test_what_root_restores_belongs_to_whom_the_folder_belongs_to(run: Run, settings: Path, backup: Path) -> None:
    assert os.geteuid() == 0, "only root can give files away"
    lose(settings)
    os.chown(settings.parent, 1234, 1234)
    ran = run("-C", str(settings), "data", "restore", str(backup), "--keys", str(backup.parents[1] / "safe" / "keys"))
    assert ran.status == 0, ran.err
    kept = [path for path in settings.parent.rglob("mailguard.*") if path != settings]
    assert len(kept) >= 4 and {path.stat().st_uid for path in kept} == {1234}


@pytest.mark.parametrize("left", ["mailguard.db", "mailguard.db-wal"])
def test_nothing_is_overwritten(run: Run, settings: Path, backup: Path, left: str) -> None:
    lose(settings, keys=False)
    (settings.parent / left).write_bytes(b"something")
    ran = run("-C", str(settings), "data", "restore", str(backup))
    assert ran.status == 2 and f'{left}" is there' in ran.err
    assert (settings.parent / left).read_bytes() == b"something"
    ran = run("-C", str(settings), "data", "backup", str(backup))
    assert ran.status == 2 and "is there already" in ran.err


def _cut(backup: Path) -> None:
    path = backup / "mailguard.db"
    path.write_bytes(path.read_bytes()[:-4096])


def _change(backup: Path) -> None:
    octets = bytearray((backup / "mailguard.db").read_bytes())
    octets[-1] ^= 1
    (backup / "mailguard.db").write_bytes(octets)


def _change_settings(backup: Path) -> None:
    (backup / "settings" / "mailguard.yaml").write_text("other")


def _forge(backup: Path) -> None:
    """An entry is taken out, and the manifest made to fit."""
    _change_store(backup, "DELETE FROM entries WHERE sequence = 1")


def _trigger(backup: Path) -> None:
    """What is held back would be due at once, and the ledger is whole."""
    _change_store(
        backup,
        "CREATE TRIGGER t AFTER UPDATE ON outbox BEGIN UPDATE outbox SET not_before = 0 WHERE done_at IS NULL; END",
    )


def _change_store(backup: Path, statement: str) -> None:
    from mailguard.serve.backup import sha256_of

    path = backup / "mailguard.db"
    database = sqlite3.connect(path)
    database.execute(statement)
    database.commit()
    database.close()
    manifest = json.loads((backup / "manifest.json").read_text())
    manifest["files"]["mailguard.db"] = {"octets": path.stat().st_size, "sha256": sha256_of(path)}
    (backup / "manifest.json").write_text(json.dumps(manifest))


def _no_manifest(backup: Path) -> None:
    (backup / "manifest.json").unlink()


def _half_a_manifest(backup: Path) -> None:
    path = backup / "manifest.json"
    path.write_text(path.read_text()[:50])


def _another_format(backup: Path) -> None:
    path = backup / "manifest.json"
    path.write_text(path.read_text().replace('"mailguard_backup": 1', '"mailguard_backup": 2'))


def _no_time(backup: Path) -> None:
    """The store was put back before anybody looked at it, and then the command ended with an internal error."""
    path = backup / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"taken_at": ["\x1b[31m"]}))


def _a_pipe(backup: Path) -> None:
    (backup / "settings" / "mailguard.yaml").unlink()
    os.mkfifo(backup / "settings" / "mailguard.yaml")
    path = backup / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"]["settings/mailguard.yaml"]["octets"] = 0
    path.write_text(json.dumps(manifest))


def _nested(backup: Path) -> None:
    (backup / "manifest.json").write_text("[" * 100_000)


def _leads_out(backup: Path) -> None:
    path = backup / "manifest.json"
    path.write_text(path.read_text().replace('"settings/mailguard.yaml"', '"../../mailguard/mailguard.yaml"'))


@pytest.mark.parametrize(
    ("breaks", "status", "says"),
    [
        (_cut, 1, "not what the manifest says"),
        (_change, 1, "not what the manifest says"),
        (_change_settings, 1, "not what the manifest says"),
        (_a_pipe, 1, "not what the manifest says"),
        (_forge, 1, "is not whole"),
        (_trigger, 1, "triggers or views"),
        (_no_manifest, 2, "or half of one"),
        (_half_a_manifest, 2, "cannot be read"),
        (_another_format, 2, "another version"),
        (_leads_out, 2, "cannot be read"),
        (_no_time, 2, "cannot be read"),
        (_nested, 2, "cannot be read"),
    ],
)
def test_a_backup_that_is_not_whole_is_not_used(
    run: Run, settings: Path, backup: Path, breaks: object, status: int, says: str
) -> None:
    lose(settings, keys=False)
    before = beside(settings)
    breaks(backup)  # type: ignore[operator]
    ran = run("-C", str(settings), "data", "restore", str(backup))
    assert (ran.status, says in ran.err) == (status, True), ran.err
    assert beside(settings) - before <= {"mailguard.lock"}, "nothing half is left"


def test_the_keys_are_asked_for_and_have_to_fit(run: Run, settings: Path, backup: Path, tmp_path: Path) -> None:
    lose(settings)
    ran = run("-C", str(settings), "data", "restore", str(backup))
    assert ran.status == 2 and "--keys" in ran.err
    other = tmp_path / "other"
    shutil.copytree(settings.parent, other, ignore=shutil.ignore_patterns("*.lock"))
    hold(other / "mailguard.yaml", "MG-9999-2F")
    ran = run("-C", str(settings), "data", "restore", str(backup), "--keys", str(other / "mailguard.keys"))
    assert ran.status == 2 and "written under keys" in ran.err
    assert beside(settings) == {"mailguard.yaml", "policies", "mailguard.lock"}
    shutil.copytree(other / "mailguard.keys", settings.parent / "mailguard.keys")
    ran = run("-C", str(settings), "data", "restore", str(backup), "--keys", str(other / "mailguard.keys"))
    assert ran.status == 2 and "there already" in ran.err


@pytest.mark.parametrize("keys", ["monday", "monday/keys", "."])
def test_keys_never_lie_with_the_backup(run: Run, settings: Path, tmp_path: Path, keys: str) -> None:
    hold(settings, "MG-7Q4K-2F")
    folder = tmp_path / "new" / "monday"
    ran = run("-C", str(settings), "data", "backup", str(folder), "--keys", str(tmp_path / "new" / keys))
    assert ran.status == 2 and "is with the backup" in ran.err
    assert not (tmp_path / "new").exists()


def test_a_backup_that_fails_leaves_nothing(run: Run, settings: Path, tmp_path: Path) -> None:
    hold(settings, "MG-7Q4K-2F")
    (tmp_path / "file").write_text("")
    ran = run("-C", str(settings), "data", "backup", str(tmp_path / "file" / "monday"))
    assert ran.status == 2 and "cannot be made" in ran.err
    ran = run("-C", str(settings.parent / "none.yaml"), "data", "backup", str(tmp_path / "monday"))
    assert ran.status == 2
    lose(settings)
    ran = run("-C", str(settings), "data", "backup", str(tmp_path / "monday"))
    assert ran.status == 3 and "there is no store" in ran.err.lower()
    assert not [path for path in tmp_path.iterdir() if "monday" in path.name]


def test_a_manifest_as_json(run: Run, settings: Path, tmp_path: Path) -> None:
    hold(settings, "MG-7Q4K-2F")
    ran = run("-C", str(settings), "data", "backup", str(tmp_path / "monday"), "--json")
    (item,) = ran.items()
    assert item == json.loads((tmp_path / "monday" / "manifest.json").read_text())
    assert "keys are not in it" in ran.err


@pytest.mark.parametrize("command", [("backup", "monday"), ("restore", "monday")])
def test_postgresql_says_what_to_use_instead(run: Run, settings: Path, command: tuple[str, ...]) -> None:
    text = settings.read_text().replace("sqlite:///mailguard.db", "postgresql://mailguard@127.0.0.1:1/mailguard")
    settings.write_text(text + "keys: mailguard.keys\n")
    ran = run("-C", str(settings), "data", *command)
    assert ran.status == 2 and "pg_dump" in ran.err and "data hold-back" in ran.err


def test_a_backup_has_what_the_policy_includes(run: Run, settings: Path, tmp_path: Path) -> None:
    policies = settings.parent / "policies"
    (main,) = policies.glob("*.yaml")
    main.write_text(main.read_text().replace("version: 1\n", "version: 1\ninclude: [teams/clinic.yaml, gone.yaml]\n"))
    (policies / "teams").mkdir()
    (policies / "teams" / "clinic.yaml").write_text("version: 1\nrules: []\n")
    hold(settings, "MG-7Q4K-2F")
    folder = tmp_path / "backups" / "tuesday"
    ran = run("-C", str(settings), "data", "backup", str(folder), "--keys", str(tmp_path / "safe" / "keys"))
    assert ran.status == 0, ran.err
    kept = folder / "settings" / "policies"
    assert (kept / "teams" / "clinic.yaml").read_text() == "version: 1\nrules: []\n"
    assert (kept / main.name).read_text() == main.read_text()
