"""What is sealed of a decision about a held message: who approved, decided and was asked, and when it leaves.

Contract: whoever can write the table but has no key makes nothing leave by itself, leave at once or in another form,
approves nothing and reopens nothing: what stands in the clear beside it must fit (THREATS.md T84).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ..core.lifecycle import OPEN, State
from ..guard.records import Approval, Escalation, HeldChange
from .instants import from_micros, to_micros
from .sealing import SealBroken, context

UNDECIDED: Mapping[str, Any] = {"approved_by": [], "decided_by": None, "note": None}


def bound_to(ref: str) -> bytes:
    return context("held", "decision", ref)


def after(change: HeldChange, was: Mapping[str, Any]) -> dict[str, Any]:
    """What is sealed after a change. Who decided and what they wrote is set by the act that ends the waiting."""
    now = {**was, "leaves_at": None if change.leaves_at is None else to_micros(change.leaves_at)}
    if change.released_as is not None:
        now["form"] = change.released_as
    if change.approved_by is not None:
        now["approved_by"] = list(change.approved_by)
    if change.approvals is not None:
        now["approvals"] = [_approval_to_json(each) for each in change.approvals]
    if change.escalated is not None:
        now["escalated"] = _escalation_to_json(change.escalated)
    if change.left_out is not None:
        now["left_out"] = list(change.left_out)
    if change.from_state is State.LEAVING and change.to_state is not State.RELEASING:
        now |= {"note": None, "form": None, "decided_by": None}
    if change.to_state in OPEN:
        return {**now, "decided_by": None, "note": change.note or now["note"]}
    if change.from_state in OPEN or change.to_state is State.CANCELLED:
        return {**now, "decided_by": change.actor, "note": change.note or now["note"]}
    return now


def refuse_forged(state: State, released_as: str | None, leaves_by_itself: bool, decision: Mapping[str, Any]) -> None:
    """SealBroken where state or form, which stand in the clear, say other than what is sealed."""
    waiting = state is not State.WAITING or leaves_by_itself
    approved = state is not State.APPROVED_ONCE or decision["approved_by"]
    decided = (state in OPEN) == (decision["decided_by"] is None)
    leaving = (state is State.LEAVING) == (decision.get("leaves_at") is not None)
    # What was sealed before the form was sealed too says nothing of it.
    form = "form" not in decision or decision["form"] == released_as
    if not (waiting and approved and decided and leaving and form):
        raise SealBroken("the state of a held message is not the one that was kept")


def leaves_at(decision: Mapping[str, Any]) -> datetime | None:
    at = decision.get("leaves_at")
    return None if at is None else from_micros(at)


def approvals(decision: Mapping[str, Any]) -> tuple[Approval, ...]:
    return tuple(
        Approval(each["by"], tuple(each["known_as"]), each["reason"], from_micros(each["at"]))
        for each in decision.get("approvals", ())
    )


def escalated(decision: Mapping[str, Any]) -> Escalation | None:
    kept = decision.get("escalated")
    return kept and Escalation(kept["to"], kept["by"], kept["note"], from_micros(kept["at"]))


def left_out(decision: Mapping[str, Any]) -> frozenset[str]:
    """Addresses of those who were taken off the message while it waited."""
    return frozenset(decision.get("left_out", ()))


def _approval_to_json(approval: Approval) -> dict[str, Any]:
    known_as = list(approval.known_as)
    return {"by": approval.by, "known_as": known_as, "reason": approval.reason, "at": to_micros(approval.at)}


def _escalation_to_json(asked: Escalation) -> dict[str, Any]:
    return {"to": asked.to, "by": asked.by, "note": asked.note, "at": to_micros(asked.at)}
