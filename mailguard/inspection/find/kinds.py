"""The kinds that are looked for everywhere: identifiers by RULES.md section 5, names, and what stands beside names.

A table, so that one can read what is looked for; the rules are in the files that it names. Admins add kinds of their
own by a file (own_kinds.py).
"""

from __future__ import annotations

from dataclasses import replace

from .bank_numbers import is_account_number, is_bank_account, is_iban, is_payment_card, is_sort_code
from .contact_details import is_bare_mobile, is_bare_phone, is_email, is_phone
from .dates import may_be_birth, may_be_date
from .health_numbers import is_chi_number, is_hc_number, is_nhs_number
from .kind import Kind, Weight, matching
from .names import may_be_name, may_begin_with_title
from .names_in_text import begins_with_title
from .national_identifiers import (
    is_driving_licence,
    is_nino,
    is_passport_number,
    is_postcode,
    is_ssn,
    is_whole_nino,
)

_NHS = ("nhs", "nhs no", "nhs number", "nhsnumber", "nhsno", "rhif gig")
_PHONES = (
    *("phone", "telephone", "tel", "tel no", "mobile", "mob", "cell", "landline", "contact number", "contact no"),
    *("phone number", "telephone number", "home number", "work number", "next of kin number", "fax", "whatsapp"),
    *("ffôn", "ffon", "rhif ffôn", "ffôn symudol", "symudol"),
)
_NINO = (
    "ni number",
    "ni no",
    "nino",
    "national insurance",
    "national insurance number",
    "nat ins",
    "yswiriant gwladol",
)
_SSN = ("ssn", "social security", "social security number", "tin")
_ANYTHING = matching(r".+")
_DIALLED = matching(r"[+(]{0,2}9[9 ()./+\-]{7,24}(?: ?[aA]\.? ?9{1,6})?")
_BARE_SHAPE = matching("9{9,10}|9{4,5} 9{5,6}|9{2,3} 9{3,4} 9{3,4}")


def _is_dialled(shape: str) -> bool:
    return 9 <= shape.count("9") <= 21 and _DIALLED(shape)


NAME = Kind("name", "names", Weight.NAME, may_be_name, compacted=False, rank=-5, signs=3)
TITLED_NAME = Kind(
    "name",
    "names",
    Weight.NAME,
    may_begin_with_title,
    begins_with_title,
    compacted=False,
    rank=-4,
    sign=lambda value: value[:32],
)
"""Cells that begin with "Mrs A Patel", whatever heading they have and whatever follows, as in tables of a PDF."""
DATE_OF_BIRTH = Kind(
    "date_of_birth",
    "dates of birth",
    Weight.STRONG,
    may_be_date,
    may_be_birth,
    compacted=False,
    headings=(
        *("dob", "d o b", "date of birth", "birth date", "birthdate", "born", "birthday", "date birth", "dateofbirth"),
        *("birth dt", "geburtsdatum", "date de naissance", "fecha de nacimiento", "dyddiad geni"),
    ),
    headed=True,
)
BIRTH_SERIAL = Kind(
    "date_of_birth",
    "dates of birth",
    Weight.STRONG,
    matching("9{4,5}"),
    lambda value: 1 <= int(value) <= 51_500,
    headings=DATE_OF_BIRTH.headings,
    headed=True,
    rank=-1,
)
"""A date as a spreadsheet counts it: days since 1900. What else has five digits does not stand under such a heading."""
BIRTHS_BY_SPREAD = Kind("date_of_birth", "dates of birth", Weight.LINK, lambda shape: False)
"""Dates that no heading explains (columns.py, `are_births`): less sure, and so they identify nobody without a name."""
DATE = Kind("date", "dates", Weight.WEAK, may_be_date, compacted=False, rank=-2)
SORT_CODE = Kind(
    "sort_code",
    "sort codes",
    Weight.PAIR,
    matching("99-99-99|99 99 99"),
    lambda value: is_sort_code(value.replace("-", "").replace(" ", "")),
    compacted=False,
    least=0.6,
    signs=1,
    rank=1,
)
"""Of real ones a few look like dates: Barclays' begin with 20."""
SORT_CODE_HEADED = Kind(
    "sort_code",
    "sort codes",
    Weight.PAIR,
    matching("9{5,6}"),
    headings=("sort code", "sortcode", "sort", "bank code"),
    headed=True,
    signs=1,
    rank=2,
)
ACCOUNT_NUMBER = Kind("account_number", "account numbers", Weight.PAIR, matching("9{8}"), is_account_number, rank=-3)
ACCOUNT_NUMBER_HEADED = Kind(
    "account_number",
    "account numbers",
    Weight.PAIR,
    matching("9{6,8}"),
    headings=("account number", "account no", "acc no", "account", "bank account", "acct", "acct no", "acc number"),
    headed=True,
    rank=2,
)
BANK_ACCOUNT = Kind(
    "bank_account",
    "sort codes with account numbers",
    Weight.LINK,
    matching("9{14}"),
    is_bank_account,
    headings=("bank details", "sort code account", "account"),
    headed=True,
)
EMAIL = Kind(
    "email",
    "e-mail addresses",
    Weight.STRONG,
    lambda shape: "@" in shape,
    is_email,
    compacted=False,
    headings=("email", "e mail", "email address", "mail", "ebost", "e bost"),
    rank=4,
)
OFFICE_EMAIL = replace(EMAIL, weight=Weight.LINK, fits=lambda shape: False)

IDENTIFIERS = (
    Kind(
        "nhs_number",
        "NHS numbers",
        Weight.STRONG,
        matching("9{10}"),
        is_nhs_number,
        headings=_NHS,
        by_shape=True,
        rank=5,
    ),
    Kind(
        "hc_number",
        "H&C numbers",
        Weight.STRONG,
        matching("9{10}"),
        is_hc_number,
        headings=("h c", "hcn", "h c number", "hc number", "health and care number", "health care number"),
        by_shape=True,
        rank=6,
    ),
    Kind(
        "chi_number",
        "CHI numbers",
        Weight.STRONG,
        matching("9{9,10}"),
        is_chi_number,
        headings=("chi", "chi no", "chi number", "community health index"),
        by_shape=True,
        rank=7,
    ),
    Kind(
        "nino",
        "National Insurance numbers",
        Weight.STRONG,
        matching("aa9{6}a"),
        is_whole_nino,
        headings=_NINO,
        sign=lambda value: value[:2],
        signs=3,
        rank=4,
    ),
    Kind(
        "nino",
        "National Insurance numbers",
        Weight.STRONG,
        matching("aa9{6}a?"),
        is_nino,
        headings=_NINO,
        headed=True,
        rank=3,
    ),
    Kind(
        "driving_licence",
        "driving licence numbers",
        Weight.STRONG,
        matching("[aA][aA9]*9{5}[aA9]{3,9}"),
        is_driving_licence,
        headings=("driving licence", "driver number", "licence number", "dvla"),
    ),
    Kind("iban", "IBANs", Weight.LINK, matching("aa99[aA9]{5,30}"), is_iban, headings=("iban",), by_shape=True, rank=4),
    Kind(
        "payment_card",
        "payment card numbers",
        Weight.LINK,
        matching("9{13,19}"),
        is_payment_card,
        headings=("card number", "card no", "pan", "credit card", "debit card"),
        by_shape=True,
        rank=4,
    ),
    BANK_ACCOUNT,
    Kind(
        "us_ssn",
        "US Social Security numbers",
        Weight.STRONG,
        matching("999-99-9999"),
        lambda value: is_ssn(value.replace("-", "")),
        compacted=False,
        headings=_SSN,
        rank=3,
    ),
    Kind(
        "us_ssn",
        "US Social Security numbers",
        Weight.STRONG,
        matching("9{9}"),
        is_ssn,
        headings=_SSN,
        headed=True,
        rank=3,
    ),
    Kind(
        "passport_number",
        "passport numbers",
        Weight.STRONG,
        matching("a{0,2}9{7,9}"),
        is_passport_number,
        headings=("passport", "passport no", "passport number"),
        headed=True,
    ),
    EMAIL,
    Kind(
        "phone",
        "telephone numbers",
        Weight.LINK,
        _is_dialled,
        is_phone,
        compacted=False,
        headings=_PHONES,
        counters=True,
        rank=3,
    ),
    Kind(
        "phone",
        "telephone numbers",
        Weight.LINK,
        matching("9{10}"),
        is_bare_mobile,
        headings=_PHONES,
        least=0.95,
        counters=True,
        rank=1,
    ),
    Kind(
        "phone",
        "telephone numbers",
        Weight.LINK,
        lambda shape: _BARE_SHAPE(shape) or _is_dialled(shape),
        lambda value: is_phone(value) or is_bare_phone(value.replace(" ", "")),
        compacted=False,
        headings=_PHONES,
        headed=True,
        rank=2,
    ),
    Kind(
        "postcode",
        "postcodes",
        Weight.LINK,
        matching("aa?9[9a]?9aa|A9{1,4}|A9aa"),
        is_postcode,
        headings=("postcode", "post code", "postal code", "zip", "cod post"),
        sign=lambda value: value,
        signs=3,
    ),
    Kind(
        "postcode",
        "postcodes",
        Weight.LINK,
        matching(r".{6,120}[ ,]aa?9[9a]?[ ]9aa"),
        lambda value: is_postcode("".join(value.split()[-2:]).rpartition(",")[2].upper()),
        compacted=False,
        signs=3,
    ),
)
"""Several entries have one id where a heading lets more values pass."""

_BESIDE_NAMES = (
    (
        "address",
        "addresses",
        Weight.LINK,
        "address;address line;address 1;address1;street;house;home address;addr;cyfeiriad",
    ),
    ("sex", "sex", Weight.LINK, "sex;gender;rhyw;rhywedd"),
    ("age", "ages", Weight.LINK, "age;age at;age band;age in years;oed;oedran"),
    (
        "reference",
        "their references",
        Weight.LINK,
        "patient id;patient no;patient number;hospital number;hospital no;mrn;unit number;staff number;staff no"
        ";staff id"
        ";employee number;employee no;employee id;emp no;payroll;payroll number;payroll no;service number;collar number"
        ";pupil number;upn;student id;student number;student no;case number;case no;case ref;case reference"
        ";complaint ref;complaint number;complaint reference;customer number;customer id;client id"
        ";client number"
        ";member number;membership number;policy number;reference;ref;person id;uprn;utr;application number"
        ";crn;nomis;case;seat;seat no;seat number",
    ),
    (
        "job",
        "jobs",
        Weight.WEAK,
        "job;job title;rank;grade;rank grade;department;dept;team;employer;role;post;position;occupation;directorate"
        ";division;salary;line manager",
    ),
    (
        "organisation",
        "organisations",
        Weight.WEAK,
        "organisation;organization;company;school;practice",
    ),
    (
        "health",
        "health details",
        Weight.WEAK,
        "diagnosis;condition;medication;ward;admission;admitted;treatment;allergies;appointment;clinic;procedure;test"
        ";result;vaccine;vaccination;disability;ethnicity;ethnic origin;religion;nationality;offence;conviction"
        ";sentence;circumstances;safeguarding;allegation;outcome",
    ),
)
BESIDE_NAMES = tuple(
    Kind(id, noun, weight, _ANYTHING, compacted=False, headings=tuple(headings.split(";")), by_heading=True)
    for id, noun, weight, headings in _BESIDE_NAMES
)
"""What says more of somebody who is named. By heading alone, and never a finding of its own."""

BUILT_IN = (
    *IDENTIFIERS,
    *(SORT_CODE, SORT_CODE_HEADED, ACCOUNT_NUMBER, ACCOUNT_NUMBER_HEADED),
    *(DATE_OF_BIRTH, BIRTH_SERIAL, DATE, NAME, TITLED_NAME),
    *BESIDE_NAMES,
)
REPORTED = frozenset(kind.id for kind in IDENTIFIERS) | {"date_of_birth", "name"}
"""Kinds with a finding of their own; the others only make a row one about a person."""
