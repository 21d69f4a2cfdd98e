"""What earlier messages of an archive say about one: what the service's store does (store/sendings.py, sent_files.py).

Order is that of the archive: a message is told of those before it, whatever their dates. How far apart two are is the
time between their dates, whichever is the later. Nothing is forgotten, since an archive need not be in order of time.
"""

from __future__ import annotations

from collections import defaultdict, deque
from datetime import datetime, timedelta

from ..earlier.files import MOST_PEOPLE
from ..earlier.past import Earlier, Past, Reached, SameFile
from ..earlier.trace import Trace
from ..verdict import Rewrite
from .outcome import REWRITE, Outcome
from .traces import Traces
from .windows import Windows

MOST_COMPARED = 2_000
MOST_COMPARED_FILES = 400
"""The newest of a sender, and of a file, as in the store."""
_Left = tuple[int, datetime, Trace]


class Memory:
    """Of one policy, since what a rule holds has not left. windows: of that policy."""

    def __init__(self, windows: Windows) -> None:
        self._lists = max(windows.lists, default=None)
        self._files = max(windows.files, default=None)
        self._sent: dict[bytes, deque[_Left]] = defaultdict(lambda: deque(maxlen=MOST_COMPARED))
        self._files_sent: dict[str, deque[tuple[datetime, frozenset[bytes]]]] = defaultdict(
            lambda: deque(maxlen=MOST_COMPARED_FILES)
        )
        self._separated: dict[bytes, str] = {}
        self._number = 0

    def past(self, traces: Traces, at: datetime) -> Past:
        """What is remembered beside a message of this time."""
        earlier = self._earlier(traces, at, self._lists) if self._lists and traces.trace else ()
        files: tuple[SameFile, ...] = ()
        if self._files and traces.files:
            files = tuple(
                SameFile(path, self._reached(links, traces.people, at, self._files))
                for path, links in traces.files.items()
            )
        return Past(traces.trace, traces.takes_back, earlier, files)

    def separated(self, traces: Traces) -> dict[int, str]:
        """By index of its occasions, the rule that sent an earlier message of the invitation as separate copies."""
        found = ((index, self._separated.get(each)) for index, each in enumerate(traces.occasions))
        return {index: rule for index, rule in found if rule is not None}

    def keep(self, traces: Traces, at: datetime, outcome: Outcome) -> None:
        """The message as it left; nothing of one that did not."""
        if not traces or not outcome.leaves:
            return
        if traces.trace is not None:
            trace = traces.trace.as_left(hidden=outcome.hidden, exposed=outcome.exposed)
            self._number += 1
            for link in traces.senders | traces.own:
                self._sent[link].append((self._number, at, trace))
        people = frozenset(sorted(traces.people)[:MOST_PEOPLE])
        for each in frozenset[str]().union(*traces.files.values()):
            self._files_sent[each].append((at, people))
        if outcome.outcome == REWRITE and outcome.form == Rewrite.SEPARATE and outcome.rule:
            self._separated |= dict.fromkeys(traces.occasions, outcome.rule)

    def _earlier(self, traces: Traces, at: datetime, window: timedelta) -> tuple[Earlier, ...]:
        """Nothing where nobody is shown: then nobody can be shown again, or in a batch."""
        assert traces.trace is not None
        if not traces.trace.shown:
            return ()
        found: dict[int, tuple[timedelta, Trace]] = {}
        by_sender, answered = set[int](), set[int]()
        for links, into in ((traces.senders, by_sender), (traces.answered, answered)):
            for link in links:
                for number, then, trace in self._sent.get(link, ()):
                    age = abs(at - then)
                    if age <= window:
                        found[number] = (age, trace)
                        into.add(number)
        newest = sorted(found, reverse=True)[:MOST_COMPARED]
        return tuple(
            Earlier(traces.trace, found[each][1], found[each][0], each in by_sender, each in answered)
            for each in newest
        )

    def _reached(
        self, links: frozenset[str], own: frozenset[bytes], at: datetime, window: timedelta
    ) -> tuple[Reached, ...]:
        """As in the store: a message that carried the file under two links counts twice, for nothing."""
        near = ((people, abs(at - then)) for link in links for then, people in self._files_sent.get(link, ()))
        return tuple(Reached(people - own, age) for people, age in near if age <= window)
