"""What a worker left unfinished, and how its owner hears of a message that it was sending for it."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from mailguard.core.envelope import Envelope, Path, Recipient
from mailguard.core.outcome import Outcome
from mailguard.core.rewrite.content import Content
from mailguard.serve.peer import Peer
from mailguard.serve.reaching_back import ReachingBack
from mailguard.serve.unsettled import Unsettled
from mailguard.store.chain import PreparedEntry
from tests.guard.world import NOW


def entry(ref: str | None, kind: str) -> PreparedEntry:
    return PreparedEntry(NOW, 0, kind, ref, kind == "message_decided", "", {}, None)


async def test_a_decision_is_unsettled_until_the_next_entry_about_it() -> None:
    unsettled = Unsettled()
    unsettled.recorded([entry("MG-A", "message_decided"), entry("MG-B", "message_decided")])
    unsettled.recorded([entry("MG-C", "message_decided"), entry("MG-C", "message_rejected"), entry(None, "odd")])
    unsettled.recorded([entry("MG-A", "message_relayed")])
    assert await unsettled.left() == {"MG-B"}
    unsettled.settled("MG-B")
    assert await unsettled.left() == frozenset()


async def test_what_a_dead_worker_had_asked_to_record_is_waited_for() -> None:
    """Its outcome may be on its way to the disk."""
    unsettled = Unsettled()
    unsettled.recorded([entry("MG-A", "message_decided")])
    with unsettled.recording():
        with unsettled.recording():
            left = asyncio.create_task(unsettled.left())
        await asyncio.sleep(0)
        assert not left.done()
        unsettled.recorded([entry("MG-A", "message_relayed")])
    assert await left == frozenset()


async def test_an_append_that_fails_leaves_nothing_waiting() -> None:
    unsettled = Unsettled()
    try:
        with unsettled.recording():
            raise TimeoutError
    except TimeoutError:
        pass
    async with asyncio.timeout(60):
        assert await unsettled.left() == frozenset()


class Bound:
    """A session that signed in at the smarthost."""

    identifier, bound = "s1", True


async def test_a_worker_that_dies_while_it_sends_for_its_owner_leaves_an_uncertain_outcome() -> None:
    one, other = socket.socketpair()
    begun = asyncio.Event()

    async def transmit(*_: Any) -> None:
        begun.set()
        await asyncio.sleep(60)

    ours, theirs = await Peer.on(one, {}), await Peer.on(other, {"transmit": transmit})
    back = ReachingBack(None)  # type: ignore[arg-type]
    back.workers["s1"] = ours
    people = tuple(Recipient(Path(each.encode(), each), ()) for each in ("p@out.example", "q@out.example"))
    connection = await back.connect(Bound())  # type: ignore[arg-type]
    sending = asyncio.create_task(connection.transmit(Envelope(None, people, ()), Content(b"", ())))
    async with asyncio.timeout(30):
        await begun.wait()
        theirs.close()
        found = await sending
    assert [(each.recipient, each.outcome) for each in found.recipients] == [
        (each, Outcome.UNCERTAIN) for each in people
    ]
    assert found.trouble == "worker lost" and found.may_have_left
    ours.close()
    await ours.gone.wait()
