"""A sign-in service that says what a test wants. Implements guard.console.ports.SignInService."""

from __future__ import annotations

from collections.abc import Sequence

from mailguard.core.errors import MailguardError
from mailguard.core.federated import GroupRoles
from mailguard.guard.console.federation import Federation
from mailguard.guard.console.records import Identity, Returned, Secrets
from mailguard.guard.console.sessions import LetIn, SessionBook
from tests.guard.console.house import House

ISSUER = "https://login.elmroad.example"
MAPPING = (
    GroupRoles("reviewers", ("reviewer:elm",)),
    GroupRoles("leads", ("escalation:elm", "viewer")),
    GroupRoles("admins", ("admin",)),
)
LABEL = "your Elm Road account"


def identity(subject: str = "jo", *groups: str, mailbox: str | None = "jo@elmroad.example") -> Identity:
    return Identity(ISSUER, subject, mailbox, groups)


class SignInService:
    """identified: what the next sign-in brings, or an error; trouble: what asking for the address raises."""

    def __init__(self, identified: Identity | MailguardError | None = None) -> None:
        self.identified: Identity | MailguardError = identified or identity()
        self.trouble: MailguardError | None = None
        self.asked: list[tuple[Secrets, Returned]] = []

    async def address(self, secrets: Secrets) -> str:
        if self.trouble:
            raise self.trouble
        return f"{ISSUER}/authorize?state={secrets.state}&nonce={secrets.nonce}"

    async def identify(self, secrets: Secrets, returned: Returned) -> Identity:
        self.asked.append((secrets, returned))
        if isinstance(self.identified, MailguardError):
            raise self.identified
        return self.identified


def federation_on(
    house: House, service: SignInService, mapping: Sequence[GroupRoles] = MAPPING, digest: str = "these settings"
) -> tuple[Federation, SessionBook]:
    """With a book of sessions that lets in who comes from there."""
    sessions = SessionBook(
        sessions=house.store.console_sessions,
        accounts=house.store.accounts,
        clock=house.clock,
        randomness=house.randomness,
        let_in=LetIn(federation=digest, issuer=ISSUER),
    )
    federation = Federation(
        label=LABEL,
        issuer=ISSUER,
        mapping=mapping,
        service=service,
        accounts=house.store.accounts,
        sessions=sessions,
        clock=house.clock,
        randomness=house.randomness,
        kept=house.kept,
    )
    return federation, sessions
