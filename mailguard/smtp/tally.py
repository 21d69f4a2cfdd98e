"""The outcomes of one message over as many transactions as the smarthost asks for, put together. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.envelope import Recipient
from ..core.outcome import Outcome, RecipientOutcome, SmarthostReply, Stage, Transmission
from .transaction import Answer, Result
from .troubles import Trouble

_ORDER = tuple(Stage)


class Tally:
    """While it `is_waiting`, ask `batch` for the recipients of the next transaction and tell `add` how it went."""

    def __init__(self, recipients: Sequence[Recipient]) -> None:
        self._recipients = recipients
        self._limit = len(recipients)
        self._answers: list[Answer | None] = [None] * len(recipients)
        self._waiting = list(range(len(recipients)))
        self._stage = Stage.CONNECT
        self._reply: SmarthostReply | None = None
        self._trouble: Trouble | None = None
        self._accepted = False

    @property
    def is_waiting(self) -> bool:
        """Whether recipients are without an answer."""
        return bool(self._waiting)

    def batch(self, max_recipients: int | None) -> tuple[int, ...]:
        """Indices of the recipients to try next, in order. max_recipients: of a transaction, None for no limit."""
        return tuple(self._waiting[: min(self._limit, max_recipients or self._limit)])

    def add(self, batch: Sequence[int], result: Result) -> None:
        """How the transaction with these recipients went."""
        for index, answer in zip(batch, result.answers, strict=True):
            if answer.outcome is not None:
                self._answers[index] = answer
        self._waiting = [index for index in self._waiting if self._answers[index] is None]
        self._note(result.stage, result.reply, accepted=result.taken > 0 and result.whole is None)
        if any(answer.outcome is None for answer in result.answers):
            # The smarthost said how many it takes: asking for more again would only earn refusals.
            self._limit = max(1, min(self._limit, result.taken))
        if result.trouble is not None:
            self._trouble = result.trouble
            self._end(Answer(Outcome.DEFERRED, result.reply if result.whole and result.whole.reply else None))
        elif result.whole is not None:
            self._end(result.whole)

    def fail(self, trouble: Trouble, reply: SmarthostReply | None) -> None:
        """There is no connection for those who wait."""
        self._trouble = trouble
        self._note(Stage.CONNECT, reply, accepted=False)
        self._end(Answer(Outcome.DEFERRED, reply))

    def refuse(self, reply: SmarthostReply) -> None:
        """The smarthost need not be asked: the reply is the guard's own."""
        self._note(Stage.MAIL, reply, accepted=False)
        self._end(Answer(Outcome.REFUSED, reply))

    def transmission(self, *, without_dsn: bool, server: str | None = None) -> Transmission:
        outcomes = []
        for recipient, answer in zip(self._recipients, self._answers, strict=True):
            outcome, reply = (answer.outcome, answer.reply) if answer else (None, None)
            outcomes.append(RecipientOutcome(recipient, outcome or Outcome.DEFERRED, reply))
        trouble = self._trouble.value if self._trouble else None
        return Transmission(tuple(outcomes), self._stage, self._reply, trouble, without_dsn, server)

    def _note(self, stage: Stage, reply: SmarthostReply | None, *, accepted: bool) -> None:
        """The furthest stage counts, and the first acceptance's reply before any other."""
        self._stage = max(self._stage, stage, key=_ORDER.index)
        if not self._accepted:
            self._reply = reply
        self._accepted = self._accepted or accepted

    def _end(self, answer: Answer) -> None:
        """What stands for the message stands for all that were not tried."""
        for index in self._waiting:
            self._answers[index] = answer
        self._waiting = []
