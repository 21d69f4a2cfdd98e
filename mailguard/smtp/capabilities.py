"""What the door may announce because the next hop has it too (THREATS.md T12: never silently downgrade)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Capabilities:
    """eight_bit: 8BITMIME (RFC 6152). smtputf8: SMTPUTF8 (RFC 6531), which needs eight_bit. dsn: DSN (RFC 3461).

    size_limit: the next hop's largest message in octets (RFC 1870), None where it names none. known: False while the
    next hop has never been reached: what needs an extension then waits (451), for nobody can say that it is lacking.
    """

    eight_bit: bool = False
    smtputf8: bool = False
    dsn: bool = False
    size_limit: int | None = None
    known: bool = True
