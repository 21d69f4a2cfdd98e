"""Whether an account that may send only as itself does so: every place that names a sender, in any spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.mail.parse import parse
from mailguard.core.own_address import claims_of_others
from mailguard.core.policy.trial import envelope_of

OWN = frozenset({"jo@elm.example", "jörg@xn--elm-0qa.example"})


def claims(*fields: str, path: str = "jo@elm.example") -> tuple[str, ...]:
    raw = "\r\n".join((*fields, "To: anna@outside.example", "", "Hello", "")).encode()
    return claims_of_others(parse(raw), envelope_of(path, ["anna@outside.example"]), OWN)


@pytest.mark.parametrize(
    "fields",
    [
        ("From: jo@elm.example",),
        ("From: Jo Carr (at the desk) <JO@Elm.Example>", "Sender: jo@elm.example"),
        ("From: Dr. Jo <jo@elm.example>",),
        ("From: jo@elm.example", "Reply-To: office@elm.example", "X-Sender: amira@elm.example"),
        ("From: jo@elm.example", "Resent-From: jo@elm.example", "Resent-Sender: jo@elm.example"),
        ("From: =?utf-8?q?J=C3=B6rg?= <jo@elm.example>, jo@elm.example",),
        (),
    ],
)
def test_its_own_in_every_place(fields: tuple[str, ...]) -> None:
    assert claims(*fields) == ()


@pytest.mark.parametrize(
    ("fields", "places"),
    [
        (("From: amira@elm.example",), ("from",)),
        (("From: jo@elm.example, amira@elm.example",), ("from",)),
        (("From: jo@elm.example.evil.example",), ("from",)),
        (('From: "amira@elm.example" <jo@elm.example>',), ("from",)),
        (("From: =?utf-8?q?amira=40elm=2Eexample?= <jo@elm.example>",), ("from",)),
        (("From: The Director",), ("from",)),
        (("From:",), ("from",)),
        (("From: jo@elm.example", "Sender: amira@elm.example"), ("sender",)),
        (("From: jo@elm.example", "Resent-From: amira@elm.example"), ("resent-from",)),
        (("From: jo@elm.example", "Resent-Sender : amira@elm.example"), ("resent-sender",)),
        (("From: jo@elm.example", "From: jo@elm.example"), ("second-from",)),
        (("From: jo@elm.example", "from : amira@elm.example"), ("from", "second-from")),
        (("From: jo@elm.example", "Subject: x\x0bFrom: amira@elm.example"), ("from",)),
    ],
)
def test_somebody_else(fields: tuple[str, ...], places: tuple[str, ...]) -> None:
    assert claims(*fields) == places


@pytest.mark.parametrize("path", ["amira@elm.example", "bounces@lists.example"])
def test_another_reverse_path(path: str) -> None:
    assert claims("From: jo@elm.example", path=path) == ("reverse-path",)


def test_the_null_path_claims_nobody_and_from_has_to_be_there() -> None:
    assert claims("From: jo@elm.example", path="") == ()
    assert claims("From: amira@elm.example", path="") == claims(path="") == ("from",)


@given(st.binary(max_size=200))
def test_any_octets_in_from_claim_themselves_or_somebody(value: bytes) -> None:
    message = parse(b"From:" + value + b"\r\n\r\n")
    found = claims_of_others(message, envelope_of("jo@elm.example", ["a@o.example"]), OWN)
    assert found or OWN.issuperset(message.originators)
