"""A recording smarthost in threads that knows how far each transaction came, and waits where it is told to.

It keeps each transaction with the stage that it reached: `mail`, `rcpt`, `data`, `content`, `dot` (the whole content
came), `replied` (250 was said). A gate stops the sessions of one kind at one stage, until it is opened or cut.
"""

from __future__ import annotations

import contextlib
import hashlib
import socket
import socketserver
import threading
import time
from dataclasses import dataclass, field
from typing import Any

GATE_SECONDS = 60.0
KINDS = {"p": "pass", "s": "copy", "h": "release"}
"""By the first letter of a mark: what comes to the smarthost of a held message is a release."""


@dataclass(slots=True)
class Passage:
    """One transaction. life: of the guard, counted by the test. at: when MAIL came, in seconds since the epoch."""

    life: int
    mail: str
    at: float
    stage: str = "mail"
    recipients: list[str] = field(default_factory=list)
    sha256: str = ""

    @property
    def whole(self) -> bool:
        return self.stage in ("dot", "replied")

    @property
    def kind(self) -> str:
        return KINDS[self.mail[0]] if self.mail else "notice"

    @property
    def mark(self) -> str:
        """Of the message that it is, or that it is about."""
        return (self.mail or self.recipients[0]).partition("@")[0]


class Gate:
    """Where sessions wait. stage "banner": before the greeting of whoever connects; all that are idle are cut then."""

    def __init__(self, stage: str = "", kind: str = "") -> None:
        self.stage, self.kind = stage, kind
        self.waiting = 0
        self._open = threading.Event()
        self._cut = False

    def at(self, stage: str, kind: str) -> None:
        if stage != self.stage or (self.kind and kind and kind != self.kind):
            return
        self.waiting += 1
        self._open.wait(GATE_SECONDS)
        if self._cut:
            raise ConnectionError("the guard was killed while it waited here")

    def open(self, *, cut: bool = False) -> None:
        """cut: the guard is dead, and nothing that waits goes on: it stays at its stage."""
        self._cut = cut
        self._open.set()


class _Session(socketserver.StreamRequestHandler):
    server: Any

    def handle(self) -> None:
        sink: TracingSink = self.server.sink
        with sink.session(self.connection):
            sink.gate.at("banner", "")
            self.wfile.write(b"220 sink.example ESMTP\r\n")
            passage: Passage | None = None
            while line := self.rfile.readline():
                command, _, argument = line.decode().rstrip("\r\n").partition(" ")
                match command.upper():
                    case "EHLO":
                        self.wfile.write(
                            b"250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 104857600\r\n"
                        )
                    case "MAIL":
                        passage = sink.began(_address(argument))
                        self.wfile.write(b"250 2.1.0 ok\r\n")
                    case "RCPT" if passage:
                        passage.recipients.append(_address(argument))
                        passage.stage = "rcpt"
                        sink.gate.at("rcpt", passage.kind)
                        self.wfile.write(b"250 2.1.5 ok\r\n")
                    case "DATA" if passage:
                        passage.stage = "data"
                        self.wfile.write(b"354 go ahead\r\n")
                        self._content(sink, passage)
                        sink.gate.at("dot", passage.kind)
                        passage.stage = "replied"  # before it is said: the guard may have it at once
                        self.wfile.write(b"250 2.0.0 kept\r\n")
                        passage = None
                        if sink.gate.stage == "banner":
                            return
                    case "QUIT":
                        self.wfile.write(b"221 2.0.0 bye\r\n")
                        return
                    case _:
                        self.wfile.write(b"250 2.0.0 ok\r\n")

    def _content(self, sink: TracingSink, passage: Passage) -> None:
        digest = hashlib.sha256()
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                raise ConnectionError("the guard left in the middle of a message")
            if passage.stage == "data":
                passage.stage = "content"
                sink.gate.at("content", passage.kind)
            digest.update(line[1:] if line.startswith(b".") else line)
        passage.sha256 = digest.hexdigest()
        passage.stage = "dot"


def _address(argument: str) -> str:
    return argument[argument.index("<") + 1 : argument.index(">")]


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A guard that is killed in the middle is part of the tests."""


class TracingSink:
    """port: where it listens. life: what is written on what comes now. passages: all of it, in order."""

    def __init__(self) -> None:
        self.life = 0
        self.gate = Gate()
        self.passages: list[Passage] = []
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Session)
        self._server.sink = self  # type: ignore[attr-defined]
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @contextlib.contextmanager
    def session(self, connection: socket.socket) -> Any:
        with self._lock:
            self._open.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(connection)

    def began(self, mail: str) -> Passage:
        passage = Passage(self.life, mail, time.time())
        with self._lock:
            self.passages.append(passage)
        return passage

    def close_gate(self, stage: str, kind: str) -> Gate:
        """From now on. Sessions that are idle end, where it is before the greeting."""
        self.gate = Gate(stage, kind)
        if stage == "banner":
            with self._lock:
                for each in self._open:
                    with contextlib.suppress(OSError):
                        each.shutdown(socket.SHUT_RD)
        return self.gate

    def end_life(self, seconds: float = 20.0) -> list[Passage]:
        """After the guard's death: let every session come to its end. What came in this life."""
        self.gate.open(cut=True)
        self.gate = Gate()
        deadline = time.monotonic() + seconds
        while self._open:
            assert time.monotonic() < deadline, "a session outlives the guard"
            time.sleep(0.005)
        ended, self.life = self.life, self.life + 1
        return [each for each in self.passages if each.life == ended]

    def close(self) -> None:
        self.gate.open(cut=True)
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> TracingSink:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
