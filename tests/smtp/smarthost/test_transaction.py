"""The state machine alone: what leaves when, and what replies make of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.outcome import Outcome, SmarthostReply, Stage
from mailguard.smtp.reply_reader import read_reply
from mailguard.smtp.transaction import (
    MEANINGS,
    TRANSITIONS,
    Event,
    Meaning,
    State,
    Transaction,
    is_too_many,
    meaning_of,
)
from mailguard.smtp.troubles import Trouble

from .samples import A, D, R, U

MAIL = b"MAIL FROM:<a@elmroad.example>\r\n"


def rcpt(number: int) -> bytes:
    return b"RCPT TO:<r%d@council.example>\r\n" % number


def transaction(
    count: int = 2, *, pipelining: bool = True, all_or_none: bool = False, window: int = 65_536
) -> Transaction:
    return Transaction(
        MAIL, [rcpt(n) for n in range(count)], pipelining=pipelining, all_or_none=all_or_none, window_octets=window
    )


def reply(line: str) -> SmarthostReply:
    return read_reply(int(line[:3]), line[4:])


def play(made: Transaction, *lines: str) -> list[bytes]:
    """Feed replies; what left, before the first and after each."""
    left = [made.commands()]
    for line in lines:
        made.receive(reply(line))
        left.append(made.commands())
        if made.state is State.CONTENT:
            made.sent()
            left.append(b"<content>")
    return left


def found(made: Transaction) -> list[Outcome | None]:
    return [answer.outcome for answer in made.result().answers]


def test_pipelined_everything_leaves_in_one_flight() -> None:
    made = transaction()
    assert made.commands() == MAIL + rcpt(0) + rcpt(1) + b"DATA\r\n"
    assert made.commands() == b""


def test_without_pipelining_each_command_waits_for_its_answer() -> None:
    made = transaction(pipelining=False)
    left = play(made, "250 ok", "250 ok", "250 ok", "354 go", "250 queued")
    assert left == [MAIL, rcpt(0), rcpt(1), b"DATA\r\n", b"", b"<content>", b""]
    assert made.state is State.OVER and found(made) == [A, A] and made.is_clean


def test_without_pipelining_nobody_taken_means_no_data() -> None:
    made = transaction(pipelining=False)
    assert play(made, "250 ok", "550 no", "450 later", "250 reset") == [MAIL, rcpt(0), rcpt(1), b"RSET\r\n", b""]
    assert found(made) == [R, D] and made.is_clean and made.result().stage is Stage.RCPT


def test_a_window_bounds_what_is_unanswered() -> None:
    window = len(MAIL) + 3 * len(rcpt(0))
    made = transaction(100, window=window)
    waiting = made.commands().splitlines(keepends=True)
    assert waiting == [MAIL, rcpt(0), rcpt(1), rcpt(2)]
    left = []
    while made.state is State.ENVELOPE and waiting:
        left.append(waiting.pop(0))
        made.receive(reply("354 go" if left[-1] == b"DATA\r\n" else "250 ok"))
        waiting += made.commands().splitlines(keepends=True)
        assert len(b"".join(waiting)) <= window
    assert left == [MAIL, *(rcpt(number) for number in range(100)), b"DATA\r\n"]


def test_all_or_none_leaves_data_out_of_the_flight() -> None:
    made = transaction(all_or_none=True)
    left = play(made, "250 ok", "250 ok", "250 ok", "354 go", "250 queued")
    assert left == [MAIL + rcpt(0) + rcpt(1), b"", b"", b"DATA\r\n", b"", b"<content>", b""]
    assert found(made) == [A, A]


def test_all_or_none_any_refusal_is_everybodys_and_rset_leaves() -> None:
    made = transaction(3, all_or_none=True)
    left = play(made, "250 ok", "250 ok", "450 4.2.1 later", "550 5.1.1 never", "250 reset")
    assert left[-2:] == [b"RSET\r\n", b""] and made.state is State.OVER and made.is_clean
    result = made.result()
    assert [answer.outcome for answer in result.answers] == [R, R, R]
    assert {answer.reply.text for answer in result.answers if answer.reply} == {"never"}
    assert result.reply == reply("550 5.1.1 never")


def test_all_or_none_only_temporary_refusals_defer_everybody() -> None:
    made = transaction(all_or_none=True)
    play(made, "250 ok", "250 ok", "450 4.2.1 later", "250 reset")
    assert found(made) == [D, D]


def test_all_or_none_does_not_split_at_too_many() -> None:
    made = transaction(all_or_none=True)
    assert play(made, "250 ok", "250 ok", "452 4.5.3 too many")[-1] == b"RSET\r\n"
    made.receive(reply("250 reset"))
    assert found(made) == [D, D]


def test_a_go_ahead_for_nobody_is_ended_with_a_lone_dot() -> None:
    for final in ("250 queued", "554 no recipients"):
        made = transaction()
        left = play(made, "250 ok", "550 no", "550 no", "354 go", final)
        assert left[-2:] == [b".\r\n", b""] and found(made) == [R, R]
        assert made.state is State.OVER and made.is_clean and made.result().taken == 0


def test_a_go_ahead_after_a_refused_mail_is_ended_with_a_lone_dot() -> None:
    made = transaction()
    left = play(made, "550 5.7.1 not you", "503 no", "503 no", "354 go", "250 queued")
    assert left[-2] == b".\r\n" and found(made) == [R, R] and made.result().stage is Stage.MAIL


def test_recipients_taken_after_a_refused_mail_are_never_sent_to() -> None:
    made = transaction()
    left = play(made, "550 5.7.1 not you", "250 ok")
    assert made.state is State.OVER and not made.is_clean and b"." not in left[-1]
    assert found(made) == [R, R]


def test_a_refused_data_is_for_those_who_were_taken() -> None:
    made = transaction(3)
    play(made, "250 ok", "550 5.1.1 no", "250 ok", "450 4.2.1 later", "451 4.3.0 not now", "250 reset")
    assert found(made) == [R, D, D] and made.result().reply == reply("451 4.3.0 not now")


def test_too_many_leaves_the_rest_to_another_transaction() -> None:
    made = transaction(4, pipelining=False)
    left = play(made, "250 ok", "250 ok", "250 ok", "452 4.5.3 too many", "354 go", "250 queued")
    assert b"DATA\r\n" in left and rcpt(3) not in left
    assert found(made) == [A, A, None, None] and made.result().taken == 2


def test_452_before_anybody_was_taken_defers() -> None:
    made = transaction(2)
    play(made, "250 ok", "452 4.5.3 too many", "452 4.5.3 too many", "554 none", "250 reset")
    assert found(made) == [D, D]


def test_what_too_many_is() -> None:
    assert all(is_too_many(reply(line)) for line in ("452 too", "452 4.5.3 x", "552 x", "552 5.5.3 x"))
    assert not any(
        is_too_many(reply(line)) for line in ("452 4.3.1 disk", "552 5.2.2 full", "451 4.5.3 x", "550 5.5.3")
    )


def test_a_loss_is_uncertain_only_after_the_dot() -> None:
    made = transaction()
    play(made, "250 ok", "250 ok", "550 no", "354 go")
    assert made.state is State.FINAL
    made.lost(Trouble.CUT)
    assert found(made) == [U, R]
    made = transaction()
    made.commands()
    for line in ("250 ok", "250 ok", "550 no", "354 go"):
        made.receive(reply(line))
    made.lost(Trouble.CUT)
    assert found(made) == [D, R]


def test_a_loss_after_everybody_was_refused_is_no_trouble() -> None:
    """Many servers answer 550 and close: the refusal stands."""
    made = transaction()
    play(made, "250 ok", "550 no", "550 no")
    made.lost(Trouble.CUT)
    assert found(made) == [R, R] and made.result().trouble is None and not made.is_clean


def test_a_loss_amid_recipients_keeps_what_was_said_of_each() -> None:
    made = transaction(3)
    play(made, "250 ok", "550 5.1.1 no", "421 bye")
    assert found(made) == [R, D, D] and made.result().trouble is Trouble.UNAVAILABLE


def test_unanswered_until_mail_is_answered() -> None:
    made = transaction()
    made.commands()
    assert made.unanswered
    made.receive(reply("250 ok"))
    assert not made.unanswered


def test_decided_is_when_nothing_can_change_an_outcome() -> None:
    made = transaction()
    seen = []
    for line in ("", "250 ok", "550 no", "550 no"):
        made.commands()
        if line:
            made.receive(reply(line))
        seen.append(made.is_decided)
    assert seen == [False, False, False, True]
    made = transaction()
    play(made, "550 not you")
    assert made.is_decided and made.state is State.ENVELOPE


def test_251_and_552_for_recipients() -> None:
    made = transaction(2)
    play(made, "250 ok", "251 will forward", "552 5.2.2 full", "354 go", "250 queued")
    assert found(made) == [A, R]


def test_the_tables_are_total() -> None:
    assert set(TRANSITIONS) == set(State)
    for stage in Stage:
        for code in range(1000):
            meaning, trouble = meaning_of(stage, SmarthostReply(code, None, ""))
            assert (meaning is Meaning.TROUBLE) == (trouble is not None)
    assert MEANINGS[0][1] == {421} and Event.TROUBLED in TRANSITIONS[State.FINAL]


CODES = st.sampled_from([199, 220, 250, 251, 354, 421, 450, 451, 452, 500, 530, 550, 552, 554, 999])


@given(
    count=st.integers(1, 6),
    pipelining=st.booleans(),
    all_or_none=st.booleans(),
    window=st.integers(0, 200),
    codes=st.lists(CODES, max_size=20),
)
def test_any_replies_end_in_outcomes_that_the_replies_warrant(
    count: int, pipelining: bool, all_or_none: bool, window: int, codes: list[int]
) -> None:
    made = transaction(count, pipelining=pipelining, all_or_none=all_or_none, window=window)
    final = None
    left = made.commands()
    for code in codes:
        if made.state is State.OVER:
            break
        if made.state is State.CONTENT:
            made.sent()
        if made.state is State.FINAL:
            final = code
        made.receive(SmarthostReply(code, None, ""))
        left += made.commands()
    if made.state is not State.OVER:
        made.lost(Trouble.CUT)
    result = made.result()
    assert len(result.answers) == count
    for answer in result.answers:
        assert (answer.outcome is A) <= (final is not None and 200 <= final < 300)
        assert (answer.outcome is U) <= (made.stage is Stage.FINAL and (final is None or final in (199, 354, 999)))
        assert (answer.outcome is R) <= (answer.reply is not None and 500 <= answer.reply.code < 600)
        assert (answer.outcome is R) <= (answer.reply is not None and answer.reply.code not in (530, 535, 538))
        assert (answer.outcome is None) <= (result.trouble is None and not all_or_none)
    if all_or_none:
        assert len({answer.outcome for answer in result.answers}) == 1 or result.trouble
    assert left.count(b"DATA\r\n") <= 1 and left.count(MAIL) == 1
    assert left.count(b"RCPT") <= count


@given(count=st.integers(1, 50), codes=st.lists(st.sampled_from([250, 450, 550]), min_size=50, max_size=50))
def test_pipelined_and_step_by_step_agree(count: int, codes: list[int]) -> None:
    results = []
    for pipelining in (True, False):
        made = transaction(count, pipelining=pipelining)
        made.commands()
        made.receive(SmarthostReply(250, None, ""))
        for code in codes[:count]:
            made.commands()
            made.receive(SmarthostReply(code, None, ""))
        data_left = pipelining or made.commands() == b"DATA\r\n"
        if data_left:
            made.receive(SmarthostReply(354 if 250 in codes[:count] else 554, None, ""))
        if made.state is State.CONTENT:
            made.sent()
            made.receive(SmarthostReply(250, None, ""))
        results.append(found(made))
    assert results[0] == results[1]
