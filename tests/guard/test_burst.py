"""How often one person is told (T70: rate limit per sender; CONSOLE.md 3: five or more in 10 minutes)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.envelope import Path
from mailguard.core.letters.facts import LISTED, Listed
from mailguard.guard.burst import Alone, Burst, Later, Together

START = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
JO = Path(b"jo@elmroad.example", "jo@elmroad.example")


def item(number: int) -> Listed:
    return Listed(f"ref-{number}", "subject")


def after(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def test_four_alone_the_fifth_together_then_silence() -> None:
    burst = Burst()
    told = [burst.tell(JO, item(n), after(n)) for n in range(7)]
    assert told[:4] == [Alone()] * 4
    assert isinstance(told[4], Together)
    assert [each.ref for each in told[4].listed] == ["ref-4", "ref-3", "ref-2", "ref-1", "ref-0"]
    assert told[4].count == 5
    assert told[4].since == START
    assert told[5:] == [Later(), Later()]


def test_the_next_after_the_silence_says_how_many_were_left_out() -> None:
    burst = Burst()
    for n in range(8):
        burst.tell(JO, item(n), START)
    told = burst.tell(JO, item(8), after(10))
    assert isinstance(told, Alone)
    assert told.count == 3
    assert [each.ref for each in told.earlier] == ["ref-5", "ref-6", "ref-7"]
    assert burst.tell(JO, item(9), after(10)) == Alone()


def test_overdue_tells_of_them_where_no_next_one_comes_and_only_once() -> None:
    burst = Burst()
    for n in range(8):
        burst.tell(JO, item(n), START)
    assert burst.overdue(after(9)) == []
    [(path, together)] = burst.overdue(after(10))
    assert path == JO
    assert together.count == 3
    assert burst.overdue(after(10)) == []
    assert burst.overdue(after(60)) == []


def test_overdue_forgets_people_who_are_quiet() -> None:
    burst = Burst()
    burst.tell(JO, item(0), START)
    burst.overdue(after(11))
    assert burst._people == {}


def test_people_do_not_share_their_limit() -> None:
    burst = Burst()
    for n in range(8):
        burst.tell(JO, item(n), START)
    assert burst.tell(Path(b"sam@elmroad.example", "sam@elmroad.example"), item(9), START) == Alone()


def test_memory_is_bounded() -> None:
    burst = Burst(people=100)
    for n in range(1_000):
        burst.tell(Path(b"", f"p{n}@elmroad.example"), item(n), START)
    for n in range(1_000):
        burst.tell(JO, item(n), START)
    assert len(burst._people) == 100
    known = burst._people[JO.address]
    assert len(known.left_out) == LISTED
    assert known.count == 995
    assert len(known.told) == 5


@given(st.lists(st.floats(0, 4), max_size=60))
def test_nobody_is_forgotten_and_never_more_than_five_in_a_window(waits: list[float]) -> None:
    burst, now, notices, told_of = Burst(), START, [], 0
    for number, wait in enumerate(waits):
        now += timedelta(minutes=wait)
        match burst.tell(JO, item(number), now):
            case Alone(_, count):
                notices.append(now)
                told_of += 1 + count
            case Together(_, count, _):
                already = len([at for at in notices if now - at < timedelta(minutes=10)])
                notices.append(now)
                told_of += count - min(already, 4)
            case Later():
                pass
    for _, together in burst.overdue(now + timedelta(minutes=10)):
        told_of += together.count
    assert told_of == len(waits)
    for at in notices:
        assert len([each for each in notices if timedelta() <= each - at < timedelta(minutes=10)]) <= 5


def test_what_did_not_come_to_be_is_not_counted() -> None:
    burst = Burst()
    for n in range(7):
        burst.tell(JO, item(n), START)
    for n in (0, 1, 2, 3, 5):
        burst.withdraw(JO, f"ref-{n}")
    burst.withdraw(Path(b"", "nobody@elmroad.example"), "ref-1")
    told = burst.tell(JO, item(8), after(1))
    assert isinstance(told, Alone)
    assert (told.count, [each.ref for each in told.earlier]) == (1, ["ref-6"])
