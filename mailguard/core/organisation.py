"""Who is inside. Everything that cannot be shown to be inside is outside."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Organisation:
    """domains: inside, their subdomains too. addresses: inside mailboxes in a domain shared with others.

    trusted_domains: exempt from the count, never from the rewrite. All in canonical form (lower case, A-labels).
    """

    name: str
    domains: frozenset[str]
    addresses: frozenset[str] = frozenset()
    trusted_domains: frozenset[str] = frozenset()

    def is_inside(self, address: str) -> bool:
        """Whether a canonical address belongs to the organisation."""
        return address in self.addresses or lies_within(address.rpartition("@")[2], self.domains)

    def is_trusted(self, address: str) -> bool:
        """Whether a canonical address is at a trusted partner's domain."""
        return lies_within(address.rpartition("@")[2], self.trusted_domains)


def lies_within(domain: str, domains: frozenset[str]) -> bool:
    """Whether a domain is one of these or lies below one. All in canonical form."""
    while domain:
        if domain in domains:
            return True
        domain = domain.partition(".")[2]
    return False
