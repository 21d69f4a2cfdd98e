"""What a guard has recorded, so that no figure is met by judging or recording less.

Read from where it lies: the entries of the ledger and the evidence beside them in the SQLite file, the lines in the
log. The guard itself is not asked: it would answer with the processor that is measured.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Mapping
from urllib.parse import quote

from tests.end_to_end.service import Service

ABOUT_MESSAGES = (
    "ledger message_",
    "ledger copies_",
    "ledger copy_",
    "ledger recipients_",
    "ledger notice_",
    "ledger sender_not_told",
    "log submission_",
)
"""Of what is counted, what stands for a message. An entry or line of these kinds that nobody expects is a failure."""
POLL_SECONDS = 0.1


def of_relayed(messages: int) -> Counter[str]:
    """What so many messages leave behind that were judged and passed on: a decision before, an outcome after."""
    return Counter(
        {
            "ledger message_decided": messages,
            "ledger message_relayed": messages,
            "evidence records": 2 * messages,
            "log submission_relayed": messages,
        }
    )


def of_separated(copies: int) -> Counter[str]:
    """What one message leaves behind that was delivered as so many separate copies."""
    return Counter(
        {
            "ledger message_decided": 1,
            "ledger copies_queued": 1,
            "ledger copy_delivered": copies,
            "evidence records": 1 + copies,
            "log submission_separated": 1,
        }
    )


class Books:
    """Of one guard on SQLite, from its start on."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._store = f"file:{quote(str(service.folder / 'store' / 'mailguard.db'))}?mode=ro"
        self._log_read = 0
        self._log: Counter[str] = Counter()
        self._begun = self._now()
        self.expected: Counter[str] = Counter()
        """All that was expected so far, since the books were opened."""

    def expect(self, more: Mapping[str, int], seconds: float) -> None:
        """Wait until this, too, is recorded. AssertionError where it is not within these seconds, and where anything
        else about a message is."""
        self.expected.update(more)
        deadline = time.monotonic() + seconds
        while (found := self.found()) < self.expected and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        assert found == self.expected, f"recorded {dict(found)}, expected {dict(self.expected)}"

    def begin_anew(self) -> None:
        """After a run that failed: what was recorded until now is not looked at any more."""
        self._begun = self._now()
        self.expected.clear()

    def found(self) -> Counter[str]:
        """What was recorded about messages since the books were opened."""
        now = self._now()
        now.subtract(self._begun)
        return Counter(
            {
                what: count
                for what, count in now.items()
                if count and (what in self.expected or what.startswith(ABOUT_MESSAGES))
            }
        )

    def _now(self) -> Counter[str]:
        connection = sqlite3.connect(self._store, uri=True, timeout=30)
        try:
            kinds = connection.execute("SELECT kind, count(*) FROM entries GROUP BY kind").fetchall()
            (evidence,) = connection.execute("SELECT count(*) FROM evidence").fetchone()
        finally:
            connection.close()
        self._read_log()
        return Counter({f"ledger {kind}": count for kind, count in kinds} | {"evidence records": evidence} | self._log)

    def _read_log(self) -> None:
        with self._service.log_file.open("rb") as log:
            log.seek(self._log_read)
            whole, end, _ = log.read().rpartition(b"\n")
        self._log_read += len(whole) + len(end)
        self._log.update(f"log {json.loads(line)['event']}" for line in whole.splitlines())
