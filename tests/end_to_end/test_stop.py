"""SIGTERM at the real process: idle clients hear 421, running messages finish, nobody new gets in."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import pytest

from tests.end_to_end.mailing import message
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink


class Client:
    """One connection, line by line."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 20)
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

        busy.send(raw[100:] + b".\r\n")
        assert busy.line().startswith(b"250 ")
        assert busy.line().startswith(b"421 4.3.2 ") and busy.line() == b""
        idle.close()
        busy.close()
        assert service.wait() == 0
        assert [taken.recipients for taken in sink.taken] == [["a@council.example"]]
        assert sink.taken[0].content.endswith(raw)
        assert service.run("audit", "verify").returncode == 0
