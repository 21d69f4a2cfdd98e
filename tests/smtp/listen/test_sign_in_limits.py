"""T7: how fast passwords can be guessed, with the time as a value and no sleep."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core import guessing
from mailguard.core.sign_in import SignInOutcome
from mailguard.smtp import sign_in_limits
from mailguard.smtp.listen_settings import Limits
from mailguard.smtp.sign_in_limits import SignInLimits, Turn

ACCEPTED, REFUSED, UNAVAILABLE = SignInOutcome.ACCEPTED, SignInOutcome.REFUSED, SignInOutcome.UNAVAILABLE
HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"


def limits(**values: int) -> SignInLimits:
    return SignInLimits(Limits.model_validate(values))


def guess(of: SignInLimits, now: float, peer: str = HERE, account: str = "anna", outcome: str = "refused") -> bool:
    """Whether it was tried; at once, or when its turn came."""
    turn = of.reserve(peer, account, now)
    if turn is not None:
        of.settle(turn, SignInOutcome(outcome), turn.starts)
    return turn is not None


def guesses(of: SignInLimits, seconds: float, step: float = 1.0, **more: str) -> int:
    """How many of one attempt a step, for so long, are tried."""
    return sum(guess(of, at * step, **more) for at in range(int(seconds / step)))


def test_t7_a_few_failures_cost_nothing() -> None:
    of = limits()
    for _ in range(5):
        turn = of.reserve(HERE, "anna", 100.0)
        assert turn is not None and turn.starts == 100.0
        of.settle(turn, REFUSED, 100.0)


def test_t7_then_each_waits_longer_and_far_turns_are_refused_at_once() -> None:
    of = limits()
    for _ in range(5):
        guess(of, 0.0)
    waits = []
    while (turn := of.reserve(HERE, "anna", 0.0)) is not None:
        of.settle(turn, REFUSED, turn.starts)
        waits.append(turn.starts)
    assert waits == [1.0, 3.0, 7.0, 15.0]
    assert of.reserve(HERE, "anna", 0.0) is None
    assert of.reserve(HERE, "anna", 16.0) is not None


def test_a_clock_that_is_set_back_keeps_nobody_out_and_gives_nothing_away() -> None:
    of = limits()
    assert guess(of, 1000.0)
    assert guess(of, 880.0)
    while of.reserve(HERE, "anna", 1000.0) is not None:
        pass
    assert of.reserve(HERE, "anna", 880.0) is None
    assert of.reserve(HERE, "anna", 896.0) is not None


def test_t7_fifty_connections_gain_nothing() -> None:
    """None has its answer when the next one asks: an attempt counts as failed until it is known."""
    of = limits()
    turns = [turn for _ in range(50) if (turn := of.reserve(HERE, "anna", 0.0))]
    assert [turn.starts for turn in turns] == [0.0] * 5 + [1.0, 3.0, 7.0, 15.0]
    for turn in turns:
        of.settle(turn, REFUSED, turn.starts)
    alone = limits()
    assert sum(guess(alone, 0.0) for _ in range(50)) == len(turns)


def test_t7_one_account_from_many_addresses() -> None:
    of = limits()
    tried = sum(guess(of, 0.0, peer=f"198.51.100.{number}") for number in range(200))
    assert tried == 9


def test_t7_many_accounts_from_one_address() -> None:
    of = limits()
    tried = sum(guess(of, 0.0, account=f"user{number}") for number in range(200))
    assert tried == 10 + 4


def test_t7_names_that_do_not_exist_count_the_same() -> None:
    """The limits see names alone: what they answer cannot tell which accounts there are."""
    there, nowhere = limits(), limits()
    assert [guess(there, 0.0, account="anna") for _ in range(20)] == [
        guess(nowhere, 0.0, account="nobody") for _ in range(20)
    ]


@pytest.mark.parametrize("spelling", ["ANNA@elmroad.example", " anna@elmroad.example", "anna@ELMROAD.example."])
def test_t7_spellings_of_one_account_count_as_one(spelling: str) -> None:
    of = limits()
    tried = [
        guess(of, 0.0, peer=f"198.51.100.{n}", account=spelling if n % 2 else "anna@elmroad.example") for n in range(40)
    ]
    assert sum(tried) == 9


def test_t7_ipv6_counts_by_64() -> None:
    of = limits()
    assert sum(guess(of, 0.0, peer=f"2001:db8::{n:x}", account=f"user{n}") for n in range(1, 100)) == 14
    assert guess(of, 0.0, peer="2001:db8:0:1::1", account="somebody")
    assert guess(of, 0.0, peer="fe80::1%eth0", account="somebody else")


def test_t7_a_day_of_guessing() -> None:
    """As docs/decisions/sign-in.md says."""
    assert guesses(limits(), 86_400, step=5.0) < 310


def test_t7_what_is_forgotten() -> None:
    of = limits()
    for _ in range(9):
        guess(of, 0.0)
    fresh = of.reserve(HERE, "anna", 10 * 600.0)
    assert fresh is not None and fresh.starts == 6000.0
    of.settle(fresh, REFUSED, 6000.0)


def test_t7_a_success_leaves_no_trace_of_itself() -> None:
    """Many connections of one program, each with the right password, wait for nobody once one is through."""
    of = limits()
    assert guess(of, 0.0, outcome="accepted")
    turns = [of.reserve(HERE, "anna", 1.0) for _ in range(5)]
    for turn in turns:
        assert turn is not None and turn.starts == 1.0
        of.settle(turn, ACCEPTED, 1.0)
    assert all(guess(of, 2.0, outcome="accepted") for _ in range(500))


def test_t7_guessing_from_elsewhere_does_not_lock_the_owner_out() -> None:
    of = limits()
    guess(of, 0.0, outcome="accepted")
    while guess(of, 1.0, peer=ELSEWHERE):
        pass
    turn = of.reserve(HERE, "anna", 1.0)
    assert turn is not None and turn.starts == 1.0


def test_t7_a_neighbour_behind_the_same_address_is_not_locked_out() -> None:
    of = limits()
    guess(of, 0.0, account="bob", outcome="accepted")
    while guess(of, 1.0, account="anna"):
        pass
    turn = of.reserve(HERE, "bob", 1.0)
    assert turn is not None and turn.starts == 1.0
    assert not guess(of, 1.0, account="anna")


def test_t7_a_success_of_the_guesser_does_not_free_his_address() -> None:
    """Whoever has one account of his own may not use it to wipe out what he did to the others."""
    of = limits()
    tried = 0
    for number in range(100):
        guess(of, 0.0, account="mallory", outcome="accepted")
        tried += guess(of, 0.0, account=f"user{number}")
    assert tried == 14


def test_t7_guessing_at_a_known_account_from_its_own_address_is_slowed_too() -> None:
    of = limits()
    guess(of, 0.0, outcome="accepted")
    assert sum(guess(of, 1.0) for _ in range(50)) == 9


def test_t7_a_known_account_is_forgotten_in_time() -> None:
    of = limits()
    guess(of, 0.0, outcome="accepted")
    late = guessing.KNOWN_SECONDS + 1
    while guess(of, late, peer=ELSEWHERE):
        pass
    assert not guess(of, late)


def test_t7_what_was_not_tried_is_no_failure() -> None:
    of = limits()
    assert all(guess(of, 0.0, outcome="unavailable") for _ in range(100))


def test_t7_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in_limits, "MOST_KEYS", 100)
    of = limits()
    pending: list[Turn] = []
    for number in range(1_000):
        turn = of.reserve(f"10.0.{number // 250}.{number % 250}", f"user{number}", 0.0)
        assert turn is not None
        pending.append(turn)
    for turn in pending:  # also what was forgotten meanwhile can be settled
        of.settle(turn, ACCEPTED, 1.0)
    assert all(len(table) <= 100 for table in of._counts.values()) and len(of._known) == 100
    assert "user999" not in repr(vars(of))


@given(
    st.lists(
        st.tuples(
            st.sampled_from([HERE, ELSEWHERE, "2001:db8::1"]), st.sampled_from("ab"), st.sampled_from(SignInOutcome)
        ),
        max_size=60,
    ),
    st.floats(min_value=0.0, max_value=50.0),
)
def test_any_history_keeps_turns_within_the_wait(history: list[tuple[str, str, SignInOutcome]], step: float) -> None:
    of, now = limits(), 0.0
    for peer, account, outcome in history:
        now += step
        turn = of.reserve(peer, account, now)
        if turn is not None:
            assert now <= turn.starts <= now + 15
            of.settle(turn, outcome, turn.starts)
