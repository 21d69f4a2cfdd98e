"""Trying a message: what would happen to it, by the same judge and the same inspector as real mail.

INVARIANT: nothing is kept, sent or remembered of a message that is tried, and no later message is judged otherwise for
it. Only that somebody looked at a held message is in the ledger. What earlier messages did is not asked.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ...core.envelope import Envelope
from ...core.errors import MailguardError, NotAllowed, UnknownReference
from ...core.mail.message import Buffer, Message
from ...core.mail.parse import parse
from ...core.observation import Observation, inspected, observe
from ...core.organisation import Organisation
from ...core.policy.explain import Trace, explain
from ...core.policy.judge import judge
from ...core.policy.load import Policy
from ...core.policy.trial import assumed_envelope
from ...core.powers import Powers
from ...core.verdict import Inspection, Verdict
from ..memory import InvitationMemory
from ..ports import Blobs, Clock, Inspector, Ledger, Quarantine
from .sessions import Visitor, noted

MOST_OCTETS = 25 * 1024 * 1024
SECONDS = 60.0
AT_ONCE = 2
"""Trials at the same time: each may hold a whole message, and take a worker from mail for as long as it lasts."""


class Busy(MailguardError):
    """Others are trying messages; it can be tried again in a moment."""


@dataclass(frozen=True, slots=True)
class Tried:
    """verdict: what would happen. traces: of each rule every condition, the value found and whether it holds.
    recipients: how many it was tried for. inspections: of the parts that a rule asked about.
    """

    verdict: Verdict
    traces: tuple[Trace, ...]
    recipients: int
    inspections: tuple[Inspection, ...] = ()


class Trials:
    """policy: the one in force; MailguardError where there is none."""

    def __init__(
        self,
        *,
        policy: Callable[[], Policy],
        organisation: Organisation,
        inspector: Inspector,
        memory: InvitationMemory,
        quarantine: Quarantine,
        blobs: Blobs,
        ledger: Ledger,
        clock: Clock,
    ) -> None:
        self._policy = policy
        self._organisation = organisation
        self._inspector = inspector
        self._memory = memory
        self._quarantine = quarantine
        self._blobs = blobs
        self._ledger = ledger
        self._clock = clock
        self._running = 0

    def may_try(self, powers: Powers) -> bool:
        """Whether somebody may try messages at all (CONSOLE.md "Roles": reviewers and admins)."""
        return powers.admin or bool(powers.reads)

    async def text(self, visitor: Visitor, raw: Buffer, sender: str | None, recipients: Sequence[str]) -> Tried:
        """What would happen to these octets. sender: None for who claims to be it. recipients: none for those that the
        message names. NotAllowed, Busy, MailguardError.
        """
        self._refuse(visitor)
        return await self._one_of_few(raw, lambda message: assumed_envelope(message, sender, recipients))

    async def held(self, visitor: Visitor, ref: str) -> Tried:
        """What would happen today to a held message, for who may read it. NotAllowed, UnknownReference, Busy."""
        self._refuse(visitor)
        held = await self._quarantine.get(ref)
        if not visitor.powers.reads.covers(held.team):
            raise UnknownReference(f'there is no message "{ref}"')
        if held.blob is None:
            raise NotAllowed("the text of this message was removed by its retention")
        raw = await self._blobs.read(held.blob)
        if await asyncio.to_thread(_sha256, raw) != held.content_sha256:
            raise MailguardError("the stored message is not the one that was held")
        looked = noted("content_viewed", visitor.account, self._clock, version=held.version, what="trial")
        await self._ledger.append([replace(looked, ref=ref)])
        return await self._one_of_few(raw, lambda _: held.envelope)

    def _refuse(self, visitor: Visitor) -> None:
        if not self.may_try(visitor.powers):
            raise NotAllowed("messages are tried by reviewers and admins")

    async def _one_of_few(self, raw: Buffer, envelope_of: Callable[[Message], Envelope]) -> Tried:
        if self._running >= AT_ONCE:
            raise Busy("others are trying messages just now")
        self._running += 1
        try:
            async with asyncio.timeout(SECONDS):
                return await self._tried(raw, envelope_of)
        except TimeoutError:
            raise Busy("it took too long") from None
        finally:
            self._running -= 1

    async def _tried(self, raw: Buffer, envelope_of: Callable[[Message], Envelope]) -> Tried:
        policy = self._policy()

        def seen_of() -> tuple[Message, Envelope, Observation]:
            message = parse(raw)
            envelope = envelope_of(message)
            return message, envelope, observe(message, envelope, self._organisation, None, None, None)

        message, envelope, seen = await asyncio.to_thread(seen_of)
        inspections: dict[str, Inspection] = {}
        history: Mapping[str, str] | None = None
        while True:
            known = await asyncio.to_thread(_known, seen, inspections, history)
            found = await asyncio.to_thread(judge, known, policy, self._clock.now())
            if isinstance(found, Verdict):
                traces = await asyncio.to_thread(explain, known, policy, found)
                return Tried(found, traces, len(envelope.recipients), tuple(inspections.values()))
            parts = [each for each in found.inspections if each not in inspections]
            if found.history and history is None:
                history = await self._memory.recall(found.history)
            elif parts:
                answers = await self._inspector.inspect(message, parts)
                inspections |= {each.part: each for each in answers}
            else:
                raise MailguardError("the policy asks for something that a trial cannot tell")


def _known(seen: Observation, inspections: Mapping[str, Inspection], history: Mapping[str, str] | None) -> Observation:
    return replace(inspected(seen, inspections), history=history)


def _sha256(raw: Buffer) -> str:
    return hashlib.sha256(raw).hexdigest()
