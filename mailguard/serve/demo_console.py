"""The demo's part of the review console: its people, the link that lets somebody in, and what the sink has got.

Only demo.py imports this file: `mailguard serve` has neither the pages nor the code behind them.
"""

from __future__ import annotations

import secrets
from contextlib import AsyncExitStack

from ..console.annexe import Annexe
from ..console.pages.demo import DemoPages
from ..core.account import ADMIN, ESCALATION, REVIEWER, VIEWER
from ..guard.console.demo_door import ACTOR, DemoDoor, DemoRole
from ..guard.console.demo_outbox import DemoOutbox
from ..smtp.listen_settings import HostPort
from .demo_samples import DOMAIN
from .demo_sink import Sink
from .parts import Parts
from .user_operations import start_url

PEOPLE = {
    DemoRole.VIEWER: (f"vic.viewer@{DOMAIN}", VIEWER),
    DemoRole.REVIEWER: (f"robin.reviewer@{DOMAIN}", REVIEWER),
    DemoRole.ADMIN: (f"ada.admin@{DOMAIN}", ADMIN),
}
COLLEAGUE = (f"casey.guardian@{DOMAIN}", REVIEWER, ESCALATION)
"""Somebody whom the reviewer can ask to decide."""


class DemoConsole:
    """smtp: where mail of one's own may be sent to. link: the address to begin with, once the console is open."""

    def __init__(self, sink: Sink, smtp: HostPort) -> None:
        self._sink = sink
        self.smtp = smtp
        self.link = ""

    async def open(self, parts: Parts, house: AsyncExitStack) -> Annexe:
        """Make the accounts and the link. Implements console.OpenAnnexe."""
        for name, *roles in (*PEOPLE.values(), COLLEAGUE):
            # Nobody is told the passwords: the door stands in their place, and a kept folder lets nobody in.
            await parts.account_book.add(name, secrets.token_urlsafe(32), roles, ACTOR)
        door = DemoDoor(
            accounts=parts.store.accounts,
            sessions=parts.sessions,
            randomness=parts.randomness,
            people={role: name for role, (name, _) in PEOPLE.items()},
        )
        house.push_async_callback(door.close)
        settings = parts.settings
        assert settings.console is not None
        self.link = start_url(settings.console.base_url, door.make_link())
        outbox = DemoOutbox(self._sink, parts.notices.is_own, settings.notices.contact or "")
        return DemoPages(door, outbox, domain=DOMAIN, address=lambda: str(self.smtp)).annexe()
