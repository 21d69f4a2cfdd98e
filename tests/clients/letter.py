"""What every mail program of the matrix sends: a plain message, a list of 288 people in Cc, one with attachments."""

from __future__ import annotations

import email.policy
import random
from dataclasses import dataclass
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path

from tests.end_to_end.mailing import people

SENDER = "jo@elmroad.example"
KINDS = ("plain", "list", "attachments")


@dataclass(frozen=True)
class Letter:
    """kind and domain of the people outside tell letters apart. files: what is attached."""

    kind: str
    domain: str
    cc: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()

    @property
    def to(self) -> str:
        return "office@elmroad.example" if self.cc else f"one@{self.domain}"

    @property
    def recipients(self) -> list[str]:
        return [self.to, *self.cc]

    @property
    def subject(self) -> str:
        return f"{self.kind} for {self.domain}"

    @property
    def text(self) -> str:
        return "Dear all,\n\n.a line that starts with a dot\n..and two\nFrom here on it goes well.\n\nJo\n"

    @cached_property
    def raw(self) -> bytes:
        """For programs that are given a message as it is."""
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Subject"] = f"Jo Reid <{SENDER}>", self.to, self.subject
        if self.cc:
            letter["Cc"] = ", ".join(self.cc)
        letter["Date"], letter["Message-ID"] = "Fri, 20 Nov 2026 14:00:00 +0000", f"<{self.kind}@{self.domain}>"
        letter.set_content(self.text)
        for file in self.files:
            letter.add_attachment(file.read_bytes(), maintype="application", subtype="octet-stream", filename=file.name)
        return letter.as_bytes(policy=email.policy.SMTP)


def letter_of(kind: str, domain: str, folder: Path) -> Letter:
    cc = tuple(people(288, domain)) if kind == "list" else ()
    return Letter(kind, domain, cc, _files(folder) if kind == "attachments" else ())


def _files(folder: Path) -> tuple[Path, ...]:
    octets = {
        "scan.bin": random.Random(7).randbytes(200_000),
        "lines.bin": b"\0dots\r\n.\r\n..\r\nbare \r and \n\nFrom \n" * 20,
        "nothing.dat": b"",
        "Grüße.bin": bytes(range(256)) * 16,
    }
    for name, each in octets.items():
        (folder / name).write_bytes(each)
    return tuple(folder / name for name in octets)
