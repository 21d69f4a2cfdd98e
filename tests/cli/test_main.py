"""How commands end, where settings come from, and what a person never sees."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main

from mailguard.cli import held as held_commands
from mailguard.cli import main as main_module
from mailguard.cli.exits import STATUSES, Status, status_of
from mailguard.core import errors
from mailguard.core.errors import MailguardError
from mailguard.guard import entries
from mailguard.serve import control

from .conftest import AT, Run, hold, on_store

COMMANDS = [
    "demo",
    "init",
    "serve",
    "console",
    "check",
    "status",
    "canary run",
    "explain",
    "policy check",
    "policy try",
    "policy test",
    "policy fmt",
    "policy replay",
    "policy diff",
    "policy exceptions",
    "policy quality",
    "policy suggest",
    "policy schema",
    "held list",
    "held show",
    "held release",
    "held reject",
    "held wrong",
    "outbox list",
    "outbox retry",
    "outbox drop",
    "audit list",
    "audit verify",
    "audit export",
    "incident add",
    "incident list",
    "incident show",
    "incident revise",
    "incident decide",
    "incident link",
    "incident close",
    "incident form",
    "incident pack",
    "incident apologise",
    "report",
    "user add",
    "user list",
    "user link",
    "user role",
    "user password",
    "user disable",
    "user enable",
    "user remove",
    "data backup",
    "data copy",
    "data hold-back",
    "data migrate",
    "data objects",
    "data purge",
    "data restore",
]


def leaves(command: Any, name: str = "") -> dict[str, Any]:
    """Every command below a group, by its full name."""
    if not hasattr(command, "commands"):
        return {name: command}
    found: dict[str, Any] = {}
    for each, below in command.commands.items():
        found |= leaves(below, f"{name} {each}".strip())
    return found


def test_the_commands_are_those_of_the_interface_that_exist_now() -> None:
    assert sorted(leaves(typer.main.get_command(main_module.app))) == sorted(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(run: Run, command: str) -> None:
    ran = run(*command.split(), "--help")
    assert ran.status == 0
    assert "Example: mailguard" in ran.out
    assert f"mailguard {command}" in ran.out.partition("Example:")[2] or command == "serve"
    assert "-C, --config FILE" in ran.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("held",),
        ("held", "nonsense"),
        ("held", "release", "MG-7Q4K-2F"),
        ("held", "release", "MG-7Q4K-2F", "--as", "nonsense", "--reason", "x"),
        ("held", "list", "--nonsense"),
        ("outbox", "drop", "MG-7Q4K-2F"),
        ("-C",),
        ("serve", "-C"),
        ("audit", "export"),
        ("demo", "--smtp", "nonsense", "--once"),
        ("-C", "/nonexistent/mailguard.yaml", "held", "list"),
        ("-C", "/nonexistent/mailguard.yaml", "serve"),
    ],
)
def test_wrong_usage_is_2(run: Run, arguments: tuple[str, ...]) -> None:
    ran = run(*arguments)
    assert ran.status == 2
    assert ran.out == "" and ran.err


def test_no_command_at_all_shows_the_help_and_is_wrong_usage(run: Run) -> None:
    ran = run()
    assert ran.status == 2
    assert "Usage: mailguard" in ran.out + ran.err


@pytest.mark.parametrize("command", ["serve", "held list", "status", "check", "audit list", "data purge"])
def test_without_settings_the_sentence_of_the_design(run: Run, command: str) -> None:
    ran = run(*command.split())
    assert ran.status == 2
    assert ran.err == (
        "No configuration found. Run `mailguard init`, or `mailguard demo` to look around. "
        "If there is a mailguard.yaml in another folder, name it with -C FILE.\n"
    )


def test_settings_are_named_before_or_after_the_command_or_by_the_environment(
    run: Run, settings: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hold(settings, "MG-7Q4K-2F")
    for arguments in (
        ("-C", str(settings), "held", "list", "--json"),
        ("held", "-C", str(settings), "list", "--json"),
        ("held", "list", "--json", "-C", str(settings)),
        ("held", "list", "--json", f"--config={settings}"),
        ("held", "list", "-C" + str(settings), "--json"),
    ):
        assert len(run(*arguments).items()) == 1
    monkeypatch.setenv("MAILGUARD_CONFIG", str(settings))
    assert main_module.main(["held", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ref"] == "MG-7Q4K-2F"


def test_the_value_of_another_option_is_not_taken_for_settings(run: Run, settings: Path) -> None:
    hold(settings, "MG-7Q4K-2F")
    ran = run("-C", str(settings), "held", "reject", "MG-7Q4K-2F", "--note", "-C")
    assert ran.status == 0


def test_settings_with_errors_are_shown_with_their_places(run: Run, settings: Path) -> None:
    settings.write_text(settings.read_text() + "listens: nonsense\n")
    ran = run("-C", str(settings), "held", "list")
    assert ran.status == 2
    assert f"{settings}:8:1: " in ran.err and 'did you mean "listen"?' in ran.err and "^" in ran.err


def test_an_error_inside_is_70_with_one_sentence_and_a_log_without_its_text(
    run: Run, settings: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret@person.example")

    monkeypatch.setattr(held_commands, "ask", broken)
    ran = run("-C", str(settings), "held", "list")
    log = tmp_path / "state" / "mailguard" / "commands.log"
    assert ran.status == 70
    assert ran.err == f"mailguard: an error inside mailguard ended this command; the cause is in {log}.\n"
    (event,) = [json.loads(line) for line in log.read_text().splitlines()]
    assert event["cause"] == "ZeroDivisionError" and any("broken" in place for place in event["at"])
    assert "secret" not in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def test_ctrl_c_is_130(run: Run, settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(held_commands, "ask", interrupted)
    ran = run("-C", str(settings), "held", "list")
    assert (ran.status, ran.err) == (130, "Interrupted.\n")


def test_a_command_that_goes_well_leaves_no_log(run: Run, settings: Path, tmp_path: Path) -> None:
    hold(settings, "MG-7Q4K-2F")
    run("-C", str(settings), "held", "list")
    assert not (tmp_path / "state").exists()


def test_a_reader_that_goes_away_is_no_error(settings: Path) -> None:
    entry = entries.plain("content_viewed", "MG-7Q4K-2F", AT, actor="Sam " * 40)
    on_store(settings, lambda parts: parts.store.ledger.append([entry] * 500))
    script = f"{sys.executable} -m mailguard -C {settings} audit list --json | head -n 1"
    ran = subprocess.run(["bash", "-o", "pipefail", "-c", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == "" and len(ran.stdout.splitlines()) == 1


def test_the_module_runs_like_the_command() -> None:
    ran = subprocess.run([sys.executable, "-m", "mailguard", "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("mailguard ")
    ran = subprocess.run(
        [sys.executable, "-m", "mailguard", "serve"],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={key: value for key, value in os.environ.items() if key != "MAILGUARD_CONFIG"},
    )
    assert ran.returncode == 2 and ran.stderr.startswith("No configuration found.")


def test_the_shell_does_not_load_what_most_commands_do_not_need() -> None:
    """Half a second before every answer: SQLAlchemy, RE2 and the judge are loaded by the commands that use them."""
    look = "import sys, mailguard.cli.main; print(*{'sqlalchemy', 're2', 'alembic', 'uvloop'} & sys.modules.keys())"
    ran = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []


def test_every_error_that_crosses_the_socket_has_a_status() -> None:
    for kind in control.NAMED.values():
        assert any(issubclass(kind, listed) for listed, _ in STATUSES), kind


def test_statuses() -> None:
    expected = {
        errors.UnknownReference: 2,
        errors.SettingsError: 2,
        errors.StoreUnavailable: 3,
        control.ServiceNotRunning: 3,
        control.ServiceUnreachable: 3,
        errors.NotAllowed: 4,
        errors.CannotRewrite: 4,
        errors.AlreadyDecided: 5,
        control.InternalError: 70,
        MailguardError: 70,
        ValueError: 70,
    }
    assert {kind: int(status_of(kind("x"))) for kind in expected} == expected
    assert status_of(KeyboardInterrupt()) is Status.INTERRUPTED


@pytest.mark.parametrize(("width", "columns"), [("80", 80), ("200", 120)])
def test_help_fits_the_terminal(width: str, columns: int) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "mailguard", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": width},
    )
    assert all(len(line) <= columns for line in ran.stdout.splitlines())
    assert "\x1b" not in ran.stdout
