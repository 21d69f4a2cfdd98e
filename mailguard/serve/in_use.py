"""What one process that relays mail has open at a moment: connections to the smarthosts, and readers of attachments.

Of the service itself and of each worker, which tells it to the owner; added up they are what operations see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..inspection.inspector import SandboxedInspector
from ..smtp.routes import SmarthostRoutes


class Connections(NamedTuple):
    """To one smarthost. busy: with a message; bound: to a session that signed in there."""

    busy: int
    idle: int
    bound: int


class Readers(NamedTuple):
    """Processes that read attachments, and the attachments that wait for one."""

    busy: int
    idle: int
    waiting: int


@dataclass(frozen=True, slots=True)
class InUse:
    """smarthosts: in the order of the settings."""

    smarthosts: tuple[Connections, ...]
    readers: Readers


def in_use(smarthost: SmarthostRoutes, inspector: SandboxedInspector) -> InUse:
    """Of this process."""
    bound = smarthost.sign_in.bound
    return InUse(
        tuple(
            Connections(each.busy, each.idle, bound if smarthost.sign_in.is_of(each) else 0)
            for each in smarthost.smarthosts
        ),
        Readers(*inspector.workers),
    )


def together(every: Sequence[InUse]) -> InUse:
    """Of all processes; there is at least one, and all have the same smarthosts."""
    columns = zip(*(each.smarthosts for each in every), strict=True)
    return InUse(
        tuple(Connections(*map(sum, zip(*column, strict=True))) for column in columns),
        Readers(*map(sum, zip(*(each.readers for each in every), strict=True))),
    )
