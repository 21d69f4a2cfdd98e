"""The memory of invitations that a rule sent as separate copies, so that what follows them is sent in the same way.

INVARIANT: it is durable before the copies are. What is remembered and then not sent does no harm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from ..core.errors import MailguardError
from ..core.mail.message import Message
from ..core.occasion import occasions
from .ports import Clock, History
from .steps import bounded


class InvitationMemory:
    """keep_for: how long after its last message an invitation is remembered."""

    def __init__(self, history: History, clock: Clock, keep_for: timedelta, port_seconds: float = 30.0) -> None:
        self._history = history
        self._clock = clock
        self._keep_for = keep_for
        self._port_seconds = port_seconds

    async def recall(self, asked: Sequence[str]) -> Mapping[str, str]:
        """Of these occasions those that a rule separated, with its id."""
        found = await bounded(self._history.separated(asked, self._clock.now()), self._port_seconds)
        if not isinstance(found, Mapping):
            raise MailguardError("the history did not answer")
        return found

    async def remember(self, message: Message, rule: str | None) -> None:
        """The occasions of a message that leaves as separate copies under this rule."""
        found = occasions(message)
        if not found or rule is None:
            return
        now = self._clock.now()
        kept = await bounded(self._history.remember(found, rule, now + self._keep_for), self._port_seconds)
        if kept != len(found):
            raise MailguardError("the history did not say that it kept the invitation")
