"""Clients that send through one door to several guards, and what may be said about it all at the end."""

from __future__ import annotations

import smtplib
import threading
import time
from collections import Counter
from typing import Any

from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink
from tests.faults.traffic import PEOPLE

RIGHT = {250, 421, 451, 0}
"""What a client may hear of a guard or a store in trouble: taken, not now, or nothing at all."""


class Crowd:
    """answers: mark -> code; 0 where the connection ended without one. since: when the last 250 was."""

    def __init__(self, port: int, clients: int = 4) -> None:
        self._port = port
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self.answers: dict[str, int] = {}
        self.heard: list[tuple[float, int]] = []
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(clients)]

    def __enter__(self) -> Crowd:
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.end()

    def end(self) -> None:
        self._ended.set()
        for each in self._threads:
            each.join(120)

    def _send(self, client: int) -> None:
        number = 0
        while not self._ended.is_set():
            number += 1
            mark = f"{'ppsh'[number % 4]}{client}n{number}"
            try:
                code = submit(self._port, whole(mark), recipients(mark), f"{mark}@elmroad.example")[0]
            except smtplib.SMTPResponseException as cause:
                code = cause.smtp_code
            except (OSError, smtplib.SMTPException):
                code = 0
            with self._lock:
                self.answers[mark] = code
                self.heard.append((time.monotonic(), code))
            if code != 250:
                time.sleep(0.1)

    def goes_on(self, count: int = 12, seconds: float = 30.0) -> float:
        """Wait until so many more are taken, one after the other. When the first of them was."""
        start = len(self.heard)

        def taken() -> bool:
            return len(self.heard) >= start + count and all(code == 250 for _, code in self.heard[-count:])

        eventually(taken, seconds, "mail is taken again")
        return self.heard[-count][0]


def recipients(mark: str) -> list[str]:
    return people(PEOPLE[mark[0]], f"{mark}.example")


def whole(mark: str) -> bytes:
    return message(recipients(mark) if mark[0] != "p" else None, subject=mark)


def assert_counted(crowd: Crowd, sink: Sink, service: Service, most_twice: int) -> None:
    """Every answer of the right class; what was acknowledged arrived or is held; what arrived was decided; and no more
    came twice than had no recorded outcome when the trouble came.
    """
    assert set(crowd.answers.values()) <= RIGHT, Counter(crowd.answers.values())
    taken = [mark for mark, code in crowd.answers.items() if code == 250]
    passed = {address for mark in taken if mark[0] != "h" for address in recipients(mark)}
    eventually(lambda: passed <= set(sink.recipients()), 90, "everything acknowledged has arrived")
    held = {row["subject"] for row in service.rows("held", "list")}
    assert {mark for mark in taken if mark[0] == "h"} <= held, "everything acknowledged is held"
    eventually(lambda: service.rows("outbox", "list") == [], 90, "nothing is left over")
    decided = sum(row["kind"] == "message_decided" for row in service.rows("audit", "list"))
    marks = {address.partition("@")[2].partition(".")[0] for address in sink.recipients()}
    known = {mark for mark in marks if mark in crowd.answers}
    assert known <= {mark for mark in crowd.answers if mark[0] != "h"}, "nothing held has left"
    assert len(known | held) <= decided, "nothing has left undecided"
    count = Counter(address for address in sink.recipients() if address.partition("@")[2][:1] in "ps")
    twice = {address: times for address, times in count.items() if times > 1}
    assert len(twice) <= most_twice and max(twice.values(), default=2) == 2, twice
    assert service.run("audit", "verify").returncode == 0
