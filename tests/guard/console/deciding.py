"""What decides at the console, on the real store of a House, without a service around it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from mailguard.core.rewrite.mark import Marks
from mailguard.guard.console.deciding import Deciding
from mailguard.guard.deadline import Deadline
from mailguard.guard.escalation import Escalations
from mailguard.guard.memory import InvitationMemory
from mailguard.guard.notices import Notices
from mailguard.guard.review import Review
from mailguard.guard.rewriting import Rewriting
from mailguard.guard.sent_before import SentBefore
from mailguard.guard.settings import NoticeSettings
from tests.guard.console.house import ORGANISATION, House

TOP = b"Received: from client.example by guard.elmroad.example; Fri, 20 Nov 2026 14:00:00 +0000\r\n"
STOP_FOR = timedelta(seconds=30)


def people(count: int) -> list[str]:
    return [f"person{number}@patients.example" for number in range(count)]


def message(cc: list[str], subject: str = "Flu clinic", extra: str = "", body: str = "Hello") -> bytes:
    lines = [
        "From: Nurse <nurse@elmroad.example>",
        "To: office@elmroad.example",
        f"Cc: {', '.join(cc)}",
        f"Subject: {subject}",
        "Date: Fri, 20 Nov 2026 14:00:00 +0000",
        "Message-ID: <1@elmroad.example>",
        *([extra] if extra else []),
        "",
        body,
        "",
    ]
    return "\r\n".join(lines).encode()


def notices_of(house: House) -> Notices:
    settings = {"from": "mailguard@elmroad.example", "contact": "manager@elmroad.example"}
    return Notices(
        organisation=ORGANISATION,
        settings=NoticeSettings.model_validate(settings),
        time_zone="Europe/London",
        clock=house.clock,
        randomness=house.randomness,
        mark_key=b"k" * 32,
        hostname="guard.elmroad.example",
    )


def rewriting_of(house: House) -> Rewriting:
    marks = Marks("guard.elmroad.example", (b"l" * 32,))
    return Rewriting(organisation=ORGANISATION, marks=marks, clock=house.clock, dkim_keys=lambda: ())


def review_of(house: House) -> Review:
    store = house.store
    return Review(
        rewriting=rewriting_of(house),
        quarantine=store.quarantine,
        blobs=store.blobs,
        notices=notices_of(house),
        memory=InvitationMemory(store.history, house.clock, timedelta(days=400)),
        sent_before=SentBefore(store.sendings, store.files_sent, ORGANISATION, house.clock),
        clock=house.clock,
        give_up_after=timedelta(days=3),
        wake=lambda: None,
    )


def deadline_of(house: House) -> Deadline:
    return Deadline(
        quarantine=house.store.quarantine,
        notices=notices_of(house),
        clock=house.clock,
        review=review_of(house),
        wake=lambda: None,
    )


def deciding_on(house: House) -> Deciding:
    store, notices = house.store, notices_of(house)
    shared: dict[str, Any] = {"quarantine": store.quarantine, "notices": notices, "clock": house.clock}
    return Deciding(
        review=review_of(house),
        escalations=Escalations(accounts=store.accounts, wake=lambda: None, **shared),
        rewriting=rewriting_of(house),
        blobs=store.blobs,
        ledger=store.ledger,
        evidence=store.evidence,
        organisation=ORGANISATION,
        stop_for=STOP_FOR,
        **shared,
    )


async def holds_list(house: House, ref: str = "MG-AAAA-22", count: int = 288, **changes: Any) -> str:
    """A held message of the team elm that lists so many patients in Cc."""
    raw = changes.pop("raw", None) or message(people(count))
    values: dict[str, Any] = {
        "team": "elm",
        "top": TOP,
        "reason": f"{count} people in Cc would see each other's addresses",
        "decision": {"schema": 1, "facts": {"visible_external_recipients": count}},
    }
    return await house.holds(ref, *people(count), "office@elmroad.example", raw=raw, **{**values, **changes})
