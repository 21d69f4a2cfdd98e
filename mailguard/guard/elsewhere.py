"""The ports of a process that passes mail on and keeps nothing: for anything else the message is handed on.

A worker of the service judges every message; what passes at once it relays itself. A message that needs more (it is
held or rewritten, or compared with earlier ones) goes whole to the process that owns the store, which judges it by
itself, as if it had received it. docs/decisions/workers.md.

INVARIANT: HandOver is raised before anything was recorded or sent, so that whoever catches it may begin anew.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

from ..core.envelope import Envelope
from ..core.mail.message import Buffer
from ..core.reply import Reply
from ..core.session import Session

Submit = Callable[[Session, Envelope, Buffer], Awaitable[Reply]]


class HandOver(Exception):
    """The process that owns the store has to take this message."""


class Elsewhere:
    """Every port that a worker does not have. What a story merely takes back of it was never done here."""

    async def _hand_over(self, *_: Any, **__: Any) -> NoReturn:
        raise HandOver

    # Quarantine, Outbox, History, Sendings, FilesSent, as far as a submission asks for them.
    hold = add = separated = remember = announce = settle = withdraw = _hand_over
