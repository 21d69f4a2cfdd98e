"""The catalogue: plain words, placeholders that are known, nothing that promises what does not exist."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from mailguard.core import words

CATALOGUE = {name: value for name, value in vars(words).items() if name.isupper() and isinstance(value, str)}
CATALOGUE |= {
    f"{name} {number}": form
    for name, forms in vars(words).items()
    if name.isupper() and isinstance(forms, tuple)
    for number, form in enumerate(forms, 1)
}
PLACEHOLDERS = {
    "organisation", "contact", "ref", "moment", "rule", "revision", "subject", "people", "outside", "due", "emails",
    "by", "outcome", "reason", "address", "said", "duration", "ways",
    "days", "first", "last", "count", "what",
}  # fmt: skip


def test_the_catalogue_is_not_empty() -> None:
    assert len(CATALOGUE) > 80


@pytest.mark.parametrize("name", CATALOGUE)
def test_avoids_the_words_that_console_md_names(name: str) -> None:
    avoided = r"quarantin|payload|violation|false positive|envelope|\bDLP\b|\bDSN\b|no-reply|click here|http|`|  "
    assert re.search(avoided, CATALOGUE[name], re.IGNORECASE) is None


@pytest.mark.parametrize("name", CATALOGUE)
def test_placeholders_are_known(name: str) -> None:
    fields = {field for _, field, _, _ in string.Formatter().parse(CATALOGUE[name]) if field is not None}
    assert fields <= PLACEHOLDERS


@pytest.mark.parametrize("name", CATALOGUE)
def test_is_one_clean_line(name: str) -> None:
    text = CATALOGUE[name]
    assert text == text.strip()
    assert text.isprintable()


@pytest.mark.parametrize("name", sorted({name.partition(" ")[0] for name in CATALOGUE}))
def test_every_string_is_used(name: str) -> None:
    source = Path(words.__file__).parents[1]
    text = "".join(path.read_text() for path in source.rglob("*.py") if path.name != "words.py")
    own = Path(words.__file__).read_text().partition("def people")[0]
    assert f"words.{name}" in text or len(re.findall(rf"\b{name}\b", own)) > 1


def test_sentences_are_short_enough_to_read() -> None:
    """No sentence of more than 30 words (plain English guides say 25 on average at most)."""
    long = [s for text in CATALOGUE.values() for s in re.split(r"[.:!?] ", text) if len(s.split()) > 30]
    assert long == []


def test_counts_agree_with_their_noun() -> None:
    assert words.people(1) == "1 person"
    assert words.people(1204) == "1,204 people"
    assert words.emails(0) == "0 emails"
    assert words.emails(1) == "1 email"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("", ""), ("288 people", "288 people."), ("ends with a stop.", "Ends with a stop."), ("really?", "Really?")],
)
def test_sentence(text: str, sentence: str) -> None:
    assert words.sentence(text) == sentence


def test_one_email_is_spoken_of_as_one() -> None:
    assert words.of_emails(words.WEEK_LEAD, 1) == "1 email of yours was held."
    assert words.of_emails(words.WEEK_LEAD, 1200) == "1,200 emails of yours were held."
    assert "It is held" in words.of_emails(words.REVIEW_DECISIONS_LEAD, 1, moment="5pm")
