"""A guard with secrets planted wherever one can be, messages that carry some, and the check that none was told.

Planted: the smarthost's account and password, a password of an account of the guard's own, a link to the console, the
octets of every key, the password in the store's URL (where it has one), and in the mail: a sender's name, a recipient,
a subject, a word of the body and the name of a file.
"""

from __future__ import annotations

import base64
import smtplib
from pathlib import Path
from typing import Any

from tests.end_to_end.mailing import message, people
from tests.end_to_end.service import Service
from tests.fakes.smarthost import ORDINARY, ScriptedSmarthost
from tests.fakes.threaded import ThreadedSmarthost
from tests.faults.traffic import PEOPLE, RULES

SMARTHOST_USER, SMARTHOST_PASSWORD = "planted-relay-account", "planted-relay-password"
ACCOUNT_PASSWORD = "planted account password 7"
NAMES = ("sender", "mailbox", "subject", "word", "file")
SENDER, RECIPIENT, SUBJECT, WORD, FILE = (f"planted-{each}" for each in NAMES)
WRITTEN = (SMARTHOST_USER, SMARTHOST_PASSWORD, ACCOUNT_PASSWORD, SENDER, RECIPIENT, SUBJECT, WORD, FILE)
ATTACHED = f'Content-Type: text/plain; name="{FILE}.txt"\r\nContent-Disposition: attachment; filename="{FILE}.txt"'
CLASSES = {"pass": "p", "separate": "s", "hold": "h"}


def smarthost(script: Any = None, **named: Any) -> ThreadedSmarthost:
    """One that asks for the planted account."""
    return ThreadedSmarthost(script, extensions=(*ORDINARY, b"AUTH PLAIN"), **named)


class PlantedService(Service):
    """replies: everything that a client was told."""

    def __init__(self, folder: Path, smarthost_port: int, policy: str = RULES, **settings: Any) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "relay.password").write_text(SMARTHOST_PASSWORD + "\n")
        address = {
            "address": f"127.0.0.1:{smarthost_port}",
            "tls": "none",
            "username": SMARTHOST_USER,
            "password_file": str(folder / "relay.password"),
            **settings.pop("smarthost", {}),
        }
        given = {
            "smarthost": address,
            "outbox": {"first_retry": "1s"},
            "console": {"address": "127.0.0.1:0"},
            **settings,
        }
        super().__init__(folder, smarthost_port, policy, **given)
        self.replies: list[str] = []
        self.links: list[str] = []

    def plant_account(self) -> None:
        """An account with a password, and a link to the console for another."""
        file = self.folder / "account.password"
        file.write_text(ACCOUNT_PASSWORD + "\n")
        self.run("user", "add", "jo@elmroad.example", "--password-file", str(file), "--role", "sender")
        self.links.append(self.run("user", "link").stdout.strip().rpartition("/")[2])

    def send(self, way: str, number: int = 0, *, client: smtplib.SMTP | None = None, timeout: float = 60) -> int:
        """One message that passes, is separated or held. The code of the last reply; 0 where there was none."""
        try:
            if client is not None:
                return self._send(client, way, number)
            with smtplib.SMTP("127.0.0.1", self.port, local_hostname="pc.elmroad.example", timeout=timeout) as own:
                own.ehlo()
                return self._send(own, way, number)
        except smtplib.SMTPResponseException as cause:  # instead of the greeting
            return self.heard(cause.smtp_code, cause.smtp_error if isinstance(cause.smtp_error, bytes) else b"")
        except (OSError, smtplib.SMTPServerDisconnected):
            return 0

    def _send(self, client: smtplib.SMTP, way: str, number: int) -> int:
        names = recipients(way, number)
        code = self.heard(*client.mail(f"{SENDER}@elmroad.example"))
        for name in names:
            if code < 400:
                code = self.heard(*client.rcpt(name))
        if code < 400:
            code = self.heard(*client.docmd("DATA"))
        if code == 354:
            client.send(planted_message(way, number).replace(b"\r\n.", b"\r\n..") + b".\r\n")
            code = self.heard(*client.getreply())
        elif code != 421:
            client.rset()
        return code

    def heard(self, code: int, text: bytes) -> int:
        self.replies.append(f"{code} {text.decode()}")
        return code

    def assert_nothing_told(self) -> None:
        """None of what is planted is in a reply, nor in the log."""
        said = "\n".join(self.replies) + self.log_file.read_text(errors="replace")
        keys = self.folder / "store" / "mailguard.keys"
        octets = [each.read_bytes().strip() for each in keys.rglob("*") if each.is_file()]
        assert octets, "there are no keys to look for"
        forms = [form for each in octets for form in (each.hex(), base64.b64encode(each).decode(), repr(each)[2:-1])]
        for secret in (*WRITTEN, *self.links, *forms):
            assert secret and secret not in said, f"{secret} was told"


def recipients(way: str, number: int) -> list[str]:
    """Of the message with this number: one of them is planted."""
    letter = CLASSES[way]
    return [f"{RECIPIENT}@{letter}{number}.example", *people(PEOPLE[letter] - 1, f"{letter}{number}.example")]


def planted_message(way: str, number: int = 0) -> bytes:
    cc = recipients(way, number) if way != "pass" else None
    return message(cc, subject=f"{SUBJECT} {way} {number}", body=f"{WORD}\r\n.\r\n", extra=ATTACHED, number=number)


def arrived(taken: ScriptedSmarthost | ThreadedSmarthost, way: str, number: int) -> bool:
    """Whether it came to all whom it went to."""
    came = {each.decode() for one in taken.messages for each in one.recipients}
    return came >= set(recipients(way, number))
