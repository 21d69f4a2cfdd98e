"""Every setting, command, log event, metric, entry and state is in the docs, with what an admin needs to know of it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from typer.main import get_command

from mailguard.cli.main import app
from mailguard.config import Settings
from mailguard.guard.entries import KINDS
from mailguard.logs import LINES_LOST
from tests.docs import reference

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def log_events() -> dict[str, str]:
    """event -> file, of every log call in the source, and of the one that the log says of itself."""
    found = {LINES_LOST: "logs.py"}
    for file in (ROOT / "mailguard").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("debug", "info", "warning", "error", "exception", "critical")
                and isinstance(node.func.value, ast.Name)
                and "log" in node.func.value.id
            ):
                (event, *_) = node.args
                if isinstance(event, ast.Constant):
                    found[event.value] = file.name
                else:
                    found.update(dict.fromkeys(_handed_on(file), file.name))
        found.update(dict.fromkeys(_named_to("cannot_go_on", file), file.name))
    return found


def _handed_on(file: Path) -> list[str]:
    """Events that a function is given by name: the first argument of every `self._failed`."""
    named = _named_to(r"self\._failed", file)
    assert named, f"{file}: an event that is no constant"
    return named


def _named_to(function: str, file: Path) -> list[str]:
    return re.findall(rf'{function}\(\s*"([a-z_]+)"', file.read_text())


def commands() -> list[str]:
    found = []

    def walk(command: object, path: tuple[str, ...]) -> None:
        inner = getattr(command, "commands", None)
        if inner:
            for name, each in inner.items():
                walk(each, (*path, name))
        else:
            found.append(" ".join(path))

    walk(get_command(app), ())
    return found


def test_the_reference_is_up_to_date() -> None:
    assert reference.FILE.read_text() == reference.render(), "run: python tests/docs/reference.py"


@pytest.mark.parametrize(("key", "default", "text"), list(reference.settings_rows(Settings)))
def test_a_setting_says_what_it_does(key: str, default: str, text: str) -> None:
    assert len(text) > 15, f"{key} has no description"
    if default not in ("see below", "required") and "." in key:
        assert "Default" in text and "Example" in text, f"{key} lacks its default or an example"


@pytest.mark.parametrize("event", sorted(log_events()))
def test_a_log_event_is_explained(event: str) -> None:
    line = re.search(rf"^\| `{event}` \| (.*) \| (.*) \|$", (DOCS / "operating.md").read_text(), re.MULTILINE)
    assert line, f'docs/operating.md "Log events" lacks `{event}`'
    assert len(line[1]) > 10 and line[2], f"`{event}` says too little"


def test_no_event_is_explained_that_does_not_exist() -> None:
    text = (DOCS / "operating.md").read_text()
    section = text[text.index("## Log events") :]
    named = set(re.findall(r"^\| `([a-z_]+)` \|", section[: section.find("\n## ", 5) or None], re.MULTILINE))
    assert named <= set(log_events())


@pytest.mark.parametrize("command", commands())
def test_a_command_is_explained_with_an_example(command: str) -> None:
    """In docs/commands.md; the policy commands in docs/policy.md, where they belong."""
    text = "".join((DOCS / page).read_text() for page in ("commands.md", "policy.md", "operating.md"))
    row = re.search(rf"^\| `{re.escape(command)}[` ].*`mailguard [^`]*{command}", text, re.MULTILINE)
    assert row or f"mailguard {command}" in text, f"no page has an example of `mailguard {command}`"


def test_events_are_past_participles_without_personal_data() -> None:
    for event in log_events():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", event), event


def test_every_kind_of_entry_is_explained() -> None:
    written = set()
    for file in (ROOT / "mailguard").rglob("*.py"):
        written |= set(
            re.findall(r'(?:NewEntry|entries\.plain|plain|_entry|entries\.outcome)\(\s*"([a-z_]+)"', file.read_text())
        )
        written |= set(re.findall(r'self\._record\(\s*"([a-z_]+)"', file.read_text()))
    assert written, "no entry is written anywhere"
    assert written <= set(KINDS), written - set(KINDS)
