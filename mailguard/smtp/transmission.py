"""Sends one message on the connections that it is given, in as many transactions as the smarthost asks for.

INVARIANT: no message is sent again after its final dot was or may have been written; a second attempt, on another
connection, is made only where a reused one ended before it had answered MAIL.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from ..core.envelope import Envelope
from ..core.outcome import SmarthostReply, Transmission
from ..core.rewrite.content import Content
from ..logs import logger
from .exchange import Patience, carry_out
from .line import Line
from .mail_commands import (
    DOWNGRADES,
    TOO_MANY_RECIPIENTS,
    leaves_out_dsn,
    mail_command,
    recipient_command,
    why_refused,
)
from .smarthost_settings import SmarthostSettings
from .tally import Tally
from .transaction import Transaction
from .troubles import InTrouble, Trouble

log = logger("smarthost")


class Lines(Protocol):
    """Where the connections for one message come from. settings: of the smarthost at the other end of the last one."""

    @property
    def settings(self) -> SmarthostSettings: ...

    async def ready(self, deadline: float, *, fresh: bool) -> Line:
        """A connection on which MAIL can be said. Raises InTrouble. fresh: the last one ended before it answered."""
        ...

    async def pass_on(self) -> bool:
        """The last smarthost cannot carry the message: whether another is to be asked."""
        ...


async def transmit(lines: Lines, envelope: Envelope, content: Content, *, for_outbox: bool) -> Transmission:
    """See guard.ports. Bounded by `deadline_seconds`; where it is cancelled, the connection is cut."""
    tally = Tally(envelope.recipients)
    deadline = asyncio.get_running_loop().time() + lines.settings.deadline_seconds
    again = without_dsn = False
    try:
        while tally.is_waiting:
            line = await lines.ready(deadline, fresh=again)
            settings = lines.settings
            all_or_none = settings.partial == "refuse_all" and not for_outbox
            if (refusal := _why_refused(envelope, content, line, settings if all_or_none else None)) is not None:
                again = False
                if refusal in DOWNGRADES and await lines.pass_on():
                    continue
                tally.refuse(refusal)
                break
            batch = tally.batch(None if all_or_none else settings.max_recipients)
            without_dsn = without_dsn or leaves_out_dsn(envelope, line.capabilities)
            reused = line.messages > 0
            transaction = _transaction(envelope, batch, content, line, all_or_none=all_or_none)
            await carry_out(transaction, line, content, _patience(settings, deadline, reused=reused))
            again = reused and _ended_unseen(transaction)
            if not again:
                tally.add(batch, transaction.result())
    except InTrouble as cause:
        tally.fail(cause.trouble, cause.reply)
    if without_dsn:
        log.warning("dsn_parameters_left_out", recipients=len(envelope.recipients))
    return tally.transmission(without_dsn=without_dsn, server=str(lines.settings.address))


def _patience(settings: SmarthostSettings, deadline: float, *, reused: bool) -> Patience:
    command = settings.command_timeout_seconds
    first = min(settings.connect_timeout_seconds, command) if reused else command
    return Patience(command, settings.final_timeout_seconds, deadline, first)


def _why_refused(
    envelope: Envelope, content: Content, line: Line, all_or_none: SmarthostSettings | None
) -> SmarthostReply | None:
    most = all_or_none.max_recipients if all_or_none else None
    if most is not None and len(envelope.recipients) > most:
        return TOO_MANY_RECIPIENTS  # all or none cannot be kept over two transactions
    return why_refused(envelope, content, line.capabilities)


def _transaction(
    envelope: Envelope, batch: Sequence[int], content: Content, line: Line, *, all_or_none: bool
) -> Transaction:
    line.messages += 1
    return Transaction(
        mail_command(envelope, content.size(), line.capabilities),
        [recipient_command(envelope.recipients[index], line.capabilities) for index in batch],
        pipelining=line.capabilities.pipelining,
        all_or_none=all_or_none,
    )


def _ended_unseen(transaction: Transaction) -> bool:
    """A reused connection ended before it answered MAIL: no content has left, and a new one may try."""
    return transaction.unanswered and transaction.trouble in (Trouble.CUT, Trouble.UNAVAILABLE, Trouble.TIMED_OUT)
