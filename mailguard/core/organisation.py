"""Who is inside. Everything that cannot be shown to be inside is outside."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Team:
    """Senders who count as one. senders: canonical addresses, and "@domain" for everybody at exactly that domain.

    sensitive: being written to by this team says something about a person. rejections: how its senders hear that a
    message is not sent, "notice" or "dsn"; None as everybody.
    """

    name: str
    senders: tuple[str, ...]
    sensitive: bool = False
    rejections: str | None = None


@dataclass(frozen=True, slots=True)
class Organisation:
    """domains: inside, their subdomains too. addresses: inside mailboxes in a domain shared with others.

    trusted_domains: exempt from the count, never from the rewrite. All in canonical form (lower case, A-labels).
    teams: in the order of the settings. An address in none of them stands for itself.
    """

    name: str
    domains: frozenset[str]
    addresses: frozenset[str] = frozenset()
    trusted_domains: frozenset[str] = frozenset()
    teams: tuple[Team, ...] = ()

    def is_inside(self, address: str) -> bool:
        """Whether a canonical address belongs to the organisation."""
        return address in self.addresses or lies_within(address.rpartition("@")[2], self.domains)

    def is_trusted(self, address: str) -> bool:
        """Whether a canonical address is at a trusted partner's domain."""
        return lies_within(address.rpartition("@")[2], self.trusted_domains)

    def counts(self, address: str) -> bool:
        """Whether a canonical address is outside and at no trusted partner's domain: who counts as a person shown."""
        return not self.is_inside(address) and not self.is_trusted(address)

    def team_of(self, address: str) -> Team | None:
        """The team of a canonical address: the first that names it, else the first that names exactly its domain.

        With a tag it belongs where it does without.
        """
        if not self.teams:
            return None
        local, _, domain = address.rpartition("@")
        named = (address, untagged(address), f"@{domain}") if local else ()
        return next((team for each in named for team in self.teams if each in team.senders), None)


def untagged(address: str) -> str:
    """Without what stands behind "+" in the local part (RFC 5233): the same people send as, and read, both."""
    local, at, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}{at}{domain}"


def lies_within(domain: str, domains: frozenset[str]) -> bool:
    """Whether a domain is one of these or lies below one. All in canonical form."""
    while domain:
        if domain in domains:
            return True
        domain = domain.partition(".")[2]
    return False
