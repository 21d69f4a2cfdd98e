"""Where in a message the things stand that several conditions and floors speak of (core/place.py)."""

from __future__ import annotations

from collections.abc import Iterable

from ...bodies import is_attachment
from ...kinds import is_tnef
from ...mail.message import Part
from ...observation import INVITATION, OUTLOOK, Observation
from ...place import FIELDS, RECIPIENTS, Place, parts
from ...safe_text import SHOWN_FIELDS


def shown_people(observation: Observation) -> Iterable[Place]:
    """The list of recipients, and the parts that invite or list people outside whom others could read."""
    shown = set(observation.shown_in)
    if not shown or shown - {INVITATION, OUTLOOK}:
        yield RECIPIENTS
    if INVITATION in shown:
        yield from parts(calendar.part.path for calendar in observation.message.calendars if calendar.addresses)
    if OUTLOOK in shown:
        yield from parts(observation.enclosing)


def invitation(observation: Observation) -> Iterable[Place]:
    """The parts that are a calendar, or may hold one."""
    tnef = (part.path for part in _leaves(observation) if is_tnef(part))
    return parts([*(calendar.part.path for calendar in observation.message.calendars), *tnef])


def attachments(observation: Observation) -> Iterable[Place]:
    return parts(part.path for part in _leaves(observation) if is_attachment(part))


def unread(observation: Observation, paths: Iterable[str]) -> Iterable[Place]:
    """Those of these parts of which something could not be read."""
    known = {path: observation.inspections.get(path) for path in paths}
    return parts(path for path, each in known.items() if each is not None and each.uninspectable is not None)


def ambiguous(observation: Observation) -> Iterable[Place]:
    """Fields and parts with a defect for which the message is held, as far as a page shows them."""
    named = {defect.where for defect in observation.holding}
    if named & SHOWN_FIELDS.keys():
        yield FIELDS
    yield from parts(part.path for part in _leaves(observation) if f"part {part.path}" in named)


def _leaves(observation: Observation) -> list[Part]:
    return [part for part in observation.message.root.walk() if not part.children]
