"""A process of its own that works on a store until it is killed: python child.py MODE URL [COUNT].

append: after each await one line "REF SEQUENCE" goes to standard output, which is the promise that the test checks.
story: holds, releases and delivers messages with planted strings, says "ready", and waits.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from mailguard.core.lifecycle import State
from mailguard.core.outcome import Outcome
from mailguard.guard.records import NewAccount, RecipientRecord
from mailguard.logs import configure
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.store import samples

ADDRESS = "planted.patient.zz91@outside.example"
SUBJECT = "Planted subject qx77 flu clinic"
BODY = "Planted body wv55 with a diagnosis"
NOTE = "Planted note kk33 from a reviewer"
REPLY = "Planted reply hh11 of the smarthost"


def say(text: str) -> None:
    os.write(1, text.encode() + b"\n")


async def append(store: Store, count: int) -> None:
    async def work(worker: int) -> None:
        for number in range(count):
            ref = f"MG-{os.getpid()}-{worker}-{number}"
            [entry] = await store.ledger.append([samples.entry(ref, claims_ref=True)])
            say(f"{ref} {entry.sequence}")

    workers = 1 if count <= 50 else 5
    await asyncio.gather(*(work(worker) for worker in range(workers)))


async def story(store: Store, count: int) -> None:
    raw = f"To: {ADDRESS}\r\nSubject: {SUBJECT}\r\n\r\n{BODY}\r\n".encode() * 200
    for number in range(count):
        await one_message(store, f"MG-{number}", raw)
    await store.accounts.add(NewAccount(ADDRESS, BODY, ("sender",), samples.NOW), [])
    await store.policies.keep("sha256:1", {"p.yaml": f"unless: {{sender: [{ADDRESS}]}}".encode()}, samples.NOW)


async def one_message(store: Store, ref: str, raw: bytes) -> None:
    envelope = samples.envelope(ADDRESS, sender=ADDRESS)
    record = RecipientRecord(ADDRESS, Outcome.ACCEPTED, 250, "2.0.0")
    evidence = {"subject": SUBJECT, "to": [ADDRESS]}
    entry = samples.entry(ref, recipients=(record,), evidence=evidence)
    held = samples.held(ref, envelope=envelope, sender=ADDRESS, subject=SUBJECT, reason=BODY, decision={"v": ADDRESS})
    text = f"Subject: {SUBJECT}\r\n\r\n{BODY} {ADDRESS}".encode()
    notice = samples.delivery(ref, "notice", envelope=envelope, blob=None, edits=(), text=text)
    await store.quarantine.hold(held, raw, [entry], [notice])
    copies = [samples.delivery(ref, envelope=envelope) for _ in range(3)]
    change = samples.change(ref, 1, State.HELD, State.RELEASING, actor=ADDRESS, note=NOTE, approved_by=(ADDRESS,))
    await store.quarantine.change(change, [entry], copies)
    for row in await store.outbox.claim("worker", samples.NOW, 60, 10):
        attempt = samples.attempt(row, last_reply=f"250 {REPLY} {ADDRESS}")
        await store.outbox.record(attempt, [entry], [])


async def main() -> None:
    configure()
    mode, url, count = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 10**9
    store = await Store.open(StoreSettings(url=url, checkpoint_entries=50))
    await (append if mode == "append" else story)(store, count)
    say("ready")
    if mode == "story":
        await asyncio.sleep(60)
    await store.close()


if __name__ == "__main__":
    asyncio.run(main())
