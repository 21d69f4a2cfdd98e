"""The life of a held message as one table; a pair that is not in it is an IllegalTransition.

docs/operating.md prints this table from the code.
"""

from __future__ import annotations

from enum import StrEnum

from .errors import IllegalTransition


class State(StrEnum):
    """INTERFACE.md `held list --json`. LEAVING: somebody decided to send it, and can still be stopped (review.py)."""

    HELD = "held"
    WAITING = "waiting"
    APPROVED_ONCE = "approved_once"
    LEAVING = "leaving"
    RELEASING = "releasing"
    RELEASED = "released"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Act(StrEnum):
    APPROVE = "approve"
    RELEASE = "release"
    REJECT = "reject"
    CANCEL = "cancel"
    EXPIRE = "expire"
    COMPLETE = "complete"
    STOP = "stop"
    SEND = "send"
    ESCALATE = "escalate"
    LEAVE_OUT = "leave_out"


TRANSITIONS: dict[tuple[State, Act], State] = {
    (State.HELD, Act.APPROVE): State.APPROVED_ONCE,
    (State.HELD, Act.ESCALATE): State.HELD,
    (State.HELD, Act.SEND): State.LEAVING,
    (State.HELD, Act.RELEASE): State.RELEASING,
    (State.HELD, Act.REJECT): State.REJECTED,
    (State.HELD, Act.CANCEL): State.CANCELLED,
    (State.HELD, Act.EXPIRE): State.EXPIRED,
    (State.WAITING, Act.LEAVE_OUT): State.WAITING,
    (State.WAITING, Act.SEND): State.LEAVING,
    (State.WAITING, Act.RELEASE): State.RELEASING,
    (State.WAITING, Act.REJECT): State.REJECTED,
    (State.WAITING, Act.CANCEL): State.CANCELLED,
    (State.WAITING, Act.STOP): State.HELD,
    (State.APPROVED_ONCE, Act.APPROVE): State.APPROVED_ONCE,
    (State.APPROVED_ONCE, Act.ESCALATE): State.APPROVED_ONCE,
    (State.APPROVED_ONCE, Act.SEND): State.LEAVING,
    (State.APPROVED_ONCE, Act.RELEASE): State.RELEASING,
    (State.APPROVED_ONCE, Act.REJECT): State.REJECTED,
    (State.APPROVED_ONCE, Act.CANCEL): State.CANCELLED,
    (State.APPROVED_ONCE, Act.EXPIRE): State.EXPIRED,
    (State.LEAVING, Act.RELEASE): State.RELEASING,
    (State.LEAVING, Act.STOP): State.HELD,
    (State.LEAVING, Act.CANCEL): State.CANCELLED,
    (State.RELEASING, Act.COMPLETE): State.RELEASED,
}

OPEN = frozenset({State.HELD, State.WAITING, State.APPROVED_ONCE})
"""Undecided: a decision or the deadline can still end it."""

TERMINAL = frozenset({State.RELEASED, State.REJECTED, State.CANCELLED, State.EXPIRED})


def after(state: State, act: Act) -> State:
    """The state that an act leads to. IllegalTransition where the table has none."""
    try:
        return TRANSITIONS[state, act]
    except KeyError:
        raise IllegalTransition(f'"{act}" is not possible while the message is "{state}"') from None
