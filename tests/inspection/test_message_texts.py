"""The message's own texts: short ones are judged in the service, others by a worker; nobody waits long for either."""

from __future__ import annotations

import asyncio
import base64
import gc
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.core.mail.parse import parse
from mailguard.core.verdict import Finding, Inspection
from mailguard.inspection import inspector
from mailguard.inspection.body import Written
from mailguard.inspection.enclosed import Enclosed
from mailguard.inspection.examine import Examined, examine
from mailguard.inspection.inspector import NO_SANDBOX, TEXT_OCTETS, SandboxedInspector
from mailguard.inspection.pool import WorkerPool
from mailguard.inspection.process import Job, SandboxRefused
from mailguard.inspection.settings import InspectionSettings
from tests.inspection.texts.listing import LISTINGS, PEOPLE
from tests.inspection.texts.ordinary import TEXTS

SETTINGS = InspectionSettings(workers=1)
TABLE = LISTINGS["pasted from Excel as tabs"].text
HTML = LISTINGS["Outlook's HTML table"].text


def message(text: str, media_type: str = "text/plain", more: str = "") -> bytes:
    head = f"From: jo@elm.example\r\nTo: anna@else.example\r\nMIME-Version: 1.0\r\nContent-Type: {media_type}"
    return f"{head}; charset=utf-8{more}\r\n\r\n{text}".replace("\r\n", "\n").replace("\n", "\r\n").encode()


class Pool:
    """Takes jobs, and answers that it has read them."""

    def __init__(self, answer: Examined | Exception | None = None) -> None:
        self.answer = answer or Examined(unread="it broke")
        self.jobs: list[Job] = []

    async def run(self, job: Job, seconds: float) -> tuple[Examined, float]:
        self.jobs.append(job)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer, 0.0


async def inspected(raw: bytes, pool: Pool | WorkerPool) -> Inspection:
    (found,) = await SandboxedInspector(SETTINGS, pool).inspect(parse(raw), [""])  # type: ignore[arg-type]
    return found


def people(findings: tuple[Finding, ...]) -> int:
    return sum(each.count for each in findings if each.kind == "people_rows")


@pytest.mark.parametrize(("text", "media_type"), [(TABLE, "text/plain"), (HTML, "text/html")])
async def test_a_short_text_needs_no_worker(text: str, media_type: str) -> None:
    pool = Pool()
    found = await inspected(message(text, media_type), pool)
    assert not pool.jobs and found.uninspectable is None
    assert people(found.findings) == len(PEOPLE)
    assert found.people is not None and not found.people.text


@pytest.mark.parametrize("octets", [900, TEXT_OCTETS - 99, TEXT_OCTETS + 99])
async def test_a_long_text_is_read_by_a_worker_as_what_it_is(octets: int) -> None:
    pool = Pool(Examined())
    raw = message("a text " * (octets // 7), more="; format=flowed; delsp=yes")
    await inspected(raw, pool)
    assert [job.written for job in pool.jobs] == ([Written(False, "utf-8", True)] if octets > TEXT_OCTETS else [])


async def test_a_real_worker_finds_in_a_long_text_what_the_service_finds_in_a_short_one() -> None:
    pool = WorkerPool(SETTINGS)
    try:
        for text, media_type in ((TABLE, "text/plain"), (HTML, "text/html")):
            padding = "\n".join(["a line of no interest"] * 2_000)
            short = await inspected(message(text, media_type), Pool())
            long = await inspected(message(f"{text}\n<p>{padding}", media_type), pool)
            assert long.uninspectable is None
            assert people(long.findings) == people(short.findings) == len(PEOPLE)
            assert {each.where.partition(",")[0] for each in long.findings} == {"the message text"}
    finally:
        await pool.close()


async def test_an_error_in_the_service_asks_a_worker_and_one_there_is_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*arguments: object, **options: object) -> Examined:
        raise RuntimeError("anna@secret.example")

    monkeypatch.setattr(inspector, "examination_of", broken)
    pool = Pool()
    assert (await inspected(message(TABLE), pool)).uninspectable == "it broke"
    assert len(pool.jobs) == 1
    assert (await inspected(message(TABLE), Pool(SandboxRefused("no filter")))).uninspectable == NO_SANDBOX


async def test_a_file_within_the_text_is_read_by_a_worker() -> None:
    csv = "\n".join(",".join(row) for row in PEOPLE).encode()
    link = f'<a download="list.csv" href="data:text/csv;base64,{base64.b64encode(csv).decode()}">list</a>'
    pool = WorkerPool(SETTINGS)
    try:
        found = await inspected(message(f"<p>See {link}</p>", "text/html"), pool)
    finally:
        await pool.close()
    assert found.uninspectable is None and people(found.findings) == len(PEOPLE)


@pytest.mark.parametrize("charset", ["utf-16", "utf-7", "cp037", "iso-8859-1", "nonsense", ""])
async def test_a_charset_hides_nobody(charset: str) -> None:
    octets = TABLE.encode(charset if charset not in ("nonsense", "") else "utf-8")
    body = base64.encodebytes(octets).replace(b"\n", b"\r\n")
    head = f"From: a@elm.example\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset={charset}\r\n"
    raw = f"{head}Content-Transfer-Encoding: base64\r\n\r\n".encode() + body
    assert people((await inspected(raw, Pool())).findings) == len(PEOPLE)


async def test_the_loop_goes_on_while_texts_are_judged() -> None:
    """Measured in processor time, since other programs' turns are not ours."""
    inspecting = SandboxedInspector(SETTINGS, Pool())  # type: ignore[arg-type]
    raw = parse(message((TEXTS["a signature"] + "\n\n") * 80))
    assert len(raw.raw) <= TEXT_OCTETS
    waits: list[float] = []

    async def tick() -> None:
        before = time.process_time()
        while True:
            await asyncio.sleep(0)
            now = time.process_time()
            waits.append(now - before)
            before = now

    gc.collect()
    gc.freeze()  # as `serve` does: the garbage of thousands of tests is not what is measured
    ticking = asyncio.create_task(tick())
    began = time.process_time()
    await asyncio.gather(*(inspecting.inspect(raw, [""]) for _ in range(20)))
    took = time.process_time() - began
    ticking.cancel()
    gc.unfreeze()
    worst = sorted(waits)[-3:]
    print(
        f"20 texts of {len(raw.raw):,} octets in {took * 1e3:.0f} ms, longest waits {[f'{w * 1e3:.1f}' for w in worst]}"
    )
    assert worst[0] < 0.02 and worst[-1] < took / 5


async def test_a_table_of_very_many_columns_is_left_to_a_worker() -> None:
    pool = Pool(Examined())
    await inspected(message("\t".join(["1"] * 201) + "\n\n" + ("\t".join(["2"] * 201) + "\n") * 9), pool)
    assert len(pool.jobs) == 1 and pool.jobs[0].written == Written(False, "utf-8", False)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["", "utf-16", "utf-7", "shift_jis"]), st.booleans(), st.booleans())
def test_any_octets_are_a_text_that_can_be_judged(data: bytes, charset: str, html: bool, flowed: bool) -> None:
    found = examine(Enclosed(data), written=Written(html, charset, flowed))
    assert found.people is not None or found.unread is not None


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="<>/ab!-tdrshyle=\"' {}.#:;()n+1data,base64&\n", max_size=400))
def test_any_markup_is_a_text_that_can_be_judged(text: str) -> None:
    examine(Enclosed(text.encode()), written=Written(True, "utf-8"))
