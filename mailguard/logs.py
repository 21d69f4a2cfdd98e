"""JSON logs without personal data: one line an event, events are past participles.

INVARIANT: no address, subject or body is logged. Callers log references, counts, rule ids, codes, the class of a cause.
INVARIANT: an event that cannot be written raises nothing: whether a message is answered does not hang on its line.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import MutableMapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, Protocol, TextIO, cast

import structlog

LINES_LOST = "log_lines_lost"


class Stream(Protocol):
    """Where lines go: a text file, or what behaves like one."""

    def write(self, text: str, /) -> int: ...

    def flush(self) -> None: ...


class _Unfailing:
    """A stream of which a line that cannot be written (a full disk, a pipe whose reader is gone) is lost and counted.

    The next one that can be stands behind a line that says how many are missing.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._lost = 0

    def write(self, text: str, /) -> int:
        try:
            self._stream.write(self._told() + text)
            self._stream.flush()
        except (OSError, ValueError):
            self._lost += 1
        else:
            self._lost = 0
        return len(text)

    def flush(self) -> None:
        """Done with each line."""

    def _told(self) -> str:
        if not self._lost:
            return ""
        event = {"part": "logs", "count": self._lost, "event": LINES_LOST, "level": "error", "timestamp": _now()}
        return json.dumps(event) + "\n"


def configure(stream: Stream | None = None, level: str = "info") -> None:
    """Send every event of this process as one JSON line to `stream` (stderr unless given)."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _timestamp,
            *([] if level == "debug" else [_without_steps_of_the_canary]),
            _cause,
            _line,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _Unfailing(stream or sys.stderr))),
        cache_logger_on_first_use=True,
    )


def logger(part: str) -> Any:
    """A logger whose events say which part of the house they come from."""
    return structlog.get_logger(part=part)


def marked(**fields: str) -> AbstractContextManager[None]:
    """Every event until its end, of this task and of those that it starts, has these fields too."""
    return structlog.contextvars.bound_contextvars(**fields)


def _without_steps_of_the_canary(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What goes well on the way of its messages would be taken for everybody's mail by whoever counts lines."""
    if "canary" in event and event["level"] == "info":
        raise structlog.DropEvent
    return event


def _now() -> str:
    """In UTC, as RFC 3339 writes it."""
    return f"{datetime.now(UTC).isoformat()[:-6]}Z"


def _timestamp(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["timestamp"] = _now()
    return event


_encoded = json.JSONEncoder(default=repr).encode


def _line(_: Any, __: str, event: MutableMapping[str, Any]) -> str:
    """The last net: a value that holds an "@" does not reach the log, whoever put it there."""
    line = _encoded(event)
    return _encoded({key: _withheld(value) for key, value in event.items()}) if "@" in line else line


def _withheld(value: object) -> object:
    return "(withheld)" if "@" in (value if isinstance(value, str) else repr(value)) else value


def _cause(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception is logged by its classes and the lines it passed, never by its text, which may quote a message."""
    cause = event.pop("cause", None)
    if isinstance(cause, BaseException):
        event["cause"] = type(cause).__name__
        frames = []
        trace = cause.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            frames.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}:{code.co_name}")
            trace = trace.tb_next
        event["at"] = frames[-6:]
        if cause.__cause__ is not None:
            event["because"] = type(cause.__cause__).__name__
    elif cause is not None:
        event["cause"] = cause
    return event
