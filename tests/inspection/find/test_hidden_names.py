"""Hidden lines that say no more than who: a list of people, where the same lines in plain sight are none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest

from mailguard.inspection.budget import Budget
from mailguard.inspection.enclosed import Enclosed
from mailguard.inspection.examine import examine
from mailguard.inspection.find import free_text
from mailguard.inspection.find.finding import find
from mailguard.inspection.find.lines import NAMES_TELL, SIGNED
from mailguard.inspection.readers import Reader
from mailguard.inspection.stream import SEEN, Item, Text, Visibility

KNOWN = (
    *("Aisha Patel", "Grace Jones", "Oliver Price", "Marek Murphy", "Siobhan Knight", "Priya Okafor", "Tomasz Baker"),
    *("Gwen Walsh", "Harold Rahman", "Joyce Kowalski"),
)
UNLISTED = ("Jacek Bielak", "Orla Oduya", "Maeve Crowther", "Keziah Quigley", "Dilys Haigh", "Hamish Vasquez")
HIDDEN = sorted(NAMES_TELL, key=lambda why: why.name)
OPENED = sorted(frozenset(Visibility) - NAMES_TELL - {SEEN}, key=lambda why: why.name)
FORMS: dict[str, Callable[[str, int], str]] = {
    "alone": lambda name, n: name,
    "with a title": lambda name, n: f"Mrs {name}",
    "surname first": lambda name, n: f"{name.split()[1].upper()}, {name.split()[0]}",
    "in a numbered list": lambda name, n: f"{n + 1}. {name}",
    "with a bullet": lambda name, n: f"\u2022 {name}",
}
WITH_MORE: dict[str, Callable[[str, int], str]] = {
    "a date": lambda name, n: f"{name} {n + 1:02}/04/19{n + 40}",
    "a date after a comma": lambda name, n: f"{name}, {n + 1:02}/04/19{n + 40}",
    "a date in brackets": lambda name, n: f"{name} ({n + 1:02}/04/19{n + 40})",
    "a date in words": lambda name, n: f"{name} {n + 1} April 19{n + 40}",
    "the date before": lambda name, n: f"{n + 1:02}/04/19{n + 40} {name}",
    "on two lines": lambda name, n: f"{name}\n{n + 1:02}/04/19{n + 40}",
}


def people(texts: Iterable[str], why: Visibility) -> int:
    items: list[Item] = [Text(text, f"place {place}", why) for place, text in enumerate(texts)]
    return sum(each.count for each in find(items) if each.kind == "people_rows")


@pytest.mark.parametrize("form", FORMS)
def test_hidden_names_are_people_and_visible_ones_are_a_list_of_names(form: str) -> None:
    lines = [FORMS[form](name, n) for n, name in enumerate(KNOWN)]
    for why in HIDDEN:
        assert people(lines, why) == len(KNOWN), why
    assert people(["\n".join(lines)], Visibility.COVERED) == len(KNOWN)
    assert people(lines[:5], Visibility.HIDDEN_TEXT) == 5
    assert people(lines[:4], Visibility.HIDDEN_TEXT) == 0, "fewer than five are no list"
    assert people(lines[:1] * 30, Visibility.HIDDEN_TEXT) == 0, "one person, however often"
    for why in (SEEN, *OPENED):
        assert people(lines, why) == 0, why


@pytest.mark.parametrize("form", WITH_MORE)
def test_a_name_with_a_date_is_as_much_as_a_row_of_two_cells(form: str) -> None:
    lines = [WITH_MORE[form](name, n) for n, name in enumerate(KNOWN)]
    for why in (SEEN, *HIDDEN, *OPENED):
        assert people(lines, why) == len(KNOWN), why
    assert people(lines[:4], SEEN) == 0


@pytest.mark.parametrize("separator", ["; ", ", ", " / ", " | "])
def test_names_in_one_hidden_line(separator: str) -> None:
    assert people([separator.join(KNOWN)], Visibility.PROPERTY) == len(KNOWN)
    assert people(["Cases: " + separator.join(KNOWN)], Visibility.DELETED_TEXT) == len(KNOWN)
    assert people([separator.join(KNOWN)], SEEN) == 0


def test_names_on_no_list_count_where_nearly_all_lines_are_names_and_some_are_known() -> None:
    lines = [*UNLISTED, *KNOWN[:3]]
    assert people(lines, Visibility.COVERED) == 9
    assert people([*UNLISTED, *KNOWN[:2]], Visibility.COVERED) == 0, "two known names say nothing of six others"
    others = [f"it was agreed that item {letter} would be looked at again" for letter in "abcdef"]
    assert people([*lines, *others], Visibility.COVERED) == 0, "among other lines, what looks like a name may be none"
    assert people([*KNOWN, *others], Visibility.COVERED) == len(KNOWN)


NOBODY: dict[str, list[str]] = {
    "headings": ["Action Points", "Next Steps", "Key Messages", "Further Reading", "Lessons Learned", "Final Report"],
    "places": ["Victoria Road", "Albert Square", "Grace Lane", "Hamilton Park", "Lewis Street", "Graham Terrace"],
    "organisations": ["Baker Ltd", "Morgan Group", "Price Partners", "Jones Solicitors", "Grant Trust", "Clark Motors"],
    "months": [f"{month} {day}" for month in ("April", "June") for day in ("Monday", "Friday", "Sunday")],
    "one word each": ["Aisha", "Grace", "Oliver", "Marek", "Siobhan", "Priya", "Tomasz"],
    "products": [f"{one} {other}" for one in ("Oak", "Steel", "Blue") for other in ("Chair", "Desk")],
    "a redline": [f"within {days} days of the report by Mrs {name.split()[1]}" for days, name in enumerate(KNOWN)],
}


@pytest.mark.parametrize("name", NOBODY)
def test_hidden_lines_about_nobody(name: str) -> None:
    for why in HIDDEN:
        assert people(NOBODY[name], why) == 0, why


CONVERSATION: dict[str, Callable[[str], str]] = {
    "asked": lambda name: f"{name}, please check this figure",
    "signed": lambda name: f"Agreed, thanks.\n{name}",
    "headed": lambda name: f"{name}:\nI do not think that this is right",
    "mentioned": lambda name: f"Ask {name} about the total",
}


@pytest.mark.parametrize("form", CONVERSATION)
@pytest.mark.parametrize("why", [why for why in HIDDEN if why in SIGNED])
def test_colleagues_who_comment_are_no_list_of_people(form: str, why: Visibility) -> None:
    assert people([CONVERSATION[form](name) for name in KNOWN], why) == 0


def test_a_comment_is_headed_with_its_author_and_is_about_somebody_else() -> None:
    assert people([f"Jo:\n{name}" for name in KNOWN], Visibility.COMMENT) == len(KNOWN)


def test_more_hidden_text_than_names_are_looked_for_in_is_an_unread_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies beyond is no longer looked at for names alone, so nobody may think that it was."""

    def read(data: bytes | memoryview, budget: Budget) -> Iterator[Item]:
        yield Text(bytes(data).decode(), "here", Visibility.COVERED)
        yield Text("\n".join(KNOWN), "there", Visibility.COVERED)

    reader = Reader("own", read, frozenset(["application/octet-stream"]), ())
    names = sum(map(len, KNOWN))
    monkeypatch.setattr(free_text, "MOST_OF_NAMES", 1_000 + names)
    filled, over = b"some words\n" * 100, b"some words\n" * 101
    whole = examine(Enclosed(filled), readers=[reader])
    assert whole.unread is None and [each.count for each in whole.findings] == [len(KNOWN)]
    assert examine(Enclosed(over), readers=[reader]).unread == free_text.TOO_MANY_NAMES
    seen = "".join(f"patient, NHS number {number}\n" for number in ("9993395633", "9999939082"))
    more = examine(Enclosed(over + seen.encode()), readers=[reader])
    assert more.unread == free_text.TOO_MANY_NAMES and [each.kind for each in more.findings] == ["nhs_number"]


def test_titles_of_pictures_are_no_hidden_list() -> None:
    """A page of staff has a picture of each, and says under it who it is."""
    assert people(KNOWN, Visibility.MARKUP) == 0
