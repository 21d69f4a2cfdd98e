"""What is asked of the held messages, and what comes back, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ...core.lifecycle import OPEN, State
from ...core.powers import Scope

UNDECIDED = frozenset({State.HELD, State.APPROVED_ONCE})


class View(StrEnum):
    """Saved views that everybody has. They stand in addresses."""

    NEEDED = "needs-a-decision"
    SOON = "due-soon"
    MINE = "mine"
    ESCALATED = "escalated"
    SECOND = "second-approval"
    LEAVING = "sent-by-itself"
    DECIDED = "decided"
    ALL = "all"


STATES: Mapping[View, frozenset[State]] = {
    View.NEEDED: UNDECIDED,
    View.SOON: UNDECIDED,
    View.MINE: UNDECIDED,
    View.ESCALATED: UNDECIDED,
    View.SECOND: frozenset({State.APPROVED_ONCE}),
    View.LEAVING: frozenset({State.WAITING, State.LEAVING}),
    View.DECIDED: frozenset(State) - OPEN,
    View.ALL: frozenset(State),
}


class Order(StrEnum):
    """They stand in addresses."""

    DEADLINE = "deadline"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class HeldFilter:
    """What can be asked without opening a message: everybody's mail in a scope, in these states, in these times (the
    earlier counted in, the later not). team: of the sender, None for any. refs: none but these. assigned_to: an
    account that has taken them on. escalated: only those about which somebody asked somebody else to decide.
    """

    scope: Scope
    states: frozenset[State]
    team: str | None = None
    due_before: datetime | None = None
    received_from: datetime | None = None
    received_before: datetime | None = None
    decided_from: datetime | None = None
    refs: tuple[str, ...] | None = None
    assigned_to: str | None = None
    escalated: bool = False
    order: Order = Order.DEADLINE


@dataclass(frozen=True, slots=True)
class Item:
    """A held message in the list. consequence: the worst reason; more_reasons: how many others there are.
    subject, sender: None where the visitor may not read them; sender empty for the null path. people: how many outside
    it goes to, at how many domains; domain: the one that it goes to, for who may read it; inside: how many inside.
    urgent: why its sender says that it cannot wait, empty for who may not read it, None where they do not say so.
    assigned_to, assigned_account: name and account of who took on what is undecided.
    """

    ref: str
    state: State
    team: str | None
    consequence: str
    more_reasons: int
    rules: tuple[str, ...]
    subject: str | None
    sender: str | None
    people: int
    domains: int
    domain: str | None
    inside: int
    received_at: datetime
    due_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    released_as: str | None
    escalated_to: str | None = None
    urgent: str | None = None
    version: int = 1
    assigned_to: str | None = None
    assigned_account: str | None = None
    reached_nobody: bool = False


@dataclass(frozen=True, slots=True)
class QueuePage:
    """items: of this page. found: of all pages. page: from 1, of `pages`. needed: how many in the visitor's scope need
    a decision, whatever is searched for.
    """

    items: tuple[Item, ...]
    found: int
    page: int
    pages: int
    needed: int


@dataclass(frozen=True, slots=True)
class Today:
    """checked: of everybody's mail since midnight; last_at: the last of them. held: of the visitor's scope."""

    checked: int
    held: int
    last_at: datetime | None
