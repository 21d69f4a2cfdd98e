"""What the smarthost's answer to a message means for its client, and what of it the guard takes on.

INVARIANT: 2yz only where the smarthost took the message for somebody, and the rest is durable in the outbox by then
(DESIGN.md promise 2). INVARIANT: the guard's own trouble with the smarthost is 4yz and an alarm, never a refusal.
"""

from __future__ import annotations

from ..core import reply
from ..core.outcome import SIGN_IN_LOST, Outcome, SmarthostReply, Transmission
from ..core.reply import Reply
from ..core.rewrite.content import Content
from ..logs import logger
from . import entries
from .judged import Judged
from .keeping import Keeper
from .remainder import Sent, TakesOver
from .watch import Watch

log = logger("submission")


class SmarthostAnswers:
    """remainder: takes over what the smarthost did not take of a message that it took for others."""

    def __init__(self, keeper: Keeper, watch: Watch, remainder: TakesOver) -> None:
        self._keeper = keeper
        self._watch = watch
        self._remainder = remainder

    async def settle(self, judged: Judged, ref: str, content: Content, transmission: Transmission) -> Reply:
        """The reply to the client; what the guard has to finish for it is durable by then. content: what was sent."""
        lost = transmission.trouble == SIGN_IN_LOST  # smarthosts end idle sessions: no alarm, the client signs in again
        if transmission.trouble and not lost:
            self._watch.trouble(transmission.trouble)
            log.error("smarthost_failed", ref=ref, stage=transmission.stage.value, trouble=transmission.trouble)
        if transmission.with_outcome(Outcome.ACCEPTED):
            return await self._taken(judged, ref, content, transmission)
        if transmission.with_outcome(Outcome.UNCERTAIN):
            self._record("message_uncertain", judged, ref, transmission)
            return reply.uncertain(ref)
        if transmission.trouble:
            self._record("message_deferred", judged, ref, transmission)
            return reply.sign_in_lost(ref) if lost else reply.smarthost_unavailable(ref)
        return self._turned_down(judged, ref, transmission)

    def _turned_down(self, judged: Judged, ref: str, transmission: Transmission) -> Reply:
        """Nobody was accepted: one deferred recipient makes it temporary, so that the client's retry reaches them."""
        deferred = transmission.with_outcome(Outcome.DEFERRED)
        self._record("message_deferred" if deferred else "message_refused", judged, ref, transmission)
        said = next((each.reply for each in (deferred or transmission.recipients) if each.reply), transmission.reply)
        if said is None or said.code < 400 or (deferred and said.code >= 500):
            return reply.smarthost_unavailable(ref)
        return reply.relayed(said.code, said.status, said.text)

    async def _taken(self, judged: Judged, ref: str, content: Content, transmission: Transmission) -> Reply:
        """The smarthost took it for some: the rest is the guard's to finish, durably, before the client hears 250."""
        entry = entries.outcome("message_relayed", ref, judged.at, transmission)
        waiting = tuple(
            each.recipient for each in transmission.recipients if each.outcome in (Outcome.DEFERRED, Outcome.UNCERTAIN)
        )
        refused = transmission.with_outcome(Outcome.REFUSED)
        if waiting or refused:
            sent = Sent(judged.session, judged.envelope, judged.message.raw, judged.at, ref, content.edits)
            await self._remainder.take_over(sent, waiting, refused, entry)
        else:
            self._keeper.append_later([entry])
        log.info(
            "submission_relayed",
            ref=ref,
            session=judged.session.identifier,
            accepted=len(transmission.with_outcome(Outcome.ACCEPTED)),
            queued=len(waiting),
            refused=len(refused),
        )
        said = transmission.reply
        if said is None or not 200 <= said.code < 300:
            said = SmarthostReply(250, "2.0.0", "OK")
        return reply.relayed(said.code, said.status, said.text)

    def _record(self, kind: str, judged: Judged, ref: str, transmission: Transmission) -> None:
        log.info("submission_not_taken", ref=ref, kind=kind, session=judged.session.identifier)
        self._keeper.append_later([entries.outcome(kind, ref, judged.at, transmission)])
