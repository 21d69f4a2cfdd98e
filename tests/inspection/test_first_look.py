"""The first look at a plain text says that there is nothing only where the examination says so."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.mail.parse import parse
from mailguard.core.verdict import Inspection
from mailguard.inspection import first_look as module
from mailguard.inspection.body import WHERE, Written, telling_items
from mailguard.inspection.body import tells_nothing as asked_of_octets
from mailguard.inspection.enclosed import Enclosed
from mailguard.inspection.examine import examine
from mailguard.inspection.first_look import NOTHING, first_look
from mailguard.inspection.inspector import TEXT_OCTETS, SandboxedInspector
from mailguard.inspection.pool import WorkerPool
from mailguard.inspection.settings import InspectionSettings
from tests.inspection.test_telling import LETTERS, OWN
from tests.inspection.texts.listing import LISTINGS
from tests.inspection.texts.ordinary import TEXTS

PLAIN = Written(charset="utf-8")
PROSE = "Dear Mary,\r\n\r\nthank you for the long letter that you wrote to us, which we read\r\nwith interest.\r\n\r\n"
CHARSETS = ["", "utf-8", "us-ascii", "iso-8859-1", "windows-1252", "utf-16", "utf-7", "cp037", "iso-2022-jp", "x-none"]


def tells_nothing(data: bytes, written: Written = PLAIN) -> bool:
    look = first_look(memoryview(data), written)
    while True:
        try:
            next(look)
        except StopIteration as end:
            return bool(end.value)


def is_nothing(data: bytes, written: Written) -> bool:
    return examine(Enclosed(data), written=written, readers=()) == NOTHING


@given(
    st.one_of(LETTERS.map(lambda text: text.encode("utf-8", "replace")), st.binary(max_size=60)),
    st.sampled_from(CHARSETS),
    st.booleans(),
    st.integers(20, 400),
)
def test_nothing_is_nothing_however_it_is_cut(data: bytes, charset: str, flowed: bool, octets: int) -> None:
    written = Written(charset=charset, flowed=flowed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PIECE_OCTETS", octets)
        for each in (data, data.replace(b"\n", b"\r\n"), data + b"\0", b"%PDF-1.4\n" + data):
            if tells_nothing(each, written):
                assert is_nothing(each, written)


@given(st.text("a1@ ,;\t\r\n\x0b\x00", max_size=60))
def test_what_is_asked_of_octets_is_true_of_the_lines(text: str) -> None:
    if asked_of_octets(text.encode()):
        lines = text.replace("\r\n", "\n").replace("\r", "\n")
        assert not list(telling_items(lines, WHERE))
        assert not set(text) & {"@", "\x0b", "\x00"}


@pytest.mark.parametrize("text", [PROSE, PROSE.replace("\r\n", "\n"), "1. Dear Mary,\nyes, of course\n", "a\rb\n", ""])
def test_of_prose_nothing_has_to_be_asked_of_its_lines(text: str) -> None:
    assert asked_of_octets(text.encode())


@pytest.mark.parametrize("text", [*TEXTS.values(), *(each.text for each in LISTINGS.values())])
def test_of_a_text_with_something_in_it_nothing_is_said(text: str) -> None:
    for octets in (text.encode(), (PROSE * 900 + text).encode(), (text + PROSE * 900).encode()):
        if tells_nothing(octets):
            assert is_nothing(octets, PLAIN)


def test_a_list_without_digits_is_seen_wherever_it_is_cut() -> None:
    names = ["Patel", "Jones", "Okafor", "Novak", "Murphy", "Begum", "Wang"]
    rows = "\r\n".join(["Surname, Forename, Diagnosis", *(f"{name}, Ann, asthma" for name in names)])
    for before in range(0, 400, 7):
        text = "x" * (module.PIECE_OCTETS - before) + "\r\n" + rows + "\r\n" + PROSE * 700
        assert not tells_nothing(text.encode()), before
    assert not tells_nothing((rows + "\r\n" + "a, b, c\r\n" * 20_000).encode())


def test_ordinary_prose_tells_nothing_and_its_pieces_are_few() -> None:
    data = (PROSE * 20_000).encode()
    assert tells_nothing(data)
    assert sum(1 for _ in first_look(data, PLAIN)) <= 1.1 * len(data) / module.PIECE_OCTETS + 1


@pytest.mark.parametrize(
    ("data", "written"),
    [
        (b"Hello", Written(html=True)),
        (b"Hello", Written(flowed=True)),
        (b"Hello", Written(charset="utf-7")),
        (b"Hello\xe9", PLAIN),
        (b"Hello\0", PLAIN),
        (b"Hello\rthere", PLAIN),
        (b"PK\x03\x04", PLAIN),
        (b"\x01" * 20, PLAIN),
        (b"x" * 200_000, PLAIN),
    ],
)
def test_what_is_no_ordinary_text_is_left_to_the_examination(data: bytes, written: Written) -> None:
    assert not tells_nothing(data, written)


class NoWorkers(WorkerPool):
    async def run(self, *given: object) -> object:  # type: ignore[override]
        raise AssertionError("a worker was asked")


def inspector() -> SandboxedInspector:
    settings = InspectionSettings()
    return SandboxedInspector(settings, NoWorkers(settings))


async def inspect(body: str, looking: SandboxedInspector | None = None) -> Inspection:
    message = parse(f"From: a@elmroad.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}".encode())
    [found] = await (looking or inspector()).inspect(message, [message.root.path])
    return found


async def test_a_large_text_with_nothing_in_it_needs_no_worker_and_keeps_the_loop_for_short_turns() -> None:
    inspections = asyncio.ensure_future(inspect(PROSE * 20_000))
    turns = 0
    while not inspections.done():
        turns += 1
        await asyncio.sleep(0)
    assert await inspections == Inspection("", (), None, NOTHING.people, ())
    assert turns > 20


async def test_a_large_text_that_may_tell_something_is_a_workers() -> None:
    with pytest.raises(AssertionError, match="a worker was asked"):
        await inspect(PROSE * 1_000 + "ring 07700 900123\r\n")


async def test_own_kinds_are_looked_for_by_the_examination() -> None:
    looking = inspector()
    looking.look_for(OWN)
    found = await inspect("Dear all,\r\nin ward ABCD there is a bed.\r\n", looking)
    assert [each.kind for each in found.findings] == ["ward_letter"]
    with pytest.raises(AssertionError, match="a worker was asked"):
        await inspect(PROSE * (TEXT_OCTETS // len(PROSE) + 1), looking)


async def test_short_texts_do_not_wait_for_a_long_one() -> None:
    looking = inspector()
    long = asyncio.ensure_future(inspect(PROSE * 40_000, looking))
    await asyncio.sleep(0)
    await inspect("ring 42 please", looking)
    assert not long.done()
    await long
