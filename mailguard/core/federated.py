"""People who sign in with their organisation's own sign-in service: by what they are known here, and what they may do.

INVARIANT: somebody is issuer and subject together, letter for letter, and nothing else (OpenID Connect Core 1.0 section
5.7): a mailbox is given to somebody else one day, and a subject means nothing at another issuer. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

PREFIX = "oidc:"
"""No account of the guard's own has a name that begins so (core.account.name_fault)."""
MOST_SUBJECT_CHARACTERS = 255
"""OpenID Connect Core 1.0 section 2, `sub`."""


@dataclass(frozen=True, slots=True)
class GroupRoles:
    """What the members of a group of the sign-in service may do here."""

    group: str
    roles: tuple[str, ...]


def federated_name(issuer: str, subject: str) -> str:
    """The name of their account. Names are compared without regard to case, subjects are not: so it is a hash.

    A subject that two people share cannot be made: 128 bits, and whoever finds the account compares both.
    """
    digest = hashlib.sha256(f"{len(issuer)}\0{issuer}\0{subject}".encode()).hexdigest()
    return f"{PREFIX}{digest[:32]}"


def roles_from(groups: Collection[str], mapping: Sequence[GroupRoles]) -> tuple[str, ...]:
    """What somebody in these groups may do: the roles of all of them together, in the order of the mapping."""
    found = [role for each in mapping if each.group in groups for role in each.roles]
    return tuple(dict.fromkeys(found))
