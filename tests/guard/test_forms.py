"""What may leave only as separate copies: whoever asks for another form is refused, and who cannot have it is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mailguard.core.errors import CannotRewrite, FormForbidden
from mailguard.core.lifecycle import State
from mailguard.guard.records import Held
from tests.guard.world import SESSION, World, envelope, message, people

POLICY = b"""\
version: 1
rules:
  - id: shelter
    describe: The shelter.
    when: {visible_external_recipients: {at_least: 2}, subject: {matches: shelter}}
    action: hold
    rewrite: separate
    release_as: [separate]
  - id: shelter-at-once
    describe: The shelter, without asking.
    when: {visible_external_recipients: {at_least: 2}, subject: {matches: at once}}
    action: rewrite
    release_as: [separate]
  - id: two
    describe: Two people.
    when: {subject: {matches: two people}}
    action: hold
    approvals: 2
  - id: later
    describe: It waits.
    when: {subject: {matches: later}}
    action: hold
    delay: 5m
    rewrite: separate
    sender_may: [cancel, separate, original]
"""
SIGNED = (
    "MIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary=b; micalg=sha-256; "
    'protocol="application/pkcs7-signature"'
)
REPEATS = "\r\n".join(
    (
        "--b",
        "Content-Type: text/plain; protected-headers=v1; hp=clear",
        "Cc: person0@patients.example, person1@patients.example",
        "",
        "Hello",
        "--b",
        "Content-Type: application/pkcs7-signature",
        "",
        "x",
        "--b--",
    )
)


async def hold(subject: str, raw: bytes | None = None) -> tuple[World, Held]:
    world = World(POLICY)
    await world.submission.submit(SESSION, envelope(*people(2)), raw or message(people(2), subject=subject))
    (held,) = world.store.messages.values()
    return world, held


async def release(world: World, held: Held, form: Any, who: str = "sam") -> Held:
    return await world.review.release(held.ref, form=form, reason="wanted", by=who, system_user=who)


@pytest.mark.parametrize("form", ["original", "bcc", "cleaned"])
async def test_another_form_is_refused_and_nothing_leaves(form: str) -> None:
    world, held = await hold("shelter")
    assert held.release_as == ("separate",)
    with pytest.raises(FormForbidden, match=f'"{form}", only as separate'):
        await release(world, held, form)
    assert world.store.messages[held.ref].state is State.HELD
    assert not [row for row in world.store.rows.values() if row.kind in ("release", "copy")]
    assert (await release(world, held, "separate")).state is State.RELEASING


async def test_two_people_do_not_overrule_it_either() -> None:
    world, held = await hold("shelter, two people")
    for who in ("sam", "amira"):
        with pytest.raises(FormForbidden):
            await release(world, held, "original", who)
    assert world.store.messages[held.ref].state is State.HELD


async def test_after_a_delay_it_leaves_as_separate_copies() -> None:
    _, held = await hold("later")
    assert held.state is State.WAITING and held.release_as is None
    _, held = await hold("shelter, later")
    assert held.state is State.HELD, "the other rule has no delay"
    assert held.sender_may == ()


async def test_a_delay_that_its_rules_forbid_lets_nothing_leave() -> None:
    world, held = await hold("later")
    world.store.messages[held.ref] = forged = _with(held, release_as=("bcc",))
    with pytest.raises(FormForbidden):
        await world.review.leave(forged)
    world.clock.time += timedelta(minutes=6)
    assert await world.deadline.enforce() == 0
    assert world.store.messages[held.ref].state is State.WAITING


def _with(held: Held, **changes: Any) -> Held:
    from dataclasses import replace

    return replace(held, **changes)


@pytest.mark.parametrize("subject", ["shelter", "at once"])
async def test_what_cannot_be_separated_is_held_and_says_that_nothing_is_left(subject: str) -> None:
    raw = message(people(2), subject=subject, extra=SIGNED, body=REPEATS)
    world, held = await hold(subject, raw)
    assert (held.state, held.release_as, held.offers) == (State.HELD, (), None)
    assert held.reason.endswith("The rules allow it in no other form, so it cannot be sent.")
    assert "repeats whom" in held.reason and held.reason.count("repeats whom") == 1
    notice = next(row for row in world.store.rows.values() if row.kind == "notice" and row.text)
    assert b"so it cannot be sent." in b" ".join((notice.text or b"").replace(b"=\r\n", b"").split())
    for form in ("original", "separate", "bcc"):
        with pytest.raises(FormForbidden, match="what is left is to reject it"):
            await release(world, held, form)
    done = await world.review.reject(held.ref, note="write to each of them", by="Sam", system_user="sam")
    assert done.state is State.REJECTED


async def test_without_a_limit_nothing_is_tried_beforehand() -> None:
    raw = message(people(2), subject="two people", extra=SIGNED, body=REPEATS)
    world, held = await hold("two people", raw)
    assert held.release_as is None and "repeats whom" not in held.reason
    with pytest.raises(CannotRewrite):
        await release(world, held, "separate")
