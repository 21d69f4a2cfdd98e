"""What the pages stand on: the stories of guard and a few settings. serve makes it and hands it in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from ..core.moment import date_in_words, time_in_words
from ..core.organisation import Organisation, Team
from ..guard.console.attachments import Attachments
from ..guard.console.bulk import Bulk
from ..guard.console.deciding import Deciding
from ..guard.console.federation import Federation
from ..guard.console.health import Health
from ..guard.console.links import LinkBook
from ..guard.console.list_export import ListExport
from ..guard.console.looking import Looking
from ..guard.console.months import MonthDesk
from ..guard.console.pack_desk import PackDesk
from ..guard.console.people import People
from ..guard.console.preferences import Preferences
from ..guard.console.presence import Presence
from ..guard.console.quality import QualityBoard
from ..guard.console.queue import HeldQueue
from ..guard.console.register_desk import RegisterDesk
from ..guard.console.rules import Rules
from ..guard.console.saved_views import SavedViews
from ..guard.console.sender import SenderDesk
from ..guard.console.sessions import SessionBook
from ..guard.console.sign_in import ConsoleSignIn
from ..guard.console.team_reports import TeamReports
from ..guard.console.timeline import Timeline
from ..guard.console.trail import AuditTrail
from ..guard.console.trial import Trials
from ..guard.ports import Clock, Randomness
from ..guard.wrong_holds import WrongHolds


@dataclass(frozen=True, slots=True)
class Site:
    """base_url: where the console is, without a path. contact: whom to ask. zone: of every time that is shown. house:
    who is inside. settings: name and value of those that may be shown. teams: names of those that there are; team_list:
    those whole. federation: the organisation's own sign-in service, None where there is none. local_accounts: whether
    accounts of our own sign in. ways: how a near miss would have happened, by its code in the register's lists.
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
    exports: ListExport
    bulk: Bulk
    saved_views: SavedViews
    presence: Presence
    preferences: Preferences
    looking: Looking
    timeline: Timeline
    attachments: Attachments
    house: Organisation
    deciding: Deciding
    sender: SenderDesk
    trail: AuditTrail
    rules: Rules
    quality: QualityBoard
    wrong_holds: WrongHolds
    months: MonthDesk
    ways: Callable[[str], str]
    trials: Trials
    health: Health
    people: People
    register: RegisterDesk
    packs: PackDesk
    team_reports: TeamReports
    settings: tuple[tuple[str, str], ...]
    teams: tuple[str, ...]
    team_list: tuple[Team, ...]
    federation: Federation | None = None
    local_accounts: bool = True

    @property
    def secure(self) -> bool:
        return urlsplit(self.base_url).scheme == "https"

    def in_words(self, at: datetime) -> str:
        """For example "2:15pm on Friday 20 November 2026", in the organisation's time."""
        local = at.astimezone(self.zone)
        return f"{time_in_words(local)} on {date_in_words(local)}"
