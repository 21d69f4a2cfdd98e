"""What the door may announce because the next hop has it too (THREATS.md T12: never silently downgrade)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Capabilities:
    """eight_bit: 8BITMIME (RFC 6152). smtputf8: SMTPUTF8 (RFC 6531), which needs eight_bit. dsn: DSN (RFC 3461)."""

    eight_bit: bool = False
    smtputf8: bool = False
    dsn: bool = False
