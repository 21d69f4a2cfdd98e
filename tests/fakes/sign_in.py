"""A SignIn that says what a test wants, and can misbehave at every method. Implements guard.ports.SignIn."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from mailguard.core.session import Session
from mailguard.core.sign_in import Credentials, SignInAnswer, SignInOutcome

ALL = ("PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER")
ACCEPTED = SignInAnswer(SignInOutcome.ACCEPTED)
REFUSED = SignInAnswer(SignInOutcome.REFUSED)
UNAVAILABLE = SignInAnswer(SignInOutcome.UNAVAILABLE)
CHALLENGED = SignInAnswer(SignInOutcome.REFUSED, None, b'{"status":"401"}')
ANSWERS = {"accepted": ACCEPTED, "refused": REFUSED, "unavailable": UNAVAILABLE, "challenged": CHALLENGED}


class FakeSignIn:
    """answer: returned, or raised where it is an exception. gate: an attempt waits until it is set. stubborn: an
    attempt does not heed its cancellation. tried, left: what came, in order. lost: what is_lost says, or raises.
    """

    def __init__(self, answer: Any = ACCEPTED, *, mechanisms: Any = ALL, stubborn: bool = False) -> None:
        self.answer = answer
        self.offered = mechanisms
        self.stubborn = stubborn
        self.gate = asyncio.Event()
        self.gate.set()
        self.begun = asyncio.Event()
        self.tried: list[tuple[Session, Credentials]] = []
        self.left: list[str] = []
        self.lost: Any = False
        self.leaving: Any = None
        self.most_at_once = self._at_once = 0

    def mechanisms(self) -> Sequence[str]:
        return _given(self.offered)

    async def sign_in(self, session: Session, credentials: Credentials) -> SignInAnswer:
        self.tried.append((session, credentials))
        self.begun.set()
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await self._opened()
        finally:
            self._at_once -= 1
        return _given(self.answer)

    async def _opened(self) -> None:
        while not self.gate.is_set():
            try:
                await self.gate.wait()
            except asyncio.CancelledError:
                if not self.stubborn:
                    raise

    def is_lost(self, session: str) -> bool:
        return _given(self.lost)

    async def leave(self, session: str) -> None:
        self.left.append(session)
        if isinstance(self.leaving, asyncio.Event):
            await self.leaving.wait()
        _given(self.leaving)


def _given(value: Any) -> Any:
    if isinstance(value, BaseException):
        raise value
    return value
