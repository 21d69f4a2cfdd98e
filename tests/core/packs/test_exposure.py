"""Who saw whom in a message that left: the pure part of an incident pack."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.packs.exposure import PERHAPS, Exposure, Form, Got, who_saw_whom

JO = "jo@elmroad.example"
OFFICE = "office@elmroad.example"
OUT = [f"person{number}@patients.example" for number in range(4)]


def is_inside(address: str) -> bool:
    return address.endswith("@elmroad.example")


def exposure(recipients: list[str], visible: list[str], form: Form = Form.ORIGINAL, **got: Got) -> Exposure:
    known = dict.fromkeys(recipients, Got.YES) | {f"{name}@patients.example": what for name, what in got.items()}
    return who_saw_whom(recipients, visible, senders={JO}, is_inside=is_inside, form=form, got=known)


def sees(found: Exposure) -> dict[str, int]:
    return {each.address: each.others for each in found.sights}


def seen_by(found: Exposure) -> dict[str, tuple[int, int]]:
    return {each.address: (each.seen_by, each.perhaps) for each in found.exposed if each.is_exposed}


def test_everybody_in_cc_sees_everybody_else() -> None:
    found = exposure(OUT, OUT)
    assert sees(found) == dict.fromkeys(OUT, 3)
    assert seen_by(found) == dict.fromkeys(OUT, (3, 0))


def test_a_bcc_recipient_sees_the_visible_ones_and_is_seen_by_nobody() -> None:
    found = exposure(OUT, OUT[:3])
    assert sees(found) == {OUT[0]: 2, OUT[1]: 2, OUT[2]: 2, OUT[3]: 3}
    assert seen_by(found) == dict.fromkeys(OUT[:3], (3, 0))
    assert [each.shown for each in found.sights] == [True, True, True, False]


def test_who_sent_it_is_no_discovery() -> None:
    found = exposure([OUT[0], OUT[1]], [JO, *OUT[:2]])
    assert seen_by(found) == {OUT[0]: (1, 0), OUT[1]: (1, 0)}


def test_who_got_no_copy_saw_nothing_and_is_still_seen() -> None:
    found = exposure(OUT, OUT, person0=Got.NO, person1=Got.PERHAPS)
    assert seen_by(found) == {OUT[0]: (2, 1), OUT[1]: (2, 0), OUT[2]: (1, 1), OUT[3]: (1, 1)}


def test_an_attendee_who_got_no_copy_through_us_is_exposed_and_not_addressed() -> None:
    found = exposure(OUT[:2], OUT[:3])
    assert {each.address: each.addressed for each in found.exposed} == {OUT[0]: True, OUT[1]: True, OUT[2]: False}
    assert seen_by(found)[OUT[2]] == (2, 0)


def test_separate_copies_show_people_outside_to_those_inside_alone() -> None:
    found = exposure([*OUT, OFFICE], [*OUT, OFFICE], Form.SEPARATE)
    assert sees(found) == dict.fromkeys(OUT, 1) | {OFFICE: 4}
    assert seen_by(found) == dict.fromkeys(OUT, (1, 0)) | {OFFICE: (4, 0)}


def test_with_bcc_nobody_outside_is_seen() -> None:
    found = exposure([*OUT, OFFICE], [*OUT, OFFICE], Form.BCC)
    assert seen_by(found) == {OFFICE: (4, 0)}


def test_one_alone_sees_nobody() -> None:
    assert seen_by(exposure(OUT[:1], OUT[:1])) == {}


addresses = st.builds(
    "{}@{}".format,
    st.text(string.ascii_lowercase, min_size=1, max_size=2),
    st.sampled_from(["elmroad.example", "patients.example", "post.example"]),
)
several = st.lists(addresses, max_size=12)


@given(several, several, st.sets(addresses, max_size=2), st.sampled_from(Form), st.data())
def test_each_recipient_appears_once_and_nobody_is_seen_whom_nothing_showed(
    recipients: list[str], visible: list[str], senders: set[str], form: Form, data: st.DataObject
) -> None:
    got = {each: data.draw(st.sampled_from(Got)) for each in set(recipients)}
    found = who_saw_whom(recipients, visible, senders=senders, is_inside=is_inside, form=form, got=got)
    assert [each.address for each in found.sights] == list(dict.fromkeys(recipients))
    shown = set(visible) - senders
    assert len({each.address for each in found.exposed}) == len(found.exposed)
    assert {each.address for each in found.exposed} <= shown
    for sight in found.sights:
        assert sight.view <= shown and sight.others == len(sight.view - {sight.address})
    # The two tables say the same: who sees, and who is seen.
    for each in found.exposed:
        others = [sight for sight in found.sights if each.address in sight.view and sight.address != each.address]
        assert each.seen_by == sum(sight.got is Got.YES for sight in others)
        assert each.perhaps == sum(sight.got in PERHAPS for sight in others)
