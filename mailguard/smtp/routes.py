"""Which smarthosts a message may go to, and in which order. Implements guard.ports.Smarthost and delivery's Pacing.

A route is the smarthosts of a sender domain, or the default one's, in the order of the settings. Where one cannot be
had, the next of the same route is tried (docs/decisions/routes.md).

INVARIANT: a message never leaves its route. INVARIANT: another smarthost is asked only while nothing of the
transaction has been said, or where a reused connection ended before it had answered MAIL (transmission.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import monotonic

from ..core.envelope import Envelope
from ..core.outcome import Transmission
from ..core.rewrite.content import Content
from ..core.session import Session
from ..logs import logger
from .line import Line
from .pass_through import BoundConnection, SmarthostSignIn
from .pool import Pace
from .smarthost import SmarthostPool
from .smarthost_capabilities import SmarthostCapabilities, common
from .smarthost_settings import SmarthostSettings, canonical_domains
from .transmission import transmit
from .troubles import InTrouble, Trouble

log = logger("smarthost")


class SmarthostRoutes:
    """settings: every smarthost, at least one of them without `sender_domains`. hostname: the name in EHLO.
    connect_watch: as SmarthostPool's. pace: makes that of the outbox for each.

    learned: may be set by whoever wants to hear what another EHLO announced than the one before, with the smarthost's
    place in `settings`.
    sign_in: implements guard.ports.SignIn against the first smarthost of the default route.
    """

    def __init__(
        self,
        settings: Sequence[SmarthostSettings],
        *,
        hostname: str,
        clock: Callable[[], float] = monotonic,
        connect_watch: Callable[[float], None] = lambda _: None,
        pace: Callable[[SmarthostSettings], Pace] = lambda settings: Pace(settings.messages_per_minute),
    ) -> None:
        self.learned: Callable[[int, SmarthostCapabilities], None] = lambda number, capabilities: None
        self.smarthosts = tuple(
            SmarthostPool(
                each,
                hostname=hostname,
                clock=clock,
                connect_watch=connect_watch,
                learned=partial(self._learned, number),
                pace=pace(each),
            )
            for number, each in enumerate(settings)
        )
        self._default = tuple(each for each in self.smarthosts if not each.settings.sender_domains)
        self._by_domain = _by_domain(self.smarthosts)
        self.sign_in = SmarthostSignIn(self._default[0], hostname=hostname)

    @property
    def capabilities(self) -> SmarthostCapabilities | None:
        """What every smarthost had at its last EHLO, less those that were not reached yet; None if none was."""
        found = [each.capabilities for each in self.smarthosts if each.capabilities is not None]
        return common(found) if found else None

    @property
    def trouble(self) -> str | None:
        """Why the last attempt to open a connection failed, of the first smarthost where it did; None if none did."""
        return next((each.trouble for each in self.smarthosts if each.trouble), None)

    async def refresh(self) -> None:
        """Ask EHLO of each whose answer is old or missing. Does not raise."""
        await asyncio.gather(*(each.refresh() for each in self.smarthosts))

    async def connect(self, session: Session | None) -> RoutedConnection | BoundConnection:
        """A connection of its own until `release`. It is opened, or taken from those that are idle, by `transmit`."""
        if session is not None and session.bound:
            return self.sign_in.connection(session)
        return RoutedConnection(self, session, for_outbox=False)

    def for_outbox(self) -> OutboxSmarthost:
        """The same connections for what the guard has taken on, where `partial: refuse_all` has no client to tell."""
        return OutboxSmarthost(self)

    def in_order(self, envelope: Envelope) -> list[SmarthostPool]:
        """The smarthosts that may take the message, those that failed a short while ago last."""
        return sorted(self._route(envelope), key=lambda each: each.is_passed_over)

    async def turn(self, envelope: Envelope) -> None:
        """Return when the outbox may send the message, by the pace of the smarthost that is asked first."""
        await self.in_order(envelope)[0].pace.turn()

    async def close(self) -> None:
        """Take leave of idle connections and cut the others."""
        await asyncio.gather(self.sign_in.close(), *(each.close() for each in self.smarthosts))

    def _learned(self, number: int, capabilities: SmarthostCapabilities) -> None:
        self.learned(number, capabilities)

    def _route(self, envelope: Envelope) -> tuple[SmarthostPool, ...]:
        """By the longest domain that the reverse-path is in or below; the null path has none."""
        domain = envelope.reverse_path.domain if envelope.reverse_path else ""
        while domain:
            if domain in self._by_domain:
                return self._by_domain[domain]
            domain = domain.partition(".")[2]
        return self._default


class OutboxSmarthost:
    """Implements guard.ports.Smarthost for the outbox; see SmarthostRoutes.for_outbox."""

    def __init__(self, routes: SmarthostRoutes) -> None:
        self._routes = routes

    async def connect(self, session: Session | None) -> RoutedConnection:
        return RoutedConnection(self._routes, None, for_outbox=True)


class RoutedConnection:
    """Implements guard.ports.SmarthostConnection, and Lines of transmission.py. For one message at a time."""

    def __init__(self, routes: SmarthostRoutes, session: Session | None, *, for_outbox: bool) -> None:
        self._routes = routes
        self._session = session
        self._for_outbox = for_outbox
        self._untried: list[SmarthostPool] = []
        self._held: tuple[SmarthostPool, Line] | None = None
        self._failure: InTrouble | None = None

    async def transmit(self, envelope: Envelope, content: Content) -> Transmission:
        """See guard.ports."""
        self._untried = self._routes.in_order(envelope)
        self._failure = None
        if self._held is not None and self._held[0] is not self._untried[0]:
            await self.release()
        return await transmit(self, envelope, content, for_outbox=self._for_outbox)

    async def release(self) -> None:
        """Give the connection back. A second time does nothing."""
        if self._held is not None:
            (smarthost, line), self._held = self._held, None
            smarthost.give_back(line)

    @property
    def settings(self) -> SmarthostSettings:
        return self._untried[0].settings

    @property
    def _tells_each_time(self) -> bool:
        """Postfix forgets XFORWARD with each transaction: `take` says it again, mostly on the same line."""
        return self.settings.tell_client == "xforward"

    async def ready(self, deadline: float, *, fresh: bool) -> Line:
        if self._held is not None and self._held[1].is_idle and not fresh and not self._tells_each_time:
            return self._held[1]
        await self.release()
        while True:
            smarthost = self._untried[0]
            left = deadline - asyncio.get_running_loop().time()
            try:
                line = await smarthost.take(
                    max(0.0, min(smarthost.settings.connect_timeout_seconds, left)), self._session, fresh=fresh
                )
            except InTrouble as cause:
                self._failure = self._failure or cause
                if cause.trouble is Trouble.CLOSING or not self._turn_to_next():
                    if self._failure is cause:
                        raise
                    raise self._failure from cause
                log.warning(
                    "smarthost_passed_over",
                    smarthost=str(smarthost.settings.address),
                    trouble=cause.trouble.value,
                    next=str(self.settings.address),
                )
                fresh = False
                continue
            self._held = (smarthost, line)
            return line

    async def pass_on(self) -> bool:
        """Raises InTrouble where one that could not be had might carry it: that is no ground for a bounce."""
        await self.release()
        if self._turn_to_next():
            return True
        if self._failure is not None:
            raise self._failure
        return False

    def _turn_to_next(self) -> bool:
        if len(self._untried) == 1:
            return False
        self._untried.pop(0)
        return True


def _by_domain(smarthosts: Sequence[SmarthostPool]) -> Mapping[str, tuple[SmarthostPool, ...]]:
    found: dict[str, tuple[SmarthostPool, ...]] = {}
    for each in smarthosts:
        for domain in canonical_domains(each.settings):
            found[domain] = (*found.get(domain, ()), each)
    return found
