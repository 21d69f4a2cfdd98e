"""Signing in with an account of the guard's own, on a real store with real hashes (small ones, for speed).

T7: neither the answer nor the time of it tells whether an account exists.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import Parameters, PasswordHasher, extract_parameters
from argon2.low_level import Type

from mailguard.core.errors import AccountRefused, PasswordsUnavailable, StoreUnavailable
from mailguard.core.session import Session
from mailguard.core.sign_in import Credentials, SignInAnswer, SignInOutcome
from mailguard.guard import account_sign_in
from mailguard.guard.account_sign_in import AccountSignIn
from mailguard.guard.accounts import AccountBook, Actor
from mailguard.guard.ports import SignIn
from mailguard.guard.records import NewAccount
from mailguard.store.passwords import Argon2Passwords
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings

NOW = datetime(2026, 11, 20, 14, 2, tzinfo=UTC)
SMALL = Parameters(Type.ID, 19, 16, 32, 1, 64, 1)
TIMED = Parameters(Type.ID, 19, 16, 32, 2, 4096, 1)
"""About 10 ms: long against what else an attempt does, as 64 MiB is, and short enough for many rounds."""
NAME, SECRET = "reception@elmroad.example", "maple river copper nine"
SAM = Actor("Sam", "root")
SESSION = Session("s1", "192.0.2.1", "client.example", True, "127.0.0.1:587", NOW, secure=True)
ACCEPTED, REFUSED, UNAVAILABLE = SignInOutcome.ACCEPTED, SignInOutcome.REFUSED, SignInOutcome.UNAVAILABLE


class Clock:
    def now(self) -> datetime:
        return NOW


@dataclass
class House:
    store: Store
    passwords: Argon2Passwords
    book: AccountBook
    sign_in: AccountSignIn

    async def tries(self, credentials: Credentials) -> SignInOutcome:
        answer = await self.sign_in.sign_in(SESSION, credentials)
        assert answer == SignInAnswer(answer.outcome)
        return answer.outcome

    async def kinds(self) -> list[str]:
        return [entry.kind async for entry in self.store.ledger.entries()]


def house_of(store: Store, profile: Parameters) -> House:
    passwords = Argon2Passwords(profile)
    parts: dict[str, Any] = {"accounts": store.accounts, "passwords": passwords, "clock": Clock()}
    return House(store, passwords, AccountBook(**parts), AccountSignIn(**parts))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(StoreSettings(url=f"sqlite:///{tmp_path}/mailguard.db"))
    yield opened
    await opened.close()


@pytest.fixture
async def house(store: Store) -> AsyncIterator[House]:
    made = house_of(store, SMALL)
    await made.book.add(NAME, SECRET, ["sender"], SAM)
    yield made
    made.passwords.close()


def plain(name: str = NAME, password: str = SECRET, acts_as: str = "", account: str | None = None) -> Credentials:
    response = "\0".join((acts_as, name, password)).encode("utf-8", "surrogatepass")
    return Credentials("PLAIN", name if account is None else account, (response,))


def login(name: str = NAME, password: str = SECRET) -> Credentials:
    return Credentials("LOGIN", name, (name.encode(), password.encode()))


def test_it_is_the_port() -> None:
    port: Callable[..., SignIn] = AccountSignIn
    assert port is AccountSignIn


async def test_the_right_password_is_accepted_and_no_other(house: House) -> None:
    for way in (plain, login):
        assert await house.tries(way()) is ACCEPTED
        assert await house.tries(way(NAME.upper())) is ACCEPTED
        for wrong in (SECRET.upper(), SECRET + " ", "", "x"):
            assert await house.tries(way(password=wrong)) is REFUSED
        assert await house.tries(way("nobody@elmroad.example")) is REFUSED
    assert await house.kinds() == ["account_added"]


async def test_a_password_is_the_same_however_a_keyboard_makes_it(house: House) -> None:
    await house.book.add("zoe", "caf\u00e9 caf\u00e9 caf\u00e9", ["sender"], SAM)
    assert await house.tries(plain("zoe", "cafe\u0301 caf\u00e9\u00a0caf\u00e9")) is ACCEPTED


async def test_acting_as_somebody_else_is_refused(house: House) -> None:
    assert await house.tries(plain(acts_as=NAME)) is ACCEPTED
    assert await house.tries(plain(acts_as=NAME.upper())) is ACCEPTED
    assert await house.tries(plain(acts_as="manager@elmroad.example")) is REFUSED
    assert await house.tries(plain(account="manager@elmroad.example")) is REFUSED


@pytest.mark.parametrize(
    "credentials",
    [
        Credentials("PLAIN", NAME, ()),
        Credentials("PLAIN", NAME, (b"",)),
        Credentials("PLAIN", NAME, (f"\0{NAME}\0{SECRET}\0".encode(),)),
        Credentials("PLAIN", NAME, (f"{NAME}\0{SECRET}".encode(),)),
        Credentials("PLAIN", NAME, (f"\0{NAME}\0\xff".encode("latin-1"),)),
        Credentials("PLAIN", NAME, (f"\0{NAME}\0{'x' * 12_000}".encode(),)),
        Credentials("PLAIN", "", (f"\0\0{SECRET}".encode(),)),
        Credentials("LOGIN", NAME, (NAME.encode(),)),
        Credentials("LOGIN", NAME, (NAME.encode(), b"\xff\xfe")),
        Credentials("XOAUTH2", NAME, (f"user={NAME}\x01auth=Bearer {SECRET}\x01\x01".encode(),)),
        Credentials("plain", NAME, (f"\0{NAME}\0{SECRET}".encode(),)),
    ],
)
async def test_what_makes_no_sense_is_refused_after_one_hash(
    house: House, monkeypatch: pytest.MonkeyPatch, credentials: Credentials
) -> None:
    counted = count_hashes(monkeypatch)
    assert await house.tries(credentials) is REFUSED
    assert counted == [SMALL]


async def test_a_changed_disabled_or_removed_account_counts_at_once(house: House) -> None:
    await house.book.set_password(NAME, "another fine password", SAM)
    assert [await house.tries(plain()), await house.tries(plain(password="another fine password"))] == [
        REFUSED,
        ACCEPTED,
    ]
    await house.book.disable(NAME, SAM)
    assert await house.tries(plain(password="another fine password")) is REFUSED
    await house.book.enable(NAME, SAM)
    assert await house.tries(plain(password="another fine password")) is ACCEPTED
    await house.book.remove(NAME, SAM)
    assert await house.tries(plain(password="another fine password")) is REFUSED


async def roleless(house: House) -> None:
    """An account with a role of a later version, which does not send."""
    encoded = await house.passwords.hash(SECRET)
    await house.store.accounts.add(NewAccount("viewer", encoded, ("viewer",), NOW), [])


async def locked(house: House) -> None:
    await house.book.add("locked", SECRET, ["sender"], SAM)
    await house.book.disable("locked", SAM)


def count_hashes(monkeypatch: pytest.MonkeyPatch) -> list[Parameters]:
    """The parameters of every hash from now on."""
    verify, make, seen = PasswordHasher.verify, PasswordHasher.hash, []

    def counting_verify(self: PasswordHasher, encoded: str, password: str) -> bool:
        seen.append(extract_parameters(encoded))
        return verify(self, encoded, password)

    def counting_make(self: PasswordHasher, password: str) -> str:
        encoded = make(self, password)
        seen.append(extract_parameters(encoded))
        return encoded

    monkeypatch.setattr(PasswordHasher, "verify", counting_verify)
    monkeypatch.setattr(PasswordHasher, "hash", counting_make)
    return seen


async def test_t7_every_attempt_is_one_hash_of_the_same_cost(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await locked(house)
    await roleless(house)
    counted = count_hashes(monkeypatch)
    attempts = [plain(name, SECRET) for name in (NAME, "nobody", "locked", "viewer", "")]
    attempts += [plain(password="wrong"), login("nobody"), login()]
    outcomes = [await house.tries(each) for each in attempts]
    assert outcomes == [ACCEPTED, *[REFUSED] * 6, ACCEPTED]
    assert counted == [SMALL] * len(attempts)


async def medians(house: House, attempts: dict[str, Credentials], rounds: int = 40) -> dict[str, float]:
    """Of interleaved rounds, so that a loaded machine slows all of them alike; the first two do not count."""
    took: dict[str, list[float]] = {name: [] for name in attempts}
    for number in range(rounds + 2):
        for name, credentials in attempts.items():
            began = time.perf_counter()
            assert await house.tries(credentials) is REFUSED
            if number > 1:
                took[name].append(time.perf_counter() - began)
    return {name: statistics.median(times) for name, times in took.items()}


async def test_t7_time_does_not_tell_whether_an_account_exists(store: Store) -> None:
    """Ratios of medians. Without the same work they are below a fifth, every time; once in three near 1 is enough."""
    house = house_of(store, TIMED)
    await house.book.add(NAME, SECRET, ["sender"], SAM)
    await locked(house)
    await roleless(house)
    attempts = {name: plain(name, "a wrong password") for name in (NAME, "nobody", "locked", "viewer")}
    seen = []
    for _ in range(3):
        found = await medians(house, attempts)
        seen.append({name: median / found[NAME] for name, median in found.items()})
        if all(0.8 < ratio < 1.25 for ratio in seen[-1].values()):
            break
    else:
        raise AssertionError(seen)
    house.passwords.close()


async def test_a_hash_of_older_parameters_is_made_anew_at_the_next_sign_in(house: House) -> None:
    before = await house.store.accounts.find(NAME)
    assert before is not None
    old = PasswordHasher(time_cost=2, memory_cost=64, parallelism=1).hash(SECRET)
    await house.store.accounts.change(replace(before, password_hash=old), [])
    assert await house.tries(plain(password="wrong")) is REFUSED
    assert await house.kinds() == ["account_added"]
    assert await house.tries(plain()) is ACCEPTED
    after = await house.store.accounts.find(NAME)
    assert after is not None and not house.passwords.is_outdated(after.password_hash)
    assert (after.version, after.changed_at) == (3, before.changed_at)
    assert await house.tries(plain()) is ACCEPTED
    assert await house.kinds() == ["account_added", "account_rehashed"]


async def test_a_rehash_that_fails_keeps_nobody_out(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    account = await house.store.accounts.find(NAME)
    assert account is not None
    old = PasswordHasher(time_cost=2, memory_cost=64, parallelism=1).hash(SECRET)
    await house.store.accounts.change(replace(account, password_hash=old), [])

    async def fail(*_: Any) -> Any:
        raise StoreUnavailable("the disk is full")

    monkeypatch.setattr(house.store.accounts, "change", fail)
    assert await house.tries(plain()) is ACCEPTED


@pytest.mark.parametrize("fault", [StoreUnavailable("down"), RuntimeError(f"{NAME} {SECRET}")])
async def test_a_store_that_is_down_is_unavailable_and_no_secret_is_logged(
    house: House, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    """The cause of an event is logged by its class alone (tests/test_logs.py)."""
    logged: list[tuple[str, dict[str, Any]]] = []

    class Log:
        def warning(self, event: str, **fields: Any) -> None:
            logged.append((event, fields))

    monkeypatch.setattr(account_sign_in, "log", Log())

    async def fail(*_: Any) -> Any:
        raise fault

    monkeypatch.setattr(house.store.accounts, "find", fail)
    assert await house.tries(plain()) is UNAVAILABLE
    assert logged == [("account_not_checked", {"session": "s1", "cause": fault})]
    assert "maple" not in repr(plain()) and "reception" not in repr(plain())


async def test_a_closed_store_is_unavailable(house: House) -> None:
    await house.store.close()
    assert await house.tries(plain()) is UNAVAILABLE


async def test_too_many_at_once_are_unavailable_whether_or_not_the_account_exists(store: Store) -> None:
    passwords = Argon2Passwords(TIMED, at_once=1, waiting=1)
    sign_in = AccountSignIn(accounts=store.accounts, passwords=passwords, clock=Clock())
    answers = await asyncio.gather(*(sign_in.sign_in(SESSION, plain("nobody")) for _ in range(20)))
    outcomes = [answer.outcome for answer in answers]
    assert set(outcomes) == {REFUSED, UNAVAILABLE} and outcomes.count(UNAVAILABLE) >= 10
    assert (await sign_in.sign_in(SESSION, plain("nobody"))).outcome is REFUSED
    passwords.close()


async def test_nothing_is_kept_for_a_session(house: House) -> None:
    assert house.sign_in.mechanisms() == ("PLAIN", "LOGIN")
    await house.tries(plain())
    assert house.sign_in.is_lost("s1") is False
    await house.sign_in.leave("s1")
    await house.sign_in.leave("never seen")


async def test_the_book_refuses_before_it_hashes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = count_hashes(monkeypatch)
    for name, secret, roles in (
        ("front desk", SECRET, ["sender"]),
        ("desk", "short", ["sender"]),
        ("desk", SECRET, ["admiral"]),
        ("desk", SECRET, []),
    ):
        with pytest.raises(AccountRefused):
            await house.book.add(name, secret, roles, SAM)
    with pytest.raises(AccountRefused):
        await house.book.set_password(NAME, "short", SAM)
    assert counted == [] and await house.kinds() == ["account_added"]


async def test_what_changes_nothing_is_no_entry(house: House) -> None:
    await house.book.set_roles(NAME, ["sender", "sender"], SAM)
    await house.book.enable(NAME, SAM)
    await house.book.disable(NAME, SAM)
    await house.book.disable(NAME, SAM)
    assert await house.kinds() == ["account_added", "account_disabled"]


async def test_every_change_says_who_and_names_the_account_by_its_hash(house: House) -> None:
    await house.book.set_password(NAME, "another fine password", Actor("sam@elmroad.example", "root"))
    account = await house.store.accounts.find(NAME)
    entries = [entry async for entry in house.store.ledger.entries()]
    assert account is not None
    assert [(each.kind, each.ref, each.fields["account"]) for each in entries] == [
        ("account_added", None, account.identifier),
        ("account_password_changed", None, account.identifier),
    ]
    assert [(each.fields["actor"], each.fields["system_user"]) for each in entries] == [
        ("Sam", "root"),
        ("(withheld)", "root"),
    ]
    assert account.changed_at - account.created_at == timedelta(0)


async def test_passwords_that_cannot_be_hashed_are_said_to_be(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: Any) -> str:
        raise PasswordsUnavailable("no memory")

    monkeypatch.setattr(house.passwords, "hash", fail)
    with pytest.raises(PasswordsUnavailable):
        await house.book.add("desk", SECRET, ["sender"], SAM)
    assert await house.store.accounts.find("desk") is None
