"""The PROXY protocol, versions 1 and 2: what a load balancer says first about the client behind it.

Source: haproxy.org, The PROXY protocol, 2020/03/05. Pure; whose header is believed is the listener's to decide (T11).
INVARIANT: a header is taken whole and well-formed, or not at all; what follows it is never looked at here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

LONGEST_LINE = 107
"""Of version 1, with its CRLF (section 2.1)."""

_LINE = re.compile(rb"PROXY (TCP[46]) ([0-9A-Fa-f.:]{2,45}) ([0-9A-Fa-f.:]{2,45}) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4})")
_UNKNOWN = re.compile(rb"PROXY UNKNOWN(?: [ -~]*)?")
_PREFIX = b"PROXY "
_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_FIXED = len(_SIGNATURE) + 4
_LOCAL, _PROXY = 0x20, 0x21
_UNSPECIFIED, _TCP4, _TCP6 = 0x00, 0x11, 0x21


class NoProxyHeader(ValueError):
    """What came first is no PROXY header of a TCP connection. Its text holds nothing of the input."""


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """client: its IP address, None where the balancer speaks for itself or does not know (LOCAL, UNKNOWN, UNSPEC).
    length: octets of the header.
    """

    client: str | None
    length: int


def parse_proxy_header(octets: bytes) -> ProxyHeader | None:
    """The header that the connection began with; None while it is incomplete. NoProxyHeader for anything else."""
    if octets.startswith(_SIGNATURE[: len(octets)]):
        return _version_2(octets)
    if octets.startswith(_PREFIX[: len(octets)]):
        return _version_1(octets)
    raise NoProxyHeader("it does not begin as a PROXY header does")


def _version_1(octets: bytes) -> ProxyHeader | None:
    end = octets.find(b"\r\n", 0, LONGEST_LINE)
    if end < 0:
        if len(octets) >= LONGEST_LINE:
            raise NoProxyHeader("its line is too long")
        return None
    if _UNKNOWN.fullmatch(octets, 0, end):
        return ProxyHeader(None, end + 2)
    found = _LINE.fullmatch(octets, 0, end)
    if found is None or int(found[4]) > 65535 or int(found[5]) > 65535:
        raise NoProxyHeader("its line is malformed")
    family = IPv4Address if found[1] == b"TCP4" else IPv6Address
    try:
        client, _ = family(found[2].decode("ascii")), family(found[3].decode("ascii"))
    except ValueError:
        raise NoProxyHeader("its addresses are malformed") from None
    return ProxyHeader(_plain(client), end + 2)


def _version_2(octets: bytes) -> ProxyHeader | None:
    if len(octets) < _FIXED:
        return None
    command, kind = octets[12], octets[13]
    length = _FIXED + int.from_bytes(octets[14:16], "big")
    if command not in (_LOCAL, _PROXY):
        raise NoProxyHeader("its version or command is unknown")
    if command == _PROXY and kind not in (_UNSPECIFIED, _TCP4, _TCP6):
        raise NoProxyHeader("it is not about a TCP connection")
    addresses = {_TCP4: 12, _TCP6: 36}.get(kind, 0) if command == _PROXY else 0
    if length < _FIXED + addresses:
        raise NoProxyHeader("it has no room for its addresses")
    if len(octets) < length:
        return None
    if not addresses:
        return ProxyHeader(None, length)
    client = IPv4Address(octets[16:20]) if kind == _TCP4 else IPv6Address(octets[16:32])
    return ProxyHeader(_plain(client), length)


def _plain(client: IPv4Address | IPv6Address) -> str:
    """An IPv4 client that the balancer met on an IPv6 socket has its IPv4 address, as `allow` would name it."""
    mapped = client.ipv4_mapped if isinstance(client, IPv6Address) else None
    return str(mapped or client)
