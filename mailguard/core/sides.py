"""Where the addresses of one message belong, each looked up once, and each domain once.

Promises: the same as Organisation and consumer_providers.py say. Nothing of it outlives the message that it is for.
"""

from __future__ import annotations

from typing import NamedTuple

from .consumer_providers import is_consumer_provider
from .organisation import Organisation, lies_within


class Side(NamedTuple):
    """Where an address, or a domain, belongs. counts: it is outside, and not of a trusted domain."""

    inside: bool
    counts: bool
    consumer: bool
    domain: str


class Sides:
    """Looks up: a list of 50,000 people has few domains."""

    def __init__(self, organisation: Organisation) -> None:
        self._organisation = organisation
        self._known: dict[str, Side] = {}
        self._domains: dict[str, Side] = {}

    def of(self, address: str) -> Side:
        side = self._known.get(address)
        if side is None:
            side = self._known[address] = self._look_up(address)
        return side

    def _look_up(self, address: str) -> Side:
        domain = address.rpartition("@")[2]
        side = self._domains.get(domain)
        if side is None:
            inside = lies_within(domain, self._organisation.domains)
            counts = not inside and not lies_within(domain, self._organisation.trusted_domains)
            side = self._domains[domain] = Side(inside, counts, is_consumer_provider(domain), domain)
        if not side.inside and address in self._organisation.addresses:
            return Side(True, False, side.consumer, domain)
        return side
