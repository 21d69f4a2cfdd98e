"""Runs a transaction on a line: the thin I/O under transaction.py.

INVARIANT: it never raises for what the smarthost says or does; that is in the transaction's result.
INVARIANT: content is read and written in pieces, each only when the one before was taken.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ..core.rewrite.content import Content
from ..logs import logger
from .dot_stuffing import stuffed_pieces
from .line import Line
from .transaction import State, Transaction
from .troubles import InTrouble, Trouble

log = logger("smarthost")

LAST_WORDS_SECONDS = 10.0
"""For replies that change no outcome (to RSET, or to RCPT after a refused MAIL): the client waits for its answer."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds. deadline: on the event loop's clock, for everything together.

    first_seconds: for the first reply of all. On a connection that lay idle it is short: a firewall may have forgotten
    it, and nothing is lost by asking again on a new one.
    """

    command_seconds: float
    final_seconds: float
    deadline: float
    first_seconds: float

    def for_reply(self, transaction: Transaction) -> float:
        """Seconds for the next reply."""
        if transaction.state is State.FINAL:
            return self.at_most(self.final_seconds)
        if transaction.is_decided:
            return self.at_most(min(self.command_seconds, LAST_WORDS_SECONDS))
        return self.at_most(self.first_seconds if transaction.unanswered else self.command_seconds)

    def at_most(self, seconds: float) -> float:
        return max(0.0, min(seconds, self.deadline - asyncio.get_running_loop().time()))


async def carry_out(transaction: Transaction, line: Line, content: Content, patience: Patience) -> None:
    """Drive the transaction to its end. The line is left as it is, or cut where it cannot be used again."""
    try:
        await _converse(transaction, line, content, patience)
    except InTrouble as cause:
        transaction.lost(cause.trouble)
    except Exception as cause:
        log.error("transaction_failed", cause=cause)
        transaction.lost(Trouble.INTERNAL)
    finally:
        if transaction.state is not State.OVER or not transaction.is_clean:
            line.abort()


async def _converse(transaction: Transaction, line: Line, content: Content, patience: Patience) -> None:
    while transaction.state is not State.OVER:
        if transaction.state is State.CONTENT:
            await _send_content(transaction, line, content, patience)
        else:
            line.write(transaction.commands())
            transaction.receive(line.heard() or await line.reply(patience.for_reply(transaction)))


async def _send_content(transaction: Transaction, line: Line, content: Content, patience: Patience) -> None:
    """Write it all, or stop where the smarthost speaks before the end."""
    for octets, last in stuffed_pieces(content):
        if line.has_reply:
            transaction.receive(await line.reply(0.0))
            return
        line.check()
        if last:
            transaction.sent()
        line.write(octets)
        await line.drain(patience.at_most(patience.command_seconds))
        if not last:
            await asyncio.sleep(0)  # a peer that takes all at once must not stall every other session
