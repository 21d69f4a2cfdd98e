"""One worker as the service sees it: a process, two pipes, a job at a time, and an end for whatever goes wrong.

INVARIANT: a worker that has not answered a job as it should is killed, with its process group, before anything else.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

from ..core.errors import MailguardError
from ..core.mail.message import Buffer
from .answers import examined
from .body import Written
from .examine import Examined
from .framing import LENGTH, MOST_ANSWER_OCTETS, BrokenFrame, frame, length, value
from .settings import InspectionSettings

JOBS = 50
"""A worker reads so many parts, then another takes its place: what one part left in its memory does not stay.
A start costs more than half a second of processor time.
"""
START_SECONDS = 30.0
PIECE_OCTETS = 262_144
SLOW_PRIORITY = 15
BIG_ANSWER_OCTETS = 65_536

PACKAGES = str(Path(__file__).resolve().parents[2])
PROGRAM = "; ".join(
    (
        "import sys",
        "sys.path.insert(0, sys.argv.pop(1))",
        "from mailguard.inspection.worker import main",
        "sys.exit(main(sys.argv[1]))",
    )
)
"""The same code as the service's, wherever that was imported from; -I shuts out everything else."""


class CannotStart(MailguardError):
    """A worker did not start. Nothing is known of the part that waits for it."""


class SandboxRefused(MailguardError):
    """A worker could not shut itself in, so it reads nothing. str() says why, to an admin."""


class WorkerEnd(StrEnum):
    """How a worker ended. RETIRED: it had read its share, or knew other kinds. SLOW: it had stepped back for others.
    CANCELLED: nobody waited for its answer any more. NOT_STARTED, REFUSED: it never read anything.
    """

    TIME = "time"
    PROCESSOR = "processor"
    CRASH = "crash"
    NONSENSE = "nonsense"
    RETIRED = "retired"
    SLOW = "slow"
    CANCELLED = "cancelled"
    NOT_STARTED = "not_started"
    REFUSED = "refused"


class WorkerLost(Exception):
    """The worker ended, or had to be ended, in the middle of a job. str() is the reason why the part is unread, end the
    same in a word, for those who count.
    """

    def __init__(self, why: str, end: WorkerEnd) -> None:
        super().__init__(why)
        self.end = end


@dataclass(frozen=True, slots=True)
class Job:
    """data: the part, decoded. media_type, names: what it calls itself. written: of a text of the message itself.
    excerpt: whether its beginning is wanted, and nothing else.
    """

    data: Buffer = field(repr=False)
    media_type: str
    names: tuple[str, ...]
    written: Written | None = None
    excerpt: bool = False


class Worker:
    """Made by start_worker. Never used by two tasks at once."""

    def __init__(
        self, process: asyncio.subprocess.Process, wall_seconds: float, namespaces: bool, kinds: bytes | None = None
    ) -> None:
        self.kinds = kinds
        self._process = process
        self._wall_seconds = wall_seconds
        self.namespaces = namespaces
        self.jobs = 0
        self.slow = False

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_gone(self) -> bool:
        return self._process.returncode is not None

    @property
    def usable(self) -> bool:
        return not self.is_gone and self.jobs < JOBS

    async def run(self, job: Job, seconds: float) -> Examined:
        """Have a part read, in so many seconds at most, as the settings say in any case.

        Raises WorkerLost; then, and when it is cancelled, the worker is gone.
        """
        self.jobs += 1
        try:
            return await self._timed(job, min(seconds, self._wall_seconds))
        except BaseException:
            await self.kill()
            raise

    async def _timed(self, job: Job, seconds: float) -> Examined:
        try:
            async with asyncio.timeout(seconds):
                return await self._exchange(job)
        except TimeoutError:
            raise WorkerLost("reading it takes too long", WorkerEnd.TIME) from None
        except (OSError, EOFError, BrokenFrame) as cause:
            raise WorkerLost(*await self._why(cause)) from cause

    async def _exchange(self, job: Job) -> Examined:
        to_worker, from_worker = _pipes(self._process)
        header = {"size": len(job.data), "media_type": job.media_type, "names": job.names}
        if job.written is not None:
            header["written"] = asdict(job.written)
        if job.excerpt:
            header["excerpt"] = True
        to_worker.write(frame(header))
        rest = memoryview(job.data)
        for start in range(0, len(rest), PIECE_OCTETS):
            to_worker.write(bytes(rest[start : start + PIECE_OCTETS]))
            await to_worker.drain()
        await to_worker.drain()
        octets = await _frame(from_worker)
        if len(octets) <= BIG_ANSWER_OCTETS:
            return examined(value(octets), excerpt=job.excerpt)
        return await asyncio.to_thread(lambda: examined(value(octets), excerpt=job.excerpt))

    async def _why(self, cause: BaseException) -> tuple[str, WorkerEnd]:
        """The reason in words, from how the process ended."""
        if isinstance(cause, BrokenFrame):
            return "it could not be read", WorkerEnd.NONSENSE
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self._process.wait()
        if self._process.returncode == -signal.SIGXCPU:
            return "reading it takes too much processor time", WorkerEnd.PROCESSOR
        return "it broke the process that read it", WorkerEnd.CRASH

    def step_back(self) -> None:
        """Let others have the processor first. It cannot be undone without a right: the worker ends with its job."""
        self.slow = True
        with suppress(ProcessLookupError, PermissionError):
            os.setpriority(os.PRIO_PROCESS, self.pid, SLOW_PRIORITY)

    def strike(self) -> None:
        """Kill it, at once and with everything that it may have started. Who waits for its answer hears of it."""
        _strike(self._process)

    async def kill(self) -> None:
        """Kill it, and wait until it is gone. Not while another task waits for its answer."""
        await _end(self._process)


async def start_worker(settings: InspectionSettings, program: str = PROGRAM, *, kinds: bytes | None = None) -> Worker:
    """A worker that has shut itself in, and looks for these kinds of identifiers (own_kinds.py) besides its own.

    Raises CannotStart, SandboxRefused.
    """
    process = await _spawn(settings, program)
    try:
        async with asyncio.timeout(START_SECONDS):
            await _tell_kinds(process, kinds)
            said = value(await _frame(_pipes(process)[1]))
    except (OSError, EOFError, BrokenFrame, TimeoutError) as cause:
        await _end(process)
        raise CannotStart("a process that reads attachments ended as it started") from cause
    except BaseException:
        await _end(process)
        raise
    if said.get("ready") is not True:
        await _end(process)
        raise SandboxRefused(str(said.get("refused", "it does not say why")))
    return Worker(process, settings.wall_seconds, said.get("namespaces") is True, kinds)


async def _tell_kinds(process: asyncio.subprocess.Process, kinds: bytes | None) -> None:
    """The first frame that a worker gets, before it shuts itself in: afterwards it can import and open nothing."""
    to_worker, _ = _pipes(process)
    to_worker.write(frame({"kinds": None if kinds is None else kinds.decode("utf-8", "replace")}))
    await to_worker.drain()


async def _spawn(settings: InspectionSettings, program: str) -> asyncio.subprocess.Process:
    options = {"memory_bytes": settings.memory_bytes, "cpu_seconds": settings.cpu_seconds, "jobs": JOBS}
    command = [sys.executable, "-I", "-B", "-X", "utf8", "-c", program, PACKAGES, json.dumps(options)]
    try:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd="/",
            env={},
            start_new_session=True,
        )
    except OSError as cause:
        raise CannotStart("a process that reads attachments cannot be started") from cause


async def _frame(source: asyncio.StreamReader) -> bytes:
    size = length(await source.readexactly(LENGTH.size), MOST_ANSWER_OCTETS)
    return await source.readexactly(size)


def _pipes(process: asyncio.subprocess.Process) -> tuple[asyncio.StreamWriter, asyncio.StreamReader]:
    if process.stdin is None or process.stdout is None:
        raise CannotStart("a process that reads attachments has no pipes")
    return process.stdin, process.stdout


def _strike(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            process.kill()


async def _end(process: asyncio.subprocess.Process) -> None:
    _strike(process)
    await asyncio.shield(_buried(process))


async def _buried(process: asyncio.subprocess.Process) -> None:
    """asyncio takes a process for ended when its pipes are, and a full pipe that nobody reads is not."""
    to_worker, from_worker = _pipes(process)
    to_worker.close()
    with suppress(OSError):
        while await from_worker.read(PIECE_OCTETS):
            pass
    await process.wait()
