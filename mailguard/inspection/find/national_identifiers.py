"""Identifiers that states give to people: National Insurance number, UK driving licence, postcode, US SSN, passport.

None but the shape and what may not be issued is known of them: no check digit. Each function takes a value in upper
case without spaces and hyphens.
"""

from __future__ import annotations

import re

from .dates import is_day

_NINO = re.compile(
    r"(?!BG|GB|KN|NK|NT|TN|ZZ|CR|FY|MW|NC|OO|P[PXYZ])[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]?", re.ASCII
)
"""GOV.UK: neither letter is D F I Q U V, the second not O. The prefixes from CR on are administrative."""
_LICENCE = re.compile(
    r"(?=.{5})([A-Z]{1,5}9{0,4})\d[0156]\d(\d\d)\d(?:[A-Z]{2}|[A-Z]9|99)[A-Z0-9][A-Z]{2}(?:\d\d)?", re.ASCII
)
"""DVLA: five of the surname, a digit of the year, month (50 more for women), day, a digit of the year, two initials,
then three characters of theirs, and often the number of the issue."""
_POSTCODE = re.compile(
    r"([A-PR-UWYZ][A-HK-Z]?)(?:\d\d?|(?<=^[A-Z])\d[ABCDEFGHJKPSTUW]|(?<=^[A-Z][A-Z])\d[ABEHMNPRVWXY])\d[ABD-HJLNP-UW-Z]{2}",
    re.ASCII,
)
_AREAS = frozenset(
    """
    AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK FY G GL
    GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR NW OL OX
    PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN
    WR WS WV YO ZE ZZ
    """.split()  # noqa: SIM905  data
)
"""The 124 areas, and ZZ: ZZ99 is the NHS's for those without an address."""
_BFPO = re.compile(r"BFPO\d{1,4}|BF1\d[A-Z]{2}|GIR0AA")
_SSN = re.compile(r"(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}", re.ASCII)
_PASSPORT = re.compile(r"\d{9}|[A-Z]{2}\d{7}|[A-Z]\d{8}", re.ASCII)
_NOBODYS_SSN = frozenset({"078051120", "219099999"})
"""Printed in advertisements."""


def is_nino(value: str) -> bool:
    """With or without its suffix; QQ123456A, HMRC's own example, is none."""
    return _NINO.fullmatch(value) is not None


def is_whole_nino(value: str) -> bool:
    return len(value) == 9 and is_nino(value)


def is_driving_licence(value: str) -> bool:
    found = _LICENCE.fullmatch(value)
    if found is None or len(found[1]) != 5:
        return False
    return is_day(int(value[8:10]), int(value[6:8]) % 50)


def is_postcode(value: str) -> bool:
    """A full postcode of an area that there is. Whether it is delivered to, only Royal Mail's file knows."""
    found = _POSTCODE.fullmatch(value)
    return (found is not None and found[1] in _AREAS) or _BFPO.fullmatch(value) is not None


def is_ssn(value: str) -> bool:
    """As issued by the Social Security Administration, before and since 2011."""
    return _SSN.fullmatch(value) is not None and value not in _NOBODYS_SSN


def is_passport_number(value: str) -> bool:
    """Any nine digits: it counts only under a heading."""
    return _PASSPORT.fullmatch(value) is not None
