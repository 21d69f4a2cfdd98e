"""The way back to a worker that handed a message over, where that leaves on the worker's own connection."""

from __future__ import annotations

from ..core.envelope import Envelope
from ..core.outcome import Outcome, RecipientOutcome, Stage, Transmission
from ..core.rewrite.content import Content
from ..core.session import Session
from ..guard.lost_outcomes import WORKER_LOST
from ..guard.ports import SmarthostConnection
from ..smtp.routes import SmarthostRoutes
from .peer import Peer, PeerGone


class ReachingBack:
    """Implements guard.ports.Smarthost for messages that a worker handed over: where a client has signed in at the
    smarthost, its mail leaves on that connection, which the worker has.
    """

    def __init__(self, smarthost: SmarthostRoutes) -> None:
        self._smarthost = smarthost
        self.workers: dict[str, Peer] = {}

    async def connect(self, session: Session | None) -> SmarthostConnection:
        peer = self.workers.get(session.identifier) if session is not None and session.bound else None
        if session is None or peer is None:
            return await self._smarthost.connect(session)
        return _WorkersConnection(peer, session)


class _WorkersConnection:
    def __init__(self, peer: Peer, session: Session) -> None:
        self._peer = peer
        self._session = session

    async def transmit(self, envelope: Envelope, content: Content) -> Transmission:
        try:
            found = await self._peer.call("transmit", self._session.identifier, envelope, content.edits)
        except PeerGone:
            # How far it came, nobody can tell: the smarthost may have it.
            uncertain = tuple(RecipientOutcome(each, Outcome.UNCERTAIN, None) for each in envelope.recipients)
            return Transmission(uncertain, Stage.FINAL, None, trouble=WORKER_LOST)
        assert isinstance(found, Transmission)
        return found

    async def release(self) -> None:
        """The worker keeps it for the session's next message."""
