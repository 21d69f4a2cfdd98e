"""SIGTERM at the real process: idle clients hear 421, running messages finish, nobody new gets in."""

from __future__ import annotations

import signal
import socket
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.end_to_end.mail_client import MailClient
from tests.end_to_end.mailing import message, submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink
from tests.fakes.smarthost import STALL, Act
from tests.fakes.threaded import ThreadedSmarthost

GRACE = 6
"""Seconds: what the other session has to end in, on a busy machine too."""


class Client:
    """One connection, line by line."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 60)
        self._file = self._socket.makefile("rb")
        assert self.line().startswith(b"220 ")

    def line(self) -> bytes:
        return self._file.readline()

    def ask(self, command: bytes) -> bytes:
        self.send(command + b"\r\n")
        return self.line()

    def send(self, octets: bytes) -> None:
        self._socket.sendall(octets)

    def close(self) -> None:
        self._file.close()
        self._socket.close()


def test_a_graceful_stop(tmp_path: Path, sink: Sink) -> None:
    with Service(tmp_path, sink.port) as service:
        idle, busy = Client(service.port), Client(service.port)
        idle.ask(b"HELO idle.elmroad.example")
        for command in (b"HELO c.elmroad.example", b"MAIL FROM:<jo@elmroad.example>", b"RCPT TO:<a@council.example>"):
            assert busy.ask(command).startswith(b"250")
        assert busy.ask(b"DATA").startswith(b"354")
        raw = message(body="Dear all\r\n")
        busy.send(raw[:100])

        service.signal(signal.SIGTERM)
        assert idle.line().startswith(b"421 4.3.2 ") and idle.line() == b""
        eventually(lambda: any(event["event"] == "service_stopping" for event in service.events()))
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", service.port), 5)

        for again in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            service.signal(again)  # cuts nothing short
        busy.send(raw[100:] + b".\r\n")
        assert busy.line().startswith(b"250 ")
        assert busy.line().startswith(b"421 4.3.2 ") and busy.line() == b""
        idle.close()
        busy.close()
        assert service.wait() == 0
        assert [taken.recipients for taken in sink.taken] == [["a@council.example"]]
        assert sink.taken[0].content.endswith(raw)
        assert service.run("audit", "verify").returncode == 0


def test_a_session_that_never_ends_is_cut_after_the_set_time(tmp_path: Path, sink: Sink) -> None:
    with Service(tmp_path, sink.port, stop_grace_seconds=GRACE) as service:
        endless, later = Client(service.port), Client(service.port)
        for client in (endless, later):
            begin(client)
        endless.send(b"From: jo@elmroad.example\r\n")
        service.signal(signal.SIGTERM)
        stopping = eventually(lambda: event(service, "service_stopping"))
        later.send(message() + b".\r\n")
        assert later.line().startswith(b"250 ") and later.line().startswith(b"421 4.3.2 ")
        later.close()
        assert endless.line()[:3] in (b"421", b"") and endless.line() == b""
        endless.close()
        assert service.wait() == 0
        abandoned = event(service, "sessions_abandoned")
        assert abandoned and abandoned["count"] == 1
        assert seconds_between(stopping, abandoned) >= GRACE - 0.1, "it had the whole time"
        assert [taken.recipients for taken in sink.taken] == [["a@council.example"]], "nothing of the cut-off one left"
        assert service.run("audit", "verify").returncode == 0


def test_a_smarthost_that_never_answers_does_not_keep_the_service_from_stopping(tmp_path: Path) -> None:
    """Its client hears no 250 and tries again; the ledger has the decision, and is whole."""
    with (
        ThreadedSmarthost({"dot": STALL}) as smarthost,
        Service(tmp_path, smarthost.port, stop_grace_seconds=2) as service,
    ):
        client = Client(service.port)
        begin(client)
        client.send(message() + b".\r\n")
        smarthost.wait_for(1)
        service.signal(signal.SIGTERM)
        assert service.wait() == 0
        assert client.line()[:3] in (b"421", b"451", b"")
        client.close()
        stopping, stopped = event(service, "service_stopping"), event(service, "service_stopped")
        assert stopped and stopping and seconds_between(stopping, stopped) < 2 * 2 + 10
        assert "message_decided" in service.run("audit", "list").stdout
        assert service.run("audit", "verify").returncode == 0


def test_what_the_outbox_could_not_deliver_waits_for_the_next_start(tmp_path: Path, sink: Sink) -> None:
    sink.refusals[b"b@council.example"] = b"450 4.2.1 later"
    with Service(tmp_path, sink.port, stop_grace_seconds=1, outbox={"first_retry": "1s"}) as service:
        code, _ = submit(service.port, message(), ["a@council.example", "b@council.example"])
        assert code == 250
        assert service.stop() == 0
    assert len(service.rows("outbox", "list")) == 1
    sink.refusals.clear()
    with service:
        eventually(lambda: sink.recipients().count("b@council.example") == 1, 60)
        assert service.stop() == 0
    assert sorted(sink.recipients()) == ["a@council.example", "b@council.example"]


def begin(client: Client) -> None:
    """A transaction, up to DATA."""
    for command in (b"HELO c.elmroad.example", b"MAIL FROM:<jo@elmroad.example>", b"RCPT TO:<a@council.example>"):
        assert client.ask(command).startswith(b"250")
    assert client.ask(b"DATA").startswith(b"354")


def event(service: Service, name: str) -> dict[str, Any] | None:
    return next((each for each in service.events() if each["event"] == name), None)


def seconds_between(first: dict[str, Any], last: dict[str, Any]) -> float:
    begun, ended = (datetime.fromisoformat(each["timestamp"]) for each in (first, last))
    return (ended - begun).total_seconds()


def test_a_message_that_the_smarthost_has_in_hand_is_finished_and_its_client_hears_so(tmp_path: Path) -> None:
    """All of it was sent; only the smarthost's answer is outstanding when the stop begins."""
    with ThreadedSmarthost({"dot": Act(b"250 2.0.0 slowly\r\n", wait_seconds=2.0)}) as smarthost:
        with Service(tmp_path, smarthost.port) as service, MailClient(service.port) as client:
            client.hello()
            replies: list[str] = []
            sending = Thread(target=lambda: replies.append(client.send(message(), ["a@council.example"]).text))
            sending.start()
            eventually(lambda: smarthost.messages)
            assert service.stop() == 0
            sending.join(30)
        assert replies == ["250 2.0.0 slowly"]
        assert len(smarthost.messages) == 1
