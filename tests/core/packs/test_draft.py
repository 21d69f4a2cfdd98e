"""The apology: a draft, what it must not hold, and the letter that one person gets."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes

import pytest

from mailguard.core.frame import Frame
from mailguard.core.packs.draft import MAX_TEXT, faults_of, letter, read_draft, template
from mailguard.inspection.find.screen import personal_data_in

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
GOOD = (
    "Subject: We are sorry\n\nHello\n\nYour address was shown. Call us on 01632 960 001, or manager@elmroad.example.\n"
)


def faults(text: str) -> tuple[str, ...]:
    return faults_of(text, lambda address: address.endswith("@elmroad.example"), personal_data_in)


def test_a_finished_draft_may_say_how_to_reach_who_wrote_it() -> None:
    assert faults(GOOD) == ()


def test_the_template_waits_for_a_person() -> None:
    (fault,) = faults(template("Elm Road Surgery", "manager@elmroad.example", AT))
    assert "square brackets" in fault


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ("It also went to ada@patients.example.", "an email address outside"),
        ("Ada (ada [at] patients.example) too", "square brackets"),
        ("About NHS number 999 339 5633.", "NHS numbers"),
        ("[say here what", "square brackets"),
        ("x" * MAX_TEXT, "characters"),
    ],
)
def test_what_each_person_would_read_of_another_is_refused(added: str, said: str) -> None:
    found = faults(GOOD + added)
    assert any(said in each for each in found), found
    assert not any("ada" in each.lower() or "999 339" in each for each in found)


@pytest.mark.parametrize("text", ["", "Hello\n", "Subject: \n\nHello\n", "Subject: Sorry\n\n  \n"])
def test_without_a_subject_or_a_text_there_is_no_draft(text: str) -> None:
    assert read_draft(text) is None and len(faults(text)) == 1


def test_a_letter_names_its_one_recipient_and_is_from_people() -> None:
    draft = read_draft(GOOD.replace("sorry", "sorry\u202e"))
    assert draft is not None
    frame = Frame("Elm Road Surgery", "guard@elmroad.example", "manager@elmroad.example", "ada@patients.example", AT,
                  "<1@elmroad.example>", "v1 0", "b")  # fmt: skip
    read = message_from_bytes(letter(draft, frame))
    assert (read["To"], read["Reply-To"], read["Cc"]) == ("ada@patients.example", "manager@elmroad.example", None)
    assert read["From"] == '"Elm Road Surgery" <guard@elmroad.example>' and read["Auto-Submitted"] is None
    assert "Your address was shown" in str(read.get_payload(decode=True))
    assert "\u202e" not in draft.subject
