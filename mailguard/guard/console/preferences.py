"""How somebody likes the console: kept with their account, so that it is the same at every browser."""

from __future__ import annotations

from dataclasses import replace

from ..ports import Accounts, Clock
from .sessions import Visitor, noted


class Preferences:
    def __init__(self, *, accounts: Accounts, clock: Clock) -> None:
        self._accounts = accounts
        self._clock = clock

    async def set_shortcuts(self, visitor: Visitor, on: bool) -> None:
        """Whether single keys move about. Nothing where it is so already. AlreadyDecided, UnknownAccount."""
        account = visitor.account
        if account.shortcuts is not on:
            entry = noted("account_shortcuts_changed", account, self._clock, on=on)
            await self._accounts.change(replace(account, shortcuts=on), [entry])
