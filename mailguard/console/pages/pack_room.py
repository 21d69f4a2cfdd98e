"""What the pages of an incident pack share: who may be there, and the record that they belong to."""

from __future__ import annotations

from ...core.errors import NotAllowed, UnknownReference
from ...core.packs.pack import Pack
from ...core.register.reference import incident_of_message, is_incident
from .. import words
from .. import words_packs as said
from ..answers import Refused
from ..render import address
from ..visit import Visit
from .decision import ref_of

INCIDENT = "incident"
"""The record that a page was opened from, in its address and in its forms."""


async def opened(visit: Visit) -> Pack:
    """The pack; that somebody looked is recorded. Refused; UnknownReference."""
    try:
        return await visit.site.packs.look(visit.signed_in, ref_of(visit))
    except NotAllowed:
        raise not_yours(visit) from None


async def refuse(visit: Visit) -> str:
    """The reference, for who may see the pack of it. Refused; UnknownReference."""
    ref = ref_of(visit)
    try:
        await visit.site.packs.refuse(visit.signed_in, ref)
    except NotAllowed:
        raise not_yours(visit) from None
    return ref


def not_yours(visit: Visit) -> Refused:
    return Refused(403, said.NOT_YOURS_TITLE, said.NOT_YOURS.format(contact=visit.site.contact))


def asked_incident(visit: Visit) -> str | None:
    """The record that the page was opened from. Refused: it is none."""
    typed = visit.typed(INCIDENT) or visit.query.get(INCIDENT, "")
    if typed and not is_incident(typed):
        raise Refused(404, words.NOT_FOUND_TITLE, words.NOT_FOUND)
    return typed or None


async def record_of(visit: Visit, ref: str) -> str | None:
    """The record that the page belongs to: from which it was opened, else that of the message itself, if there is one.
    UnknownReference for one that was asked for and is none.
    """
    asked = asked_incident(visit)
    try:
        found = await visit.site.register.history(visit.signed_in, asked or incident_of_message(ref))
    except UnknownReference:
        if asked:
            raise
        return None
    return found[-1].incident


def path_of(ref: str, *more: str, incident: str | None = None, **query: str) -> str:
    """incident: as `asked_incident`, so that the way back stays the same."""
    path = "/".join(("/m", ref, "pack", *more))
    given = {**query, **({INCIDENT: incident} if incident else {})}
    return address(path, **given) if given else path
