"""Who looks around in the demo, and as whom. Only `mailguard demo` makes this door; a real service does not know it.

It stands in the place of passwords and second factors, which nobody has in a demo. Sessions are begun, looked up and
ended by the story of everybody's (sessions.py), with accounts like anybody's.

INVARIANT: the link works once. INVARIANT: nobody changes who they are who has neither come by it nor is signed in.
Nothing of it is kept in the store: it ends with the process, and the sessions that it began end with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from ...core.errors import UnknownAccount
from ..accounts import Actor
from ..ports import Accounts, Randomness
from .links import LinkUsed
from .sessions import SessionBook, Visitor
from .tokens import is_token, key_of, new_token


class DemoRole(StrEnum):
    """As whom somebody looks. SENDER: as somebody in the organisation who has no account in the console."""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    ADMIN = "admin"
    SENDER = "sender"


ACTOR = Actor("mailguard demo", "mailguard")


class DemoDoor:
    """people: the account of each role but the sender's."""

    def __init__(
        self, *, accounts: Accounts, sessions: SessionBook, randomness: Randomness, people: Mapping[DemoRole, str]
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._randomness = randomness
        self._people = people
        self._link: str | None = None
        self._browsers: dict[str, DemoRole] = {}

    def make_link(self) -> str:
        """The token of a link to begin with. An earlier one counts no more."""
        token = new_token(self._randomness)
        self._link = key_of(token)
        return token

    def fits(self, token: str) -> bool:
        """Whether this is the link, and nobody has used it."""
        return self._link is not None and is_token(token) and key_of(token) == self._link

    async def enter(self, token: str, browser: str) -> str:
        """Use the link: the token of a session as reviewer comes back. LinkUsed."""
        if not self.fits(token):
            raise LinkUsed("this link was used already")
        self._link = None
        return await self._begin(DemoRole.REVIEWER, browser)

    def role_of(self, token: str) -> DemoRole | None:
        """As whom the browser with this token looks; None where it has not come by the link."""
        return self._browsers.get(key_of(token))

    async def become(self, role: DemoRole, token: str, visitor: Visitor | None, browser: str) -> str:
        """Look as somebody else: the session of this browser ends, and the token of the new one comes back."""
        self._browsers.pop(key_of(token), None)
        if visitor is not None:
            await self._sessions.end(visitor)
        return await self._begin(role, browser)

    async def close(self) -> None:
        """End what was begun here: a folder that is kept lets nobody in."""
        self._link = None
        self._browsers.clear()
        for name in self._people.values():
            if (account := await self._accounts.find(name)) is not None:
                await self._sessions.end_all(account, ACTOR)

    async def _begin(self, role: DemoRole, browser: str) -> str:
        if role is DemoRole.SENDER:
            token = new_token(self._randomness)
        else:
            name = self._people[role]
            account = await self._accounts.find(name)
            if account is None:
                raise UnknownAccount(f'there is no account "{name}" any more')
            token = await self._sessions.begin(account, browser)
        self._browsers[key_of(token)] = role
        return token
