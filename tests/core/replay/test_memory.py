"""What a replay remembers of earlier messages is what the service would: as `beside` and `same_files` tell it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.earlier.past import beside
from mailguard.core.earlier.sending import sending_of
from mailguard.core.mail.parse import parse
from mailguard.core.observation import observe
from mailguard.core.organisation import Organisation
from mailguard.core.replay.archived import archived_envelope
from mailguard.core.replay.memory import Memory
from mailguard.core.replay.outcome import HOLD, RELAY, REWRITE, Outcome
from mailguard.core.replay.traces import Traces, traces_of
from mailguard.core.replay.windows import Windows

ORGANISATION = Organisation("Elm Road", frozenset({"elmroad.example"}))
WINDOWS = Windows(frozenset({timedelta(days=2), timedelta(days=14)}), frozenset({timedelta(days=14)}))
KEY = b"k" * 32
AT = datetime(2026, 3, 1, tzinfo=UTC)
TEXTS = (
    "Dear all, the clinic on Thursday begins at nine and everybody brings their card along as always.",
    "The minutes of the meeting are attached below, please read them before the next one on Monday week.",
)
LEAVES = Outcome(RELAY, None, None, ())

MESSAGES = st.lists(
    st.tuples(
        st.sampled_from(["jo", "sam"]),
        st.sets(st.integers(0, 12), min_size=1, max_size=6),
        st.booleans(),
        st.sampled_from([0, 1]),
        st.integers(0, 3),
        st.sampled_from(["relay", "rewrite", "hold"]),
    ),
    min_size=1,
    max_size=8,
)


@given(MESSAGES)
def test_it_tells_of_lists_what_the_service_is_told(
    messages: list[tuple[str, set[int], bool, int, int, str]],
) -> None:
    memory = Memory(WINDOWS)
    before = []
    at = AT
    for number, (sender, people, blind, text, days, left) in enumerate(messages):
        at += timedelta(days=days)
        field = "Bcc" if blind else "To"
        listed = ", ".join(f"p{each}@patients.example" for each in sorted(people))
        raw = (
            f"From: {sender}@elmroad.example\r\n{field}: {listed}\r\nSubject: The clinic on {text}\r\n"
            f"Message-ID: <{number}@elmroad.example>\r\n\r\n{TEXTS[text]}\r\n"
        )
        message = parse(raw.encode())
        envelope = archived_envelope(message)
        seen = observe(message, envelope, ORGANISATION)
        traces, _ = traces_of(envelope, seen, ORGANISATION, WINDOWS, KEY)
        sending = sending_of(envelope, seen, ORGANISATION)
        past = memory.past(traces, at)
        if sending is not None:
            told = beside(sending, [(each, at - then, hidden) for each, then, hidden in before], KEY)
            assert WINDOWS.answers(past) == WINDOWS.answers(told)
        outcome = {
            "relay": LEAVES,
            "rewrite": Outcome(REWRITE, "separate", "r", ()),
            "hold": Outcome(HOLD, "separate", "r", ()),
        }[left]
        memory.keep(traces, at, outcome)
        if sending is not None and left != "hold":
            before.append((sending, at, left == "rewrite"))
        assert Traces.from_json(traces.to_json()) == traces


def test_the_time_between_counts_whichever_is_the_later() -> None:
    """An archive need not be in order of time."""
    memory = Memory(WINDOWS)
    for days, expected in ((0, 3), (-1, 6), (-60, 3)):
        names = ", ".join(f"p{abs(days)}x{each}@patients.example" for each in range(3))
        message = parse(f"From: jo@elmroad.example\r\nTo: {names}\r\n\r\n{TEXTS[0]}\r\n".encode())
        envelope = archived_envelope(message)
        seen = observe(message, envelope, ORGANISATION)
        traces, _ = traces_of(envelope, seen, ORGANISATION, WINDOWS, KEY)
        at = AT + timedelta(days=days)
        assert memory.past(traces, at).batch(timedelta(days=14)) == expected
        memory.keep(traces, at, LEAVES)
