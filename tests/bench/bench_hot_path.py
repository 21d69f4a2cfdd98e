"""Where the processor time of one relayed message goes, from the client's final dot to the recorded outcome.

    .venv/bin/python tests/bench/bench_hot_path.py [--messages 4000] [--callers 20] [--table 40]

The real submission with the default policy and SQLite in a temporary folder, on uvloop; messages as `smtp-source
-l 4096` makes them. The smarthost answers at once, so neither door nor smarthost is in the figures. Three turns: as it
is, with stages (a stage is charged without the stages inside it), and under cProfile. Asserts nothing about time, but
that what was sent was decided, recorded and logged.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import functools
import gc
import inspect
import io
import json
import os
import pstats
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import uvloop
import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))

from mailguard import logs
from mailguard.config import load_settings
from mailguard.core.envelope import Envelope, Recipient
from mailguard.core.envelope import Path as MailPath
from mailguard.core.outcome import Outcome, RecipientOutcome, SmarthostReply, Stage, Transmission
from mailguard.core.rewrite.content import Content
from mailguard.core.session import Session
from mailguard.guard.submission import Submission
from mailguard.inspection.inspector import SandboxedInspector
from mailguard.serve.composition import _submission
from mailguard.serve.inspecting import start_inspector
from mailguard.serve.log_file import LogFile
from mailguard.serve.metrics import Metrics
from mailguard.serve.parts import open_parts
from mailguard.serve.policies import PolicySource

ROOT = Path(__file__).parents[2]
STAGES = {
    "parse": ["mailguard.guard.submission.Submission._read"],
    "observe": ["mailguard.guard.submission.observe", "mailguard.guard.submission.inspected"],
    "sent before": [
        "mailguard.guard.sent_before.SentBefore.announce",
        "mailguard.guard.sent_before.SentBefore.inspected",
    ],
    "inspect the text": ["mailguard.inspection.inspector.SandboxedInspector.inspect"],
    "judge": ["mailguard.guard.submission.judge"],
    "rewrite": [
        "mailguard.guard.rewriting.Rewriting.examine",
        "mailguard.guard.rewriting.Rewriting.top",
        "mailguard.guard.rewriting.Rewriting.as_written",
    ],
    "hash what is sent": ["mailguard.guard.submission.Submission._hash"],
    "entries (decision, outcome)": ["mailguard.guard.submission.decision", "mailguard.guard.entries.outcome"],
    "prepare": ["mailguard.store.ledger.prepare"],
    "log lines": ["mailguard.guard.submission.log.info", "mailguard.guard.answers.log.info"],
    "metrics": ["mailguard.serve.metrics.Metrics.decided"],
    "writer: chain, SQL": ["mailguard.store.sqlite_engine.run_group"],
    "writer: witness": ["mailguard.store.witness.Witness.note"],
    "writer: begin, commit, queue": ["mailguard.store.sqlite_engine.SqliteEngine._run"],
    "answers to callers": ["mailguard.store.sqlite_engine.answer"],
    "submission itself": ["mailguard.guard.submission.Submission.submit", "mailguard.guard.keeping.Keeper._finish"],
}


class Stopwatch:
    """Processor time by stage; of a stage without those that it calls. One stack a thread."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self._local = threading.local()

    @contextmanager
    def on(self, name: str) -> Iterator[None]:
        outer = getattr(self._local, "inner", 0.0)
        self._local.inner = 0.0
        began = time.thread_time()
        try:
            yield
        finally:
            whole = time.thread_time() - began
            self.spent[name] += whole - self._local.inner
            self._local.inner = outer + whole

    def around(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def timed_steps(*given: Any, **named: Any) -> Any:
                return await _Steps(self, name, function(*given, **named))

            return timed_steps

        @functools.wraps(function)
        def timed(*given: Any, **named: Any) -> Any:
            with self.on(name):
                return function(*given, **named)

        return timed


class _Steps:
    """A coroutine of which each step is timed, and no waiting between them."""

    def __init__(self, watch: Stopwatch, name: str, steps: Coroutine[Any, Any, Any]) -> None:
        self._watch, self._name, self._steps = watch, name, steps

    def __await__(self) -> Generator[Any, Any, Any]:
        sent: Any = None
        error: BaseException | None = None
        while True:
            try:
                with self._watch.on(self._name):
                    waits_for = self._steps.throw(error) if error is not None else self._steps.send(sent)
            except StopIteration as end:
                return end.value
            try:
                sent, error = (yield waits_for), None
            except BaseException as thrown:
                error = thrown


class Log:
    """Loggers keep the stream that they first wrote to; each turn counts its own lines."""

    def __init__(self) -> None:
        self.file: LogFile | None = None

    def write(self, text: str) -> int:
        return self.file.write(text) if self.file else sys.stderr.write(text)

    def flush(self) -> None:
        """As LogFile."""


LOG = Log()


class Sink:
    """A smarthost that takes everything at once."""

    def __init__(self) -> None:
        self.taken = 0

    async def connect(self, session: Session | None) -> Sink:
        return self

    async def transmit(self, envelope: Envelope, content: Content) -> Transmission:
        self.taken += 1
        said = SmarthostReply(250, "2.0.0", "Ok")
        each = tuple(RecipientOutcome(recipient, Outcome.ACCEPTED, said) for recipient in envelope.recipients)
        return Transmission(each, Stage.FINAL, said)

    async def release(self) -> None:
        """It is never used up."""


def message(number: int) -> bytes:
    """As smtp-source makes it."""
    head = (
        "From: <jo@elmroad.example>\r\nTo: <anna@council.example>\r\nDate: Fri, 27 Nov 2026 09:00:00 +0000 (GMT)\r\n"
        f"Message-Id: <{number:04x}.{os.getpid():04x}.{number:04x}@client.example>\r\n\r\n"
    )
    lines = (f"{line % 10}{'X' * 77}\r\n" for line in range(1, 4096 // 80 + 1))
    return (head + "".join(lines)).encode()


def envelope() -> Envelope:
    sender = MailPath(b"jo@elmroad.example", "jo@elmroad.example")
    reader = Recipient(MailPath(b"anna@council.example", "anna@council.example"))
    return Envelope(sender, (reader,), (b"SIZE=4300",))


class House:
    """The parts of the service that judge and record, without door, smarthost and console."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        settings = {
            "organisation": {"name": "Elm Road Surgery", "domains": ["elmroad.example"]},
            "listen": [{"address": "127.0.0.1:0"}],
            "smarthost": {"address": "127.0.0.1:25"},
            "store": f"sqlite:///{folder / 'store' / 'mailguard.db'}",
            "policies": "policies/",
            "notices": {"from": "mailguard@elmroad.example", "contact": "manager@elmroad.example"},
            "hostname": "guard.elmroad.example",
            "canary": {"enabled": False},
        }
        (folder / "store").mkdir()
        (folder / "policies").mkdir()
        (folder / "policies" / "default.yaml").write_text((ROOT / "policies" / "default.yaml").read_text())
        (folder / "mailguard.yaml").write_text(yaml.safe_dump(settings))
        self.sink = Sink()

    async def run(self, messages: int, callers: int) -> float:
        """Seconds of processor for one message, of all threads of this process."""
        async with AsyncExitStack() as house:
            settings = load_settings(self.folder / "mailguard.yaml")
            parts = await open_parts(settings)
            house.push_async_callback(parts.close)
            parts.dkim_keys.load()
            policies = PolicySource(settings.policies, parts.store.policies, parts.store.ledger, parts.clock)
            await policies.reload()
            inspector: SandboxedInspector = start_inspector(settings.inspection, house)
            submission = _submission(parts, Metrics(), policies, self.sink, inspector)  # type: ignore[arg-type]
            await self._send(submission, 4 * callers, callers)
            entries = (await parts.store.counts()).entries
            gc.collect()
            gc.freeze()
            used = time.process_time()
            await self._send(submission, messages, callers)
            used = time.process_time() - used
            entries = (await parts.store.counts()).entries - entries
            gc.unfreeze()
        assert entries == 2 * messages, f"{entries} entries for {messages} messages"
        return used / messages

    async def _send(self, submission: Submission, messages: int, callers: int) -> None:
        session = Session("0123456789abcdef", "127.0.0.1", "client.example", True, "127.0.0.1:25", _now(), trusted=True)
        numbers = iter(range(messages))

        async def client() -> None:
            for number in numbers:
                answer = await submission.submit(session, envelope(), message(number))
                assert answer.code == 250, answer

        await asyncio.gather(*(client() for _ in range(callers)))
        await submission.settle()


def _now() -> Any:
    from datetime import UTC, datetime

    return datetime.now(UTC)


def yardstick() -> float:
    """Microseconds of processor that this machine takes for a fixed piece of Python now: other load slows it too."""
    began = time.thread_time()
    for number in range(200):
        json.dumps({"rules": [{"id": f"rule-{each}", "matched": False, "values": {"n": number}} for each in range(25)]})
    return 1e6 * (time.thread_time() - began) / 200


def turn(options: argparse.Namespace, prepare: Callable[[ExitStack], None] = lambda stack: None) -> float:
    """Microseconds of processor for one message, in a store of its own."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        LOG.file = LogFile(Path(folder) / "log.jsonl")
        prepare(stack)
        house = House(Path(folder))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            seconds = runner.run(house.run(options.messages, options.callers))
        lines = (Path(folder) / "log.jsonl").read_text().count('"submission_relayed"')
        assert lines == house.sink.taken == options.messages + 4 * options.callers
        return 1e6 * seconds


def stages(options: argparse.Namespace) -> None:
    watch = Stopwatch()

    def wrap(stack: ExitStack) -> None:
        for name, places in STAGES.items():
            for place in places:
                owner, _, attribute = place.rpartition(".")
                found = functools.reduce(getattr, _parts_of(owner), __import__(_module_of(owner), fromlist=["_"]))
                stack.enter_context(mock.patch.object(found, attribute, watch.around(name, getattr(found, attribute))))

    watched = turn(options, wrap)
    sent = options.messages + 4 * options.callers
    for name in STAGES:
        print(f"  {name:<32}{1e6 * watch.spent[name] / sent:>8.0f}")
    rest = watched - 1e6 * watch.spent.total() / sent
    print(f"  {'event loop, threads, collector':<32}{rest:>8.0f}")
    print(f"  {'all, with the stopwatch':<32}{watched:>8.0f}")


def _module_of(dotted: str) -> str:
    return ".".join(each for each in dotted.split(".") if each.islower() and each != "log")


def _parts_of(dotted: str) -> list[str]:
    return [each for each in dotted.split(".") if not each.islower() or each == "log"]


def table(options: argparse.Namespace) -> None:
    loop, writer = cProfile.Profile(time.thread_time), cProfile.Profile(time.thread_time)

    def wrap(stack: ExitStack) -> None:
        from mailguard.store.sqlite_engine import SqliteEngine

        work = SqliteEngine._work
        stack.enter_context(mock.patch.object(SqliteEngine, "_work", lambda self: writer.runcall(work, self)))
        stack.enter_context(loop)

    turn(options, wrap)
    for name, profile in (("the event loop", loop), ("the writer thread", writer)):
        text = io.StringIO()
        pstats.Stats(profile, stream=text).sort_stats("tottime").print_stats(options.table)
        print(f"\n{name}\n{text.getvalue().replace(str(ROOT) + '/', '')}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=4000)
    parser.add_argument("--callers", type=int, default=20)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--table", type=int, default=0, help="lines of cProfile")
    parser.add_argument("--no-stages", action="store_true")
    options = parser.parse_args()
    logs.configure(LOG)
    for _ in range(options.turns):
        before, used, after = yardstick(), turn(options), yardstick()
        yard = (before + after) / 2
        print(f"{used:.0f} microseconds of processor a message, {used / yard:.1f} yardsticks of {yard:.0f}", flush=True)
    if not options.no_stages:
        stages(options)
    if options.table:
        table(options)


if __name__ == "__main__":
    main()
