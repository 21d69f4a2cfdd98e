"""Whom TNEF and .msg files name, read beside Debian's ytnef, tnef and msgconvert."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from email import message_from_string, policy
from pathlib import Path

import pytest

from mailguard.core.carried.model import Attached, Carried
from mailguard.inspection.enclosed import Enclosed
from mailguard.inspection.examine import Examined, examine
from tests.inspection import outlook
from tests.inspection.outlook import Mail, Prop, msg, recipient, text, tnef

PEOPLE = tuple(f"person{number}@patients.example" for number in range(12))
FIXTURES = Path(__file__).parents[1] / "fixtures"


def read_tnef(octets: bytes) -> Examined:
    return examine(Enclosed(octets, "application/ms-tnef", ("winmail.dat",)))


def read_msg(octets: bytes) -> Examined:
    return examine(Enclosed(octets, "application/vnd.ms-outlook", ("Minutes.msg",)))


def named(found: Examined) -> Carried:
    assert found.people is not None, found.unread
    return found.people


def note(*props: Prop, **more: object) -> Mail:
    return replace(Mail([text(outlook.CLASS, "IPM.Note"), *props]), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("listed", [True, False], ids=["in the recipient table too", "as attendees alone"])
def test_attendees_of_a_meeting_request_are_listed(listed: bool) -> None:
    found = named(read_tnef(tnef(outlook.meeting(PEOPLE, listed=listed))))
    assert set(found.listed) == set(PEOPLE)
    assert found.senders == ("jo@elmroad.example",) and found.classes == ("ipm.schedule.meeting.request",)
    assert not found.text and not found.attached


@pytest.mark.parametrize("lid", [0x8238, 0x823B, 0x823C, 0x0006, 0x0007, 0x0008, 0x8536, 0x8537])
@pytest.mark.parametrize("write", [tnef, msg])
def test_every_property_that_lists_attendees(write: object, lid: int) -> None:
    mail = note(outlook.attendees(lid, "Anna <anna@x.example>; ben@x.example"))
    found = named(read_tnef(tnef(mail)) if write is tnef else read_msg(msg(mail)))
    shown = found.listed if write is tnef else found.attached[0].recipients
    assert shown == ("anna@x.example", "ben@x.example")


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        (recipient("anna@x.example", 1), True),
        (recipient("anna@x.example", 2), True),
        (recipient("anna@x.example", 0x10000001), True),
        (recipient("anna@x.example", 3), False),
        ([text(outlook.NAME, "Anna (anna@x.example)")], True),
        ([text(outlook.ADDRESS, "/O=X/CN=ANNA"), text(outlook.SMTP, "anna@x.example")], True),
        ([Prop(outlook.NAME, outlook.STRING8, b"anna@x.example")], True),
        ([Prop(0x0FFF, outlook.BINARY, bytes(24) + "Anna\0SMTP\0anna@x.example\0".encode("utf-16-le"))], True),
        ([Prop(0x0FFF, outlook.BINARY, bytes(25) + b"\0SMTP\0anna@x.example\0")], True),
    ],
)  # fmt: skip
def test_a_recipient_in_every_form(row: list[Prop], shown: bool) -> None:
    in_tnef = named(read_tnef(tnef(note(recipients=[row]))))
    assert in_tnef.listed == (("anna@x.example",) if shown else ())
    in_msg = named(read_msg(msg(note(recipients=[row]))))
    # A sent message that is attached shows its Bcc as well.
    assert in_msg.attached == (Attached((), ("anna@x.example",)),)


@pytest.mark.parametrize(
    ("prop", "shown"),
    [
        (text(outlook.BODY, "Ask anna@x.example."), ("anna@x.example",)),
        (Prop(outlook.BODY, outlook.STRING8, b"Ask anna@x.example."), ("anna@x.example",)),
        (Prop(outlook.HTML, outlook.BINARY, b"<p>Ask <b>anna</b>&#64;x.example"), ("anna@x.example",)),
        (text(outlook.HTML, "<a href='mailto:anna@x.example'>Anna</a>"), ("anna@x.example",)),
        (text(outlook.SUBJECT, "for anna@x.example"), ("anna@x.example",)),
        (Prop(0x8001, outlook.UNICODE, "anna@x.example", (outlook.MEETING, "OwnProperty")), ("anna@x.example",)),
        (Prop(0x6789, outlook.BINARY, b"\x01\x02anna@x.example\0"), ("anna@x.example",)),
        (Prop(0x1035, outlook.UNICODE, "<1@x.example>"), ()),
    ],
)
@pytest.mark.parametrize("write", [tnef, msg])
def test_whom_a_text_or_any_other_property_names(write: object, prop: Prop, shown: tuple[str, ...]) -> None:
    found = named(read_tnef(tnef(note(prop))) if write is tnef else read_msg(msg(note(prop))))
    assert found.text == shown


def test_code_pages() -> None:
    row = [Prop(outlook.NAME, outlook.STRING8, "Анна anna@почта.example".encode("cp1251"))]
    found = named(read_tnef(tnef(note(recipients=[row]), code_page=1251)))
    assert found.listed == ("anna@xn--80a1acny.example",)
    assert named(read_tnef(tnef(note(recipients=[row]), code_page=54321))).listed != found.listed


def test_rich_text() -> None:
    plain = rb"{\rtf1\ansi\ansicpg1252{\*\hidden secret@x.example}{\v hid@x.example} \b an\b0 na\'40x.example\par }"
    packed = len(plain).to_bytes(4, "little") * 2 + b"MELA" + bytes(4) + plain
    found = named(read_tnef(tnef(note(Prop(outlook.RTF, outlook.BINARY, packed)))))
    assert found.text == ("secret@x.example", "hid@x.example", "anna@x.example")


def test_files_and_messages_within() -> None:
    innermost = note(text(outlook.BODY, "deep@x.example"), recipients=[recipient("deepest@x.example")])
    inner = note(
        text(outlook.SENDER, "ben@y.example"), recipients=[recipient("anna@x.example", 2)], embedded=[innermost]
    )
    eml = b"From: c@x.example\r\nTo: dora@x.example\r\n\r\nhi\r\n"
    files = [
        ("a.txt", "text/plain", b"file@x.example"),
        ("b.eml", "message/rfc822", eml),
        ("l.csv", "text/csv", b"csv@x.example"),
    ]
    outer = note(files=files, embedded=[inner])
    for found in (named(read_tnef(tnef(outer))), named(read_msg(msg(outer)))):
        assert set(found.text) == {"file@x.example", "deep@x.example"} and found.contacts == ("csv@x.example",)
        wanted = {("ben@y.example", "anna@x.example"), (None, "deepest@x.example"), ("c@x.example", "dora@x.example")}
        assert wanted <= {
            (next(iter(each.authors), None), next(iter(each.recipients), None)) for each in found.attached
        }
        assert not found.listed


def test_a_picture_within_is_unread_but_the_people_are_known() -> None:
    found = read_tnef(tnef(note(files=[("logo.png", "image/png", b"\x89PNG\r\n")])))
    assert found.people is not None and found.unread


def test_what_cannot_be_read_within_leaves_the_people_unknown() -> None:
    broken = tnef(note(recipients=[recipient("a@x.example")]))[:-4]
    found = read_tnef(tnef(note(files=[("winmail.dat", "application/ms-tnef", broken)])))
    assert found.people is None and found.unread


def test_recalls_are_told_by_their_class() -> None:
    found = named(read_tnef(tnef(Mail([text(outlook.CLASS, "IPM.Outlook.Recall")]))))
    assert found.classes == ("ipm.outlook.recall",)
    assert named(read_tnef(tnef(Mail(), message_class=b"IPM.Outlook.Recall"))).classes == ("ipm.outlook.recall",)


# Files of another program (fixtures/make.py)


def test_a_meeting_request_of_another_program() -> None:
    found = named(read_msg((FIXTURES / "appointment.msg").read_bytes()))
    assert found.attached == (Attached(("jo@elmroad.example",), PEOPLE),)
    assert found.classes == ("ipm.schedule.meeting.request",)


def test_a_message_within_a_message_of_another_program() -> None:
    found = named(read_msg((FIXTURES / "forwarded.msg").read_bytes()))
    assert Attached(("anna@council.example",), PEOPLE) in found.attached
    assert set(found.attached[0].recipients) == {"dev@elmroad.example", "kim@partner.example"}
    assert {"body@inner.example", "body@outer.example", "html@outer.example", "file@outer.example"} == set(found.text)


# Second opinions: what other programs make of the writer's files


def run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def test_ytnef_and_tnef_read_the_same(tmp_path: Path) -> None:
    mail = outlook.meeting(PEOPLE)
    mail.files.append(("list.txt", "text/plain", b"file@x.example"))
    file = tmp_path / "winmail.dat"
    file.write_bytes(tnef(mail))
    shown = run("ytnefprint", str(file))
    assert "IPM.Schedule.Meeting.Request" in shown
    assert all(address in shown for address in named(read_tnef(file.read_bytes())).listed)
    assert "list.txt" in run("tnef", "-t", str(file))


@pytest.mark.parametrize("name", ["written.msg", "forwarded.msg"])
def test_msgconvert_reads_the_same(tmp_path: Path, name: str) -> None:
    mail = outlook.meeting(PEOPLE)
    mail.embedded.append(note(text(outlook.BODY, "deep@x.example")))
    octets = msg(mail) if name == "written.msg" else (FIXTURES / name).read_bytes()
    (tmp_path / name).write_bytes(octets)
    shown = message_from_string(run("msgconvert", "--outfile", "-", str(tmp_path / name)), policy=policy.default)
    top = {address.addr_spec for field in ("To", "Cc") if shown[field] for address in shown[field].addresses}
    assert top <= set(named(read_msg(octets)).attached[0].recipients) and (top or name == "forwarded.msg")
