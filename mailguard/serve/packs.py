"""Incident packs bound to the open parts."""

from __future__ import annotations

from collections.abc import Callable

from ..config import Settings
from ..core.organisation import Organisation
from ..guard.notices import Notices
from ..guard.packs.apologies import Apologies
from ..guard.packs.packing import Packing
from ..guard.packs.reading import PackReading
from ..guard.ports import Clock, Randomness
from ..inspection.find.screen import personal_data_in
from ..store.store import Store
from .register import Register


class Packs:
    """packing: what is read and sent. organisation_name, contact: for the draft."""

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
        self.organisation_name = organisation.name
        self.contact = settings.notices.contact
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
