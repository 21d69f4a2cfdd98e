"""Ordinary mail that writes many addresses passes the default policy; the rate of false holds is printed (`-s`)."""

from __future__ import annotations

from collections import Counter

import pytest

from mailguard.core.verdict import Disposition
from tests.incidents import conversations
from tests.incidents.test_judged import judged

MESSAGES = conversations.conversations()


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.id)
def test_it_passes(message: conversations.Written) -> None:
    _, verdict = judged(message.raw, message.reverse_path, message.recipients)
    assert (verdict.disposition, verdict.rewrite) == (Disposition.RELAY, None), verdict.reason
    assert not verdict.errors


def test_the_rate_of_false_holds_is_below_one_in_a_hundred() -> None:
    held = [each for each in MESSAGES if judged(each.raw, each.reverse_path, each.recipients)[1].disposition != "relay"]
    structures = Counter(message.structure for message in MESSAGES)
    for structure, number in sorted(structures.items()):
        print(f"{number:5} {structure}")
    rate = len(held) / len(MESSAGES)
    print(f"{len(held)} of {len(MESSAGES)} held ({rate:.2%}), {len(structures)} structures")
    assert len(MESSAGES) >= 100 and len(structures) >= 25
    assert rate < 0.01, [each.id for each in held]


def test_names_are_unique() -> None:
    assert len({message.id for message in MESSAGES}) == len(MESSAGES)
