"""What a worker does with what it is told, and where nobody answers it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from mailguard.core.errors import MailguardError
from mailguard.serve import owners_ports, worker_process
from mailguard.serve.owners_ports import OwnersTurns
from mailguard.serve.peer import PeerGone
from mailguard.serve.worker_process import Worker

RULE = "version: 1\nrules:\n  - {id: %s, describe: Text., when: {subject: {is: x}}, action: hold}\n"


def documents(name: str) -> dict[str, bytes]:
    return {"policy.yaml": (RULE % name).encode()}


async def test_the_policy_told_last_is_in_force_however_long_an_earlier_one_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    load = worker_process.load_policy

    def slow(found: dict[str, bytes]) -> Any:
        time.sleep(0.3 if b"first" in found["policy.yaml"] else 0.0)
        return load(found)

    monkeypatch.setattr(worker_process, "load_policy", slow)
    worker = Worker()
    await asyncio.gather(worker.take_policy(documents("first")), worker.take_policy(documents("second")))
    assert [rule.id for rule in worker._policy_in_force().rules] == ["second"]


async def test_with_a_policy_that_cannot_be_loaded_there_is_none_and_all_mail_is_deferred() -> None:
    worker = Worker()
    await worker.take_policy(documents("first"))
    with pytest.raises(MailguardError):
        await worker.take_policy({"policy.yaml": b"rules: ["})
    with pytest.raises(MailguardError):
        worker._policy_in_force()


@pytest.mark.parametrize("gone", [True, False])
async def test_where_nobody_gives_a_turn_nothing_is_tried(gone: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    class Owner:
        async def call(self, *_: Any) -> Any:
            if gone:
                raise PeerGone("gone")
            await asyncio.sleep(60)

    monkeypatch.setattr(owners_ports, "ANSWER_SECONDS", 0.05)
    turns = OwnersTurns(Owner())  # type: ignore[arg-type]
    async with asyncio.timeout(30):
        assert await turns.reserve("192.0.2.1", "anna", 0.0) is None
