"""The kinds of findings in words: what the sentences of policies, notices and reviewers call them.

An organisation's own kinds go by their names. mailguard/inspection/find says how each is recognised.
"""

from __future__ import annotations

PEOPLE_ROWS = "people_rows"
PERSON_NAMED = "person_named"
NOUNS = {
    PEOPLE_ROWS: "rows of people",
    "name": "names",
    "date_of_birth": "dates of birth",
    "nhs_number": "NHS numbers",
    "chi_number": "CHI numbers",
    "hc_number": "H&C numbers",
    "nino": "National Insurance numbers",
    "driving_licence": "driving licence numbers",
    "passport_number": "passport numbers",
    "us_ssn": "US Social Security numbers",
    "bank_account": "sort codes with account numbers",
    "iban": "IBANs",
    "payment_card": "payment card numbers",
    "email": "e-mail addresses",
    "phone": "telephone numbers",
    "postcode": "postcodes",
    PERSON_NAMED: "names of authors and the like",
}
"""Kind -> what it is called, in the plural."""


def so_many(count: int, plural: str) -> str:
    """ "1 NHS number", "5,305 NHS numbers"."""
    return f"{count:,} {plural if count != 1 else singular(plural)}"


def singular(plural: str) -> str:
    """The nouns here and those of admins are regular, or say what they are of: "dates of birth"."""
    first, of, rest = plural.partition(" of ")
    if of:
        return f"{singular(first)} of {rest}"
    first, beside, rest = plural.partition(" with ")
    if beside:
        return f"{singular(first)} with {singular(rest)}"
    if plural.endswith("sses"):
        return plural[:-2]
    return plural[:-1] if plural.endswith("s") and not plural.endswith("ss") else plural


def noun_of(kind: str) -> str:
    """In the plural; a kind that is not known here by its name."""
    return NOUNS.get(kind) or f"values of the kind {kind.replace('_', ' ').replace('-', ' ')}"
