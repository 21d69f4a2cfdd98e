"""What headings of columns say. Data, and how a heading is compared with it."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in " ".join(text.split()).split(";"))


PERSONAL = _phrases(
    """
    surname; forename; forenames; first name; firstname; last name; lastname; family name; given name;
    given names; middle name;  middle names; maiden name; christian name; full name; fullname; known as;
    preferred name; initials; patient; patients;  patient name; complainant; claimant; applicant; employee;
    staff name; staff member; officer; pupil; student; child; children;  tenant; resident; next of kin; nok;
    carer; guardian; parent; mother; father; spouse; contact name; customer name; client name;  service user;
    inmate; prisoner; offender; victim; witness; suspect; defendant; volunteer; donor; candidate; attendee;
     delegate; participant; owner; owner name; beneficiary; policyholder; policy holder; gp name; consultant;
    doctor; clinician;  nurse; caseworker; case worker; case officer; line manager; manager; interpreter;
    dependant; principal; person; person name;  individual; cardholder; card holder; account holder; named person;
    nom; prenom; vorname; nachname; apellido; apellidos; nombre; init; inits;
    cyfenw; enw cyntaf; enwau cyntaf; enw llawn; enw canol; claf; cleifion; cwsmer; disgybl; ymgeisydd
    """
)
"""Phrases of headings that only people have."""
NEUTRAL = (
    *("name", "names", "contact", "customer", "client", "member", "staff", "who", "signed by", "lead", "payee"),
    *("enw", "enwau"),
)
OF_SOMETHING = tuple(
    """
    product item company organisation organization business supplier vendor file site ward school practice hospital
    department team project event course place street road town city county country brand drug medicine category group
    service role job post sheet column field variable server host domain property building room equipment asset device
    medication trust council branch office firm employer location title trade number no id ref reference date count
    total email phone type status code address age
    """.split()  # noqa: SIM905  a list that people edit
)
"""Words of headings that say whose or what name it is, or that it is no name at all."""

_BETWEEN_WORDS = re.compile(r"[\W_]+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def heading_words(heading: str) -> str:
    """A heading as phrases are looked for in it: "NHS_No." and "nhsNo" are " nhs no "."""
    heading = unicodedata.normalize("NFC", heading[:200])
    return f" {_BETWEEN_WORDS.sub(' ', _HUMP.sub(' ', heading)).strip().casefold()} "


@lru_cache(maxsize=20_000)
def heading_is_of_people(heading: str) -> bool | None:
    """True where only people have what this heading says, False where anything can ("Name"), None for anything else."""
    words = heading_words(heading)
    if any(f" {each} " in words for each in OF_SOMETHING):
        return None
    if any(f" {each} " in words for each in PERSONAL):
        return True
    return False if any(f" {each} " in words for each in NEUTRAL) else None
