"""Workbooks through the real process: a rule that asks for people in rows has them read in the sandbox."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.mailing import submit
from tests.end_to_end.service import ROOT, Service
from tests.end_to_end.sink import Sink

WORKBOOKS = ROOT / "tests" / "fixtures" / "workbooks"
POLICY = """\
version: 1
rules:
  - id: hidden-people
    describe: A file carries people whom its reader does not see.
    when:
      finding: {kind: people_rows, hidden: true, count: {at_least: 10}}
      envelope_external_recipients: {at_least: 1}
    action: hold
"""


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink() as found:
        yield found


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("workbooks"), sink.port, policy=POLICY) as found:
        yield found


def carrying(octets: bytes, name: str) -> bytes:
    content = base64.encodebytes(octets).decode().replace("\n", "\r\n")
    lines = [
        "From: jo@elmroad.example",
        "To: anna@council.example",
        "Subject: The figures",
        "Date: Thu, 26 Nov 2026 09:00:00 +0000",
        "MIME-Version: 1.0",
        "Content-Type: multipart/mixed; boundary=b",
        "",
        "--b",
        "",
        "See attached.",
        "--b",
        f'Content-Type: application/octet-stream; name="{name}"',
        f'Content-Disposition: attachment; filename="{name}"',
        "Content-Transfer-Encoding: base64",
        "",
        f"{content}--b--",
        "",
    ]
    return "\r\n".join(lines).encode()


def send(service: Service, octets: bytes, name: str) -> str:
    return submit(service.port, carrying(octets, name), ["anna@council.example"])[1]


HIDING = ["hidden-sheet.xlsx", "very-hidden-sheet.xlsx", "hidden-rows.xlsx", "protected-hidden-sheet.xlsx"]


@pytest.mark.parametrize("name", HIDING)
def test_hidden_people_are_held_and_the_clean_twin_passes(name: str, service: Service) -> None:
    said = send(service, (WORKBOOKS / name).read_bytes(), name)
    assert "Held for checking" in said
    (held,) = [row for row in service.rows("held", "list") if row["ref"] == said.rpartition(" ")[2]]
    assert held["rules"] == ["hidden-people"]
    clean = Path(name).with_stem(f"{Path(name).stem}-clean").name
    assert send(service, (WORKBOOKS / clean).read_bytes(), clean) == "2.0.0 kept"


@pytest.mark.parametrize("ending", ["xls", "ods", "fods", "xlsx"])
def test_each_format_is_read_in_the_sandbox(ending: str, service: Service) -> None:
    file = next(each for each in sorted(WORKBOOKS.rglob(f"*.{ending}")) if each.stem.endswith("clean"))
    assert send(service, file.read_bytes(), file.name) == "2.0.0 kept", file.name


def test_what_nobody_reads_is_held_by_the_floor(service: Service) -> None:
    said = send(service, b"\0\1\2\3" * 40, "figures.accdb")
    (held,) = [row for row in service.rows("held", "list") if row["ref"] == said.rpartition(" ")[2]]
    assert held["rules"] == ["floor-uninspectable"]


def test_the_ledger_holds_kinds_and_counts_and_no_name_of_a_sheet(service: Service) -> None:
    send(service, (WORKBOOKS / "hidden-sheet.xlsx").read_bytes(), "hidden-sheet.xlsx")
    decided = [row for row in service.rows("audit", "list") if row["kind"] == "message_decided"][-1]
    found = [each for each in decided["findings"] if each["kind"] == "people_rows"]
    assert found and all(each["count"] >= 10 and each["where"] == "(withheld)" for each in found)
    assert not any("Data" in str(each) for each in decided["findings"])
    (inventory,) = decided["inventory"]
    assert inventory["unseen"] == {"hidden sheet": 41} and inventory["rows_seen"] == 5
    assert inventory["file"] == inventory["summary"] == "(withheld)"


def test_the_held_message_says_what_it_carries_to_the_reviewer(service: Service) -> None:
    ref = send(service, (WORKBOOKS / "hidden-sheet.xlsx").read_bytes(), "Referrals.xlsx").rpartition(" ")[2]
    (shown,) = service.rows("held", "show", ref)
    assert shown["reason"] == (
        "the message carries hidden data about 40 people, and 1 recipient is outside the organisation"
    )
    (inventory,) = shown["decision"]["inventory"]
    assert inventory["file"] == "Referrals.xlsx" and inventory["rows"] == 46
    assert {(each["kind"], each["hidden"]) for each in shown["decision"]["findings"]} >= {("people_rows", True)}
    text = service.run("held", "show", ref).stdout
    assert "Referrals.xlsx: Shows 5 rows and carries 46: 41 in hidden sheet." in text
    assert "1 hidden sheet has 40 rows of people" in text
    assert "999" not in text.replace(ref, ""), "a number out of the file"
