"""Outlook's own forms of a message through the real process: winmail.dat and .msg are read, judged, passed or held."""

from __future__ import annotations

import base64
import os
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.inspection import outlook
from tests.inspection.outlook import Mail, recipient, text

from .mailing import people, submit
from .service import Service, eventually
from .sink import Sink

UNREAD = ["attachment-that-cannot-be-checked", "floor-uninspectable"]
"""The rules of what cannot be read: that of the default policy, and the floor."""

INSIDE = ["office@elmroad.example", "anna@elmroad.example"]


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink() as sink:
        yield sink


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("outlook"), sink.port) as service:
        yield service


def carrying(octets: bytes, name: str = "winmail.dat", media_type: str = "application/ms-tnef") -> bytes:
    """Exchange's way to send it: a text, and the rest in one part."""
    head = (
        "From: Jo Reid <jo@elmroad.example>\r\nTo: kim@council.example\r\nSubject: Clinic\r\n"
        "Date: Fri, 20 Nov 2026 14:00:00 +0000\r\nMessage-ID: <1@elmroad.example>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nWhen: Friday\r\n'
        f'--b\r\nContent-Type: {media_type}; name="{name}"\r\nContent-Disposition: attachment; filename="{name}"\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    body = base64.encodebytes(octets).decode().replace("\n", "\r\n")
    return f"{head}{body}--b--\r\n".encode()


def held(service: Service, raw: bytes) -> dict[str, object]:
    """The held message that this becomes."""
    code, said = submit(service.port, raw, ["kim@council.example"])
    assert code == 250 and "Held for checking" in said, said
    ref = re.search(r"MG-[0-9A-Z]{4}-[0-9A-Z]{2}", said)
    assert ref
    return next(row for row in service.rows("held", "list") if row["ref"] == ref[0])


def test_t46_an_invitation_to_twelve_people_outside_is_held_by_the_rule_on_visible_lists(service: Service) -> None:
    row = held(service, carrying(outlook.tnef(outlook.meeting(people(12)))))
    assert "visible-list" in row["rules"] and "floor-uninspectable" not in row["rules"]  # type: ignore[operator]
    assert "13 people" in str(row["reason"]) and "winmail.dat" in str(row["reason"])


def test_t46_an_invitation_to_two_people_inside_passes_octet_for_octet(service: Service, sink: Sink) -> None:
    raw = carrying(outlook.tnef(outlook.meeting(INSIDE)))
    sink.taken.clear()
    assert submit(service.port, raw, ["kim@council.example"]) == (250, "2.0.0 kept")
    # A notice about what an earlier test had held may come just now.
    (taken,) = (each for each in sink.taken if each.recipients == ["kim@council.example"])
    assert bytes(taken.content).endswith(raw) and bytes(taken.content)[: -len(raw)].startswith(b"Received: ")


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_t46_what_cannot_be_read_to_its_end_is_held_by_the_floor(service: Service, cut: int) -> None:
    row = held(service, carrying(outlook.tnef(outlook.meeting(INSIDE))[:-cut]))
    assert row["rules"] == UNREAD


def test_t46_garbage_is_held_by_the_floor(service: Service) -> None:
    assert held(service, carrying(os.urandom(3_000)))["rules"] == UNREAD


def test_t44_a_list_in_an_attached_outlook_message(service: Service, sink: Sink) -> None:
    mail = Mail([text(outlook.CLASS, "IPM.Note")], [recipient(each) for each in people(12)])
    row = held(service, carrying(outlook.msg(mail), "Minutes.msg", "application/vnd.ms-outlook"))
    assert row["rules"] == ["list-in-an-attached-message"]
    small = Mail([text(outlook.CLASS, "IPM.Note")], [recipient(each) for each in people(3)])
    raw = carrying(outlook.msg(small), "Minutes.msg", "application/vnd.ms-outlook")
    assert submit(service.port, raw, ["kim@council.example"]) == (250, "2.0.0 kept")


def test_a_list_in_the_text_of_a_winmail(service: Service) -> None:
    mail = Mail([text(outlook.CLASS, "IPM.Note"), text(outlook.BODY, "\r\n".join(people(12)))])
    assert held(service, carrying(outlook.tnef(mail)))["rules"] == ["list-in-the-text"]


def test_a_release_as_separate_copies_is_refused(service: Service) -> None:
    """No rewrite of TNEF is built: the reviewer is told so, and may release the original."""
    row = held(service, carrying(outlook.tnef(outlook.meeting(people(12)))))
    done = service.run("held", "release", str(row["ref"]), "--as", "separate", "--reason", "x", check=False)
    assert done.returncode == 4 and "TNEF" in done.stdout + done.stderr


def workers(service: Service) -> list[int]:
    """The processes that the service has started."""
    found = []
    for children in Path(f"/proc/{service.pid}/task").glob("*/children"):
        found += [int(each) for each in children.read_text().split()]
    return found


def test_a_worker_that_is_killed_in_the_middle_is_a_hold_and_the_next_message_is_judged(
    tmp_path: Path, sink: Sink
) -> None:
    settings = {"inspection": {"workers": 1, "wall_seconds": 45}}
    raw = carrying(outlook.tnef(outlook.meeting(INSIDE)))
    with Service(tmp_path, sink.port, **settings) as service:
        assert submit(service.port, raw, ["kim@council.example"]) == (250, "2.0.0 kept")
        (worker,) = eventually(lambda: workers(service))
        os.kill(worker, signal.SIGSTOP)
        killer = threading.Timer(5, os.kill, (worker, signal.SIGKILL))
        killer.start()
        assert held(service, raw)["rules"] == UNREAD
        killer.join()
        assert submit(service.port, raw, ["kim@council.example"]) == (250, "2.0.0 kept")
        assert [event for event in service.events() if event["event"] == "inspection_worker_lost"]
        assert service.stop() == 0
        eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in (worker, service.pid)))
