"""Logs: one JSON line an event, whatever a value holds (THREATS.md T65), and no personal data (DESIGN.md promise 7)."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from mailguard import logs

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.binary() | st.text() | st.just("jo@elmroad.example"),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.builds(tuple, st.lists(inner)),
    max_leaves=3,
)


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    before = structlog.get_config()
    found = io.StringIO()
    logs.configure(found)
    yield found
    structlog.configure(**before)


@pytest.mark.parametrize(
    "value",
    [
        'x\n{"event": "submission_relayed"}',
        "x\r\nforged",
        "\x1b]0;title\x07\x1b[2J",
        "\u202egpj.exe\u2028\u0085",
        '"}, {"',
        "=cmd|' /C calc'!A0",
        "\ud800",
    ],
)
def test_t65_a_value_stays_on_its_line_as_printable_ascii(stream: io.StringIO, value: str) -> None:
    logs.logger("test").info("thing_done", value=value)
    text = stream.getvalue()
    assert text.endswith("\n") and text.count("\n") == 1
    assert text[:-1].isascii() and text[:-1].isprintable()
    assert json.loads(text)["value"] == value


def test_an_address_is_withheld_wherever_it_stands(stream: io.StringIO) -> None:
    logs.logger("test").info("thing_done", a="jo@elmroad.example", b={"c": ["jo@elmroad.example"]}, d=b"x@y", e=1)
    event = json.loads(stream.getvalue())
    assert (event["a"], event["b"], event["d"], event["e"]) == ("(withheld)", "(withheld)", "(withheld)", 1)


@given(st.dictionaries(st.text(), VALUES))
def test_a_line_is_what_structlog_makes_of_what_may_be_told(event: dict[str, object]) -> None:
    told = {
        key: "(withheld)" if "@" in (value if isinstance(value, str) else repr(value)) else value
        for key, value in event.items()
    }
    assert logs._line(None, "info", dict(event)) == structlog.processors.JSONRenderer()(None, "info", told)


def test_a_cause_is_its_class_and_lines_never_its_text(stream: io.StringIO) -> None:
    def fail() -> None:
        try:
            raise KeyError("Asthma list")
        except KeyError as inner:
            raise ValueError("to jo, about asthma") from inner

    try:
        fail()
    except ValueError as cause:
        logs.logger("test").error("thing_failed", cause=cause)
    event = json.loads(stream.getvalue())
    assert (event["cause"], event["because"]) == ("ValueError", "KeyError")
    assert event["at"][-1].endswith(":fail") and "sthma" not in stream.getvalue()


class Full(io.StringIO):
    """A file on a disk that is full while `full` is set."""

    full = False

    def write(self, text: str, /) -> int:
        if self.full:
            raise OSError(28, "No space left on device")
        return super().write(text)


def test_a_line_that_cannot_be_written_raises_nothing_and_is_counted() -> None:
    before = structlog.get_config()
    stream = Full()
    try:
        logs.configure(stream)
        told = logs.logger("test")
        stream.full = True
        told.info("thing_done")
        told.error("thing_failed")
        stream.full = False
        told.info("thing_done")
        stream.close()
        told.info("thing_done")
    finally:
        structlog.configure(**before)


def test_the_next_line_says_how_many_are_missing() -> None:
    before = structlog.get_config()
    stream = Full()
    try:
        logs.configure(stream)
        told = logs.logger("test")
        for stream.full in (True, True, False, False):
            told.info("thing_done")
    finally:
        structlog.configure(**before)
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [each["event"] for each in events] == ["log_lines_lost", "thing_done", "thing_done"]
    assert events[0]["count"] == 2 and events[0]["level"] == "error"
