"""An account that may send only as itself, and writes as somebody else: held, and nobody but the reviewers is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.guard.world import SESSION, World, envelope, message

JO = replace(SESSION, account="jo", may_send_as=frozenset({"jo@elmroad.example"}))


@pytest.fixture
def world() -> World:
    return World()


async def test_as_itself_it_passes(world: World) -> None:
    assert (await world.submission.submit(JO, envelope("a@council.example"), message())).code == 250
    assert len(world.smarthost.taken) == 1


async def test_t8_with_another_reverse_path_it_is_held_and_that_person_is_not_told(world: World) -> None:
    sent_to = envelope("a@council.example", sender="amira@elmroad.example")
    answer = await world.submission.submit(JO, sent_to, message())
    assert "Held for checking" in answer.text and not world.smarthost.taken
    (held,) = world.store.messages.values()
    assert held.reason.endswith("and the return address names another sender") and not held.notify_sender
    told = [row.envelope.recipients[0].address for row in world.store.rows.values()]
    assert told == ["manager@elmroad.example"]
    assert "another-sender" in [entry.fields.get("reason") for entry in world.ledger.kept]
    (floor,) = (rule for rule in world.ledger.kept[0].fields["rules"] if rule["id"] == "floor-sender")
    assert floor["matched"] and floor["values"] == {"reverse-path": True}


@pytest.mark.parametrize("extra", ["Sender: amira@elmroad.example", "Resent-From: a@x.example", "From: jo@x.example"])
async def test_t8_with_another_field_it_is_held_and_told(world: World, extra: str) -> None:
    answer = await world.submission.submit(JO, envelope("a@council.example"), message(extra=extra))
    assert "Held for checking" in answer.text
    told = [row.envelope.recipients[0].address for row in world.store.rows.values()]
    assert told == ["jo@elmroad.example", "manager@elmroad.example"]


async def test_others_may_send_as_anybody(world: World) -> None:
    anybody = replace(SESSION, account="jo")
    sent_to = envelope("a@council.example", sender="amira@elmroad.example")
    assert (await world.submission.submit(anybody, sent_to, message())).code == 250 and world.smarthost.taken
