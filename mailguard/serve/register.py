"""The register bound to the open parts: its code lists out of their files, its book, its reports, its near misses."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

from ..config import Settings
from ..core.document import DocumentErrors
from ..core.errors import SettingsError
from ..core.register.lists import Lists, load_lists
from ..guard.console.register_desk import RegisterDesk
from ..guard.console.team_reports import TeamReports
from ..guard.monthly.reports import MonthlyReports
from ..guard.ports import Clock, Randomness
from ..guard.register.book import IncidentBook
from ..guard.register.near_misses import NearMisses
from ..guard.register.reporting import Reporting
from ..inspection.find.screen import personal_data_in
from ..store.store import Store


class Register:
    """book: what people enter. reporting: what is printed of it. near_misses: what enters by itself. monthly: the
    report of a month.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        randomness: Randomness,
        *,
        lists: Callable[[], Lists],
        zone: ZoneInfo,
        organisation: str,
    ) -> None:
        self.organisation = organisation
        self.zone = zone
        self.clock = clock
        self.lists = lists
        self.book = IncidentBook(
            incidents=store.incidents,
            ledger=store.ledger,
            clock=clock,
            randomness=randomness,
            lists=lists,
            find=personal_data_in,
            zone=zone,
        )
        self.reporting = Reporting(incidents=store.incidents, ledger=store.ledger, clock=clock, lists=lists, zone=zone)
        self.near_misses = NearMisses(incidents=store.incidents, ledger=store.ledger, clock=clock)
        self._incidents = store.incidents
        self.monthly = MonthlyReports(
            records=store.month_records,
            incidents=store.incidents,
            quarantine=store.quarantine,
            policies=store.policies,
            enter=self.near_misses.enter,
            find=personal_data_in,
            clock=clock,
            zone=zone,
        )

    def desk(self) -> RegisterDesk:
        """The register as the console has it."""
        return RegisterDesk(
            book=self.book,
            reporting=self.reporting,
            near_misses=self.near_misses,
            incidents=self._incidents,
            clock=self.clock,
            lists=self.lists,
        )

    def team_reports(self) -> TeamReports:
        """What reviewers of a team tell the register by the console."""
        return TeamReports(book=self.book, near_misses=self.near_misses, clock=self.clock)

    def way(self, code: str) -> str:
        """How something would have happened, in the words of the lists."""
        return self.lists().nature((code,))


def register_of(settings: Settings, store: Store, clock: Clock, randomness: Randomness) -> Register:
    zone = ZoneInfo(settings.organisation.time_zone)
    return Register(
        store, clock, randomness, lists=lists_of(settings), zone=zone, organisation=settings.organisation.name
    )


def lists_of(settings: Settings) -> Callable[[], Lists]:
    """Reads the lists anew each time, so that a changed file counts at once. SettingsError."""

    def read() -> Lists:
        path = settings.incident_register
        own = None if path is None else _own(path)
        try:
            return load_lists(packaged_lists(), own, str(path), settings.organisation.name)
        except DocumentErrors as cause:
            # Under a name that the control socket knows: it is the admin's file.
            raise SettingsError(str(cause)) from None

    return read


def packaged_lists() -> bytes:
    """The lists that mailguard brings along."""
    return (resources.files("mailguard.core.register") / "lists.yaml").read_bytes()


def _own(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as cause:
        raise SettingsError(f'incident_register: "{path}" cannot be read: {cause.strerror}') from cause
