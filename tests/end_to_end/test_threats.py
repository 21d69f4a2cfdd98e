"""THREATS.md through the real process: one message for each spelling of each row, and nothing of it leaves as it was.

The parts are tested by themselves (tests/dialogues, tests/core); here it is that they are wired together: door, parser,
floor, policy and ledger, with the default policy.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import Service
from tests.end_to_end.sink import Sink, Taken

LEAK = "leak@council.example"
HEAD = b"From: Jo Reid <jo@elmroad.example>\r\nDate: Fri, 20 Nov 2026 14:00:00 +0000\r\nSubject: Flu clinic\r\n"
TO = b"To: office@elmroad.example\r\n"
PARTS = b"--B\r\nContent-Type: text/plain\r\n\r\none\r\n--B--\r\n"
MIXED = HEAD + TO + b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=B\r\n"
ROOMY = {"messages_per_session": 1000, "connections_per_client": 200, "message_bytes": 20_000_000}

HELD = {
    "t20-second-cc": HEAD + TO + b"Cc: a@council.example\r\nCc: leak@council.example\r\n\r\nx\r\n",
    "t20-second-from": HEAD + b"From: eve@council.example\r\n" + TO + b"\r\nx\r\n",
    "t21-space-before-colon": HEAD + TO + b"Cc : leak@council.example\r\n\r\nx\r\n",
    "t21-space-first": b" Cc: leak@council.example\r\n" + HEAD + TO + b"\r\nx\r\n",
    "t22-no-colon": HEAD + TO + b"no colon here\r\nCc: leak@council.example\r\n\r\nx\r\n",
    "t22-eight-bit-name": HEAD + TO + b"X-\xfc: y\r\nCc: leak@council.example\r\n\r\nx\r\n",
    "t23-blank-line": HEAD + TO + b" \r\nCc: leak@council.example\r\n\r\nx\r\n",
    "t24-from-line": b"From jo Fri Nov 20 14:00:00 2026\r\n" + HEAD + TO + b"Cc: leak@council.example\r\n\r\nx\r\n",
    "t26-encoded-list": HEAD + TO + b"Cc: =?utf-8?q?leak=40council.example=2C?= <a@b.example>\r\n\r\nx\r\n",
    "t27-comment-inside": HEAD + TO + b"Cc: leak(x)@(y)council.example\r\n\r\nx\r\n",
    "t27-unclosed-comment": HEAD + TO + b"Cc: a@b.example (leak@council.example\r\n\r\nx\r\n",
    "t28-nested-group": HEAD + b"To: a: b: leak@council.example;;\r\n\r\nx\r\n",
    "t29-behind-brackets": HEAD + TO + b"Cc: <office@elmroad.example> leak@council.example\r\n\r\nx\r\n",
    "t29-semicolon": HEAD + TO + b"Cc: a@b.example; leak@council.example\r\n\r\nx\r\n",
    "t30-unterminated": HEAD + TO + b'Cc: "a@b.example, leak@council.example\r\n\r\nx\r\n',
    "t31-wide-at": HEAD + TO + "Cc: leak\uff20council.example\r\n\r\nx\r\n".encode(),
    "t34-two-types": MIXED + b"Content-Type: text/plain\r\n\r\n" + PARTS,
    "t34-comment-in-encoding": MIXED + b"Content-Transfer-Encoding: 7bit (x)\r\n\r\n" + PARTS,
    "t34-loaded-preamble": MIXED + b"\r\nContent-Type: text/html\r\n\r\n<b>x</b>\r\n" + PARTS,
    "t49-external-body": MIXED + b"\r\n--B\r\nContent-Type: message/external-body; x=y\r\n\r\n\r\n--B--\r\n",
    "t80-nesting": HEAD + TO + b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=B0\r\n\r\n" + b"".join(
        b"--B%d\r\nContent-Type: multipart/mixed; boundary=B%d\r\n\r\n" % (depth, depth + 1) for depth in range(20_000)
    ),
    "t80-parts": MIXED + b"\r\n" + b"--B\r\n\r\nx\r\n" * 100_000 + b"--B--\r\n",
    "t80-recipients": message(people(10_000)),
    "t80-encoded-words": HEAD + TO + b"Cc: " + b"=?utf-8?q?leak=40x.example=2C?=\r\n " * 10_000 + b"x\r\n\r\nx\r\n",
}  # fmt: skip
"""name -> a message that the floor or the default policy keeps back."""

REFUSED = {
    "t25-bare-cr": (HEAD + TO + b"X-Note: a\rBcc: leak@council.example\r\n\r\nx\r\n", 554),
    "t25-bare-lf": (HEAD + TO + b"X-Note: a\nBcc: leak@council.example\r\n\r\nx\r\n", 554),
    "t25-nul": (HEAD + TO + b"Cc\0: leak@council.example\r\n\r\nx\r\n", 554),
    "t33-header-too-large": (HEAD + TO + b"X-A: " + b"x" * 1_100_000 + b"\r\n\r\nx\r\n", 552),
    "t33-too-many-fields": (HEAD + TO + b"X: y\r\n" * 200_000 + b"\r\nx\r\n", 552),
    "t48-partial": (
        HEAD + TO + b"MIME-Version: 1.0\r\nContent-Type: message/partial; id=1; number=1\r\n\r\nx\r\n",
        550,
    ),
}
"""name -> a message, and the code that refuses it."""

BAD_ENDS = (
    b"\n.\n", b"\n.\r", b"\r.\n", b"\r.\r", b"\n.\r\n", b"\r.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r\n.\r\r\n",
    b"\r\r\n.\r\r\n", b"\r\n\0.\r\n", b"\r\n.\0\r\n",
)  # fmt: skip
"""THREATS.md T1, all twelve."""


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink() as found:
        yield found


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[Service]:
    second = {"address": "127.0.0.1:0", "line_ends": "normalise"}
    folder = tmp_path_factory.mktemp("threats")
    with Service(folder, sink.port, limits=ROOMY, listen=[{"address": "127.0.0.1:0"}, second]) as found:
        yield found


def leaks(sink: Sink) -> list[str]:
    """Who outside got something."""
    return [each for each in sink.recipients() if each.endswith("council.example")]


def mail(sink: Sink) -> list[Taken]:
    """What came since it was cleared, without the notices about what was held before, which come in their own time."""
    return [each for each in list(sink.taken) if not each.mail.startswith(b"<>")]


@pytest.mark.parametrize("name", HELD)
def test_it_is_held(service: Service, sink: Sink, name: str) -> None:
    begun = time.monotonic()
    options = () if HELD[name].isascii() else ("BODY=8BITMIME",)
    code, text = submit(service.port, HELD[name], [LEAK], options=options)
    assert (code, text[:34]) == (250, "2.0.0 Held for checking, ref MG-" + text[32:34]), text
    assert time.monotonic() - begun < 10
    assert not leaks(sink)


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused(service: Service, sink: Sink, name: str) -> None:
    raw, expected = REFUSED[name]
    code, text = submit(service.port, raw, [LEAK])
    assert code == expected, text
    assert not leaks(sink)


def test_t40_no_blind_field_leaves(service: Service, sink: Sink) -> None:
    blind = b"Bcc: leak@council.example\r\nResent-Bcc: leak@council.example\r\nbCC: x\r\n leak@council.example\r\n"
    sink.taken.clear()
    code, text = submit(service.port, HEAD + TO + blind + b"\r\nx\r\n", ["anna@partner.example", LEAK])
    assert code == 250, text
    (taken,) = mail(sink)
    assert b"leak" not in taken.content and b"cc:" not in taken.content.lower() and len(taken.rcpt) == 2
    sink.taken.clear()


@pytest.mark.parametrize("listener", [0, 1], ids=["refuse", "normalise"])
@pytest.mark.parametrize("end", BAD_ENDS, ids=repr)
def test_t1_t2_no_false_end_makes_a_second_message(service: Service, sink: Sink, end: bytes, listener: int) -> None:
    """What stands behind a false end is never a message of its own: not here, and not at the smarthost."""
    sink.taken.clear()
    smuggled = b"MAIL FROM:<eve@council.example>\r\nRCPT TO:<leak@council.example>\r\nDATA\r\nsmuggled\r\n.\r\n"
    started = next(event for event in service.events() if event["event"] == "service_started")
    port = int(started["addresses"][listener].rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client, client.makefile("rb") as replies:
        client.sendall(
            b"EHLO client.example\r\nMAIL FROM:<jo@elmroad.example>\r\nRCPT TO:<anna@partner.example>\r\nDATA\r\n"
            + HEAD + TO + b"\r\nfirst" + end + smuggled
        )  # fmt: skip
        client.shutdown(socket.SHUT_WR)
        replies.read()
    assert not leaks(sink) and len(mail(sink)) <= 1
    for taken in mail(sink):
        assert taken.recipients == ["anna@partner.example"] and b"\0" not in taken.content
        assert not taken.content.replace(b"\r\n", b"").count(b"\r") + taken.content.replace(b"\r\n", b"").count(b"\n")
    sink.taken.clear()


def test_after_all_that_ordinary_mail_passes(service: Service, sink: Sink) -> None:
    sink.taken.clear()
    assert submit(service.port, message(), ["anna@partner.example"])[0] == 250
    assert [each.recipients for each in mail(sink)] == [["anna@partner.example"]]
    assert service.run("audit", "verify").returncode == 0
