"""How identifiers are spelled in running text, what each must pass, and which word beside it says what it is.

One pattern finds the candidates of all kinds, and cannot be made to look twice at the same characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .bank_numbers import is_account_number, is_iban, is_payment_card, is_sort_code
from .contact_details import is_email, is_phone
from .dates import may_be_birth
from .health_numbers import is_chi_number, is_hc_number, is_nhs_number
from .national_identifiers import is_driving_licence, is_postcode, is_ssn, is_whole_nino

_GROUPED = r"\d{3}[ -]?\d{3}[ -]?\d{4}"
_ADDRESS = r"(?P<email>[\w.+%'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6})"
_BEGINS = r"(?=[\d(+]|[A-Z]{1,5} ?\d)"
"""How every numbered one does: looked at first, since most places are within words."""
_NUMBERED = (
    rf"{_BEGINS}(?<![\w.+-])(?:"
    r"(?P<iban>[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?)"
    r"|(?P<nino>[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D])"
    r"|(?P<licence>[A-Z]{1,5}9{0,4}\d{6}[A-Z9]{2}[A-Z0-9][A-Z]{2})"
    r"|(?P<postcode>[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})"
    r"|(?P<card>\d{4}(?:[ -]\d{4}){3}|\d{4}[ -]\d{6}[ -]\d{5}|\d{13,19})"
    r"|(?P<bank>\d{2}[- ]\d{2}[- ]\d{2}[ ,;|/]{1,3}(?:[A-Za-z .:#]{1,20})?\d{8})"
    r"|(?P<ssn>\d{3}-\d{2}-\d{4})"
    r"|(?P<date>\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2} [A-Za-z]{3,9} \d{2,4})"
    rf"|(?P<ten>{_GROUPED})"
    r"|(?P<phone>\(?(?:\+|0)[\d() -]{8,17}\d)"
    r")(?!\w)"
)
_LOCAL_OCTETS = 64
_LOCAL = re.compile(r"[\w.+%'-]+\Z")
_WHOLE_ADDRESS = re.compile(_ADDRESS)
_CANDIDATE_WITHOUT_ADDRESS = re.compile(_NUMBERED)


def candidates(line: str) -> Iterator[re.Match[str]]:
    """In order, each by its group: what `_ADDRESS|_NUMBERED` would find.

    An address is looked for at its at sign alone: the pattern would try it at each character, with up to 64 behind it.
    """
    position = 0
    numbered = _CANDIDATE_WITHOUT_ADDRESS.search(line)
    sign = line.find("@")
    while sign >= 0:
        local = _LOCAL.search(line, max(position, sign - _LOCAL_OCTETS), sign)
        found = _WHOLE_ADDRESS.match(line, local.start()) if local else None
        if found and numbered and numbered.start() < found.start():
            found = numbered
        if found is None:
            sign = line.find("@", sign + 1)
            continue
        yield found
        position = found.end()
        sign = line.find("@", max(position, sign))
        if numbered and numbered.start() < position:
            numbered = _CANDIDATE_WITHOUT_ADDRESS.search(line, position)
    if numbered:
        yield numbered
        yield from _CANDIDATE_WITHOUT_ADDRESS.finditer(line, numbered.end())


@dataclass(frozen=True, slots=True)
class Spelled:
    """How a kind is recognised in text. near: words that explain it; None where it explains itself.

    listed: whether a list of them is judged by its share alone. identifies: whether it names one person.
    """

    id: str
    noun: str
    group: str
    check: Callable[[str], bool]
    near: re.Pattern[str] | None
    listed: bool = True
    identifies: bool = True


def _words(pattern: str) -> re.Pattern[str]:
    """Each alternative begins with a letter or with what escapes another sign; letters are looked at first."""
    first = "".join(sorted({each[0] for each in pattern.split("|")}))
    begins = f"(?=[{first}])" if first.isalpha() else ""
    return re.compile(rf"{begins}(?<![a-z])(?:{pattern})(?![a-z])", re.IGNORECASE)


def near_words(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return _words("|".join(r"[\W_]{1,3}".join(map(re.escape, phrase.split())) for phrase in phrases))


def _bank(value: str) -> bool:
    digits = re.sub(r"\D", "", value)
    return len(digits) == 14 and is_sort_code(digits[:6]) and is_account_number(digits[6:])


SPELLED = (
    Spelled("hc_number", "H&C numbers", "ten", is_hc_number, _words(r"h ?& ?c|hcn|health and care|patients?|hospital")),
    Spelled("nhs_number", "NHS numbers", "ten", is_nhs_number, _words(r"nhs|patients?|hospital|gp|surgery|dob")),
    Spelled("chi_number", "CHI numbers", "ten", is_chi_number, _words(r"chi|community health|patients?|hospital")),
    Spelled("nino", "National Insurance numbers", "nino", is_whole_nino,
            _words(r"national insurance|ni|nino|n\.i\.|insurance n\w+"), listed=False),
    Spelled("driving_licence", "driving licence numbers", "licence", is_driving_licence, None),
    Spelled("iban", "IBANs", "iban", is_iban, None, identifies=False),
    Spelled("payment_card", "payment card numbers", "card", is_payment_card,
            _words(r"cards?|visa|mastercard|amex|pan|expiry|exp|cvv|cvc"), identifies=False),
    Spelled("bank_account", "sort codes with account numbers", "bank", _bank,
            _words(r"sort ?codes?|s/c|a/c|acc(?:oun)?t|bank"), listed=False, identifies=False),
    Spelled("us_ssn", "US Social Security numbers", "ssn", lambda value: is_ssn(value.replace("-", "")),
            _words(r"ssn|social security"), listed=True),
    Spelled("email", "e-mail addresses", "email", is_email, None),
    Spelled("phone", "telephone numbers", "phone", is_phone, None, identifies=False),
    Spelled("date_of_birth", "dates of birth", "date", may_be_birth,
            _words(r"dob|d\.o\.b\.?|born|birth|birthday"), listed=False, identifies=False),
    Spelled("postcode", "postcodes", "postcode", lambda value: is_postcode(value.upper()),
            _words(r"address|post ?code|lives?|living|home|street|road|avenue|lane|close|drive"),
            listed=False, identifies=False),
)  # fmt: skip
BY_GROUP: dict[str, tuple[Spelled, ...]] = {
    group: tuple(each for each in SPELLED if each.group == group) for group in {each.group for each in SPELLED}
}
