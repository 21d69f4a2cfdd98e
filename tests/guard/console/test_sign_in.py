"""Signing in to the console, its sessions and its one-time links, on a real store (THREATS.md T7, T68)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailguard.core.errors import AccountExists, AccountRefused, NotAllowed, PasswordsUnavailable, UnknownAccount
from mailguard.core.sign_in import SignInOutcome
from mailguard.guard.console.links import LinkUsed
from mailguard.guard.console.sign_in import Refusal, SignedIn
from mailguard.smtp.listen_settings import Limits
from tests.guard.console.house import SAM, SECRET, House, close_house, open_house

JO = "jo@elmroad.example"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    opened = await open_house(tmp_path)
    yield opened
    await close_house(opened)


async def test_name_password_and_code_sign_in(house: House) -> None:
    await house.account(JO, "reviewer")
    before = len(await house.kinds())
    visitor = await house.sessions.look(await house.token(JO))
    assert visitor is not None and visitor.whole and visitor.account.name == JO
    assert (await house.kinds())[before:] == ["console_signed_in"]


async def test_a_code_signs_in_once(house: House) -> None:
    await house.account(JO, "reviewer")
    code = await house.code(JO)
    answers = await asyncio.gather(*(house.tries(JO, code=code) for _ in range(4)))
    assert sum(isinstance(each, SignedIn) for each in answers) == 1
    assert [each for each in answers if not isinstance(each, SignedIn)] == [Refusal.WRONG] * 3


@pytest.mark.parametrize("wrong", ["name", "password", "code", "no code", "disabled", "no role", "nothing"])
async def test_what_is_wrong_is_not_said(house: House, wrong: str) -> None:
    await house.account(JO, "reviewer")
    code = await house.code(JO)
    name = {"name": "nobody@elmroad.example", "nothing": ""}.get(wrong, JO)
    password = {"password": "maple river copper ten", "nothing": ""}.get(wrong, SECRET)
    if wrong == "disabled":
        await house.book.disable(JO, SAM)
    if wrong == "no role":
        await house.book.set_roles(JO, ["sender"], SAM)
    typed = {"code": "000000" if code != "000000" else "000001", "no code": "", "nothing": ""}.get(wrong, code)
    assert await house.tries(name, password, typed) is Refusal.WRONG
    assert house.attempts.outcomes[-1] is SignInOutcome.REFUSED


@pytest.mark.parametrize("name", [JO, "nobody@elmroad.example", ""])
async def test_an_attempt_is_one_hash_whoever_it_names(
    house: House, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.account(JO, "reviewer")
    hashed, verify = [], house.passwords.verify

    async def counted(password_hash: str | None, password: str) -> bool:
        hashed.append(password_hash is None)
        return await verify(password_hash, password)

    monkeypatch.setattr(house.passwords, "verify", counted)
    await house.tries(name, "something else 1234", "123456")
    assert hashed == [name != JO]


async def test_what_cannot_be_tried_is_no_refusal(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy(*_: object) -> bool:
        raise PasswordsUnavailable("too many")

    monkeypatch.setattr(house.passwords, "verify", busy)
    assert await house.tries(JO) is Refusal.UNAVAILABLE
    assert house.attempts.outcomes == [SignInOutcome.UNAVAILABLE]


async def test_guessing_is_slowed_down(tmp_path: Path) -> None:
    house = await open_house(tmp_path, limits=Limits(sign_in_failures_per_account=2, sign_in_wait_seconds=1))
    await house.book.add(JO, SECRET, ["reviewer"], SAM)
    answers = [await house.tries(JO, "maple river copper ten") for _ in range(5)]
    assert Refusal.SLOWED in answers
    assert await house.tries(JO) is Refusal.SLOWED, "the right password too"
    await close_house(house)


async def test_without_a_second_factor_nothing_is_open_but_setting_it_up(house: House) -> None:
    await house.account(JO, "reviewer", factor=False)
    begun = await house.tries(JO)
    assert isinstance(begun, SignedIn) and not begun.whole
    visitor = await house.sessions.look(begun.token)
    assert visitor is not None and not visitor.whole
    assert "console_signed_in" not in await house.kinds()
    assert await house.sign_in.set_up(visitor, "000000", peer="192.0.2.1", browser="") is Refusal.WRONG
    account = await house.store.accounts.find(JO)
    assert account is not None and account.second_factor is None


async def test_the_session_of_the_set_up_ends_with_it(house: House) -> None:
    await house.account(JO, "reviewer", factor=False)
    first, second = await house.tries(JO), await house.tries(JO)
    visitor = await house.sessions.look(first.token)
    assert visitor is not None and visitor.session.pending_factor is not None
    account = replace(visitor.account, second_factor=visitor.session.pending_factor)
    await house.store.accounts.change(account, [])
    for each in (first, second):
        assert await house.sessions.look(each.token) is None


async def test_a_session_ends_after_20_idle_minutes_and_after_8_hours(house: House) -> None:
    await house.account(JO, "reviewer")
    token = await house.token(JO)
    house.clock.move(minutes=19, seconds=59)
    assert await house.sessions.look(token)
    house.clock.move(minutes=20)
    assert await house.sessions.look(token) is None
    token = await house.token(JO)
    for _ in range(8 * 4 - 1):
        house.clock.move(minutes=15)
        assert await house.sessions.look(token)
    house.clock.move(minutes=15)
    assert await house.sessions.look(token) is None


@pytest.mark.parametrize("what", ["password", "disable", "remove", "roles", "link"])
async def test_a_session_ends_with_what_it_rests_on(house: House, what: str) -> None:
    await house.account(JO, "reviewer")
    token = await house.token(JO)
    if what == "password":
        await house.book.set_password(JO, "another maple river", SAM)
    elif what == "disable":
        await house.book.disable(JO, SAM)
    elif what == "remove":
        await house.book.remove(JO, SAM)
    elif what == "roles":
        await house.book.set_roles(JO, ["sender"], SAM)
    else:
        link = await house.links.make(JO, SAM)
        await house.links.use(link.token, "", "another maple river", "")
    assert await house.sessions.look(token) is None


@pytest.mark.parametrize("what", ["disable", "remove", "roles"])
async def test_t68_a_session_that_ended_with_its_account_does_not_come_back_with_it(house: House, what: str) -> None:
    """Nobody looked meanwhile, and it would not have been idle for long."""
    await house.account(JO, "reviewer")
    token = await house.token(JO)
    if what == "disable":
        await house.book.disable(JO, SAM)
        await house.book.enable(JO, SAM)
    elif what == "roles":
        await house.book.set_roles(JO, ["sender"], SAM)
        await house.book.set_roles(JO, ["reviewer"], SAM)
    else:
        account = await house.store.accounts.find(JO)
        await house.book.remove(JO, SAM)
        assert account and not await house.store.console_sessions.of_account(account.identifier)
    assert await house.sessions.look(token) is None


async def test_roles_count_at_once(house: House) -> None:
    await house.account(JO, "reviewer")
    token = await house.token(JO)
    await house.book.set_roles(JO, ["viewer"], SAM)
    visitor = await house.sessions.look(token)
    assert visitor is not None and not visitor.powers.reads


async def test_somebody_signs_out_here_there_and_everywhere(house: House) -> None:
    await house.account(JO, "reviewer")
    await house.account("sam@elmroad.example", "reviewer")
    tokens = [await house.token(JO) for _ in range(4)]
    other = await house.sessions.look(await house.token("sam@elmroad.example"))
    here = await house.sessions.look(tokens[0])
    assert here is not None and other is not None
    assert next(each.key for each in await house.sessions.of(here)) == here.session.key
    assert not await house.sessions.end_one(other, here.session.key), "not somebody else's"
    there = await house.sessions.look(tokens[1])
    assert there is not None and await house.sessions.end_one(here, there.session.key)
    assert await house.sessions.end_others(here) == 2
    assert [bool(await house.sessions.look(each)) for each in tokens] == [True, False, False, False]
    await house.sessions.end(here)
    assert await house.sessions.look(tokens[0]) is None
    assert (await house.kinds()).count("console_signed_out") == 3


@pytest.mark.parametrize("token", ["", "0", "x" * 64, "A" * 64, "0" * 64, "é" * 64, "0" * 63 + "\n"])
async def test_what_is_no_token_signs_nobody_in(house: House, token: str) -> None:
    assert await house.sessions.look(token) is None
    with pytest.raises(LinkUsed):
        await house.links.look(token)


async def test_the_first_admin_comes_with_a_link_and_there_is_no_second_first(house: House) -> None:
    first, second = await house.links.make(None, SAM), await house.links.make(None, SAM)
    assert (await house.links.look(first.token)).name is None
    token = await house.links.use(first.token, JO, SECRET, "Firefox")
    visitor = await house.sessions.look(token)
    assert visitor is not None and not visitor.whole and visitor.powers.admin and not visitor.powers.reads
    with pytest.raises(LinkUsed):
        await house.links.use(first.token, "eve@elmroad.example", SECRET, "")
    with pytest.raises(LinkUsed):
        await house.links.use(second.token, "eve@elmroad.example", SECRET, "")
    with pytest.raises(NotAllowed):
        await house.links.make(None, SAM)
    assert [each.name for each in await house.store.accounts.list()] == [JO]


async def test_a_link_is_for_thirty_minutes(house: House) -> None:
    link = await house.links.make(None, SAM)
    house.clock.move(minutes=29, seconds=59)
    assert await house.links.look(link.token)
    house.clock.move(seconds=1)
    with pytest.raises(LinkUsed):
        await house.links.use(link.token, JO, SECRET, "")


async def test_a_link_that_was_filled_in_wrongly_can_be_used_still(house: House) -> None:
    link = await house.links.make(None, SAM)
    await house.book.add("sam@elmroad.example", SECRET, ["reviewer"], SAM)
    for name, password, trouble in (
        (JO, "short", AccountRefused),
        ("", SECRET, AccountRefused),
        (JO, JO, AccountRefused),
        ("sam@elmroad.example", SECRET, AccountExists),
    ):
        with pytest.raises(trouble):
            await house.links.use(link.token, name, password, "")
    assert await house.links.use(link.token, JO, SECRET, "")


async def test_a_link_for_an_account_takes_its_password_and_its_second_factor_away(house: House) -> None:
    await house.account(JO, "reviewer")
    link = await house.links.make(JO.upper(), SAM)
    token = await house.links.use(link.token, "somebody else", "another maple river", "")
    visitor = await house.sessions.look(token)
    assert visitor is not None and visitor.account.name == JO and not visitor.whole
    assert visitor.account.second_factor is None
    assert await house.tries(JO) is Refusal.WRONG


async def test_t68_starting_an_account_again_ends_the_links_that_were_made_before(house: House) -> None:
    await house.account(JO, "reviewer")
    lost = await house.links.make(JO, SAM)
    assert await house.links.look(lost.token)
    await house.book.reset_factor(JO, "nobody knows this one", SAM)
    new = await house.links.make(JO, SAM)
    with pytest.raises(LinkUsed):
        await house.links.look(lost.token)
    with pytest.raises(LinkUsed):
        await house.links.use(lost.token, "", "another maple river", "")
    assert await house.links.use(new.token, "", "another maple river", "")


async def test_t68_of_several_links_of_an_account_one_is_used(house: House) -> None:
    await house.account(JO, "reviewer")
    lost, used = await house.links.make(JO, SAM), await house.links.make(JO, SAM)
    await house.links.use(used.token, "", "another maple river", "")
    with pytest.raises(LinkUsed):
        await house.links.use(lost.token, "", "a third maple river", "")


async def test_t68_the_link_of_an_account_that_was_removed_is_not_for_its_namesake(house: House) -> None:
    await house.account(JO, "reviewer")
    link = await house.links.make(JO, SAM)
    await house.book.remove(JO, SAM)
    await house.account(JO, "admin")
    with pytest.raises(LinkUsed):
        await house.links.look(link.token)


async def test_no_link_for_who_has_no_business_in_the_console(house: House) -> None:
    await house.book.add(JO, SECRET, ["sender"], SAM)
    with pytest.raises(NotAllowed):
        await house.links.make(JO, SAM)
    with pytest.raises(UnknownAccount):
        await house.links.make("nobody@elmroad.example", SAM)


async def test_the_ledger_names_nobody(house: House) -> None:
    await house.account(JO, "reviewer")
    await house.token(JO)
    await house.links.make(JO, SAM)
    fields = repr([entry.fields async for entry in house.store.ledger.entries()])
    assert "elmroad" not in fields and "account" in fields
