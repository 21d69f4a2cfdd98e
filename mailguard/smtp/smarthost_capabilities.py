"""What the smarthost announced in its last answer to EHLO (RFC 5321 section 4.1.1.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SmarthostCapabilities:
    """size: whether SIZE (RFC 1870) is announced; size_limit: in octets, None for no limit or an unknown one.

    eight_bit: 8BITMIME (RFC 6152). smtputf8: RFC 6531. dsn: RFC 3461. auth: mechanisms in upper case (RFC 4954).
    xclient, xforward: the attributes that may be named, in upper case (tell_client.py).
    """

    pipelining: bool = False
    eight_bit: bool = False
    smtputf8: bool = False
    dsn: bool = False
    enhanced_status_codes: bool = False
    size: bool = False
    size_limit: int | None = None
    starttls: bool = False
    auth: tuple[str, ...] = ()
    xclient: tuple[str, ...] = ()
    xforward: tuple[str, ...] = ()


NOTHING_ANNOUNCED = SmarthostCapabilities()


def read_capabilities(extensions: Mapping[str, str]) -> SmarthostCapabilities:
    """extensions: EHLO keyword -> its parameters, in any case."""
    known = {name.upper(): values.strip() for name, values in extensions.items()}
    limit = known.get("SIZE", "")
    return SmarthostCapabilities(
        pipelining="PIPELINING" in known,
        eight_bit="8BITMIME" in known,
        smtputf8="SMTPUTF8" in known,
        dsn="DSN" in known,
        enhanced_status_codes="ENHANCEDSTATUSCODES" in known,
        size="SIZE" in known,
        size_limit=int(limit) if limit.isascii() and limit.isdigit() and 0 < len(limit) <= 20 and int(limit) else None,
        starttls="STARTTLS" in known,
        auth=tuple(known.get("AUTH", "").upper().split()),
        xclient=tuple(known.get("XCLIENT", "").upper().split()),
        xforward=tuple(known.get("XFORWARD", "").upper().split()),
    )


def read_ehlo(text: str) -> SmarthostCapabilities:
    """text: of a reply to EHLO, its lines without the code; the first names the server."""
    found: dict[str, str] = {}
    for line in text.split("\n")[1:]:
        name, _, values = line.strip().partition(" ")
        if name.upper().startswith("AUTH="):  # as old servers announce it
            name, values = "AUTH", f"{name[5:]} {values}"
        found[name.upper()] = f"{found.get(name.upper(), '')} {values}".strip()
    return read_capabilities(found)


def common(found: Sequence[SmarthostCapabilities]) -> SmarthostCapabilities:
    """What each of them has; the smallest limit of size (RFC 1870). found: at least one."""
    if len(found) == 1:
        return found[0]
    limits = [each.size_limit for each in found if each.size_limit is not None]
    return SmarthostCapabilities(
        pipelining=all(each.pipelining for each in found),
        eight_bit=all(each.eight_bit for each in found),
        smtputf8=all(each.smtputf8 for each in found),
        dsn=all(each.dsn for each in found),
        enhanced_status_codes=all(each.enhanced_status_codes for each in found),
        size=all(each.size for each in found),
        size_limit=min(limits, default=None),
        starttls=all(each.starttls for each in found),
        auth=tuple(name for name in found[0].auth if all(name in each.auth for each in found)),
    )
