"""What the guard rewrites leaves signed, now or released later, or it does not leave."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from mailguard.core.lifecycle import State
from mailguard.core.rewrite.dkim import DkimKey
from mailguard.guard import rewriting
from tests.guard.world import SESSION, World, envelope, message, people


def key(sign: Callable[[bytes], Any] = lambda octets: b"s" * 256) -> DkimKey:
    return DkimKey("elmroad.example", "guard1", "rsa-sha256", sign)


def fails(octets: bytes) -> bytes:
    raise RuntimeError("planted-secret")


def signed_world(*keys: DkimKey) -> World:
    return World(dkim_keys=keys or (key(),))


def changes(world: World, kind: str = "message_decided") -> list[Any]:
    return [entry.fields["changes"] for entry in world.ledger.kept if entry.kind == kind]


async def test_relayed_mail_is_never_signed() -> None:
    world = signed_world()
    await world.submission.submit(SESSION, envelope("a@council.example"), message())
    ((_, sent),) = world.smarthost.taken
    assert sent.startswith(b"Received:") and sent.endswith(message()) and changes(world) == [[]]


async def test_bcc_is_signed_and_the_decision_names_the_signed_bytes() -> None:
    world = signed_world()
    await world.submission.submit(SESSION, envelope(*people(4)), message(people(4)))
    ((_, sent),) = world.smarthost.taken
    assert sent.startswith(b"DKIM-Signature:") and b"d=elmroad.example;" in sent
    decided = world.ledger.kept[0].fields
    assert decided["sent_sha256"] == [hashlib.sha256(sent).hexdigest()]
    assert decided["changes"] == ["cc-removed", "dkim-signed:elmroad.example"]


async def test_each_separate_copy_is_signed_for_itself_and_the_inside_one_is_not() -> None:
    signed: list[bytes] = []
    world = signed_world(key(lambda octets: signed.append(octets) or b"s" * 256))
    await world.submission.submit(SESSION, envelope("in@elmroad.example", *people(6)), message(people(6)))
    assert len(set(signed)) == 6
    await world.deliver()
    sent = [content for _, content in world.smarthost.taken]
    assert sum(each.startswith(b"DKIM-Signature:") for each in sent) == 6 and len(sent) == 7
    decided = world.ledger.kept[0].fields
    assert sorted(decided["sent_sha256"]) == sorted(hashlib.sha256(each).hexdigest() for each in sent)
    assert "dkim-signed:elmroad.example" in changes(world)[0] and changes(world) == changes(world, "copies_queued")


@pytest.mark.parametrize(("form", "count"), [("bcc", 1), ("separate", 12), ("original", 0)])
async def test_a_release_is_signed_as_the_rewrite_is(form: Any, count: int) -> None:
    world = signed_world()
    await world.submission.submit(SESSION, envelope(*people(12)), message(people(12)))
    (held,) = world.store.messages.values()
    await world.review.release(held.ref, form=form, reason="x", by="Sam", system_user="sam")
    await world.deliver()
    assert sum(content.startswith(b"DKIM-Signature:") for _, content in world.smarthost.taken) == count
    assert ("dkim-signed:elmroad.example" in changes(world, "message_released")[0]) is bool(count)


async def test_a_sender_of_another_domain_leaves_unsigned() -> None:
    world = World(dkim_keys=(DkimKey("other.example", "s", "rsa-sha256", fails),))
    await world.submission.submit(SESSION, envelope(*people(4)), message(people(4)))
    ((_, sent),) = world.smarthost.taken
    assert b"DKIM" not in sent and changes(world) == [["cc-removed"]]


BROKEN: dict[str, Sequence[DkimKey]] = {
    "raises": (key(fails),),
    "returns nothing": (key(lambda octets: None),),
    "the second raises": (key(), key(fails)),
}


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("count", [4, 6])
async def test_a_signer_that_fails_defers(broken: str, count: int) -> None:
    world = World(dkim_keys=BROKEN[broken])
    answer = await world.submission.submit(SESSION, envelope(*people(count)), message(people(count)))
    assert (answer.code, answer.status) == (451, "4.3.0") and "planted" not in str(answer)
    assert not world.smarthost.taken and not world.store.rows and not world.ledger.kept


@pytest.mark.parametrize("count", [4, 6])
@pytest.mark.parametrize("step", ["sign", "keys"])
async def test_a_step_that_returns_nothing_or_keys_that_cannot_be_had_defer(
    step: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = signed_world()
    if step == "sign":
        monkeypatch.setattr(rewriting, "sign", lambda *_: None)
    else:
        world.rewriting._dkim_keys = lambda: fails(b"")  # type: ignore[assignment,return-value]
    answer = await world.submission.submit(SESSION, envelope(*people(count)), message(people(count)))
    assert answer.code == 451 and not world.smarthost.taken and not world.store.rows


@pytest.mark.parametrize("form", ["bcc", "separate"])
async def test_a_signer_that_fails_at_a_release_ends_it_with_an_error(form: Any) -> None:
    world = signed_world(key(fails))
    await world.submission.submit(SESSION, envelope(*people(12)), message(people(12)))
    (held,) = world.store.messages.values()
    with pytest.raises(RuntimeError):
        await world.review.release(held.ref, form=form, reason="x", by="Sam", system_user="sam")
    assert world.store.messages[held.ref].state is State.HELD
    assert not [row for row in world.store.rows.values() if row.kind in ("copy", "release")]
