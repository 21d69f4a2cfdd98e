"""RFC 6238 with the vectors of its appendix B and of RFC 4226 appendix D."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from mailguard.core.one_time_code import code_at, enrolment_uri, secret_as_text, used_step

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("step", "code"),
    list(
        enumerate(["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"])
    ),
)
def test_the_codes_of_rfc_4226(step: int, code: str) -> None:
    assert code_at(SECRET, step) == code


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_codes_of_rfc_6238_in_six_digits(seconds: int, code: str) -> None:
    assert code_at(SECRET, seconds // 30) == code
    assert used_step(SECRET, code, seconds) == seconds // 30
    assert used_step(SECRET, f" {code[:3]} {code[3:]} ", seconds) == seconds // 30


def test_a_code_counts_one_step_early_and_one_late_and_no_more() -> None:
    code = code_at(SECRET, 1000)
    took = [step for step in range(990, 1010) if used_step(SECRET, code, step * 30 + 15) is not None]
    assert took == [999, 1000, 1001]


def test_a_code_counts_once() -> None:
    code = code_at(SECRET, 1000)
    assert used_step(SECRET, code, 30_000, last_used=999) == 1000
    assert used_step(SECRET, code, 30_000, last_used=1000) is None
    assert used_step(SECRET, code, 30_000, last_used=1001) is None


@pytest.mark.parametrize("typed", ["", "0", "12345", "1234567", "abcdef", "٢٨٧٠٨٢", "\ud800", "287082\0", "-28708"])
def test_anything_else_is_no_code(typed: str) -> None:
    assert used_step(SECRET, typed, 59) is None


def test_what_an_app_reads() -> None:
    uri = urlsplit(enrolment_uri(SECRET, "jo@elmroad.example", "Elm Road: Surgery & Co"))
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert parse_qs(uri.query) == {
        "secret": ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"],
        "issuer": ["Elm Road: Surgery & Co"],
        "algorithm": ["SHA1"],
        "digits": ["6"],
        "period": ["30"],
    }
    assert secret_as_text(SECRET) == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
