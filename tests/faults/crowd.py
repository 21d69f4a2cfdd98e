"""Clients that send through one door to several guards, and what may be said about it all at the end."""

from __future__ import annotations

import itertools
import re
import smtplib
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import Service, eventually
from tests.faults.tied import Fault, WatchedSink, repeated
from tests.faults.traffic import PEOPLE

OF_A_CROWD = re.compile(r"[ps]c\d+x\d+n\d+")
RIGHT = {250, 421, 451, 0}
"""What a client may hear of a guard or a store in trouble: taken, not now, or nothing at all."""


class Crowd:
    """answers: mark -> code; 0 where the connection ended without one. heard: time.monotonic() and code of each.
    decided_before: how many decisions the ledgers held when it came. pause_seconds: between two messages of a client.
    """

    _number = itertools.count(1)

    def __init__(self, port: int, clients: int = 4, decided_before: int = 0, pause_seconds: float = 0.0) -> None:
        self._port = port
        self.decided_before = decided_before
        self._pause_seconds = pause_seconds
        self._name = f"c{next(self._number)}"
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
            mark = f"{'ppsh'[number % 4]}{self._name}x{client}n{number}"
            try:
                code = submit(self._port, whole(mark), recipients(mark), f"{mark}@elmroad.example")[0]
            except smtplib.SMTPResponseException as cause:
                code = cause.smtp_code
            except (OSError, smtplib.SMTPException):
                code = 0
            with self._lock:
                self.answers[mark] = code
                self.heard.append((time.monotonic(), code))
            time.sleep(self._pause_seconds if code == 250 else 0.1)

    def taken(self) -> int:
        return sum(code == 250 for _, code in list(self.heard))

    def last_taken(self) -> float:
        """When, by time.monotonic()."""
        return max((at for at, code in list(self.heard) if code == 250), default=0.0)

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


def assert_counted(crowd: Crowd, sink: WatchedSink, service: Service, faults: Sequence[Fault] = ()) -> int:
    """Every answer of the right class; what was acknowledged arrived or is held; what arrived was decided; and at most
    one came again for each transaction that was between its final dot and its recorded outcome when a fault struck.
    How many did.
    """
    assert set(crowd.answers.values()) <= RIGHT, Counter(crowd.answers.values())
    taken = [mark for mark, code in crowd.answers.items() if code == 250]
    passed = {address for mark in taken if mark[0] != "h" for address in recipients(mark)}
    eventually(lambda: passed <= set(sink.recipients()), 90, "everything acknowledged has arrived")
    held = {row["subject"] for row in service.rows("held", "list")} & crowd.answers.keys()
    assert {mark for mark in taken if mark[0] == "h"} <= held, "everything acknowledged is held"
    eventually(lambda: service.rows("outbox", "list") == [], 90, "nothing is left over")
    entries = service.rows("audit", "list")
    decided = decisions(entries) - crowd.decided_before
    marks = {_mark(address) for address in sink.recipients()}
    known = {mark for mark in marks if mark in crowd.answers}
    assert known <= {mark for mark in crowd.answers if mark[0] != "h"}, "nothing held has left"
    assert len(known | held) <= decided, "nothing has left undecided"
    again = repeated(list(sink.passages), entries, faults)
    came = Counter(address for address in sink.recipients() if OF_A_CROWD.fullmatch(_mark(address)))
    assert sum(times - 1 for times in came.values()) == sum(again.values()), "each that came twice is one of them"
    assert service.run("audit", "verify").returncode == 0
    return sum(again.values())


def decisions(entries: Sequence[Mapping[str, Any]]) -> int:
    return sum(row["kind"] == "message_decided" for row in entries)


def _mark(address: str) -> str:
    return address.partition("@")[2].partition(".")[0]
