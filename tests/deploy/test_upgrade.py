"""docs/operating.md "Upgrading": its commands, in its order, on the store of a real service.

Bringing an older schema up to date has tests of its own, with the migrations.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import ROOT, Service, eventually
from tests.end_to_end.sink import Sink


def steps() -> list[str]:
    """The commands of the page, one a line, without who runs them and what stands behind the #."""
    page = (ROOT / "docs" / "operating.md").read_text()
    section = page[page.index("### Upgrading") :]
    block = re.search(r"\n\n((?:    .*\n)+)", section)
    assert block
    lines = (line.partition(" #")[0].strip() for line in block[1].splitlines())
    return [step.strip() for line in lines for step in line.replace("runuser -u mailguard -- ", "").split("&&")]


def test_the_order_is_the_safe_one() -> None:
    told = [re.sub(r"^/opt/mailguard/bin/pip install.*", "install", step) for step in steps()]
    assert told == [
        "systemctl stop mailguard",
        "mailguard data backup /var/lib/mailguard/before-upgrade",
        "install",
        "install",
        "mailguard data migrate",
        "mailguard check",
        "systemctl start mailguard",
    ]


@pytest.fixture
def sink() -> Sink:
    return Sink()


def test_the_steps_on_a_real_store(tmp_path: Path, sink: Sink) -> None:
    with sink, Service(tmp_path, sink.port) as service:
        assert submit(service.port, message(people(20)), people(20))[0] == 250
        (held,) = service.rows("held", "list")
        for step in steps():
            if step == "systemctl stop mailguard":
                assert service.stop() == 0
            elif step == "systemctl start mailguard":
                service.start()
            elif step.startswith("mailguard "):
                service.run(*step.replace("/var/lib/mailguard/", f"{tmp_path}/").split()[1:])
        assert (tmp_path / "before-upgrade" / "manifest.json").exists()
        service.run("held", "release", held["ref"], "--as", "separate", "--reason", "they asked for it")
        eventually(lambda: set(people(20)) <= set(sink.recipients()), 60)
        assert service.stop() == 0
    assert all(sink.recipients().count(person) == 1 for person in people(20))
