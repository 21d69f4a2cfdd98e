"""The console's stories on a real store, with a clock that a test moves and small hashes for speed."""

from __future__ import annotations

import atexit
import base64
import hashlib
import secrets
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from argon2 import Parameters
from argon2.low_level import Type

from mailguard.core.one_time_code import code_at
from mailguard.core.organisation import Organisation, Team
from mailguard.core.rewrite.mark import Marks
from mailguard.core.sign_in import SignInOutcome
from mailguard.guard.accounts import AccountBook, Actor
from mailguard.guard.console.links import LinkBook
from mailguard.guard.console.looking import Looking
from mailguard.guard.console.ports import ShortLivedRecords
from mailguard.guard.console.queue import HeldQueue
from mailguard.guard.console.sender import SenderDesk
from mailguard.guard.console.sender_code import CodeTries
from mailguard.guard.console.sessions import SessionBook
from mailguard.guard.console.sign_in import ConsoleSignIn, SignedIn
from mailguard.guard.console.trail import AuditTrail
from mailguard.guard.entries import recipients_sha256
from mailguard.guard.memory import InvitationMemory
from mailguard.guard.notices import Notices
from mailguard.guard.review import Review
from mailguard.guard.rewriting import Rewriting
from mailguard.guard.sender_links import LinkMaker
from mailguard.guard.sent_before import SentBefore
from mailguard.guard.settings import NoticeSettings
from mailguard.guard.wrong_holds import WrongHolds
from mailguard.serve.shared import short_lived_of
from mailguard.smtp.listen_settings import Limits
from mailguard.smtp.sign_in_limits import SignInLimits, TurnsHere
from mailguard.store.audit import verify
from mailguard.store.passwords import Argon2Passwords
from mailguard.store.store import Store
from mailguard.store.store_settings import StoreSettings
from tests.store import samples

SMALL = Parameters(Type.ID, 19, 16, 32, 1, 64, 1)
SECRET = "maple river copper nine"
SAM = Actor("Sam", "root")
RAW = b"From: nurse@elmroad.example\r\nTo: patient@outside.example\r\nSubject: Flu clinic\r\n\r\nHello\r\n"
ORGANISATION = Organisation(
    "Elm Road Surgery",
    frozenset({"elmroad.example"}),
    teams=(Team("elm", ("nurse@elmroad.example",)), Team("park", ("park@elmroad.example",))),
)
STOP_FOR = timedelta(seconds=30)
START = datetime(2026, 11, 20, 14, 2, tzinfo=UTC)


class Clock:
    """Time that stands still until a test moves it."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def move(self, **duration: float) -> None:
        self.at += timedelta(**duration)


class Randomness:
    def octets(self, count: int) -> bytes:
        return secrets.token_bytes(count)


class NoLimits:
    """Attempts that always have a turn at once, and are counted."""

    @dataclass
    class Turn:
        starts: float

    def __init__(self) -> None:
        self.outcomes: list[SignInOutcome] = []

    async def reserve(self, peer: str, account: str, now: float) -> Any:
        return self.Turn(now)

    def settle(self, turn: Any, outcome: SignInOutcome, now: float) -> None:
        self.outcomes.append(outcome)


@dataclass
class House:
    store: Store
    clock: Clock
    passwords: Argon2Passwords
    attempts: Any
    teams: Sequence[str] = ()
    book: AccountBook = field(init=False)
    sessions: SessionBook = field(init=False)
    sign_in: ConsoleSignIn = field(init=False)
    links: LinkBook = field(init=False)
    queue: HeldQueue = field(init=False)
    looking: Looking = field(init=False)
    wrong_holds: WrongHolds = field(init=False)
    notices: Notices = field(init=False)
    review: Review = field(init=False)
    sender: SenderDesk = field(init=False)
    trail: AuditTrail = field(init=False)
    randomness: Randomness = field(default_factory=Randomness)
    kept: ShortLivedRecords = field(init=False)
    waits: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.kept = short_lived_of(self.store)
        self.looking = Looking(
            quarantine=self.store.quarantine, blobs=self.store.blobs, ledger=self.store.ledger, clock=self.clock
        )
        self.queue = HeldQueue(
            messages=self.store.held_messages,
            urgent=self.store.urgent_calls,
            assignments=self.store.assignments,
            checked=self.store.checked,
            organisation=ORGANISATION,
            clock=self.clock,
            zone=ZoneInfo("Europe/London"),
        )
        self.trail = AuditTrail(
            accounts=self.store.accounts,
            trail=self.store.trail,
            ledger=self.store.ledger,
            clock=self.clock,
            zone=ZoneInfo("Europe/London"),
            verify=self.verify,
        )
        shared: dict[str, Any] = {"accounts": self.store.accounts, "clock": self.clock}
        self.book = AccountBook(passwords=self.passwords, teams=self.teams, **shared)
        self.sessions = SessionBook(sessions=self.store.console_sessions, randomness=self.randomness, **shared)
        more: dict[str, Any] = {"passwords": self.passwords, "sessions": self.sessions, "randomness": self.randomness}
        self.sign_in = ConsoleSignIn(attempts=self.attempts, **shared, **more)
        self.links = LinkBook(links=self.store.console_links, **shared, **more)

        self._open_desk()

    def _open_desk(self) -> None:
        settings = {"from": "mailguard@elmroad.example", "contact": "manager@elmroad.example"}
        self.notices = Notices(
            organisation=ORGANISATION,
            settings=NoticeSettings.model_validate(settings),
            time_zone="Europe/London",
            clock=self.clock,
            randomness=self.randomness,
            mark_key=b"k" * 32,
            hostname="guard.elmroad.example",
            links=LinkMaker("http://127.0.0.1:8085", self.randomness),
        )
        self.review = Review(
            rewriting=Rewriting(
                organisation=ORGANISATION,
                marks=Marks("guard.elmroad.example", (b"l" * 32,)),
                clock=self.clock,
                dkim_keys=lambda: (),
            ),
            quarantine=self.store.quarantine,
            blobs=self.store.blobs,
            notices=self.notices,
            memory=InvitationMemory(self.store.history, self.clock, timedelta(days=400)),
            sent_before=SentBefore(self.store.sendings, self.store.files_sent, ORGANISATION, self.clock),
            clock=self.clock,
            give_up_after=timedelta(days=3),
            wake=lambda: None,
        )
        self.wrong_holds = WrongHolds(ledger=self.store.ledger, evidence=self.store.evidence, clock=self.clock)
        self.sender = SenderDesk(
            links=self.store.sender_links,
            urgent=self.store.urgent_calls,
            quarantine=self.store.quarantine,
            review=self.review,
            notices=self.notices,
            organisation=ORGANISATION,
            clock=self.clock,
            stop_for=STOP_FOR,
            wrong_holds=self.wrong_holds,
            tries=CodeTries(self.kept, self._wait),
        )

    async def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)

    async def link(self, ref: str, sender: str = "nurse@elmroad.example") -> str:
        """The token of a link to a held message, kept with a notice as the guard keeps them."""
        held = await self.store.quarantine.get(ref)
        made = LinkMaker("http://127.0.0.1:8085", self.randomness).make(ref, sender, held.due_at)
        await self.store.outbox.add([samples.notice(ref, links=(made.link,))], None, [])
        return made.url.rpartition("/")[2]

    async def verify(self) -> Mapping[str, Any]:
        return (await verify(self.store)).to_json()

    async def tries(self, name: str, password: str = SECRET, code: str = "") -> Any:
        return await self.sign_in.sign_in(name, password, code, peer="192.0.2.1", browser="Firefox")

    async def account(self, name: str, *roles: str, factor: bool = True) -> str:
        """An account with a password and, unless told otherwise, a second factor. Its name."""
        await self.book.add(name, SECRET, roles, SAM)
        if factor:
            begun = await self.tries(name)
            assert isinstance(begun, SignedIn) and not begun.whole
            visitor = await self.sessions.look(begun.token)
            assert visitor is not None
            secret = visitor.session.pending_factor
            assert secret is not None
            code = code_at(base64.b32decode(secret), self._step())
            token = await self.sign_in.set_up(visitor, code, peer="192.0.2.1", browser="Firefox")
            assert isinstance(token, str)
            await self.store.console_sessions.end([each.key for each in await self._sessions(name)], [])
            self.clock.move(seconds=60)
        return name

    async def _sessions(self, name: str) -> Sequence[Any]:
        account = await self.store.accounts.find(name)
        assert account is not None
        return await self.store.console_sessions.of_account(account.identifier)

    async def code(self, name: str) -> str:
        """The code that the account's app shows now."""
        account = await self.store.accounts.find(name)
        assert account is not None and account.second_factor is not None
        return code_at(base64.b32decode(account.second_factor), self._step())

    async def token(self, name: str) -> str:
        """The token of a new session of the account, signed in with both factors. It takes a minute of the clock."""
        self.clock.move(seconds=60)
        begun = await self.tries(name, code=await self.code(name))
        assert isinstance(begun, SignedIn) and begun.whole
        return begun.token

    async def kinds(self) -> list[str]:
        return [entry.kind async for entry in self.store.ledger.entries()]

    async def holds(self, ref: str, *recipients: str, raw: bytes = RAW, **changes: Any) -> str:
        """A held message, received an hour ago and due in 23. Its reference."""
        values: dict[str, Any] = {"received_at": self.clock.at - timedelta(hours=1)}
        values["due_at"] = values["received_at"] + timedelta(hours=24)
        values["envelope"] = samples.envelope(*(recipients or ("patient@outside.example",)))
        values["content_sha256"] = hashlib.sha256(raw).hexdigest()
        values["recipients_sha256"] = recipients_sha256(values["envelope"])
        held = samples.held(ref, **{**values, **changes})
        await self.store.quarantine.hold(held, raw, [samples.entry(ref)], [])
        return ref

    def _step(self) -> int:
        return int(self.clock.at.timestamp() // 30)


async def open_house(folder: Path, *, limits: Limits | None = None, teams: Sequence[str] = (), url: str = "") -> House:
    """A house on a new store, in SQLite unless a URL says otherwise. limits: of guessing; none without."""
    if not url:
        shutil.copytree(await _new_store(), folder, dirs_exist_ok=True)
    settings = StoreSettings(url=url or f"sqlite:///{folder}/mailguard.db", keys=folder / "mailguard.keys")
    attempts: Any = TurnsHere(SignInLimits(limits)) if limits else NoLimits()
    return House(await Store.open(settings), Clock(), Argon2Passwords(SMALL), attempts, teams)


_made: list[Path] = []


async def _new_store() -> Path:
    """A folder with an empty store, made once: making the schema takes longer than what most tests do with it."""
    if not _made:
        folder = Path(tempfile.mkdtemp(prefix="mailguard-store-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        url = f"sqlite:///{folder}/mailguard.db"
        await (await Store.open(StoreSettings(url=url, keys=folder / "mailguard.keys"))).close()
        _made.append(folder)
    return _made[0]


async def close_house(house: House) -> None:
    await house.trail.settle()
    house.passwords.close()
    await house.store.close()
