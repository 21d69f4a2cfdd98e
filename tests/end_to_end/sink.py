"""A recording smarthost in threads: takes everything and keeps each transaction byte for byte."""

from __future__ import annotations

import socketserver
import threading
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Taken:
    """One transaction. mail, rcpt: the arguments in wire form. content: without dot-stuffing. hello: who sent it."""

    mail: bytes
    rcpt: tuple[bytes, ...]
    content: bytes
    hello: bytes = b""

    @property
    def recipients(self) -> list[str]:
        return [each[each.index(b"<") + 1 : each.index(b">")].decode() for each in self.rcpt]


class _Session(socketserver.StreamRequestHandler):
    server: Any

    def handle(self) -> None:
        sink: Sink = self.server.sink
        self.wfile.write(b"220 sink.example ESMTP\r\n")
        mail, rcpt, hello = b"", list[bytes](), b""
        while line := self.rfile.readline():
            command, _, argument = line.rstrip(b"\r\n").partition(b" ")
            verb = command.upper()
            if verb == b"EHLO":
                hello = argument
                self.wfile.write(b"".join(b"250-" + each + b"\r\n" for each in sink.extensions) + b"250 HELP\r\n")
            elif verb == b"MAIL":
                mail, rcpt = argument[5:], []
                self.wfile.write(b"250 2.1.0 ok\r\n")
            elif verb == b"RCPT":
                answer = sink.answer_to(argument[3:])
                if answer.startswith(b"250"):
                    rcpt.append(argument[3:])
                self.wfile.write(answer + b"\r\n")
            elif verb == b"DATA":
                if not rcpt:
                    self.wfile.write(b"554 5.5.1 no valid recipients\r\n")
                    continue
                self.wfile.write(b"354 go ahead\r\n")
                sink.keep(Taken(mail, tuple(rcpt), self._content(), hello))
                self.wfile.write(b"250 2.0.0 kept\r\n")
            elif verb == b"QUIT":
                self.wfile.write(b"221 2.0.0 bye\r\n")
                return
            else:
                self.wfile.write(b"250 2.0.0 ok\r\n")

    def _content(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                raise ConnectionError("the client left in the middle of a message")
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A guard that is killed in the middle is part of the tests."""


class Sink:
    """`port` is where it listens; `taken` what it kept. refusals: recipient -> the reply to its RCPT."""

    extensions = (b"sink.example", b"PIPELINING", b"8BITMIME", b"SMTPUTF8", b"DSN", b"SIZE 104857600")

    def __init__(self, port: int = 0) -> None:
        self.taken: list[Taken] = []
        self.refusals: dict[bytes, bytes] = {}
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), _Session)
        self._server.sink = self  # type: ignore[attr-defined]
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def answer_to(self, argument: bytes) -> bytes:
        address = argument[argument.index(b"<") + 1 : argument.index(b">")]
        return self.refusals.get(address, b"250 2.1.5 ok")

    def keep(self, taken: Taken) -> None:
        with self._lock:
            self.taken.append(taken)

    def recipients(self) -> list[str]:
        with self._lock:
            return [address for taken in self.taken for address in taken.recipients]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Sink:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
