"""What the pages stand on: the stories of guard and a few settings. serve makes it and hands it in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from ..core.moment import date_in_words, time_in_words
from ..core.organisation import Organisation
from ..guard.console.deciding import Deciding
from ..guard.console.links import LinkBook
from ..guard.console.looking import Looking
from ..guard.console.queue import HeldQueue
from ..guard.console.sessions import SessionBook
from ..guard.console.sign_in import ConsoleSignIn
from ..guard.ports import Clock, Randomness


@dataclass(frozen=True, slots=True)
class Site:
    """base_url: where the console is, without a path. contact: whom to ask. zone: of every time that is shown. teams:
    those that there are. house: who is inside.
    """

    base_url: str
    organisation: str
    contact: str
    zone: ZoneInfo
    clock: Clock
    randomness: Randomness
    sessions: SessionBook
    sign_in: ConsoleSignIn
    links: LinkBook
    queue: HeldQueue
    deciding: Deciding
    looking: Looking
    house: Organisation
    teams: tuple[str, ...]

    @property
    def secure(self) -> bool:
        return urlsplit(self.base_url).scheme == "https"

    def in_words(self, at: datetime) -> str:
        """For example "2:15pm on Friday 20 November 2026", in the organisation's time."""
        local = at.astimezone(self.zone)
        return f"{time_in_words(local)} on {date_in_words(local)}"
