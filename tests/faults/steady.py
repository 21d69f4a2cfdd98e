"""A benign client: sends one ordinary message after another until its standard input ends, and says how long each took.

    python tests/faults/steady.py PORT [EVERY_SECONDS [SOURCE_ADDRESS]]

A process of its own, so that what else a test does with its interpreter is not measured along. It keeps its session,
and opens a new one where it is told to (421) or cut off. At its end it prints one line of JSON:
{"seconds": [...], "began": [...], "codes": [...]}: of each message how long its client waited (a new session, if one
was needed, and everything from MAIL to the reply that stands for the message), when that began (CLOCK_MONOTONIC), and
what the last reply was, 0 where there was none. After the first message it prints a line of its own.
"""

from __future__ import annotations

import json
import select
import smtplib
import sys
import time

MESSAGE = (
    "From: Jo Reid <jo@elmroad.example>\r\nTo: Anna <anna@council.example>\r\nSubject: Minutes\r\n"
    "Date: Fri, 20 Nov 2026 14:00:00 +0000\r\nMessage-ID: <%d@elmroad.example>\r\n\r\n" + "An ordinary line.\r\n" * 100
)


class Steady:
    def __init__(self, port: int, source: str | None) -> None:
        self._port = port
        self._source = (source, 0) if source else None
        self._client: smtplib.SMTP | None = None
        self._sent = 0

    def send(self) -> int:
        """The code of the last reply, 0 where the session was cut."""
        self._sent += 1
        try:
            return self._send(self._client or self._connect())
        except smtplib.SMTPResponseException as refused:
            self._close()
            return refused.smtp_code
        except (smtplib.SMTPException, OSError):
            self._close()
            return 0

    def _connect(self) -> smtplib.SMTP:
        self._client = smtplib.SMTP(
            "127.0.0.1", self._port, local_hostname="steady.example", timeout=120, source_address=self._source
        )
        self._client.ehlo()
        return self._client

    def _send(self, client: smtplib.SMTP) -> int:
        code, _ = client.mail("jo@elmroad.example")
        if code == 250:
            code, _ = client.rcpt("anna@council.example")
        if code == 250:
            code, _ = client.docmd("DATA")
        if code == 354:
            client.send((MESSAGE % self._sent).encode() + b".\r\n")
            code, _ = client.getreply()
        if code != 250:
            self._close()
        return code

    def _close(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None


def main() -> None:
    port, every = int(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 0.05
    steady = Steady(port, sys.argv[3] if len(sys.argv) > 3 else None)
    found: dict[str, list[float]] = {"seconds": [], "began": [], "codes": []}
    while not select.select([sys.stdin], [], [], every)[0]:
        began = time.monotonic()
        code = steady.send()
        found["seconds"].append(time.monotonic() - began)
        found["began"].append(began)
        found["codes"].append(code)
        if len(found["codes"]) == 1:
            print("begun", flush=True)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
