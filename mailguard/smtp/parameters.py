"""The ESMTP parameters of MAIL and RCPT that the door knows, as two tables: which extension, and what value.

A parameter is checked, never changed: it goes on in wire form (DESIGN.md "Seams"). One of an extension that is not
announced is refused (RFC 5321 section 4.1.1.11), for nobody could keep its promise. AUTH= is always taken: Exchange
sends AUTH=<> to servers that announce no AUTH.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..core.reply import Reply
from . import replies
from .capabilities import Capabilities

XTEXT = rb"(?:[!-*,-<>-~]|\+[0-9A-F]{2})"
"""RFC 3461 section 4: printable ASCII but "+" and "=", or "+" and two upper-case hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """announced: whether its extension is, given what the next hop has. value: what its value must match in full."""

    announced: Callable[[Capabilities], bool]
    value: re.Pattern[bytes]


def _always(_: Capabilities) -> bool:
    return True


def _eight_bit(capabilities: Capabilities) -> bool:
    return capabilities.eight_bit


def announces_smtputf8(capabilities: Capabilities) -> bool:
    return capabilities.smtputf8 and capabilities.eight_bit  # RFC 6531 section 3.1 item 8: one needs the other


def _dsn(capabilities: Capabilities) -> bool:
    return capabilities.dsn


OF_MAIL: Mapping[bytes, Parameter] = {
    b"SIZE": Parameter(_always, re.compile(rb"[0-9]{1,20}")),  # RFC 1870 section 5
    b"BODY": Parameter(_eight_bit, re.compile(rb"7BIT|8BITMIME", re.IGNORECASE)),  # RFC 6152
    b"SMTPUTF8": Parameter(announces_smtputf8, re.compile(rb"")),  # RFC 6531 section 3.4
    b"RET": Parameter(_dsn, re.compile(rb"FULL|HDRS", re.IGNORECASE)),  # RFC 3461 section 4.3
    b"ENVID": Parameter(_dsn, re.compile(rb"(?=.{1,100}\Z)" + XTEXT + rb"+")),  # RFC 3461 section 4.4
    b"AUTH": Parameter(_always, re.compile(rb"<>|(?=.{1,500}\Z)" + XTEXT + rb"+")),  # RFC 4954 section 5
}

OF_RECIPIENT: Mapping[bytes, Parameter] = {
    b"NOTIFY": Parameter(  # RFC 3461 section 4.1: NEVER alone, or each of the others at most once
        _dsn,
        re.compile(
            rb"NEVER|(?!.*(SUCCESS|FAILURE|DELAY).*\1)(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY)){0,2}",
            re.IGNORECASE,
        ),
    ),
    b"ORCPT": Parameter(  # RFC 3461 section 4.2; octets above 127 are RFC 6533's unitext, let through with SMTPUTF8
        _dsn, re.compile(rb"(?=.{1,500}\Z)[A-Za-z0-9-]+;(?:" + XTEXT + rb"|[\x80-\xff])+")
    ),
}


def parameter_trouble(
    parameters: Sequence[bytes], known: Mapping[bytes, Parameter], capabilities: Capabilities
) -> Reply | None:
    """The reply that refuses the first wrong parameter, None if all are right."""
    seen: set[bytes] = set()
    for each in parameters:
        name, equals, value = each.partition(b"=")
        name = name.upper()
        parameter = known.get(name)
        if parameter is None or not parameter.announced(capabilities):
            waits = parameter is not None and not capabilities.known
            return replies.NEXT_HOP_UNKNOWN if waits else replies.UNKNOWN_PARAMETER
        if name in seen:
            return replies.PARAMETER_TWICE
        if bool(equals) != bool(value) or not parameter.value.fullmatch(value):
            return replies.BAD_PARAMETER
        seen.add(name)
    return None
