"""Many decide about one message at once, at consoles, the command line and by its sender's link: one of them does."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailguard.core.errors import AlreadyDecided, CannotRewrite, NotAllowed, StoreUnavailable, UnknownReference
from mailguard.core.lifecycle import State
from mailguard.guard.console.choices import Choice
from mailguard.guard.console.deciding import MANY
from mailguard.guard.console.sessions import Visitor
from mailguard.guard.records import Held
from mailguard.guard.rewriting import Rewriting
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.guard.console.deciding import deadline_of, deciding_on, holds_list
from tests.guard.console.house import SAM, House, NoLimits, close_house, open_house
from tests.peers.postgresql import Postgresql

REF = "MG-AAAA-22"
COPIES = 20


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Postgresql]:
    cluster = Postgresql()
    yield cluster
    cluster.close()


@pytest.fixture(params=["sqlite", "postgresql"])
async def houses(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[House, House]]:
    """Two consoles' worth of objects on one store: on PostgreSQL each with an engine of its own, as two processes."""
    if request.param == "sqlite":
        first = await open_house(tmp_path, teams=("elm", "park"))
        yield first, replace_store(first, first.store)
        await close_house(first)
        return
    cluster = request.getfixturevalue("postgresql")
    url = cluster.new_database()
    first = await open_house(tmp_path, teams=("elm", "park"), url=url)
    settings = StoreSettings(url=url, keys=tmp_path / "mailguard.keys", ledger="console-2")
    second = replace_store(first, await Store.open(settings))
    yield first, second
    await second.store.close()
    await close_house(first)
    cluster.drop_database(url)


def replace_store(house: House, store: Store) -> House:
    """Another process: all objects anew, the same clock."""
    return House(store, house.clock, house.passwords, NoLimits(), house.teams)


async def visitor(house: House, name: str, *roles: str) -> Visitor:
    await house.book.add(name, "maple river copper nine", roles or ("reviewer:elm",), SAM)
    account = await house.store.accounts.find(name)
    assert account is not None
    found = await house.sessions.look(await house.sessions.begin(account, "Firefox"))
    assert found is not None
    return found


async def rows(house: House) -> Counter[str]:
    return Counter(row.kind for row in await house.store.outbox.list())


async def terminal_kinds(house: House) -> Counter[str]:
    ends = ("message_released", "release_rejected", "hold_cancelled", "hold_expired")
    return Counter([each.kind async for each in house.store.ledger.entries(REF) if each.kind in ends])


async def test_of_200_attempts_from_everywhere_one_decides(houses: tuple[House, House]) -> None:
    first, second = houses
    people = [await visitor(first, f"r{number}@elmroad.example") for number in range(4)]
    await holds_list(first, count=COPIES)
    consoles = [deciding_on(first), deciding_on(second)]
    reviews = [first.review, second.review]

    async def attempt(number: int) -> Held:
        console, review, who = consoles[number % 2], reviews[number % 2], people[number % 4]
        kind = number // 2 % 5
        if kind < 2:
            choice = (Choice.SEPARATE, Choice.BCC)[kind]
            return await console.decide(REF, choice, who, version=1, note="wanted, asked by phone")
        if kind == 2:
            return await console.decide(REF, Choice.REJECT, who, version=1, note="use the bulk service")
        if kind == 3:
            return await review.release(
                REF, form="separate", reason="x", by=f"shell {number}", system_user="root", version=1
            )
        return await review.cancel(REF, by="nurse@elmroad.example", system_user="link", version=1)

    results = await asyncio.gather(*(attempt(number) for number in range(200)), return_exceptions=True)
    winners = [each for each in results if isinstance(each, Held)]
    assert len(winners) == 1 and sum(isinstance(each, AlreadyDecided) for each in results) == 199
    first.clock.move(seconds=31)
    await asyncio.gather(*(deadline_of(house).enforce() for house in houses for _ in range(3)))
    held = await first.store.quarantine.get(REF)
    assert held.state in {State.RELEASING, State.REJECTED, State.CANCELLED}
    assert sum((await terminal_kinds(first)).values()) == 1
    found = await rows(first)
    expected = {"separate": ("copy", COPIES + 1), "bcc": ("release", 1)}
    sent = expected.get(held.released_as or "") if held.state is State.RELEASING else None
    assert found["copy"] + found["release"] == (sent[1] if sent else 0), found
    assert sent is None or found[sent[0]] == sent[1]


async def test_stop_cancel_and_the_end_of_the_time_at_once_end_in_one_state(houses: tuple[House, House]) -> None:
    first, second = houses
    who = await visitor(first, "sam@elmroad.example")
    await holds_list(first, count=COPIES)
    decided = await deciding_on(first).decide(REF, Choice.SEPARATE, who, version=1, note="wanted")
    first.clock.move(seconds=31)
    acts: list[Any] = [deadline_of(house).enforce() for house in houses for _ in range(10)]
    for house in houses:
        acts += [deciding_on(house).stop(REF, who, decided.version) for _ in range(40)]
        acts += [house.review.cancel(REF, by="nurse", system_user="link", version=decided.version) for _ in range(50)]
    await asyncio.gather(*acts, return_exceptions=True)
    held = await second.store.quarantine.get(REF)
    found, ended = await rows(second), await terminal_kinds(second)
    if held.state is State.RELEASING:
        assert found["copy"] == COPIES + 1 and ended == {"message_released": 1}
    else:
        assert held.state in {State.HELD, State.CANCELLED} and not found["copy"] and not ended["message_released"]


async def test_what_one_process_decided_another_lets_go(houses: tuple[House, House]) -> None:
    """The process that decided is gone: what it decided is in the store, until when too."""
    first, second = houses
    who = await visitor(first, "sam@elmroad.example")
    await holds_list(first, count=3)
    held = await deciding_on(first).decide(REF, Choice.SEPARATE, who, version=1, note="wanted")
    found = await second.store.quarantine.get(REF)
    assert (found.state, found.leaves_at, found.released_as) == (State.LEAVING, held.leaves_at, "separate")
    await deadline_of(second).enforce()
    assert not await rows(second)
    first.clock.move(seconds=31)
    await deadline_of(second).enforce()
    assert (await rows(second))["copy"] == 4


async def test_one_person_is_one_person_at_the_console_and_at_the_shell(houses: tuple[House, House]) -> None:
    first, _ = houses
    sam, amira = [await visitor(first, f"{name}@elmroad.example") for name in ("sam", "amira")]
    console, review = deciding_on(first), first.review
    for ref, approve in (
        ("MG-AAAA-22", console.decide("MG-AAAA-22", Choice.SEPARATE, sam, version=1, note="wanted")),
        ("MG-BBBB-22", review.release("MG-BBBB-22", form="separate", reason="x", by="Sam", system_user="sam")),
        ("MG-CCCC-22", review.release("MG-CCCC-22", form="separate", reason="x", by="sam@elmroad.example",
                                      system_user="root")),
    ):  # fmt: skip
        await holds_list(first, ref, count=3, approvals_needed=2)
        assert (await approve).state is State.APPROVED_ONCE
        with pytest.raises(NotAllowed):
            await console.decide(ref, Choice.SEPARATE, sam, version=2, note="again")
        for by, user in (("sam@elmroad.example", "root"), ("Another", "sam"), ("SAM", "deploy")):
            with pytest.raises(NotAllowed):
                await review.release(ref, form="separate", reason="x", by=by, system_user=user)
        options = await console.options(await console.open(ref, sam), sam)
        assert not {Choice.AGREE, Choice.SEPARATE, Choice.BCC, Choice.ORIGINAL} & {*options.allowed}
        done = await console.decide(ref, Choice.AGREE, amira, version=2, note="agreed")
        assert done.state is State.LEAVING and len(done.approved_by) == 2


@pytest.mark.parametrize("form", ["reverse-path", "From", "shell"])
async def test_who_sent_it_does_not_decide(houses: tuple[House, House], form: str) -> None:
    first, _ = houses
    nurse = await visitor(first, "nurse@elmroad.example")
    changes: dict[str, Any] = {"sender": "system@elmroad.example"} if form == "From" else {}
    await holds_list(first, count=3, **changes)
    with pytest.raises(NotAllowed):
        if form == "shell":
            await first.review.release(REF, form="bcc", reason="x", by="Nurse@ElmRoad.example", system_user="root")
        else:
            await deciding_on(first).decide(REF, Choice.SEPARATE, nurse, version=1, note="mine")


async def test_of_a_bounce_the_summary_shows_the_letter_in_it(houses: tuple[House, House]) -> None:
    first, _ = houses
    first.notices._form = "dsn"
    held = await first.store.quarantine.get(await holds_list(first, REF, count=3))
    sam = await visitor(first, "sam@elmroad.example")
    told = (await deciding_on(first).summary(held, Choice.REJECT, "Please use the bulk tool.", sam)).told
    assert told.subject.startswith("Not sent: Flu clinic") and told.text is not None
    assert "Please use the bulk tool." in told.text and "Final-Recipient" not in told.text


async def test_a_message_of_the_canary_is_nobodys(houses: tuple[House, House]) -> None:
    first, _ = houses
    who = await visitor(first, "sam@elmroad.example")
    await holds_list(first, count=3, canary="run-1")
    with pytest.raises(UnknownReference):
        await deciding_on(first).open(REF, who)


@pytest.mark.parametrize("tried", [True, False], ids=["tried for the form", "not tried before"])
async def test_what_cannot_leave_as_decided_needs_a_decision_again(
    houses: tuple[House, House], monkeypatch: pytest.MonkeyPatch, tried: bool
) -> None:
    """Settings can change between the decision and the end of the time to stop it."""
    first, _ = houses
    who = await visitor(first, "sam@elmroad.example")
    await holds_list(first, count=3)
    console = deciding_on(first)
    if tried:
        await console.options(await console.open(REF, who), who)
    await console.decide(REF, Choice.SEPARATE, who, version=1, note="wanted")
    first.clock.move(hours=23)
    deadline = deadline_of(first)

    async def cannot(*_: Any, **__: Any) -> None:
        raise CannotRewrite("it cannot")

    monkeypatch.setattr("mailguard.guard.rewriting.Rewriting.rewritten", cannot)
    await deadline.enforce()
    held = await first.store.quarantine.get(REF)
    assert (held.state, held.decided_by) == (State.HELD, None) and not await rows(first)
    assert held.due_at >= first.clock.at + timedelta(hours=1), "people have time to decide anew"


async def test_what_could_not_be_foreseen_is_tried_again_and_decides_nothing(
    houses: tuple[House, House], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = houses
    who = await visitor(first, "sam@elmroad.example")
    await holds_list(first, count=MANY)
    console = deciding_on(first)
    held = await console.open(REF, who)
    with monkeypatch.context() as broken:
        broken.setattr(Rewriting, "unsigned", cannot_be_read)
        console.foresee(held, who)
        await asyncio.sleep(0.2)
        with pytest.raises(StoreUnavailable):
            await console.options(held, who)
    assert Choice.SEPARATE in (await console.options(held, who)).allowed
    assert (await first.store.quarantine.get(REF)).version == held.version and not await rows(first)


async def cannot_be_read(*_: Any) -> None:
    raise StoreUnavailable("it cannot be read")


async def test_who_may_not_decide_sets_nothing_going_by_looking(houses: tuple[House, House]) -> None:
    first, _ = houses
    await holds_list(first, count=MANY)
    held = await first.store.quarantine.get(REF)
    before = asyncio.all_tasks()
    deciding_on(first).foresee(held, await visitor(first, "vi@elmroad.example", "viewer:elm"))
    assert not [task for task in asyncio.all_tasks() - before if task.get_name() == "foresee"]


async def test_the_form_for_5000_recipients_is_quick_once_its_forms_were_tried(houses: tuple[House, House]) -> None:
    first, _ = houses
    who = await visitor(first, "sam@elmroad.example")
    await holds_list(first, count=5000)
    console = deciding_on(first)
    held = await console.open(REF, who)
    options = await console.options(held, who)
    assert Choice.SEPARATE in options.allowed
    began = time.process_time()  # not the turns of other programs
    assert await console.options(held, who) == options
    assert time.process_time() - began < 1, "the forms are tried once"
    summary = await console.summary(held, Choice.SEPARATE, "", who)
    assert summary.copies == 5000
