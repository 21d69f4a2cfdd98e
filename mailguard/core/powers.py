"""What the roles of an account let it see and do in the console: in whose mail, and how much of it. Pure.

Contract: roles add up, and none takes another's power away. A role for one team says nothing about the mail of senders
who belong to no team. INVARIANT: nobody reads a subject, an address or a text by being an admin (CONSOLE.md "Roles").
Seeing values unmasked, and taking a message along, are given beside the role of a reviewer and count where it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .account import ADMIN, DOWNLOAD, ESCALATION, REVEAL, REVIEWER, VIEWER


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose mail: of everybody, or of some teams. The empty scope covers nothing."""

    everybody: bool = False
    teams: frozenset[str] = frozenset()

    def covers(self, team: str | None) -> bool:
        """Whether mail of that team is meant; None: of a sender in no team."""
        return self.everybody or team in self.teams

    def __bool__(self) -> bool:
        return self.everybody or bool(self.teams)

    def __or__(self, other: Scope) -> Scope:
        return Scope(self.everybody or other.everybody, self.teams | other.teams)

    def __and__(self, other: Scope) -> Scope:
        if self.everybody or other.everybody:
            return other if self.everybody else self
        return Scope(teams=self.teams & other.teams)


@dataclass(frozen=True, slots=True)
class Powers:
    """sees: held messages with reason, counts and times. reads: also subjects, people and text. admin: looks after
    accounts and settings. reveals: values of attachments unmasked. downloads: messages and attachments as they are.
    registers: keeps the register of incidents, which is the whole organisation's.
    """

    sees: Scope = Scope()
    reads: Scope = Scope()
    admin: bool = False
    reveals: Scope = Scope()
    downloads: Scope = Scope()
    registers: bool = False

    @property
    def uses_console(self) -> bool:
        """Whether the account may sign in to the console at all."""
        return self.admin or bool(self.sees)


def powers_of(roles: Sequence[str]) -> Powers:
    """The powers of all roles of an account together."""
    reads = _scope(roles, REVIEWER)
    admin = ADMIN in roles
    sees = reads | _scope(roles, VIEWER) | _scope(roles, ESCALATION) | Scope(everybody=admin)
    # Who answers for everybody's mail: a record is of no team, and its reports go to the regulator.
    registers = admin or reads.everybody or ESCALATION in roles
    return Powers(sees, reads, admin, _scope(roles, REVEAL) & reads, _scope(roles, DOWNLOAD) & reads, registers)


def covers_in_role(roles: Iterable[str], role: str, team: str | None) -> bool:
    """Whether this one role is held for mail of that team."""
    return _scope(roles, role).covers(team)


def _scope(roles: Iterable[str], role: str) -> Scope:
    roles = tuple(roles)
    teams = {each.removeprefix(f"{role}:") for each in roles if each.startswith(f"{role}:")}
    return Scope(role in roles, frozenset(teams))
