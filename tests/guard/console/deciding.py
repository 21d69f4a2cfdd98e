"""What decides at the console, on the real store of a House, without a service around it."""

from __future__ import annotations

from typing import Any

from mailguard.core.rewrite.mark import Marks
from mailguard.guard.console.assigning import Assigning
from mailguard.guard.console.bulk import Bulk
from mailguard.guard.console.deciding import Deciding
from mailguard.guard.console.sessions import LetIn
from mailguard.guard.deadline import Deadline
from mailguard.guard.escalation import Escalations
from mailguard.guard.rewriting import Rewriting
from tests.guard.console.house import ORGANISATION, STOP_FOR, House

TOP = b"Received: from client.example by guard.elmroad.example; Fri, 20 Nov 2026 14:00:00 +0000\r\n"


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


def rewriting_of(house: House) -> Rewriting:
    marks = Marks("guard.elmroad.example", (b"l" * 32,))
    return Rewriting(organisation=ORGANISATION, marks=marks, clock=house.clock, dkim_keys=lambda: ())


def deadline_of(house: House) -> Deadline:
    return Deadline(
        quarantine=house.store.quarantine,
        notices=house.notices,
        clock=house.clock,
        review=house.review,
        wake=lambda: None,
    )


def deciding_on(house: House) -> Deciding:
    store, notices = house.store, house.notices
    shared: dict[str, Any] = {"quarantine": store.quarantine, "notices": notices, "clock": house.clock}
    return Deciding(
        review=house.review,
        escalations=Escalations(accounts=store.accounts, wake=lambda: None, lets=LetIn().lets, **shared),
        rewriting=rewriting_of(house),
        blobs=store.blobs,
        ledger=store.ledger,
        evidence=store.evidence,
        organisation=ORGANISATION,
        stop_for=STOP_FOR,
        **shared,
    )


def bulk_on(house: House) -> Bulk:
    assigning = Assigning(assignments=house.store.assignments, clock=house.clock)
    return Bulk(deciding=deciding_on(house), assigning=assigning)


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
