"""One message of an archive judged as the guard would have judged it: the same parser, observation and judgement.

It is done twice at most. First without earlier messages, in any process and in any order; what comes out is final
unless earlier messages have something to say. Then, in the order of the archive, once more with what they say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from operator import or_

from ..core.earlier.files import SentFiles
from ..core.earlier.past import Past
from ..core.errors import MailguardError
from ..core.mail.message import Message
from ..core.mail.parse import parse
from ..core.observation import Observation, observe
from ..core.organisation import Organisation
from ..core.policy.decide import Inspect, decide
from ..core.policy.model import Policy
from ..core.policy.trial import assumed_organisation
from ..core.replay.archived import archived_envelope, archived_time, reference_of
from ..core.replay.memory import Memory
from ..core.replay.outcome import Outcome, outcome_of
from ..core.replay.traces import Traces, traces_of, with_rows
from ..core.replay.windows import Windows, windows_of
from ..core.verdict import Inspection
from ..guard.sent_before import exposes
from .archive import Place, Reader, Unreadable

NOT_JUDGED = "it could not be judged"
CANNOT_BE_INSPECTED = "an attachment that a rule asks about could not be given to a reader"


@dataclass(frozen=True, slots=True)
class Seen:
    """A message judged without earlier ones. outcomes, traces: for each policy; traces as far as it needs them.

    unreadable: why it was not judged, None where it was.
    """

    place: Place
    reference: str = ""
    at: datetime | None = None
    outcomes: tuple[Outcome, ...] = ()
    traces: tuple[Traces, ...] = ()
    unreadable: str | None = None


@dataclass(frozen=True, slots=True)
class Judging:
    """What every process of a replay knows. organisation: None where the domain of each From is inside.

    now: stands for the time of a message that has none. key: of the traces. most_bytes: of a message.
    """

    policies: tuple[Policy, ...]
    organisation: Organisation | None
    now: datetime
    key: bytes
    most_bytes: int

    @property
    def windows(self) -> tuple[Windows, ...]:
        return tuple(windows_of(each) for each in self.policies)


def why_not(cause: Exception) -> str:
    """Why a message was not judged, in words that tell nothing of it."""
    if isinstance(cause, Unreadable):
        return str(cause)
    return CANNOT_BE_INSPECTED if isinstance(cause, MailguardError) else f"{NOT_JUDGED} ({type(cause).__name__})"


class Judge:
    """Judges places. inspect: reads attachments; it is asked only for those that a rule asks about."""

    def __init__(self, judging: Judging, inspect: Inspect) -> None:
        self._judging = judging
        self._inspect = inspect
        self._reader = Reader(judging.most_bytes)
        self._all_windows = reduce(or_, judging.windows, Windows())

    def first(self, place: Place) -> Seen:
        """Without earlier messages. Never raises for what a message is."""
        try:
            return self._first(place)
        except Exception as cause:  # whatever one message does, the others are judged, and this one is counted
            return Seen(place, unreadable=why_not(cause))

    def again(self, seen: Seen, which: int, memory: Memory) -> tuple[Outcome, Traces]:
        """Once more under one policy, with what earlier messages say. Raises as the first judgement would."""
        _, observation, _, sent, traces = self._read(seen.place)
        at = seen.at or self._judging.now
        files = set(observation.inspectable)

        def learn(inspections: Mapping[str, Inspection]) -> Past:
            nonlocal traces
            read = [each for path, each in inspections.items() if path in files]
            traces = with_rows(traces, sent, read, self._judging.key)
            return memory.past(traces, at)

        separated = memory.separated(traces)
        history = {observation.occasions[index]: rule for index, rule in separated.items()}
        observation = replace(observation, past=memory.past(traces, at), history=history)
        _, verdict = decide(observation, self._judging.policies[which], at, self._inspect, learn)
        return outcome_of(verdict, exposed=exposes(verdict)), traces

    def _first(self, place: Place) -> Seen:
        message, observation, at, sent, traces = self._read(place)
        known: dict[str, Inspection] = {}

        def inspect(message: Message, parts: Sequence[str]) -> Mapping[str, Inspection]:
            missing = [each for each in parts if each not in known]
            if missing:
                known.update(self._inspect(message, missing))
            return {each: known[each] for each in parts}

        observation = replace(observation, past=traces.past)
        outcomes: list[Outcome] = []
        left: list[Traces] = []
        files = set(observation.inspectable)
        for policy in self._judging.policies:
            read, verdict = decide(observation, policy, at or self._judging.now, inspect)
            outcomes.append(outcome_of(verdict, exposed=exposes(verdict)))
            rows = [each for path, each in read.inspections.items() if path in files]
            left.append(with_rows(traces, sent, rows, self._judging.key))
        return Seen(place, reference_of(message), at, tuple(outcomes), tuple(left))

    def _read(self, place: Place) -> tuple[Message, Observation, datetime | None, SentFiles | None, Traces]:
        message = parse(self._reader.read(place))
        envelope = archived_envelope(message)
        sender = envelope.reverse_path.address if envelope.reverse_path else None
        organisation = self._judging.organisation or assumed_organisation(message, sender)
        observation = observe(message, envelope, organisation)
        traces, sent = traces_of(envelope, observation, organisation, self._all_windows, self._judging.key)
        return message, observation, archived_time(message, place.delivered), sent, traces
