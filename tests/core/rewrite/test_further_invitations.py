"""Invitations that name their guests again, in the text or in a series, and those of servers."""

from __future__ import annotations

import pytest

from mailguard.core.mail.parse import parse
from tests.core.mail.calendar.further_programs import FURTHER_PROGRAMS, further_invitation
from tests.core.mail.calendar.invitations import ORGANISER, patients
from tests.core.rewrite.submission import RECEIVED, contents, hide_separate
from tests.core.rewrite.test_invitation import calendars, invited, leaks, others
from tests.incidents.test_judged import judged

NURSE = "nurse@elmroad.example"


@pytest.mark.parametrize("program", FURTHER_PROGRAMS)
@pytest.mark.parametrize("method", ["REQUEST", "CANCEL"])
def test_each_sees_only_themselves(program: str, method: str) -> None:
    people = patients(9)
    raw = further_invitation(program, *people, NURSE, to=people[:4], method=method, sequence=3)
    made = contents(raw, hide_separate(raw, *people, NURSE, sender=ORGANISER))
    assert made[NURSE] == RECEIVED + raw
    for address in people:
        assert not any(leaks(made[address], other) for other in people if other != address)
        for before, after in zip(calendars(raw), calendars(made[address]), strict=True):
            assert set(invited(after)) - {ORGANISER} == {NURSE, address}
            names = [[line.partition(b":")[0] for line in others(each)] for each in (before, after)]
            assert set(names[1]) <= set(names[0]) and b"SEQUENCE:3" in others(after)


def test_the_moved_instance_of_a_series_invites_the_same_one() -> None:
    people = patients(3)
    raw = further_invitation("exchange, a series", *people, to=people)
    copy = contents(raw, hide_separate(raw, *people, sender=ORGANISER))[people[1]]
    (calendar,) = calendars(copy)
    assert invited(calendar) == [people[1], people[1]]
    assert b"RECURRENCE-ID;TZID=GMT Standard Time:20260326T180000" in others(calendar)


@pytest.mark.parametrize("program", FURTHER_PROGRAMS)
def test_counted_and_held_by_the_default_policy(program: str) -> None:
    people = patients(288)
    raw = further_invitation(program, *people)
    observation, verdict = judged(raw, ORGANISER, people)
    assert observation.facts["visible_external_recipients"] == 288
    assert (verdict.disposition.value, verdict.deciding, verdict.rewrite) == ("hold", "visible-list", "separate")
    assert not [defect for defect in parse(raw).defects if defect.holds]


@pytest.mark.parametrize("program", FURTHER_PROGRAMS)
@pytest.mark.parametrize("method", ["REQUEST", "REPLY", "CANCEL"])
@pytest.mark.parametrize("count", [1, 5])
def test_ordinary_ones_pass(program: str, method: str, count: int) -> None:
    people = patients(count, "council.example")
    raw = further_invitation(program, *people, NURSE, to=people, method=method)
    assert judged(raw, ORGANISER, people)[1].disposition.value == "relay"
