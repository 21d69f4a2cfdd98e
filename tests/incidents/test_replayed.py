"""The incidents, in each reported form and five disguised spellings, and ordinary mail, through the real process.

No incident leaves as it was; ordinary mail arrives byte for byte.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.mailing import submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink


def beside(name: str) -> Any:
    """A module of this folder (tests are no package)."""
    spec = importlib.util.spec_from_file_location(f"replayed_{name}", Path(__file__).parent / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


build = beside("build")
ordinary = beside("ordinary")
conversations = beside("conversations")
CASES = [*build.cases(), *(each for each in build.further_cases() if each.incident == "kanagawa")]
MESSAGES = [*ordinary.messages(), *conversations.conversations()]


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink() as found:
        yield found


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[Service]:
    organisation = {"name": "Elm Road", "domains": [build.INSIDE]}
    folder = tmp_path_factory.mktemp("incidents")
    notices = {"from": f"mailguard@{build.INSIDE}"}
    with Service(folder, sink.port, organisation=organisation, notices=notices, limits=ROOMY) as found:
        yield found


ROOMY = {"messages_per_session": 1000, "connections_per_client": 200}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_an_incident_does_not_leave_as_it_was(case: Any, service: Service, sink: Sink) -> None:
    sink.taken.clear()
    options = () if case.raw.isascii() else ("BODY=8BITMIME",)
    code, text = submit(service.port, case.raw, list(case.recipients), case.reverse_path, options)
    assert code in (250, 550), text
    assert code == 550 or "ref MG-" in text, f"it was relayed: {text}"
    shown = {person.encode() for person in case.people}
    for taken in list(sink.taken):
        seen_by = set(taken.recipients)
        others = {person for person in shown if person in taken.content and person.decode() not in seen_by}
        assert not others, "somebody sees somebody else"


@pytest.mark.parametrize("mail", MESSAGES, ids=lambda mail: mail.id)
def test_ordinary_mail_arrives_byte_for_byte(mail: Any, service: Service, sink: Sink) -> None:
    sink.taken.clear()
    options = () if mail.raw.isascii() else ("BODY=8BITMIME", "SMTPUTF8")
    code, text = submit(service.port, mail.raw, list(mail.recipients), mail.reverse_path or "", options)
    assert code == 250 and text == "2.0.0 kept", text
    (taken,) = eventually(lambda: sink.taken)
    assert taken.content.endswith(mail.raw) and taken.content.startswith(b"Received: ")
    assert sorted(taken.recipients) == sorted(mail.recipients)


@pytest.mark.parametrize("name", ["winmail.dat", "Minutes.msg"])
def test_what_can_name_people_and_nobody_reads_is_held(name: str, service: Service, sink: Sink) -> None:
    sink.taken.clear()
    part = f'Content-Type: application/octet-stream; name="{name}"\nContent-Transfer-Encoding: base64\n\neJ8+Ig=='
    head = f"From: {ordinary.JO}\nTo: anna@council.example\nSubject: Minutes\nMIME-Version: 1.0"
    text = f"{head}\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nSee attached.\n--b\n{part}\n--b--\n"
    raw = text.replace("\n", "\r\n").encode()
    code, said = submit(service.port, raw, ["anna@council.example"], ordinary.JO)
    assert code == 250 and said.startswith("2.0.0 Held for checking"), said
    assert all(taken.recipients != ["anna@council.example"] for taken in sink.taken)
    code, said = submit(service.port, raw, [f"dev@{build.INSIDE}"], ordinary.JO)
    assert said == "2.0.0 kept", "staff may send it to each other"
