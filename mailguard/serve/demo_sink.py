"""The demo's smarthost: takes every message and keeps it. Nothing is sent on."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from ..core.envelope import Envelope
from ..core.mail.message import Buffer
from ..core.reply import Reply
from ..core.session import Session
from ..smtp.listener import Capabilities, Limits, Listener, ListenerSettings

KEPT = 5_000
"""Messages; the oldest make room."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message as the next mail server got it. recipients: of the envelope."""

    recipients: tuple[str, ...]
    raw: bytes

    @property
    def header(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[0]

    def has(self, identifier: str) -> bool:
        """Whether it carries this Message-ID."""
        return f"message-id: {identifier}".lower().encode() in self.header.lower()


class Sink:
    """Listens on a port of 127.0.0.1 that the system chooses."""

    def __init__(self) -> None:
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

    async def _keep(self, _: Session, envelope: Envelope, raw: Buffer) -> Reply:
        self.arrived.append(Arrived(tuple(each.address for each in envelope.recipients), bytes(raw)))
        return Reply(250, "2.0.0", "Kept by the demo")
