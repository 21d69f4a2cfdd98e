"""The entries of the ledger about incident packs: counts and references, never whom a pack names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from ..accounts import Actor
from ..records import NewEntry, RecipientRecord

EXPORTED = "pack_exported"
QUEUED = "apology_queued"


def pack_exported(
    ref: str | None,
    at: datetime,
    actor: Actor,
    *,
    counts: Mapping[str, int],
    why: str | None = None,
    **fields: str | None,
) -> NewEntry:
    """Somebody took a pack along. ref: the message, None where it is of a file. counts: of its tables. why: for what,
    in the words of whoever did, which the evidence has.
    """
    made = actor.entry(EXPORTED, at, **counts, **{name: each for name, each in fields.items() if each is not None})
    evidence = {**(made.evidence or {}), "note": why} if why else made.evidence
    return replace(made, ref=ref, evidence=evidence)


def apology_queued(
    name: str,
    at: datetime,
    actor: Actor,
    *,
    records: tuple[RecipientRecord, ...],
    said: Mapping[str, Any],
    **fields: Any,
) -> NewEntry:
    """Apologies are in the outbox. name: claimed by this run alone. said: addresses and text, for the evidence."""
    made = actor.entry(QUEUED, at, **{name: each for name, each in fields.items() if each is not None})
    evidence = {**(made.evidence or {}), **said}
    return replace(made, ref=name, recipients=records, evidence=evidence, claims_ref=True)
