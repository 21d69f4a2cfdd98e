"""How many people a record says were told: every run of apologies counts, and each of them once."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from mailguard.core.lifecycle import State
from mailguard.core.packs.from_file import contents_of
from mailguard.core.register.record import Incident
from mailguard.guard.packs.apologies import Asked, Planned
from mailguard.serve.parts import Parts
from tests.cli.conftest import AT

from .kept import PEOPLE as SHOWN
from .kept import REF, delivered, keep, written
from .test_apologies import CASE, JO, PEOPLE, TEXT, asked, on_store


async def opened(parts: Parts) -> str:
    return (await parts.register.book.add({"kind": "near_miss", "narrative": "A list was shown"}, JO)).incident


async def record(parts: Parts, incident: str) -> Incident:
    return (await parts.register.book.history(incident))[-1].record


async def tell(parts: Parts, incident: str | None, people: tuple[str, ...], case: str = CASE) -> Planned:
    packing = parts.packs.packing
    shown, _ = await packing.apologise(replace(asked(people), case=case), JO)
    given = replace(asked(people, len(shown.people)), case=case, incident=incident)
    return (await packing.apologise(given, JO))[0]


async def individually(parts: Parts, incident: str) -> int | None:
    told = (await record(parts, incident)).subjects_told
    return told and told.individually


def test_a_list_in_several_runs_is_told_as_a_whole_and_nobody_twice(tmp_path: Path) -> None:
    async def act(parts: Parts) -> None:
        incident = await opened(parts)
        for people, told in ((PEOPLE[:2], 2), (PEOPLE[2:4], 4), (PEOPLE[:4], 4), (PEOPLE, 5), (PEOPLE, 5)):
            await tell(parts, incident, people)
            assert await individually(parts, incident) == told
        kept = await record(parts, incident)
        assert kept.subjects_told is not None and kept.subjects_told.told
        assert [each.kind for each in kept.entries] == ["apology_queued"] * 3 and kept.message is None
        assert kept.subjects_told.at == (await parts.packs.packing.runs(CASE))[0].at

    on_store(tmp_path, act)


def test_runs_that_were_not_entered_are_when_somebody_asks_again_and_a_second_message_adds_to_it(
    tmp_path: Path,
) -> None:
    async def act(parts: Parts) -> None:
        incident, other = await opened(parts), await opened(parts)
        await tell(parts, None, PEOPLE[:3])
        assert await individually(parts, incident) is None
        assert (await tell(parts, incident, PEOPLE[:3])).sent is None
        assert await individually(parts, incident) == 3
        await tell(parts, incident, PEOPLE[3:], "SHA256-" + "cd" * 16)
        assert await individually(parts, incident) == 5
        await tell(parts, other, PEOPLE)
        # Of the first three nobody said that they are of another incident; the two who had none yet are told now.
        assert (await individually(parts, incident), await individually(parts, other)) == (5, 5)

    on_store(tmp_path, act)


@pytest.mark.parametrize("named_at_first", [True, False])
@pytest.mark.parametrize("by_file", [True, False])
def test_what_a_crash_left_out_is_entered_by_asking_again_by_the_message_or_by_its_file(
    tmp_path: Path, named_at_first: bool, by_file: bool
) -> None:
    """Killed between the rows and the record, or the first run named no incident."""

    async def act(parts: Parts) -> None:
        await keep(parts, State.HELD, "relay")
        await delivered(parts, SHOWN, AT)
        packing, incident = parts.packs.packing, await opened(parts)
        first = Asked(REF, REF, (), TEXT, 4, incident if named_at_first else None)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(packing, "_told", _killed)
            with pytest.raises(_Killed) if named_at_first else nullcontext():
                await packing.apologise(first, JO)
        assert len(await parts.store.outbox.list()) == 4 and await individually(parts, incident) is None
        again = replace(first, incident=incident)
        if by_file:
            again = replace(again, ref=None, people=SHOWN, contents=tuple(contents_of(written(SHOWN))))
        for _ in range(2):
            planned, revision = await packing.apologise(again, JO)
            assert (planned.people, planned.already, planned.sent) == ((), 4, None) and revision is not None
            assert await individually(parts, incident) == 4
        assert len(await parts.store.outbox.list()) == 4

    on_store(tmp_path, act)


class _Killed(Exception):
    pass


async def _killed(*_: object) -> NoReturn:
    raise _Killed


def test_what_a_person_wrote_of_it_stays(tmp_path: Path) -> None:
    async def act(parts: Parts) -> None:
        incident = await opened(parts)
        written = {"told": True, "how": "by telephone", "individually": 7}
        await parts.register.book.revise(incident, {"subjects_told": written}, "we called them", JO)
        await tell(parts, incident, PEOPLE)
        told = (await record(parts, incident)).subjects_told
        assert told is not None and (told.how, told.individually) == ("by telephone", 7)

    on_store(tmp_path, act)
