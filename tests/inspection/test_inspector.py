"""The inspector: an answer for every part, in order, whatever the parts are; one message keeps one worker only."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from mailguard.core.inventory import Inventory
from mailguard.core.mail.parse import parse
from mailguard.inspection import inspector
from mailguard.inspection.examine import Examined
from mailguard.inspection.inspector import NO_PART, NO_SANDBOX, TOO_LARGE, TOO_LONG, SandboxedInspector
from mailguard.inspection.pool import InspectionBusy
from mailguard.inspection.process import CannotStart, Job, SandboxRefused
from mailguard.inspection.settings import InspectionSettings

SETTINGS = InspectionSettings(file_bytes=65_536)
MESSAGE = parse(
    b"From: jo@elm.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain; charset=utf-8; name=a.txt\r\n\r\nfirst\r\n"
    b"--b\r\nContent-Type: application/x; name=b.x\r\nContent-Transfer-Encoding: base64\r\n\r\nc2Vjb25k\r\n"
    b"--b\r\nContent-Type: application/x; name=c.x\r\n\r\n" + b"x" * 70_000 + b"\r\n--b--\r\n"
)


@dataclass
class Pool:
    """Answers as told, and keeps what it was asked."""

    answer: Examined | Exception = field(default_factory=Examined)
    seconds: float = 0.0
    jobs: list[Job] = field(default_factory=list)
    left: list[float] = field(default_factory=list)
    running: int = 0

    async def run(self, job: Job, seconds: float) -> tuple[Examined, float]:
        self.running += 1
        assert self.running == 1, "a message has one worker at a time"
        await asyncio.sleep(0)
        self.running -= 1
        self.jobs.append(job)
        self.left.append(seconds)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer, self.seconds


async def inspect(pool: Pool, parts: Sequence[str]) -> list[str | None]:
    found = await SandboxedInspector(SETTINGS, pool).inspect(MESSAGE, parts)  # type: ignore[arg-type]
    assert [each.part for each in found] == list(parts)
    return [each.uninspectable for each in found]


async def test_parts_are_handed_over_decoded_with_type_and_names() -> None:
    pool = Pool()
    assert await inspect(pool, ["2", "1"]) == [None, None]
    assert [(bytes(job.data), job.media_type, job.names) for job in pool.jobs] == [
        (b"second", "application/x", ("b.x",)),
        (b"first", "text/plain; charset=utf-8", ("a.txt",)),
    ]


async def test_what_is_too_large_or_not_there() -> None:
    pool = Pool()
    assert await inspect(pool, ["3", "9", ""]) == [TOO_LARGE, NO_PART, NO_PART]
    assert not pool.jobs


async def test_a_message_has_so_many_seconds_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspector, "MESSAGE_SECONDS", 10.0)
    pool = Pool(seconds=6.0)
    assert await inspect(pool, ["1", "2", "1", "2"]) == [None, None, TOO_LONG, TOO_LONG]
    assert pool.left == [10.0, 4.0]


async def test_without_a_sandbox_nothing_is_read() -> None:
    assert await inspect(Pool(SandboxRefused("no filter")), ["1", "2"]) == [NO_SANDBOX, NO_SANDBOX]


@pytest.mark.parametrize("trouble", [CannotStart("no memory"), InspectionBusy("full")])
async def test_trouble_of_the_machine_defers_the_message(trouble: Exception) -> None:
    with pytest.raises(type(trouble)):
        await inspect(Pool(trouble), ["1"])


async def test_a_file_that_broke_its_worker_is_named_with_the_reason() -> None:
    pool = Pool(Examined(unread="reading it takes too long"))
    (found,) = await SandboxedInspector(SETTINGS, pool).inspect(MESSAGE, ["2"])  # type: ignore[arg-type]
    assert found.inventory == (Inventory("b.x", unread="reading it takes too long"),)
    read = Inventory("b.x", 5, 5)
    (found,) = await SandboxedInspector(SETTINGS, Pool(Examined(inventory=(read,)))).inspect(  # type: ignore[arg-type]
        MESSAGE, ["2"]
    )
    assert found.inventory == (read,)
