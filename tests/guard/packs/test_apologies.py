"""Apologies on a real store: nobody gets two, whoever asks, however many ask at once, and nothing without a number."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from mailguard.config import load_settings
from mailguard.core.errors import IncidentRefused, UnknownReference
from mailguard.guard.accounts import Actor
from mailguard.guard.packs.apologies import Asked, Planned
from mailguard.guard.packs.packing import Packing
from mailguard.serve.parts import Parts, open_parts
from tests.cli.conftest import SETTINGS

TEXT = "Subject: We are sorry\n\nHello\n\nOthers could see your address.\n"
CASE = "SHA256-" + "ab" * 16
PEOPLE = tuple(f"person{number}@patients.example" for number in range(5))
JO = Actor("Jo", "jo")
Act = Callable[[Parts], Awaitable[None]]


def on_store(folder: Path, act: Act) -> None:
    (folder / "policies").mkdir()
    (folder / "mailguard.yaml").write_text(SETTINGS.format(listen=0, smarthost=1))

    async def opened() -> None:
        parts = await open_parts(load_settings(folder / "mailguard.yaml"))
        try:
            await act(parts)
        finally:
            await parts.close()

    asyncio.run(opened())


def asked(people: tuple[str, ...] = PEOPLE, confirmed: int | None = None, text: str = TEXT) -> Asked:
    return Asked(CASE, None, people, text, confirmed)


async def send(packing: Packing, given: Asked) -> Planned:
    planned, _ = await packing.apologise(given, JO)
    return planned


async def queued(parts: Parts) -> list[str]:
    rows = await parts.store.outbox.list()
    assert {row.kind for row in rows} <= {"apology"} and all(len(row.envelope.recipients) == 1 for row in rows)
    return sorted(row.envelope.recipients[0].address for row in rows)


def test_two_who_press_at_the_same_moment_send_one_each(tmp_path: Path) -> None:
    async def act(parts: Parts) -> None:
        packing = parts.packs.packing
        done = await asyncio.gather(*(send(packing, asked(confirmed=5)) for _ in range(4)), return_exceptions=True)
        assert sum(isinstance(each, Planned) and each.sent is not None for each in done) == 1
        assert await queued(parts) == sorted(PEOPLE)

    on_store(tmp_path, act)


def test_who_comes_later_gets_it_and_the_others_no_second_one(tmp_path: Path) -> None:
    async def act(parts: Parts) -> None:
        packing = parts.packs.packing
        assert (await send(packing, asked(PEOPLE[:3], 3))).sent is not None
        shown = await send(packing, asked())
        assert (shown.people, shown.already, shown.sent) == (PEOPLE[3:], 3, None)
        second = await send(packing, asked(confirmed=2))
        assert second.sent is not None and len(second.earlier) == 1
        third = await send(packing, asked(confirmed=5))
        assert (third.people, third.already, third.sent) == ((), 5, None)
        assert await queued(parts) == sorted(PEOPLE)
        assert [each.people for each in await packing.runs(CASE)] == [3, 2]

    on_store(tmp_path, act)


@pytest.mark.parametrize(
    "given",
    [
        asked(confirmed=4),
        asked(confirmed=5, text=TEXT + "Ask ada@patients.example.\n"),
        asked(confirmed=5, text=TEXT + "[say here]\n"),
        asked(confirmed=5, text="Hello\n"),
    ],
)
def test_nothing_is_sent_without_its_number_or_with_a_text_that_names_somebody(tmp_path: Path, given: Asked) -> None:
    async def act(parts: Parts) -> None:
        with pytest.raises(IncidentRefused):
            await send(parts.packs.packing, given)
        assert await queued(parts) == [] and [each async for each in _kinds(parts)] == []

    on_store(tmp_path, act)


def test_a_bounce_comes_back_to_the_contact_and_an_unknown_incident_sends_nothing(tmp_path: Path) -> None:
    async def act(parts: Parts) -> None:
        packing = parts.packs.packing
        with pytest.raises(UnknownReference):
            await packing.apologise(Asked(CASE, None, PEOPLE, TEXT, 5, "IR-7Q4K-2FXB7M"), JO)
        assert await queued(parts) == []
        assert (await send(packing, asked(confirmed=5))).sent is not None
        (path,) = {row.envelope.reverse_path for row in await parts.store.outbox.list()}
        assert path is not None and path.address == "manager@elmroad.example"

    on_store(tmp_path, act)


async def _kinds(parts: Parts) -> AsyncIterator[str]:
    async for entry in parts.store.ledger.entries():
        yield entry.kind
