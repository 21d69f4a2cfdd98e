"""The same act for several held messages: each is decided by itself, and of each it is said what became of it.

INVARIANT: every message goes through guard.review, guard.escalation or the assignments by itself, with the version that
the form was shown with; what cannot be done to one does not stop the others, and is never left out of the answer.
Sending is no act of these: whether it is right is looked at one message at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ...core.errors import AlreadyDecided, NotAllowed, UnknownReference
from ...core.lifecycle import OPEN
from ...logs import logger
from ..escalation import Colleague
from ..records import Held
from .assigning import Assigning
from .choices import Choice
from .deciding import Deciding
from .queue_records import UNDECIDED
from .sessions import Visitor

log = logger("console")

MOST = 50


class Act(StrEnum):
    """They stand in forms."""

    REJECT = "reject"
    ASK = "ask"
    ASSIGN = "assign"


class Why(StrEnum):
    """Why a message was not changed. They stand in the address of the result.

    DECIDED: it needs no decision any more. CHANGED: something else has happened to it since. MISSING: there is none in
    the visitor's scope. ROLE: this one may not decide. OWN: they sent it. LEAVES: it leaves by itself. NOBODY: whoever
    is asked could not decide about it. FAILED: an error of ours; whether it was changed, its page says.
    """

    DECIDED = "decided"
    CHANGED = "changed"
    MISSING = "missing"
    ROLE = "role"
    OWN = "own"
    LEAVES = "leaves"
    NOBODY = "nobody"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Picked:
    """A message that was ticked: at which version it was shown, and whose it was, None for nobody's."""

    ref: str
    version: int
    was: str | None = None


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What an act would do to a message. held: None where there is none for this visitor, or what it says is not for
    them. why: why it would not be changed, None where it would. colleagues: whom one can ask about it. was, was_name:
    account and name of who has it now.
    """

    ref: str
    held: Held | None = None
    why: Why | None = None
    colleagues: tuple[Colleague, ...] = ()
    was: str | None = None
    was_name: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """why: why it was not changed, None where it was."""

    ref: str
    why: Why | None = None


class Bulk:
    def __init__(self, *, deciding: Deciding, assigning: Assigning) -> None:
        self._deciding = deciding
        self._assigning = assigning

    async def foresee(self, visitor: Visitor, act: Act, picks: Sequence[Picked]) -> Sequence[Foreseen]:
        """What would happen to each, in their order. Changes nothing."""
        return [await self._foreseen(visitor, act, each) for each in picks]

    async def act(
        self, visitor: Visitor, act: Act, picks: Sequence[Picked], *, note: str = "", to: str = ""
    ) -> Sequence[Result]:
        """Do it to each, in their order. note: for the senders, or for who is asked. to: the key of who is asked."""
        return [await self._done(visitor, act, each, note, to) for each in picks]

    async def _foreseen(self, visitor: Visitor, act: Act, pick: Picked) -> Foreseen:
        try:
            held = await self._deciding.open(pick.ref, visitor)
        except UnknownReference:
            return Foreseen(pick.ref, why=Why.MISSING)
        except NotAllowed:
            return Foreseen(pick.ref, why=await self._forbidden(visitor, pick.ref))
        if held.state not in OPEN:
            return Foreseen(pick.ref, held, Why.DECIDED)
        if held.version != pick.version:
            return Foreseen(pick.ref, held, Why.CHANGED)
        try:
            options = await self._deciding.options(held, visitor)
        except NotAllowed:
            return Foreseen(pick.ref, held, Why.OWN)
        if act is not Act.REJECT and held.state not in UNDECIDED:
            return Foreseen(pick.ref, held, Why.LEAVES)
        if act is Act.ASK and Choice.ESCALATE not in options.allowed:
            return Foreseen(pick.ref, held, Why.NOBODY)
        has = await self._assigning.whose(pick.ref)
        name, was = (has.name, has.account) if has else (None, None)
        return Foreseen(pick.ref, held, None, options.colleagues, was, name)

    async def _done(self, visitor: Visitor, act: Act, pick: Picked, note: str, to: str) -> Result:
        try:
            foreseen = await self._foreseen(visitor, act, pick)
            if foreseen.why is not None or foreseen.held is None:
                return Result(pick.ref, foreseen.why)
            if act is Act.ASK and to not in {each.key for each in foreseen.colleagues}:
                return Result(pick.ref, Why.NOBODY)
            if act is Act.ASSIGN:
                await self._assigning.take(foreseen.held, visitor, pick.version, pick.was)
            else:
                choice = Choice.REJECT if act is Act.REJECT else Choice.ESCALATE
                await self._deciding.decide(pick.ref, choice, visitor, version=pick.version, note=note, to=to)
        except AlreadyDecided:
            return Result(pick.ref, await self._overtaken(visitor, pick.ref))
        except UnknownReference:
            return Result(pick.ref, Why.MISSING)
        except NotAllowed:
            return Result(pick.ref, Why.NOBODY if act is Act.ASK else Why.OWN)
        except Exception as cause:
            # The others have their own turn, and what was done before stays done: all of it has to be said.
            log.error("bulk_act_failed", ref=pick.ref, act=act.value, cause=cause)
            return Result(pick.ref, Why.FAILED)
        return Result(pick.ref)

    async def _overtaken(self, visitor: Visitor, ref: str) -> Why:
        try:
            held = await self._deciding.seen(ref, visitor)
        except UnknownReference:
            return Why.MISSING
        except Exception as cause:
            log.error("bulk_act_failed", ref=ref, cause=cause)
            return Why.FAILED
        return Why.CHANGED if held.state in OPEN else Why.DECIDED

    async def _forbidden(self, visitor: Visitor, ref: str) -> Why:
        """They see it and may not decide: for want of a role, or because they sent it."""
        held = await self._deciding.seen(ref, visitor)
        return Why.OWN if visitor.powers.reads.covers(held.team) else Why.ROLE
