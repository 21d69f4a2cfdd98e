"""A mail program line by line, with TLS and sign-in, for acceptance tests of the real process."""

from __future__ import annotations

import base64
import re
import socket
import ssl
from pathlib import Path
from typing import Any, NamedTuple

from tests.end_to_end.service import Service

WAIT_SECONDS = 60.0


class Reply(NamedTuple):
    """lines: without the code."""

    code: int
    lines: list[str]

    @property
    def text(self) -> str:
        """The whole reply, with its code, as one line."""
        return f"{self.code} {' '.join(self.lines)}".rstrip()


class MailClient:
    """Connected and greeted, not yet introduced. source: the loopback address that it comes from."""

    def __init__(
        self, port: int, tls: str = "none", trust: Path | None = None, *, source: str = "127.0.0.1", first: bytes = b""
    ) -> None:
        self._context = ssl.create_default_context(cafile=str(trust)) if trust else None
        self._socket: socket.socket = socket.create_connection(("127.0.0.1", port), WAIT_SECONDS, (source, 0))
        if first:
            self._socket.sendall(first)
        if tls == "implicit":
            self._wrap()
        self._file = self._socket.makefile("rb")
        self.greeting = self.hear()
        self.extensions: dict[str, str] = {}
        if tls == "starttls":
            self.hello()
            assert self.ask("STARTTLS").code == 220
            self._wrap()
            self._file = self._socket.makefile("rb")

    @property
    def shown(self) -> bytes:
        """The certificate that the server showed, in DER."""
        assert isinstance(self._socket, ssl.SSLSocket)
        return self._socket.getpeercert(binary_form=True) or b""

    def hear(self) -> Reply:
        """The next reply; code 0 where the server has closed the connection."""
        lines = []
        while line := self._line():
            lines.append(line[4:].rstrip())
            if line[3:4] != "-":
                return Reply(int(line[:3]), lines)
        return Reply(0, lines)

    def ask(self, command: str | bytes) -> Reply:
        self.say(command)
        return self.hear()

    def say(self, command: str | bytes) -> None:
        octets = command.encode() if isinstance(command, str) else command
        self._socket.sendall(octets + b"\r\n")

    def hello(self) -> Reply:
        reply = self.ask("EHLO pc.elmroad.example")
        pairs = [each.partition(" ") for each in reply.lines[1:]]
        self.extensions = {name.upper(): rest for name, _, rest in pairs}
        return reply

    def sign_in(self, mechanism: str, account: str, secret: str) -> Reply:
        """To its end, as a mail program does it: a challenge that says what is wrong is answered."""
        if mechanism == "LOGIN":
            self.ask("AUTH LOGIN")
            self.ask(encode(account))
            return self.ask(encode(secret))
        reply = self.ask(f"AUTH {mechanism} {encode(initial_response(mechanism, account, secret))}")
        if reply.code == 334:
            reply = self.ask("AQ==" if mechanism == "OAUTHBEARER" else "")
        return reply

    def send(self, raw: bytes, recipients: list[str], sender: str = "jo@elmroad.example", options: str = "") -> Reply:
        """The reply to the final dot, or to what was refused before it."""
        reply = self.ask(f"MAIL FROM:<{sender}>{options}")
        for recipient in recipients:
            if reply.code < 400:
                reply = self.ask(f"RCPT TO:<{recipient}>")
        if reply.code < 400:
            reply = self.ask("DATA")
        if reply.code == 354:
            self._socket.sendall((b"\r\n" + raw).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n")
            reply = self.hear()
        return reply

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def _line(self) -> str:
        try:
            return self._file.readline().decode()
        except ConnectionError:
            return ""

    def _wrap(self) -> None:
        assert self._context is not None
        self._socket = self._context.wrap_socket(self._socket, server_hostname="localhost")

    def __enter__(self) -> MailClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def initial_response(mechanism: str, account: str, secret: str) -> str:
    return {
        "PLAIN": f"\0{account}\0{secret}",
        "XOAUTH2": f"user={account}\1auth=Bearer {secret}\1\1",
        "OAUTHBEARER": f"n,a={account},\1auth=Bearer {secret}\1\1",
    }[mechanism]


def ports(service: Service) -> list[int]:
    """Of every listener, in the order of the settings."""
    (started,) = (each for each in service.events()[-200:] if each.get("event") == "service_started")
    return [int(each.rpartition(":")[2]) for each in started["addresses"]]


def accounts_that_carried(log: str, message_id: str) -> list[str]:
    """Who had signed in to Postfix where it took the messages with this Message-ID: one for each, "" for nobody."""
    found = []
    for queue_id in re.findall(rf"cleanup\[\d+\]: (\w+): message-id=<{re.escape(message_id)}>", log):
        (line,) = re.findall(rf"smtpd\[\d+\]: {queue_id}: client=.*", log)
        found.append((re.findall(r"sasl_username=(\S+)", line) or [""])[0])
    return found


def submission_settings(folder: Path, port: int, ca_file: Path, account: str, password: str) -> dict[str, Any]:
    """A smarthost on localhost with verified TLS, at which the guard signs in itself."""
    (folder / "smarthost.password").write_text(password + "\n")
    return {
        "address": f"localhost:{port}",
        "tls": "required",
        "ca_file": str(ca_file),
        "username": account,
        "password_file": str(folder / "smarthost.password"),
    }
