"""docs/commands.md names every command, its example, and every exit status."""

from __future__ import annotations

import re
from pathlib import Path

import typer.main

from mailguard.cli.exits import Status
from mailguard.cli.main import app

from .test_main import leaves

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "commands.md").read_text()


def test_every_command_has_its_entry_with_an_example() -> None:
    for name in leaves(typer.main.get_command(app)):
        assert re.search(rf"`{name}(?: [^`]*)?`", PAGE), name
        if not name.startswith("policy"):
            assert f"`mailguard {name}" in PAGE or f"mailguard.yaml {name}`" in PAGE, name


def test_every_exit_status_is_listed() -> None:
    for status in Status:
        assert f"| {status.value} |" in PAGE
