"""The canary's messages are what the guard takes for a list of people, and nobody in them can exist."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailguard.core.canary.plant import DOMAIN, SEED_OCTETS, Kind, plant
from mailguard.core.canary.readings import readings
from mailguard.core.mail.parse import parse
from mailguard.core.observation import observe
from tests.core.rewrite.submission import ORGANISATION

AT = datetime(2026, 11, 26, 6, tzinfo=UTC)
SENDER = "mailguard@elmroad.example"
SEED = bytes(range(SEED_OCTETS))


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("people", [2, 12, 100])
def test_everybody_in_it_is_seen_and_it_has_no_defect(kind: Kind, people: int) -> None:
    planted = plant(kind, SEED, people, SENDER, AT)
    message = parse(planted.raw)
    seen = observe(message, planted.envelope, ORGANISATION, None, None, None)
    assert seen.facts["visible_external_recipients"] == people
    assert seen.facts["calendar"] is (kind is Kind.INVITATION)
    assert not [defect for defect in message.defects if defect.holds]
    assert {each.address for each in planted.people} == {each.address for each in planted.envelope.recipients}


@pytest.mark.parametrize("kind", list(Kind))
def test_nobody_in_it_can_exist(kind: Kind) -> None:
    """RFC 6761 section 6.4."""
    assert all(each.address.endswith(f".{DOMAIN}") for each in plant(kind, SEED, 12, SENDER, AT).people)
    assert DOMAIN.endswith(".invalid")


@pytest.mark.parametrize("kind", list(Kind))
def test_tokens_are_their_owners_alone(kind: Kind) -> None:
    planted = plant(kind, SEED, 100, SENDER, AT)
    tokens = [token for each in planted.people for token in each.tokens]
    assert len(set(tokens)) == 200
    text = readings(planted.raw)
    assert all(token in text for token in tokens)


def test_another_seed_makes_another_message() -> None:
    first, second = (plant(Kind.LIST, bytes([octet]) * SEED_OCTETS, 12, SENDER, AT) for octet in (1, 2))
    assert not {each.address for each in first.people} & {each.address for each in second.people}
    assert first.text != second.text, "two runs do not look like a batch of similar messages"
    assert plant(Kind.LIST, bytes([1]) * SEED_OCTETS, 12, SENDER, AT) == first


@pytest.mark.parametrize(("seed", "people"), [(b"short", 12), (SEED, 1), (SEED, 101)])
def test_what_is_no_canary_is_refused(seed: bytes, people: int) -> None:
    with pytest.raises(ValueError, match="canary"):
        plant(Kind.LIST, seed, people, SENDER, AT)
