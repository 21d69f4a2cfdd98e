"""Messages that are made to cost much: what THREATS.md T33, T80 and T81 name, each sent by a client of its own.

Each function opens a session, sends, and gives the code of the last reply that it heard, 0 where it was cut off.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

HEAD = b"From: jo@elmroad.example\r\nTo: office@elmroad.example\r\nSubject: x\r\n"
MIXED = HEAD + b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n"
NESTED = HEAD + b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=B0\r\n\r\n"
BLOCK = b"x" * 65_536


def _level(depth: int) -> bytes:
    return b"--B%d\r\nContent-Type: multipart/mixed; boundary=B%d\r\n\r\n" % (depth, depth + 1)


CONTENTS: dict[str, Callable[[], bytes]] = {
    "200 kB of commas in To": lambda: b"From: jo@elmroad.example\r\nTo: " + b"," * 200_000 + b"\r\n\r\nx\r\n",
    "200,000 header fields": lambda: HEAD + b"X: y\r\n" * 200_000 + b"\r\nx\r\n",
    "10,000 header fields": lambda: HEAD + b"X: y\r\n" * 9_990 + b"\r\nx\r\n",
    "nesting of 20,000": lambda: NESTED + b"".join(map(_level, range(20_000))),
    "100,000 parts": lambda: MIXED + b"--B\r\n\r\nx\r\n" * 100_000 + b"--B--\r\n",
}  # fmt: skip


class Cut(Exception):
    """The session has ended."""


class Client:
    def __init__(self, port: int, source: str = "127.0.0.1") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=120, source_address=(source, 0))
        self._heard = b""
        self._answer()
        self.say(b"EHLO poison.example\r\n")

    def say(self, octets: bytes, answers: int = 1) -> int:
        """Send, and read so many replies; the code of the last."""
        sending = threading.Thread(target=self._send, args=(octets,))
        sending.start()
        try:
            code = 0
            for _ in range(answers):
                code = self._answer()
            return code
        finally:
            sending.join()

    def stream(self, block: bytes, count: int) -> None:
        """Send a block so many times. Cut where nobody takes it any more."""
        try:
            for _ in range(count):
                self.socket.sendall(block)
        except OSError:
            raise Cut from None

    def _send(self, octets: bytes) -> None:
        with suppress(OSError):
            self.socket.sendall(octets)

    def _answer(self) -> int:
        while True:
            line = self._line()
            if line[3:4] != b"-":
                return int(line[:3])

    def _line(self) -> bytes:
        while b"\n" not in self._heard:
            try:
                piece = self.socket.recv(65_536)
            except OSError:
                piece = b""
            if not piece:
                raise Cut
            self._heard += piece
        line, _, self._heard = self._heard.partition(b"\n")
        return line


def content(port: int, octets: bytes) -> int:
    client = Client(port)
    with client.socket:
        client.say(b"MAIL FROM:<jo@elmroad.example>\r\nRCPT TO:<anna@council.example>\r\nDATA\r\n", 3)
        return client.say(octets + b".\r\n")


def twenty_thousand_recipients(port: int) -> int:
    client = Client(port)
    with client.socket:
        client.say(b"MAIL FROM:<jo@elmroad.example>\r\n")
        many = b"".join(b"RCPT TO:<a%d@council.example>\r\n" % each for each in range(20_000))
        client.say(many, 20_000)
        client.say(b"DATA\r\n")
        return client.say(HEAD + b"\r\nx\r\n.\r\n")


def endless_command(port: int, octets: int) -> int:
    client = Client(port)
    with client.socket:
        client.stream(BLOCK, octets // len(BLOCK))
        return client.say(b"\r\n")


def endless_content(port: int, octets: int) -> int:
    client = Client(port)
    with client.socket:
        client.say(b"MAIL FROM:<jo@elmroad.example>\r\nRCPT TO:<anna@council.example>\r\nDATA\r\n", 3)
        client.stream(BLOCK, octets // len(BLOCK))
        return client.say(b"\r\n.\r\n")


def all_kinds(octets: int = 500_000_000) -> dict[str, Callable[[int], int]]:
    """name -> what one client does, which takes the port. octets: of what has no line end."""

    def sends(octets: bytes) -> Callable[[int], int]:
        return lambda port: content(port, octets)

    kinds = {name: sends(make()) for name, make in CONTENTS.items()}
    kinds["20,000 RCPT in one session"] = twenty_thousand_recipients
    size = f"{octets // 1_000_000} MB without a line end"
    kinds[f"{size}, as a command"] = lambda port: endless_command(port, octets)
    kinds[f"{size}, as content"] = lambda port: endless_content(port, octets)
    return kinds


@contextmanager
def poisoners(port: int, kinds: dict[str, Callable[[int], int]]) -> Iterator[dict[str, list[int]]]:
    """While the block runs, each kind is sent again and again by a client of its own. name -> the codes it got, 0 for
    a session that was cut.
    """
    ending = threading.Event()
    codes: dict[str, list[int]] = {name: [] for name in kinds}

    def go_on(name: str) -> None:
        while not ending.is_set():
            try:
                codes[name].append(kinds[name](port))
            except (Cut, OSError):
                codes[name].append(0)
                time.sleep(0.05)

    threads = [threading.Thread(target=go_on, args=(name,)) for name in kinds]
    for each in threads:
        each.start()
    try:
        yield codes
    finally:
        ending.set()
        for each in threads:
            each.join()
