"""Somebody asks somebody else to decide about a held message: who can be asked, and what becomes of it.

Contract: nothing pauses and nothing else changes: the deadline stays, and everybody who could decide still can. Only
who may decide about this message can be asked; they are told without anything that the message, or the note, says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..core import words
from ..core.account import ESCALATION
from ..core.errors import AlreadyDecided, NotAllowed
from ..core.lifecycle import Act, State, after
from ..core.powers import covers_in_role, powers_of
from ..logs import logger
from . import entries
from .actor import Actor
from .notices import Notices
from .ports import Accounts, Clock, Quarantine
from .records import Account, Escalation, Held, HeldChange
from .review import already

log = logger("review")

ASKABLE = frozenset({State.HELD, State.APPROVED_ONCE})
"""A message that leaves by itself waits for nobody."""
MOST_TOLD = 50
"""Of a larger group the rest finds the message in the list."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """Whom one can ask. key: how a form names them. name: as people read it. addresses: of all who are meant."""

    key: str
    name: str
    addresses: tuple[str, ...]


class Escalations:
    """lets: whether somebody can sign in at all; who cannot is not asked."""

    def __init__(
        self,
        *,
        quarantine: Quarantine,
        accounts: Accounts,
        notices: Notices,
        clock: Clock,
        wake: Callable[[], None],
        lets: Callable[[Account], bool],
    ) -> None:
        self._quarantine = quarantine
        self._accounts = accounts
        self._notices = notices
        self._clock = clock
        self._wake = wake
        self._lets = lets

    async def whom(self, held: Held, actor: Actor) -> Sequence[Colleague]:
        """Whom this one can ask: groups first, then people by name. Nobody who could not decide about this message."""
        if held.state not in ASKABLE:
            return ()
        able = [each for each in await self._accounts.list() if self._lets(each) and _may_decide(each, held, actor)]
        leads = [each for each in able if covers_in_role(each.roles, ESCALATION, held.team)]
        groups = [
            Colleague(key, name, tuple(each.shown for each in members[:MOST_TOLD]))
            for key, name, members in (
                ("group:reviewers", words.ASKED_REVIEWERS, able if len(able) > 1 else []),
                ("group:escalation", words.ASKED_ESCALATION, leads),
            )
            if members
        ]
        return *groups, *(Colleague(f"account:{each.identifier}", each.shown, (each.shown,)) for each in able)

    async def escalate(self, ref: str, *, to: str, note: str, by: str, account: str, version: int) -> Held:
        """Ask somebody. to: the key of a Colleague.

        Raises UnknownReference, AlreadyDecided and NotAllowed (no note, their own message, nobody of that key).
        """
        actor = Actor(by, account=account)
        held = await self._quarantine.get(ref)
        if held.state not in ASKABLE or held.version != version:
            raise AlreadyDecided(already(held))
        if not note.strip():
            raise NotAllowed("who is asked to decide needs a note")
        actor.refuse_own(held)
        asked = next((each for each in await self.whom(held, actor) if each.key == to), None)
        if asked is None:
            raise NotAllowed("this person or group cannot be asked about this message")
        now = self._clock.now()
        change = HeldChange(
            ref=ref,
            version=version,
            from_state=held.state,
            to_state=after(held.state, Act.ESCALATE),
            actor=by,
            at=now,
            escalated=Escalation(asked.name, by, note, now),
        )
        told = self._notices.reviewers.asked(held, asked.addresses, now)
        record = entries.acted("decision_escalated", held, now, actor, note, told=len(told))
        record = replace(record, evidence={**(record.evidence or {}), "to": asked.name})
        done = await self._quarantine.change(change, [record, *entries.queued(ref, now, told, "reviewers")], told)
        self._wake()
        log.info("held_message_escalated", ref=ref, told=len(told))
        return done


def _may_decide(account: Account, held: Held, asker: Actor) -> bool:
    other = Actor(account.shown, account=account.identifier)
    able = not account.disabled and powers_of(account.roles).reads.covers(held.team)
    return able and account.identifier != asker.account and not other.has_sent(held) and not other.has_approved(held)
