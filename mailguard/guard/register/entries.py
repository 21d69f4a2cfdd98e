"""The entries of the ledger about the register. Which fields changed, never what stands in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ...core.register.revision import Revision, changed_fields
from .. import entries
from ..accounts import Actor
from ..records import NewEntry

ADDED = "incident_added"
REVISED = "incident_revised"
EXPORTED = "register_exported"


def entry_of(revision: Revision, before: Revision | None, actor: Actor | None = None) -> NewEntry:
    """Of a revision. before: the one that it supersedes. actor: who made it, None for the guard itself."""
    kind = ADDED if before is None else REVISED
    return _by(
        actor,
        kind,
        revision.at,
        incident=revision.incident,
        revision=revision.revision,
        act=revision.act,
        incident_kind=revision.record.kind,
        status=revision.record.status,
        changed=changed_fields(before.record if before else None, revision.record),
    )


def exported(actor: Actor, at: datetime, report: str, rows: int) -> NewEntry:
    """Somebody took a report or a form along. report: its name and period, or the form and its incident."""
    return _by(actor, EXPORTED, at, report=report, rows=rows)


def _by(actor: Actor | None, kind: str, at: datetime, **fields: object) -> NewEntry:
    made = entries.plain(kind, None, at, **fields) if actor is None else actor.entry(kind, at, **fields)
    return replace(made, fields={name: value for name, value in made.fields.items() if value is not None})
