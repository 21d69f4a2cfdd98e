"""Whether a host is this computer, by its name alone: nothing is looked up."""

from __future__ import annotations

from ipaddress import ip_address


def is_this_machine(host: str | None) -> bool:
    """Whether what is sent there passes no network. host: a name, or an IP address without brackets. Any name but
    localhost is taken to be elsewhere, and so is none.
    """
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return (host or "").lower() == "localhost"
