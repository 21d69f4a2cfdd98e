"""What counts as the same text: rates over invented letters, printed; and what a fingerprint gives away: nothing."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.earlier.similarity import BINS, FEWEST_WORDS, SIMILAR, are_similar, fingerprint, resemblance
from mailguard.core.earlier.words import own_text, own_words, plain_words
from mailguard.core.mail.parse import parse
from mailguard.core.subject import subject_of
from tests.core.earlier.texts import LAWYER, LETTERS, SHORT, SIGNATURE, greeted, merged, reworded
from tests.incidents.benign.corpus import corpus

KEY = b"k" * 32
NAMES = ("Anna", "Benedict Okonkwo", "Cai", "Doro Frost", "Eszter")


def alike(one: str, other: str) -> float:
    return resemblance(*(fingerprint(plain_words(own_text(text)), KEY) for text in (one, other)))


def same(one: str, other: str) -> bool:
    return are_similar(*(fingerprint(plain_words(own_text(text)), KEY) for text in (one, other)))


def variants(text: str, chance: random.Random) -> list[str]:
    made = [greeted(text, name) for name in NAMES]
    made += [merged(text, name) for name in NAMES]
    made += [reworded(text, 0.1, chance) for _ in range(20)]
    made += [greeted(merged(reworded(text, 0.05, chance), name), name) for name in NAMES]
    return [each + chance.choice(("", SIGNATURE, LAWYER, SIGNATURE + LAWYER)) for each in made]


def test_changed_copies_of_a_text_are_the_same_text(capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(1)
    pairs = [(text + SIGNATURE, each) for text in LETTERS for each in variants(text, chance)]
    found = [alike(*pair) for pair in pairs]
    missed = sum(not same(*pair) for pair in pairs)
    with capsys.disabled():
        print(f"\nsame text, changed: {len(found)} pairs, {missed} missed, least alike {min(found):.2f}")
    assert missed == 0


def test_other_texts_of_the_same_sender_are_not(capsys: pytest.CaptureFixture[str]) -> None:
    texts = [text + SIGNATURE + LAWYER for text in LETTERS + SHORT]
    found = [alike(one, other) for one, other in itertools.combinations(texts, 2)]
    with capsys.disabled():
        print(
            f"\nother texts: {len(found)} pairs, {sum(each >= SIMILAR for each in found)} taken for the same, "
            f"most alike {max(found):.2f}"
        )
    assert max(found) < SIMILAR / 2


def test_ordinary_mail_is_not_taken_for_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """Every two benign messages that differ in what they are; the same letter by thirteen programs is one text."""
    made = {}
    for mail in corpus():
        message = parse(mail.raw)
        words = own_words(message, subject_of(message))
        if len(words) >= FEWEST_WORDS:
            made[words] = (mail.structure.partition(",")[0], fingerprint(words, KEY))
    pairs = [(one, other) for one, other in itertools.combinations(made.values(), 2) if one[0] != other[0]]
    false = [(one[0], other[0]) for one, other in pairs if are_similar(one[1], other[1])]
    with capsys.disabled():
        print(f"\nordinary mail: {len(pairs)} pairs, {len(false)} taken for the same ({len(false) / len(pairs):.2%})")
    assert len(false) / len(pairs) < 0.01


@given(st.lists(st.text("abcdefgh", min_size=2, max_size=4), max_size=60))
def test_a_text_is_like_itself_and_bounded(words: list[str]) -> None:
    made = fingerprint(words, KEY)
    assert len(made) in (0, 2 * BINS)
    assert (len(made) == 0) == (len(words) < FEWEST_WORDS)
    assert resemblance(made, made) == (1.0 if made else 0.0)


@given(st.sets(st.integers(0, 400), min_size=40, max_size=200), st.sets(st.integers(0, 400), min_size=40, max_size=200))
def test_the_estimate_is_near_the_jaccard_index(one: set[int], other: set[int]) -> None:
    """Six standard deviations of the estimate; words that come once make as many pairs as neighbours."""
    texts = [[f"w{number}x" for number in sorted(each)] for each in (one, other)]
    pairs = [set(itertools.pairwise(text)) for text in texts]
    true = len(pairs[0] & pairs[1]) / len(pairs[0] | pairs[1])
    assert abs(resemblance(*(fingerprint(text, KEY) for text in texts)) - true) < 0.3


def test_without_the_key_nothing_can_be_tested() -> None:
    words = plain_words(LETTERS[0])
    assert resemblance(fingerprint(words, KEY), fingerprint(words, b"another" * 4)) < 0.05


def test_the_cost_is_linear_and_small() -> None:
    """4,000 words are the most that are compared: some milliseconds, not bounded by time here but by the work."""
    many = [f"word{number}" for number in range(4_000)]
    assert len(fingerprint(many, KEY)) == 2 * BINS
