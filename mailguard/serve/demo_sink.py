"""The demo's smarthost: takes every message and keeps it. Nothing is sent on."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime

from ..core.envelope import Envelope
from ..core.mail.message import Buffer
from ..core.reply import Reply
from ..core.session import Session
from ..guard.console.demo_outbox import Arrived
from ..smtp.listener import Capabilities, Limits, Listener, ListenerSettings

KEPT = 5_000
"""Messages; the oldest make room."""


class Sink:
    """Listens on a port of 127.0.0.1 that the system chooses. Implements guard.console.demo_outbox.Arrivals."""

    def __init__(self) -> None:
        self._count = 0
        self.arrived: deque[Arrived] = deque(maxlen=KEPT)
        self._listener = Listener(
            ListenerSettings(address="127.0.0.1:0"),  # type: ignore[arg-type]
            Limits(),
            "sink.demo.example",
            self._keep,
            lambda: Capabilities(eight_bit=True, smtputf8=True, dsn=True),
        )

    async def start(self) -> str:
        """Its HOST:PORT."""
        await self._listener.start()
        host, port = self._listener.addresses[0]
        return f"{host}:{port}"

    async def stop(self) -> None:
        await self._listener.stop(1.0)

    def all(self) -> Sequence[Arrived]:
        return tuple(self.arrived)

    def get(self, number: int) -> Arrived | None:
        return next((each for each in self.arrived if each.number == number), None)

    async def _keep(self, _: Session, envelope: Envelope, raw: Buffer) -> Reply:
        self._count += 1
        recipients = tuple(each.address for each in envelope.recipients)
        self.arrived.append(Arrived(self._count, datetime.now(UTC), recipients, bytes(raw)))
        return Reply(250, "2.0.0", "Kept by the demo")
