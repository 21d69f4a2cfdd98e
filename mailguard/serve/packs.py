"""Incident packs bound to the open parts."""

from __future__ import annotations

from collections.abc import Callable

from ..config import Settings
from ..core.organisation import Organisation
from ..core.packs.draft import template
from ..core.packs.pack import Pack
from ..guard.console.pack_desk import PackDesk
from ..guard.notices import Notices
from ..guard.packs.apologies import Apologies
from ..guard.packs.packing import Packing
from ..guard.packs.reading import PackReading
from ..guard.ports import Clock, Randomness
from ..inspection.find.screen import personal_data_in
from ..store.store import Store
from .register import Register


class Packs:
    """packing: what is read and sent."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        register: Register,
        notices: Notices,
        organisation: Organisation,
        clock: Clock,
        randomness: Randomness,
        wake: Callable[[], None],
    ) -> None:
        self._organisation = organisation
        self._contact = settings.notices.contact
        self._quarantine = store.quarantine
        self._ledger, self._clock = store.ledger, clock
        hashes_of = store.keyring.hashes_of_address
        self.packing = Packing(
            reading=PackReading(
                ledger=store.ledger,
                evidence=store.evidence,
                trail=store.trail,
                outbox=store.outbox,
                hashes_of=hashes_of,
            ),
            apologies=Apologies(
                outbox=store.outbox,
                ledger=store.ledger,
                letters=notices.apologies,
                clock=clock,
                randomness=randomness,
                hashes_of=hashes_of,
                is_inside=organisation.is_inside,
                find=personal_data_in,
                wake=wake,
            ),
            book=register.book,
            ledger=store.ledger,
            clock=clock,
            organisation=organisation,
            zone=register.zone,
        )

    def draft(self, pack: Pack | None) -> str:
        """The apology that a person finishes. pack: None for a file, of which it is not known when it left."""
        left = pack and pack.known.left_at
        # In the time zone in which the pack is printed.
        sent = left.astimezone(pack.made_at.tzinfo) if pack and left else None
        return template(self._organisation.name, self._contact, sent)

    def desk(self) -> PackDesk:
        """The packs as the console has them."""
        return PackDesk(
            packing=self.packing,
            quarantine=self._quarantine,
            ledger=self._ledger,
            clock=self._clock,
            organisation=self._organisation,
            draft=self.draft,
        )
