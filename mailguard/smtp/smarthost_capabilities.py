"""What the smarthost announced in its last answer to EHLO (RFC 5321 section 4.1.1.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SmarthostCapabilities:
    """size: whether SIZE (RFC 1870) is announced; size_limit: in octets, None for no limit or an unknown one.

    eight_bit: 8BITMIME (RFC 6152). smtputf8: RFC 6531. dsn: RFC 3461. auth: mechanisms in upper case (RFC 4954).
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
    )
