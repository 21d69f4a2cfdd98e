"""Every check against a second implementation (python-stdnum), on random values and on ones that pass."""

from __future__ import annotations

import random

import pytest
import stdnum.gb.nhs
import stdnum.iban
import stdnum.iso7064.mod_97_10
import stdnum.luhn
import stdnum.us.ssn
from hypothesis import given
from hypothesis import strategies as st

from mailguard.inspection.find.bank_numbers import (
    IBAN_LENGTHS,
    is_account_number,
    is_bank_account,
    is_iban,
    is_payment_card,
    is_sort_code,
)
from mailguard.inspection.find.check_digits import passes_luhn, passes_mod_11, passes_mod_97
from mailguard.inspection.find.contact_details import email_in, is_bare_mobile, is_bare_phone, is_email, is_phone
from mailguard.inspection.find.dates import is_day, may_be_birth, year_of
from mailguard.inspection.find.health_numbers import is_chi_number, is_hc_number, is_nhs_number
from mailguard.inspection.find.national_identifiers import (
    is_driving_licence,
    is_nino,
    is_passport_number,
    is_postcode,
    is_ssn,
    is_whole_nino,
)
from tests.inspection.find import invented

TEN = st.text("0123456789", min_size=10, max_size=10)
RULES_NHS = ["9993395633", "9999939082", "9991581766", "9994140027", "9990506310", "9990759545"]


@given(TEN)
def test_mod_11_as_stdnum(digits: str):
    assert passes_mod_11(digits) == stdnum.gb.nhs.is_valid(digits)


@given(st.text("0123456789", min_size=9, max_size=9))
def test_one_digit_at_most_completes_nine(nine: str):
    passing = [digit for digit in "0123456789" if passes_mod_11(nine + digit)]
    assert passing == ([] if (check := invented.check_digit_mod_11(nine)) is None else [check])


@given(TEN, st.integers(0, 9), st.sampled_from("123456789"))
def test_mod_11_sees_every_wrong_digit(digits: str, place: int, more: str):
    wrong = digits[:place] + str((int(digits[place]) + int(more)) % 10) + digits[place + 1 :]
    assert not (passes_mod_11(digits) and passes_mod_11(wrong))


@given(st.text("0123456789", min_size=8, max_size=19))
def test_luhn_as_stdnum(digits: str):
    assert passes_luhn(digits) == stdnum.luhn.is_valid(digits)


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=15, max_size=34))
def test_mod_97_as_stdnum(text: str):
    assert passes_mod_97(text) == stdnum.iso7064.mod_97_10.is_valid(text[4:] + text[:4])


@given(st.sampled_from(sorted(IBAN_LENGTHS)), st.randoms(use_true_random=False))
def test_every_iban_of_stdnum_is_one(country: str, rng: random.Random):
    """stdnum knows the structure of each country's number as well, and so takes fewer."""
    body = invented.digits(rng, IBAN_LENGTHS[country] - 4)
    number = int("".join(str(int(each, 36)) for each in f"{body}{country}00"))
    iban = f"{country}{98 - number % 97:02}{body}"
    assert is_iban(iban)
    assert not is_iban(iban[:-1]) and not is_iban(iban[:2] + f"{(int(iban[2:4]) + 1) % 100:02}" + iban[4:])


def test_british_ibans_as_stdnum():
    assert all(is_iban(each) and stdnum.iban.is_valid(each) for each in invented.column(invented.iban, 200))


@given(st.text("0123456789", min_size=9, max_size=9))
def test_ssn_as_stdnum(digits: str):
    assert is_ssn(digits) == stdnum.us.ssn.is_valid(f"{digits[:3]}-{digits[3:5]}-{digits[5:]}")


@pytest.mark.parametrize("number", RULES_NHS)
def test_invented_patients_of_the_range_that_is_never_issued(number: str):
    assert is_nhs_number(number)


@pytest.mark.parametrize("digit", "0123456789")
def test_one_digit_ten_times_is_no_nhs_number(digit: str):
    assert passes_mod_11(digit * 10), "the trap"
    assert not is_nhs_number(digit * 10)


def test_the_sample_of_docs_rs_does_not_pass():
    assert not passes_mod_11("9991234560")


def test_ranges_of_the_health_services():
    rng = random.Random(1)
    for begin, nhs, hc in (("3199", True, False), ("3201", True, True), ("4", True, False), ("5", False, False)):
        number = invented.with_check_digit(rng, lambda begin=begin: begin + invented.digits(rng, 9 - len(begin)))
        assert (is_nhs_number(number), is_hc_number(number)) == (nhs, hc), begin


def test_chi_with_its_zero_lost():
    rng = random.Random(2)
    for _ in range(200):
        number = invented.chi_number(rng)
        assert is_chi_number(number) and is_chi_number(str(int(number)).rjust(9, "0"))
    assert not is_chi_number(invented.with_check_digit(rng, lambda: "3102" + invented.digits(rng, 5))), "31 February"


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        ("QQ123456A", False),
        ("BG123456A", False),
        ("CR123456A", False),
        ("MW123456A", False),
        ("AO123456A", False),
        ("AD123456A", False),
        ("AB123456E", False),
        ("AB123456C", True),
        ("AB123456", True),
        ("AB12345C", False),
        ("TN123456A", False),
    ],
)
def test_national_insurance_numbers(value: str, holds: bool):
    assert is_nino(value) is holds
    assert is_whole_nino(value) is (holds and len(value) == 9)


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        *(
            (each, True)
            for each in (
                "M11AE",
                "B338TH",
                "CR26XH",
                "DN551PT",
                "W1A1HQ",
                "EC1A1BB",
                "SW1A1AA",
                "ZZ993WZ",
                "BFPO57",
                "GIR0AA",
            )
        ),
        *(
            (each, False)
            for each in ["A45GB", "H12AB", "T11AA", "E53TC", "M11AM", "QX11AA", "AA11AA", "SW1A1A", "123456", "B3338TH"]
        ),
    ],
)
def test_postcodes(value: str, holds: bool):
    assert is_postcode(value) is holds


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        ("MORGA657054SM9IJ", True),
        ("MORGA657054SM9IJ35", True),
        ("JONES710238A99AB", True),
        ("LI999610150AA9BC", True),
        ("MORGA613054SM9IJ", False),
        ("MORGA657324SM9IJ", False),
        ("MO9GA657054SM9IJ", False),
        ("MORG657054SM9IJ", False),
    ],
)
def test_driving_licences(value: str, holds: bool):
    assert is_driving_licence(value) is holds


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        *((each, True) for each in ("4111111111111111", "5555555555554444", "2223003122003222", "378282246310005")),
        *((each, True) for each in ("6011111111111117", "30569309025904", "3530111333300000", "4222222222222")),
        *((each, False) for each in ("4111111111111112", "0000000000000000", "9111111111111111", "411111111111111")),
    ],
)
def test_payment_cards(value: str, holds: bool):
    """Numbers that the schemes publish for tests."""
    assert is_payment_card(value) is holds


def test_sort_codes_and_account_numbers():
    assert is_sort_code("404784") and not is_sort_code("120524") and not is_sort_code("240512")
    assert not is_sort_code("000000")
    assert is_account_number("70872490") and not is_account_number("20240512") and not is_account_number("00000000")
    assert is_bank_account("40478470872490") and not is_bank_account("12052470872490")


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        *((each, True) for each in ("07700 900123", "+44 7700 900123", "+44 (0)7700 900123", "0044 7700900123")),
        *((each, True) for each in ("020 7946 0123", "(0161) 496 0123", "01632 960123", "0161-496-0123 ext. 12")),
        *((each, True) for each in ("+1 202 555 0123", "+49 30 901820")),
        *((each, False) for each in ("0300 123 4567", "0800 123456", "7700900123", "12345", "1700000000", "")),
    ],
)
def test_telephone_numbers(value: str, holds: bool):
    assert is_phone(value) is holds


def test_telephone_numbers_without_their_zero():
    assert is_bare_mobile("7700900123") and not is_bare_mobile("7000900123") and not is_bare_mobile("1700000000")
    assert is_bare_phone("2079460123") and is_bare_phone("1632960123") and not is_bare_phone("5551234567")


def test_email_addresses_of_people():
    assert email_in("Mary <Mary@Post.example>") == "mary@post.example"
    assert is_email("mary@post.example") and is_email("mailto:mary@post.example")
    assert not is_email("info@post.example") and not is_email("mary@post") and not is_email("see mary@post.example")


@pytest.mark.parametrize(
    ("value", "year"),
    [
        ("1960-02-03", 1960),
        ("1960-02-03 00:00:00", 1960),
        ("1960-02-03T00:00:00Z", 1960),
        ("03/02/1960", 1960),
        ("3.2.60", 1960),
        ("02/28/1960", 1960),
        ("3 Feb 1960", 1960),
        ("3rd February 1960", 1960),
        ("03-Feb-60", 1960),
        ("February 3, 1960", 1960),
        ("3/2/19", 2019),
        ("3/2-1960", None),
        ("1960-13-40", None),
        ("3 Foo 1960", None),
        ("yesterday", None),
    ],
)
def test_dates(value: str, year: int | None):
    assert year_of(value) == year


def test_births():
    assert may_be_birth("1925-01-01") and may_be_birth("03/02/1960")
    assert not may_be_birth("1825-01-01") and not may_be_birth("2125-01-01") and not may_be_birth("1960-13-01")
    assert is_day(29, 2) and not is_day(30, 2) and not is_day(1, 13)


def test_passports():
    assert is_passport_number("123456789") and not is_passport_number("12345")


@given(TEN)
def test_everything_is_total(digits: str):
    for check in (is_nhs_number, is_hc_number, is_chi_number, is_bare_mobile, is_bare_phone, is_phone, is_email):
        assert check(digits) in (True, False)
