"""mailguard init: a folder that works as it is, and nothing overwritten."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
import yaml
from pydantic import BaseModel

from mailguard.cli.init import Answers, next_steps, settings_text
from mailguard.config import ConsoleSettings, Settings, load_settings
from mailguard.core.policy.load import load_policy
from mailguard.serve.policies import read_documents

from .conftest import Run


def test_init_writes_a_folder_that_can_be_used(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "mailguard"
    ran = run("init", str(folder))
    assert ran.status == 0
    written = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {"mailguard.yaml", "policies/default.yaml", "policies/policy.schema.json"} <= written
    assert any(path.startswith("policies/tests/") for path in written)
    assert {str(folder / path) for path in written} == set(ran.out.split())
    settings = load_settings(folder / "mailguard.yaml")
    policy = load_policy(read_documents(settings.policies))
    assert any(rule.mode == "enforce" for rule in policy.rules)
    schema = json.loads((folder / "policies" / "policy.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(yaml.safe_load((folder / "policies" / "default.yaml").read_text()), schema)
    tests = folder / "policies" / "tests" / "default.yaml"
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", tests.read_text())
    assert named is not None
    jsonschema.Draft202012Validator.check_schema(json.loads((tests.parent / named[1]).read_text()))


def test_the_policies_of_init_pass_their_own_check_and_tests(run: Run, tmp_path: Path) -> None:
    run("init", str(tmp_path / "new"))
    settings = str(tmp_path / "new" / "mailguard.yaml")
    assert run("-C", settings, "policy", "check").status == 0
    tests = sorted(str(path) for path in (tmp_path / "new" / "policies" / "tests").glob("*.yaml"))
    ran = run("-C", settings, "policy", "test", *tests)
    assert ran.status == 0, ran.out


def test_what_to_do_next_is_said_for_the_user_who_has_to_do_it(tmp_path: Path) -> None:
    here = next_steps(tmp_path)
    serving = here.index(f"mailguard -C {tmp_path}/mailguard.yaml serve")
    assert here[serving + 1].startswith("Open the link that it prints for the first admin")
    service = next_steps(Path("/etc/mailguard"))
    assert service[1].startswith("chgrp mailguard /etc/mailguard/mailguard.yaml")
    assert service[4].startswith("runuser -u mailguard -- mailguard -C /etc/mailguard/mailguard.yaml user link ")
    assert service[2:4] == [
        f"runuser -u mailguard -- mailguard -C /etc/mailguard/mailguard.yaml {each}" for each in ("check", "serve")
    ]


def test_init_without_a_folder_is_here(run: Run) -> None:
    assert run("init").status == 0
    assert Path("mailguard.yaml").exists()
    assert run("-C", "mailguard.yaml", "held", "list").status == 3


@pytest.mark.parametrize("there", ["mailguard.yaml", "policies/default.yaml"])
def test_init_never_overwrites(run: Run, tmp_path: Path, there: str) -> None:
    path = tmp_path / "old" / there
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    ran = run("init", str(tmp_path / "old"))
    assert ran.status == 2
    assert ran.err == f'"{path}" is already there; nothing was written. Name another folder.\n'
    assert path.read_text() == "mine"
    assert [each for each in (tmp_path / "old").rglob("*") if each.is_file()] == [path]


def test_a_folder_that_cannot_be_made_is_a_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = run("init", str(tmp_path / "file"))
    assert ran.status == 2
    assert ran.err.count("\n") == 1


def keys_of(part: str) -> list[str]:
    model = Settings.model_fields[part].annotation
    assert isinstance(model, type) and issubclass(model, BaseModel)
    return list(model.model_fields)


def test_every_setting_stands_in_the_file_with_its_default_or_an_example(run: Run, tmp_path: Path) -> None:
    run("init", str(tmp_path))
    text = (tmp_path / "mailguard.yaml").read_text()
    for name in Settings.model_fields:
        assert re.search(rf"^(# )?{name}:", text, re.MULTILINE), name
    for part, names in {
        "organisation": None,
        "smarthost": {
            "address",
            "tls",
            "username",
            "password_file",
            "messages_per_minute",
            "max_recipients",
            "partial",
        },
        "notices": {"from", "contact", "reverse_path"},
        "console": set(ConsoleSettings.model_fields),
    }.items():
        block = text.partition(f"\n{part}:\n")[2].partition("\n\n")[0]
        for name in names or keys_of(part):
            assert re.search(rf"^  (# )?{name}:", block, re.MULTILINE), (part, name)


def test_what_is_commented_out_can_be_switched_on(run: Run, tmp_path: Path) -> None:
    run("init", str(tmp_path))
    path = tmp_path / "mailguard.yaml"
    lines = path.read_text().splitlines()
    switched = [re.sub(r"^(\s*)# (?=[a-z_]+:)", r"\1", line) for line in lines]
    text = "\n".join(line for line in switched if "username" not in line and "password_file" not in line)
    path.write_text(text + "\n")
    settings = load_settings(path)
    assert settings.deadline.total_seconds() == 86_400
    assert settings.metrics is not None


def test_init_asks_on_a_terminal(tmp_path: Path) -> None:
    answers = ["Old Mill Practice", "no domain", "oldmill.example om.example", "mail.oldmill.example:587", ""]
    main, other = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "mailguard", "init", str(tmp_path / "new")], stdin=other, stdout=other, stderr=other
    )
    os.close(other)
    seen = _talk(main, answers)
    assert process.wait(120) == 0, seen
    os.close(main)
    settings = load_settings(tmp_path / "new" / "mailguard.yaml")
    assert settings.organisation.name == "Old Mill Practice"
    assert settings.organisation.domains == ("oldmill.example", "om.example")
    assert str(settings.smarthost.address) == "mail.oldmill.example:587"
    assert settings.notices.contact == "manager@oldmill.example"
    assert settings.notices.sender == "mailguard@oldmill.example"
    assert "for example: elmroad.example" in seen


def _talk(terminal: int, answers: list[str]) -> str:
    """Answer each question when it is there. All that was shown."""
    seen, answered, until = "", 0, time.monotonic() + 120
    while time.monotonic() < until:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                seen += os.read(terminal, 4096).decode()
            except OSError:
                break
        elif answered < len(answers) and seen.endswith(": "):
            os.write(terminal, answers[answered].encode() + b"\n")
            answered += 1
            seen += "\n"
    return seen


def test_settings_in_etc_name_a_store_in_var() -> None:
    assert '"sqlite:////var/lib/mailguard/mailguard.db"' in settings_text(Path("/etc/mailguard"), Answers())
    assert '"sqlite:////srv/guard/data/mailguard.db"' in settings_text(Path("/srv/guard"), Answers())
