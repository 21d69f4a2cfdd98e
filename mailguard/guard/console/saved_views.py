"""Names for the filters of the list: one's own, and those that an admin shares with a team.

Contract: a view is a name and words that somebody could have typed: whoever opens one sees with it what they may see
without it, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from ...core.errors import MailguardError, NotAllowed
from ..ports import Clock, Randomness
from ..records import NewEntry
from .records import SavedView
from .sessions import Visitor, noted

MOST = 20
"""Of one account, and of one team."""
MOST_NAME_CHARACTERS = 60
_IDENTIFIER_OCTETS = 16


class TooManyViews(MailguardError):
    """The account, or the team, has as many as it can have."""


class UnknownView(MailguardError):
    """There is none of that identifier that this visitor could remove."""


class SavedViewStore(Protocol):
    async def keep(self, view: SavedView, most: int, entries: Sequence[NewEntry]) -> bool:
        """Keep it, with the entries, in one durable step. False, and nothing happens, where its account or its team
        has `most` already.
        """
        ...

    async def of(self, account: str, teams: Sequence[str] | None) -> Sequence[SavedView]:
        """Those of an account, and those that these teams share, None for all teams; the oldest first."""
        ...

    async def remove(self, identifier: str, entries: Sequence[NewEntry]) -> bool:
        """Remove it, with the entries, in one durable step. False, and nothing happens, where there is none."""
        ...


class SavedViews:
    def __init__(self, *, views: SavedViewStore, clock: Clock, randomness: Randomness) -> None:
        self._views = views
        self._clock = clock
        self._randomness = randomness

    async def of(self, visitor: Visitor) -> Sequence[SavedView]:
        """The visitor's own, and those of the teams whose mail they see."""
        sees = visitor.powers.sees
        return await self._views.of(visitor.account.identifier, None if sees.everybody else sorted(sees.teams))

    def may_remove(self, visitor: Visitor, view: SavedView) -> bool:
        return view.account == visitor.account.identifier or (view.team is not None and visitor.powers.admin)

    async def save(self, visitor: Visitor, name: str, query: Mapping[str, str], team: str | None = None) -> None:
        """Keep a view. team: whom it is shared with, None for nobody. NotAllowed (only admins share), TooManyViews."""
        if team is not None and not visitor.powers.admin:
            raise NotAllowed("only an admin shares a view")
        account = visitor.account
        view = SavedView(
            identifier=self._randomness.octets(_IDENTIFIER_OCTETS).hex(),
            account=None if team is not None else account.identifier,
            team=team,
            name=name[:MOST_NAME_CHARACTERS],
            query=query,
            by=account.shown,
            made_at=self._clock.now(),
        )
        if not await self._views.keep(view, MOST, [noted("view_saved", account, self._clock, **_shared(view))]):
            raise TooManyViews("no more views fit")

    async def remove(self, visitor: Visitor, identifier: str) -> None:
        """Remove one's own, or as an admin one that a team shares. UnknownView."""
        view = next((each for each in await self.of(visitor) if each.identifier == identifier), None)
        if view is None or not self.may_remove(visitor, view):
            raise UnknownView("there is no such view to remove")
        entry = noted("view_removed", visitor.account, self._clock, **_shared(view))
        if not await self._views.remove(identifier, [entry]):
            raise UnknownView("it was removed meanwhile")


def _shared(view: SavedView) -> dict[str, object]:
    return {"shared": view.team is not None, "team": view.team}
