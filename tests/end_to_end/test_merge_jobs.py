"""A merge job that sends everybody the file of all, through the real process."""

from __future__ import annotations

import base64
import io
import re
import shutil
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from mailguard.core.policy.invented_file import people_csv
from tests.end_to_end.mailing import submit
from tests.end_to_end.service import ROOT, Service, eventually
from tests.end_to_end.sink import Sink
from tests.peers.postgresql import Postgresql

WORKBOOK = (ROOT / "tests" / "fixtures" / "workbooks" / "hidden-sheet-clean.xlsx").read_bytes()
"""40 people in plain sight, and nothing hidden."""
BULK = "  - id: many-people-to-outside\n"
RULES = (ROOT / "policies" / "default.yaml").read_text().replace(BULK, f"{BULK}    mode: off\n")
"""The default policy without the rule that would hold so many numbers in a single message."""
PRICES = b"item,price\r\n" + b"".join(b"Chair no. %d,%d.50\r\n" % (number, number) for number in range(1, 60))
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LIMITS = {"connections_per_client": 100}


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink() as found:
        yield found


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("merge"), sink.port, policy=RULES, limits=LIMITS) as found:
        yield found


def parents(count: int, domain: str) -> list[str]:
    return [f"parent{number}@{domain}.example" for number in range(count)]


def send(service: Service, to: str, sender: str, octets: bytes = WORKBOOK, kind: str = XLSX) -> str:
    name = to.partition("@")[0]
    lines = [
        f"From: {sender}",
        f"To: {to}",
        f"Subject: The report for {name}",
        "Date: Thu, 26 Nov 2026 09:00:00 +0000",
        "MIME-Version: 1.0",
        "Content-Type: multipart/mixed; boundary=b",
        "",
        "--b",
        "",
        f"Dear {name}, here is the report of your child.",
        "--b",
        f"Content-Type: {kind}",
        f'Content-Disposition: attachment; filename="Report {name}"',
        "Content-Transfer-Encoding: base64",
        "",
        base64.encodebytes(octets).decode().replace("\n", "\r\n") + "--b--",
        "",
    ]
    return submit(service.port, "\r\n".join(lines).encode(), [to], sender)[1]


def held(service: Service, people: list[str], sender: str, octets: bytes = WORKBOOK, kind: str = XLSX) -> list[bool]:
    return ["Held" in send(service, each, sender, octets, kind) for each in people]


def written_again(octets: bytes, number: int) -> bytes:
    """The same workbook as another run of a script would write it: another time in it, packed anew."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(octets)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            content = old.read(member)
            if member.filename == "docProps/core.xml":
                content = re.sub(rb"\d\d:\d\d:\d\dZ", b"10:00:%02dZ" % (number % 60), content)
            new.writestr(zipfile.ZipInfo(member.filename, (2026, 11, 26, 9, number % 60, 0)), content)
    return made.getvalue()


def test_of_twenty_messages_with_the_list_of_all_two_leave_and_the_notice_says_so(service: Service, sink: Sink) -> None:
    people = parents(20, "twenty")
    assert held(service, people, "merge@elmroad.example") == [False] * 2 + [True] * 18
    assert [each for each in sink.recipients() if each in people] == people[:2]

    rows = service.rows("held", "list")
    assert {tuple(row["rules"]) for row in rows} == {("same-people-to-many",)}
    shown = service.run("held", "show", rows[0]["ref"]).stdout
    words = "the same file with 40 people in it has already gone to 2 other people outside in messages of their own"
    assert words in " ".join(shown.split())

    def notice() -> str | None:
        to_sender = (each.content for each in sink.taken if each.recipients == ["merge@elmroad.example"])
        texts = (message_from_bytes(each, policy=policy.default).get_body(("plain",)) for each in to_sender)
        return next((" ".join(each.get_content().split()) for each in texts if each), None)

    said = eventually(notice)
    assert words in said.lower() and "this one and those that follow it are stopped" in said

    decided = [row for row in service.rows("audit", "list") if row["kind"] == "message_decided"][-1]
    (rule,) = [each for each in decided["rules"] if each["id"] == "same-people-to-many"]
    assert rule["matched"] and rule["values"] == {"same_attachment": 2}


def test_a_workbook_that_a_script_writes_anew_for_each(service: Service) -> None:
    files = [written_again(WORKBOOK, number) for number in range(4)]
    assert len(set(files)) == 4
    answers = [
        "Held" in send(service, to, "script@elmroad.example", octets)
        for to, octets in zip(parents(4, "script"), files, strict=True)
    ]
    assert answers == [False, False, True, True]


def test_a_price_list_goes_to_a_hundred_people(service: Service) -> None:
    with ThreadPoolExecutor(8) as pool:
        people = parents(100, "prices")
        answers = list(pool.map(lambda to: send(service, to, "sales@elmroad.example", PRICES, "text/csv"), people))
    assert {*answers} == {"2.0.0 kept"}


def test_a_different_sender_and_the_same_person_again(service: Service) -> None:
    people = parents(3, "other")
    assert held(service, people[:2], "one@elmroad.example") == [False, False]
    assert held(service, people[2:], "two@elmroad.example") == [False]
    assert held(service, people[:1] * 5, "three@elmroad.example") == [False] * 5


def test_what_a_reviewer_released_is_counted(service: Service) -> None:
    sender, people = "office@elmroad.example", parents(4, "released")
    held(service, people[:2], sender)
    ref = send(service, people[2], sender).rpartition(" ")[2]
    service.run("held", "release", ref, "--as", "original", "--reason", "they are the governors")
    ref = send(service, people[3], sender).rpartition(" ")[2]
    assert "already gone to 3 other people" in " ".join(service.run("held", "show", ref).stdout.split())


def test_twenty_clients_at_the_same_moment(service: Service, sink: Sink) -> None:
    people = parents(20, "moment")
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda to: send(service, to, "burst@elmroad.example"), people))
    assert sum("Held" not in each for each in answers) <= 2
    assert len([each for each in sink.recipients() if each in people]) <= 2


def test_kill_9_between(tmp_path: Path, sink: Sink) -> None:
    people = parents(4, "killed")
    service = Service(tmp_path, sink.port, policy=RULES)
    with service:
        assert held(service, people[:2], "jo@elmroad.example") == [False, False]
        service.kill()
    with service:
        assert held(service, people[2:], "jo@elmroad.example") == [True, True]


def test_a_name_merged_into_each_file_where_a_rule_has_files_read(tmp_path: Path, sink: Sink) -> None:
    with Service(tmp_path, sink.port, policy=RULES) as service:
        answers = [
            "Held"
            in send(service, to, "jo@elmroad.example", f"Report for {to}\r\n".encode() + people_csv(40), "text/csv")
            for to in parents(4, "merged")
        ]
        assert answers == [False, False, True, True]


def test_two_nodes_on_postgresql_count_together(tmp_path: Path, sink: Sink) -> None:
    cluster, people = Postgresql(), parents(12, "nodes")
    try:
        url, keys = cluster.new_database(), [tmp_path / "keys-one", tmp_path / "keys-two"]
        with Service(
            tmp_path / "one", sink.port, policy=RULES, store=url, keys=str(keys[0]), ledger="one", limits=LIMITS
        ) as one:
            shutil.copytree(keys[0], keys[1], ignore=shutil.ignore_patterns("*.sock"))
            two = Service(
                tmp_path / "two", sink.port, policy=RULES, store=url, keys=str(keys[1]), ledger="two", limits=LIMITS
            )
            with two, ThreadPoolExecutor(6) as pool:
                nodes = [(one, two)[number % 2] for number in range(12)]
                answers = list(pool.map(lambda node, to: send(node, to, "jo@elmroad.example"), nodes, people))
        assert sum("Held" not in each for each in answers) <= 2
    finally:
        cluster.close()


def test_what_is_kept_names_nobody(service: Service) -> None:
    send(service, "planted-person@planted-domain.example", "planted-sender@elmroad.example")
    for file in (service.folder / "store").iterdir():
        octets = file.read_bytes() if file.is_file() else b""
        assert b"planted-" not in octets
