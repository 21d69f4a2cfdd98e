"""The open parts that commands work on, and that the service is built from.

`open_parts` opens the store and what decides about held messages, without taking mail.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import socket
from dataclasses import dataclass
from datetime import UTC, datetime

from ..config import Settings
from ..core.organisation import Organisation
from ..core.rewrite.mark import Marks
from ..guard.accounts import AccountBook
from ..guard.console.links import LinkBook
from ..guard.console.sessions import LetIn, SessionBook
from ..guard.memory import InvitationMemory
from ..guard.notices import Notices
from ..guard.review import Review
from ..guard.rewriting import Rewriting
from ..guard.sender_links import LinkMaker
from ..guard.sent_before import SentBefore
from ..store.hints import Hints, Wake
from ..store.keys import Keyring
from ..store.passwords import Argon2Passwords
from ..store.store import Store
from .dkim_keys import DkimKeys
from .owner import refuse_making_for_another
from .packs import Packs
from .register import Register, register_of


class SystemClock:
    """Implements guard.ports.Clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SystemRandomness:
    """Implements guard.ports.Randomness."""

    def octets(self, count: int) -> bytes:
        return secrets.token_bytes(count)


@dataclass(slots=True)
class Parts:
    """What commands work on. wake: set when the outbox was filled. hints: between the guards on one database."""

    settings: Settings
    organisation: Organisation
    clock: SystemClock
    randomness: SystemRandomness
    store: Store
    passwords: Argon2Passwords
    account_book: AccountBook
    sessions: SessionBook
    links: LinkBook
    notices: Notices
    dkim_keys: DkimKeys
    rewriting: Rewriting
    memory: InvitationMemory
    sent_before: SentBefore
    review: Review
    register: Register
    packs: Packs
    wake: asyncio.Event
    hints: Hints

    async def close(self) -> None:
        await asyncio.to_thread(self.passwords.close)
        await self.store.close()


async def open_parts(settings: Settings) -> Parts:
    """Open the store and what decides about held messages, without taking mail. SettingsError, StoreUnavailable."""
    clock, randomness = SystemClock(), SystemRandomness()
    organisation = settings.organisation.organisation()
    refuse_making_for_another(settings.store_settings())
    store = await Store.open(settings.store_settings())
    hints = Hints(store.settings)
    wake = Wake(hints)
    notices = Notices(
        organisation=organisation,
        settings=settings.notices,
        time_zone=settings.organisation.time_zone,
        clock=clock,
        randomness=randomness,
        mark_key=hmac.digest(store.keyring.active("recipients").octets, b"notice mark", "sha256"),
        hostname=hostname(settings),
        give_up_after=settings.outbox.notices_give_up_after,
        # Of several nobody can say afterwards which one it was.
        smarthost=settings.smarthosts[0].address.host if len(settings.smarthosts) == 1 else None,
        links=LinkMaker(settings.console.base_url, randomness) if settings.console else None,
    )
    dkim_keys = DkimKeys(settings.dkim)
    rewriting = Rewriting(
        organisation=organisation, marks=loop_marks(settings, store), clock=clock, dkim_keys=dkim_keys
    )
    memory = InvitationMemory(store.history, clock, settings.calendar_memory)
    sent_before = SentBefore(store.sendings, store.files_sent, organisation, clock)
    review = Review(
        rewriting=rewriting,
        quarantine=store.quarantine,
        blobs=store.blobs,
        notices=notices,
        memory=memory,
        sent_before=sent_before,
        clock=clock,
        give_up_after=settings.outbox.give_up_after,
        wake=wake.set,
    )
    register = register_of(settings, store, clock, randomness)
    passwords = Argon2Passwords()
    sessions = SessionBook(
        sessions=store.console_sessions,
        accounts=store.accounts,
        clock=clock,
        randomness=randomness,
        let_in=let_in(settings),
    )
    return Parts(
        settings=settings,
        organisation=organisation,
        clock=clock,
        randomness=randomness,
        store=store,
        passwords=passwords,
        account_book=AccountBook(
            accounts=store.accounts,
            passwords=passwords,
            clock=clock,
            teams=[team.name for team in organisation.teams],
        ),
        sessions=sessions,
        links=LinkBook(
            links=store.console_links,
            accounts=store.accounts,
            passwords=passwords,
            sessions=sessions,
            clock=clock,
            randomness=randomness,
        ),
        notices=notices,
        dkim_keys=dkim_keys,
        rewriting=rewriting,
        memory=memory,
        sent_before=sent_before,
        review=review,
        register=register,
        packs=Packs(settings, store, register, notices, organisation, clock, randomness, wake.set),
        wake=wake,
        hints=hints,
    )


def let_in(settings: Settings) -> LetIn:
    """Whose sessions at the console count under these settings."""
    console = settings.console
    if console is None:
        return LetIn()
    oidc = console.oidc
    return LetIn(console.local_accounts, oidc.digest if oidc else None, oidc.issuer if oidc else None)


def loop_marks(settings: Settings, store: Store) -> Marks:
    """Marks made before a rotation of the keys are known as long as the old key is kept, as it must be anyway."""
    return marks_of(settings, store.keyring)


def marks_of(settings: Settings, keyring: Keyring) -> Marks:
    """See loop_marks."""
    keys = keyring.all_octets("recipients")
    return Marks(hostname(settings), tuple(hmac.digest(key, b"loop mark", "sha256") for key in keys))


def hostname(settings: Settings) -> str:
    return settings.hostname or socket.gethostname()
