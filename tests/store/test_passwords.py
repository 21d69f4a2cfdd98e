"""Argon2id in threads: real hashes with small parameters, and the parameters that are used."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import argon2
import pytest
from argon2 import Parameters, PasswordHasher, extract_parameters
from argon2.exceptions import HashingError, VerificationError
from argon2.low_level import Type

from mailguard.core.errors import PasswordsUnavailable
from mailguard.store.passwords import PROFILE, Argon2Passwords

SMALL = Parameters(Type.ID, 19, 16, 32, 1, 64, 1)
SECRET = "maple river copper nine"


@pytest.fixture
def passwords() -> Iterator[Argon2Passwords]:
    made = Argon2Passwords(SMALL)
    yield made
    made.close()


def test_the_parameters_are_the_second_recommendation_of_rfc_9106() -> None:
    assert (PROFILE.type, PROFILE.version, PROFILE.time_cost, PROFILE.memory_cost, PROFILE.parallelism) == (
        Type.ID,
        19,
        3,
        64 * 1024,
        4,
    )
    assert (PROFILE.salt_len, PROFILE.hash_len) == (16, 32)


async def test_a_hash_verifies_its_own_password_alone(passwords: Argon2Passwords) -> None:
    first, second = await passwords.hash(SECRET), await passwords.hash(SECRET)
    assert first != second and first.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert await passwords.verify(first, SECRET) and await passwords.verify(second, SECRET)
    for wrong in (SECRET.upper(), SECRET + " ", SECRET[:-1], ""):
        assert not await passwords.verify(first, wrong)


@pytest.mark.parametrize("given", ["", SECRET, "x" * 256])
async def test_nothing_to_compare_with_is_the_same_work_and_false(
    passwords: Argon2Passwords, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    real, seen = PasswordHasher.verify, []

    def verify(self: PasswordHasher, encoded: str, password: str) -> bool:
        seen.append(extract_parameters(encoded))
        return real(self, encoded, password)

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    encoded = await passwords.hash(SECRET)
    assert not await passwords.verify(None, given)
    await passwords.verify(encoded, given)
    assert seen == [SMALL, SMALL]


async def test_other_parameters_are_outdated(passwords: Argon2Passwords) -> None:
    old = PasswordHasher(time_cost=2, memory_cost=64, parallelism=1).hash(SECRET)
    assert passwords.is_outdated(old) and not passwords.is_outdated(await passwords.hash(SECRET))
    assert await passwords.verify(old, SECRET)


class Blocked:
    """Hashes that stand still until they are let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go, self.lock, self.running, self.most = threading.Event(), threading.Lock(), 0, 0
        monkeypatch.setattr(PasswordHasher, "verify", self._verify)

    def _verify(self, *_: Any) -> bool:
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
        assert self.go.wait(30)
        with self.lock:
            self.running -= 1
        return True


@pytest.fixture
async def blocked(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Blocked]:
    made = Blocked(monkeypatch)
    yield made
    made.go.set()


async def until(condition: Any) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


async def test_two_at_once_a_bounded_queue_and_beyond_it_unavailable(blocked: Blocked) -> None:
    passwords = Argon2Passwords(SMALL, at_once=2, waiting=3)
    tasks = [asyncio.create_task(passwords.verify("hash", SECRET)) for _ in range(5)]
    await until(lambda: blocked.running == 2)
    for _ in range(3):
        with pytest.raises(PasswordsUnavailable):
            await passwords.verify(None, SECRET)
    blocked.go.set()
    assert await asyncio.gather(*tasks) == [True] * 5
    assert blocked.most == 2
    assert await passwords.verify("hash", SECRET)
    passwords.close()


async def test_the_event_loop_goes_on_meanwhile_and_who_leaves_keeps_the_place_until_the_work_ends(
    blocked: Blocked,
) -> None:
    passwords = Argon2Passwords(SMALL, at_once=1, waiting=0)
    task = asyncio.create_task(passwords.verify("hash", SECRET))
    await until(lambda: blocked.running == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(PasswordsUnavailable):
        await passwords.verify("hash", SECRET)
    blocked.go.set()

    async def again() -> bool:
        try:
            return await passwords.verify("hash", SECRET)
        except PasswordsUnavailable:
            return False

    async with asyncio.timeout(30):
        while not await again():
            await asyncio.sleep(0.01)
    passwords.close()


@pytest.mark.parametrize("fault", [VerificationError("Memory allocation error"), argon2.exceptions.InvalidHashError()])
async def test_a_fault_of_argon2_is_not_a_wrong_password(
    passwords: Argon2Passwords, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def fail(*_: Any) -> bool:
        raise fault

    monkeypatch.setattr(PasswordHasher, "verify", fail)
    with pytest.raises(PasswordsUnavailable):
        await passwords.verify("hash", SECRET)


async def test_no_memory_for_a_hash_is_said(passwords: Argon2Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> str:
        raise HashingError("Memory allocation error")

    monkeypatch.setattr(PasswordHasher, "hash", fail)
    with pytest.raises(PasswordsUnavailable):
        await passwords.hash(SECRET)


def test_only_argon2id_of_today() -> None:
    with pytest.raises(ValueError, match="argon2id"):
        Argon2Passwords(Parameters(Type.I, 19, 16, 32, 1, 64, 1))
