"""Messages and clients for the end-to-end tests: invented people on example domains, real SMTP clients."""

from __future__ import annotations

import smtplib
import subprocess
from pathlib import Path


def people(count: int, domain: str = "patients.example") -> list[str]:
    return [f"person{number}@{domain}" for number in range(count)]


def message(
    cc: list[str] | None = None,
    *,
    to: str = "office@elmroad.example",
    subject: str = "Flu clinic",
    body: str = "Dear all,\r\n\r\n.a line that starts with a dot\r\n..and two\r\n\r\nJo\r\n",
    extra: str = "",
    number: int = 1,
) -> bytes:
    head = [
        "From: Jo Reid <jo@elmroad.example>",
        f"To: {to}",
        *(["Cc: " + ",\r\n ".join(cc)] if cc else []),
        f"Subject: {subject}",
        "Date: Fri, 20 Nov 2026 14:00:00 +0000",
        f"Message-ID: <{number}@elmroad.example>",
        *([extra] if extra else []),
    ]
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()


def submit(
    port: int, raw: bytes, recipients: list[str], sender: str = "jo@elmroad.example", options: tuple[str, ...] = ()
) -> tuple[int, str]:
    """Send bytes as they are through smtplib's commands; the reply to the final dot (or what ended it before)."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="client.elmroad.example", timeout=60) as client:
        client.ehlo()
        code, text = client.mail(sender, options)
        for recipient in recipients:
            if code < 400:
                code, text = client.rcpt(recipient)
        if code < 400:
            code, text = client.docmd("DATA")
        if code == 354:
            stuffed = raw.replace(b"\r\n.", b"\r\n..")
            client.send((b"." if raw.startswith(b".") else b"") + stuffed + b".\r\n")
            code, text = client.getreply()
        return code, text.decode()


def swaks(port: int, raw: Path, recipients: list[str], sender: str = "jo@elmroad.example") -> str:
    """Send a file with swaks; its transcript."""
    done = subprocess.run(
        [
            "swaks", "--server", "127.0.0.1", "--port", str(port), "--from", sender, "--to", ",".join(recipients),
            "--data", f"@{raw}", "--suppress-data", "--pipeline",
        ],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    return done.stdout + done.stderr


def curl(
    port: int, raw: Path, recipients: list[str], sender: str = "jo@elmroad.example"
) -> subprocess.CompletedProcess[str]:
    """Send a file with curl."""
    to = [word for recipient in recipients for word in ("--mail-rcpt", recipient)]
    return subprocess.run(
        ["curl", "-sS", "-v", f"smtp://127.0.0.1:{port}", "--mail-from", sender, *to, "--upload-file", str(raw)],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
