"""What a replay found so far, in a file, so that it goes on after an interruption where it was.

A line for each message, in order: its outcomes, and the traces by which later messages are judged (digests under a key
that stands in the first line). No address, subject or text; readable by its owner alone; removed when the replay ends.
A last line that was cut off is taken as not written.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from ..core.errors import SettingsError
from ..core.replay.outcome import Outcome, Record
from ..core.replay.traces import Traces

VERSION = 1
KEY_OCTETS = 32


class Journal:
    """path: the file; a new one in the folder for temporary files where None. about: what the replay is of.

    key: of the traces. SettingsError where the file is of another replay, or cannot be read or written.
    """

    def __init__(self, path: Path | None, about: dict[str, Any]) -> None:
        self._about = json.loads(json.dumps({"mailguard_replay": VERSION, **about}))
        try:
            if path is None:
                descriptor, name = tempfile.mkstemp(prefix="mailguard-replay-", suffix=".journal")
                self.path = Path(name)
            else:
                self.path = path
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as cause:
            raise SettingsError(f'"{path or tempfile.gettempdir()}" cannot be written: {cause.strerror}') from cause
        self._file = os.fdopen(descriptor, "r+b")
        try:
            head = self._file.readline()
            self.key = self._read_head(head) if head.endswith(b"\n") else self._begin()
        except BaseException:
            self._file.close()
            raise

    def known(self) -> Iterator[tuple[Record, tuple[Traces, ...]]]:
        """What was written before, with the traces of what left, for each policy. Then the file is written on."""
        whole = self._file.tell()
        for line in self._file:
            try:
                found = _read(json.loads(line)) if line.endswith(b"\n") else None
            except (ValueError, KeyError, TypeError):
                found = None
            if found is None:
                break
            whole += len(line)
            yield found
        self._file.seek(whole)
        self._file.truncate()

    def write(self, record: Record, traces: Sequence[Traces]) -> None:
        """One more message. It is in the file after the next `flush`."""
        line: dict[str, Any] = {"p": record.position, "r": record.reference}
        if record.at is not None:
            line["t"] = record.at.isoformat()
        if record.unreadable is not None:
            line["u"] = record.unreadable
        line["o"] = [outcome.to_json() for outcome in record.outcomes]
        if any(traces):
            line["m"] = [each.to_json() for each in traces]
        self._file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")

    def flush(self) -> None:
        self._file.flush()

    def close(self, *, done: bool) -> None:
        """done: there is nothing left to go on with."""
        self._file.close()
        if done:
            self.path.unlink(missing_ok=True)

    def _read_head(self, line: bytes) -> bytes:
        try:
            head = json.loads(line)
            key = bytes.fromhex(head.pop("key"))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise SettingsError(f'"{self.path}" is no file that a replay was interrupted with') from None
        if head != self._about:
            changed = next((each for each in self._about if head.get(each) != self._about[each]), "version")
            raise SettingsError(
                f'"{self.path}" is of another replay (not the same {changed}): name another file, or remove it'
            )
        return key

    def _begin(self) -> bytes:
        """Also where not even the first line was written to its end."""
        if self._file.seek(0, os.SEEK_END) > len(self._first_line(b"0" * KEY_OCTETS)):
            raise SettingsError(f'"{self.path}" is no file that a replay was interrupted with')
        key = os.urandom(KEY_OCTETS)
        self._file.seek(0)
        self._file.truncate()
        self._file.write(self._first_line(key))
        self._file.flush()
        return key

    def _first_line(self, key: bytes) -> bytes:
        return json.dumps({**self._about, "key": key.hex()}).encode() + b"\n"


def _read(line: dict[str, Any]) -> tuple[Record, tuple[Traces, ...]]:
    at = datetime.fromisoformat(line["t"]) if "t" in line else None
    outcomes = tuple(Outcome.from_json(each) for each in line["o"])
    traces = tuple(Traces.from_json(each) for each in line.get("m", ()))
    return Record(line["p"], line["r"], at, outcomes, line.get("u")), traces
