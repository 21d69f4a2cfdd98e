"""The text of a message through the real process: a list of people in it is held, ordinary mail passes untouched."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from tests.end_to_end.mailing import submit
from tests.end_to_end.service import Service
from tests.end_to_end.sink import Sink
from tests.inspection.texts.listing import LISTINGS, PEOPLE, Listing
from tests.inspection.texts.ordinary import TEXTS

POLICY = """\
version: 1
rules:
  - id: list-of-people
    describe: A list of people would leave the organisation.
    when:
      finding: {kind: people_rows, count: {at_least: 10}}
      envelope_external_recipients: {at_least: 1}
    action: hold
  - id: housing-list
    describe: Housing references would leave the organisation.
    when:
      finding: {kind: housing_reference, count: {at_least: 5}}
      envelope_external_recipients: {at_least: 1}
    action: hold
"""
KINDS = r"""
version: 1
identifiers:
  - {id: housing_reference, describe: housing references, matches: 'HR\d{7}', headings: [housing reference]}
"""
OUTSIDE, INSIDE = "contacts@charity.example", "mary@elmroad.example"


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink() as found:
        yield found


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("texts")
    (folder / "kinds.yaml").write_text(KINDS.replace("HR", "XX"))
    with Service(folder, sink.port, policy=POLICY, inspection={"kinds": "kinds.yaml"}) as found:
        yield found


def message(text: str, media_type: str = "text/plain", more: str = "") -> bytes:
    lines = [
        "From: jo@elmroad.example",
        f"To: {OUTSIDE}",
        "Subject: Meeting on Thursday",
        "Date: Thu, 26 Nov 2026 09:00:00 +0000",
        "MIME-Version: 1.0",
        f"Content-Type: {media_type}; {more or 'charset=utf-8'}",
        "",
        text,
        "",
    ]
    return "\r\n".join(lines).replace("\r\n", "\n").replace("\n", "\r\n").encode()


def both_forms(plain: Listing, html: Listing) -> bytes:
    parts = (("text/plain", plain.text), ("text/html", html.text))
    text = "".join(f"--x\r\nContent-Type: {kind}; charset=utf-8\r\n\r\n{each}\r\n" for kind, each in parts)
    return message(text + "--x--\r\n", "multipart/alternative", "boundary=x")


def send(service: Service, raw: bytes, to: str = OUTSIDE) -> str:
    return submit(service.port, raw, [to])[1]


def held(service: Service, said: str) -> dict[str, object]:
    (row,) = [row for row in service.rows("held", "list") if row["ref"] == said.rpartition(" ")[2]]
    return row


def test_23_people_in_the_text_to_an_extra_outside_contact_are_held(service: Service, sink: Sink) -> None:
    """incidents.yaml: worcestershire, 2011. The same text among staff passes."""
    assert len(PEOPLE) == 23
    raw = message(LISTINGS["name, date of birth and number line by line"].text)
    sink.taken.clear()
    said = send(service, raw)
    # Its sender may have been told of it already.
    assert "Held for checking" in said and not [each for each in list(sink.taken) if not each.mail.startswith(b"<>")]
    assert held(service, said)["rules"] == ["list-of-people"]
    assert send(service, raw, INSIDE) == "2.0.0 kept"


def test_the_two_forms_of_a_table_are_23_people_and_the_ledger_names_none(service: Service) -> None:
    said = send(service, both_forms(LISTINGS["pasted from Excel as tabs"], LISTINGS["Outlook's HTML table"]))
    ref = said.rpartition(" ")[2]
    (decision,) = [row for row in service.rows("audit", "list") if row.get("ref") == ref and "findings" in row]
    assert [each["count"] for each in decision["findings"] if each["kind"] == "people_rows"] == [23]
    assert not [name for name, *_ in PEOPLE if name in str(decision)]
    shown = service.run("explain", ref).stdout
    assert "the message carries a list of 23 people" in shown
    assert not [name for name, *_ in PEOPLE if name in shown]


def test_a_long_text_is_held_as_well(service: Service) -> None:
    padding = "\n".join(["Nothing of interest stands in this line."] * 2_000)
    said = send(service, message(padding + "\n\n" + LISTINGS["aligned columns"].text))
    assert held(service, said)["rules"] == ["list-of-people"]


def test_ordinary_texts_pass(service: Service) -> None:
    for name, text in TEXTS.items():
        raw = message(text, "text/html" if "<table" in text else "text/plain")
        assert send(service, raw) == "2.0.0 kept", name


def test_a_reload_takes_kinds_of_ones_own(service: Service) -> None:
    listed = message("Housing reference; since\n" + "\n".join(f"HR{1_000_000 + 7_919 * n}; May" for n in range(9)))
    assert send(service, listed) == "2.0.0 kept"
    reload(service, "version: 1\nidentifiers: [{id: Wrong}]\n", "kinds_file_broken")
    assert send(service, listed) == "2.0.0 kept"
    reload(service, KINDS, "kinds_loaded")
    assert held(service, send(service, listed))["rules"] == ["housing-list"]


def reload(service: Service, kinds: str, event: str) -> None:
    (service.folder / "kinds.yaml").write_text(kinds)
    service.signal(signal.SIGHUP)
    until = time.monotonic() + 20
    while not any(each["event"] == event for each in service.events()):
        assert time.monotonic() < until, event
        time.sleep(0.05)
