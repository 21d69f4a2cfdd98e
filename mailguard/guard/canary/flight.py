"""One message of the canary on its way: submitted, stopped, let go as separate copies, and compared at the end.

INVARIANT: whatever happens on the way ends in a Landing, within its time.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Protocol

from ...core.canary.compare import Arrival, compare
from ...core.canary.plant import Planted
from ...core.canary.problems import Problem
from ...core.errors import CannotRewrite
from ...core.lifecycle import State
from ...core.policy.leaving import Form, allows
from ...core.reply import Reply
from ...core.verdict import Disposition, Rewrite
from ...logs import logger
from ..records import Held
from ..review import Review
from ..steps import bounded
from .track import Track

log = logger("canary")

PILOTS = ("mailguard-canary-1", "mailguard-canary-2")
"""Who releases a message of the canary; two of them, for rules that want two approvals."""
REASON = "the canary"


class Ground(Protocol):
    """The real way for one message, with a sink of its own at the end in place of the smarthost."""

    @property
    def track(self) -> Track: ...
    @property
    def review(self) -> Review: ...
    @property
    def arrivals(self) -> Sequence[Arrival]:
        """What the sink got so far."""
        ...

    async def submit(self) -> Reply:
        """Submit the message over SMTP, once. The answer to it."""
        ...

    async def is_recorded(self) -> bool:
        """Whether the decision about the message can be read in the ledger."""
        ...


class Grounds(Protocol):
    def open(self, planted: Planted, *, rewriting_only: bool = False) -> AbstractAsyncContextManager[Ground]:
        """The way for this message. Closing it leaves nothing of it but its entries.

        rewriting_only: under a policy that sends separate copies, in place of the one in force.
        """
        ...


@dataclass(frozen=True, slots=True)
class Landing:
    """How it ended. problem: None where all was as it must be. rule: the one that decided. copies: how many arrived.

    form: in which it left; None where it was refused or could only be kept, or left as it was written. watching: rules
    that saw it and would have acted, but are in monitor mode.
    """

    planted: Planted
    problem: Problem | None
    ref: str | None = None
    rule: str | None = None
    form: Rewrite | None = None
    copies: int = 0
    watching: tuple[str, ...] = ()


async def fly(planted: Planted, grounds: Grounds, seconds: float) -> Landing:
    """Send it the whole way. Where no form of it may leave, that rewriting works is tried by itself.

    seconds: for each way.
    """
    landing = await _fly(planted, grounds, seconds, rewriting_only=False)
    if landing.problem is not None or landing.form is not None:
        return landing
    beside = await _fly(planted, grounds, seconds, rewriting_only=True)
    return replace(landing, problem=beside.problem, form=beside.form, copies=beside.copies)


async def _fly(planted: Planted, grounds: Grounds, seconds: float, *, rewriting_only: bool) -> Landing:
    try:
        return await bounded(_over(planted, grounds, seconds / 2, rewriting_only), seconds)
    except TimeoutError:
        return Landing(planted, Problem.TIMED_OUT)
    except Exception as cause:
        log.error("canary_flight_failed", message=planted.kind.value, cause=cause)
        return Landing(planted, Problem.FAILED)


async def _over(planted: Planted, grounds: Grounds, seconds: float, rewriting_only: bool) -> Landing:
    """The inner time is shorter, so that closing the ground has its own."""
    async with grounds.open(planted, rewriting_only=rewriting_only) as ground:
        try:
            return await bounded(_cross(planted, ground), seconds)
        except TimeoutError:
            return _landing(planted, ground, Problem.TIMED_OUT)


async def _cross(planted: Planted, ground: Ground) -> Landing:
    reply = await ground.submit()
    track = ground.track
    if track.ref is None:
        return _landing(planted, ground, Problem.NOT_RECORDED if 200 <= reply.code < 300 else Problem.DEFERRED)
    if not await ground.is_recorded():
        return _landing(planted, ground, Problem.NOT_RECORDED)
    if track.held is not None and _is_kept(track.held):
        return _landing(planted, ground, Problem.STRANGER if ground.arrivals else None)
    if track.held is not None:
        try:
            form = await _release(track.held, ground.review)
        except CannotRewrite:
            return _landing(planted, ground, Problem.CANNOT_REWRITE)
    elif track.decision["disposition"] == Disposition.REJECT:
        return _landing(planted, ground, Problem.STRANGER if ground.arrivals else None)
    elif not 200 <= reply.code < 300:
        return _landing(planted, ground, Problem.FAILED)
    else:
        form = Rewrite(track.decision["rewrite"]) if track.decision["rewrite"] else None
    if form is None:
        return _landing(planted, ground, Problem.NOT_STOPPED)
    if track.held is not None or form is Rewrite.SEPARATE:
        await track.settled()
    return replace(_landing(planted, ground, compare(planted, ground.arrivals, form)), form=form)


def _form(held: Held) -> Form | None:
    """In which a person can release it so that nobody is shown; None where its rules leave no such form."""
    forms: tuple[Form, ...] = ("separate", "bcc")
    return next((form for form in forms if allows(held.release_as, form)), None)


def _is_kept(held: Held) -> bool:
    """Whether it stays as if it had been refused: it does not leave by itself, and nobody can release it so."""
    return held.state is not State.WAITING and _form(held) is None


async def _release(held: Held, review: Review) -> Rewrite | None:
    """The form in which it leaves. A message that would leave by itself leaves as it would; others separately.

    Where its rules allow no separate copies, in the form that they allow.
    """
    if held.state is State.WAITING:
        if held.offers is None:
            return None
        await review.leave(held)
        return Rewrite(held.offers)
    form = _form(held)
    assert form is not None
    for pilot in PILOTS[: held.approvals_needed]:
        await review.release(held.ref, form=form, reason=REASON, by=pilot, system_user=pilot)
    return Rewrite(form)


def _landing(planted: Planted, ground: Ground, problem: Problem | None) -> Landing:
    decision = ground.track.decision
    rules = decision.get("rules", ())
    watching = [rule["id"] for rule in rules if rule["matched"] and rule["mode"] == "monitor"]
    return Landing(
        planted,
        problem,
        ground.track.ref,
        decision.get("deciding"),
        copies=len(ground.arrivals),
        watching=tuple(watching),
    )
