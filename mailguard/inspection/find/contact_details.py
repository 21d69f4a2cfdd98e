"""How to reach somebody: e-mail address and telephone number, as they stand in a cell."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...core.role_mailboxes import is_role_mailbox

_EMAIL = re.compile(r"(?:mailto:)?([^\s@<>,;:\"()]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24})")
_NAMED = re.compile(r"[^@<>]{0,99}<([^\s@<>]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24})>")
_NATIONAL = re.compile(
    r"0(?:"
    r"7(?:[1-57-9]\d|0\d|6\d)\d{7}"  # mobiles, personal numbers, pagers
    r"|2[03489]\d{8}"  # London, Southampton, Coventry, Northern Ireland, Wales
    r"|1\d{8,9}"  # all other places
    r")",
    re.ASCII,
)
"""Ofcom's National Telephone Numbering Plan. 03, 08 and 09 are of organisations, not of people."""
_BARE = re.compile(r"7(?:[1-57-9]\d|0\d|6\d)\d{7}|2[03489]\d{8}|1[1-9]\d{7,8}", re.ASCII)
_INTERNATIONAL = re.compile(r"\+[1-9]\d{6,14}|00[1-9]\d{8,13}", re.ASCII)
_UK = re.compile(r"(?:\+|00)44(?:\(?0\)?)?", re.ASCII)
_EXTENSION = re.compile(r"(?:x|ext\.?|extension)\d{1,6}\Z", re.I)
_FILLING = str.maketrans("", "", " -./()\u00a0\u2010\u2011\u2013")


def email_in(value: str) -> str | None:
    """The address of a cell that holds one and nothing else but a name, in lower case."""
    found = _EMAIL.fullmatch(value) or _NAMED.fullmatch(value)
    return found[1].lower() if found else None


def is_email(value: str) -> bool:
    """The address of a person: info@ and its like are offices."""
    local, _, domain = value.partition("@")
    if (
        local.replace(".", "").isalnum()
        and "." in domain
        and domain.replace(".", "").isalpha()
        and domain[-2:].isalpha()
    ):
        return not is_role_mailbox(value.lower())
    address = email_in(value)
    return address is not None and not is_role_mailbox(address)


def is_phone(value: str) -> bool:
    """A number that can be dialled as it stands, with its zero or the country's code."""
    written = value.replace(" ", "").replace("-", "")
    if _NATIONAL.fullmatch(written):
        return True
    written = _EXTENSION.sub("", written.translate(_FILLING))
    if found := _UK.match(written):
        return _NATIONAL.fullmatch("0" + written[found.end() :]) is not None
    if written.startswith("00") and written == value:
        return False  # a number that was filled up with zeros is not dialled
    return (_NATIONAL.fullmatch(written) or _INTERNATIONAL.fullmatch(written)) is not None


def are_landlines(values: Iterable[str]) -> bool:
    """Whether hardly any of these telephone numbers is one that somebody carries about."""
    numbers = ["0" + _UK.sub("", value.translate(_FILLING), count=1).lstrip("0") for value in values if value]
    return sum(number.startswith("07") for number in numbers) * 10 < len(numbers)


def is_bare_mobile(digits: str) -> bool:
    """A mobile whose zero a spreadsheet dropped. Ofcom gives out 071 to 075, 077 to 079, and 07624."""
    return len(digits) == 10 and (digits[1] in "12345789" or digits[:4] == "7624") and digits[0] == "7"


def is_bare_phone(digits: str) -> bool:
    """Any number whose zero was dropped; only under a heading, since time stamps begin with 16 and 17 as well."""
    return _BARE.fullmatch(digits) is not None
