"""What is asked of the audit trail, and what comes back, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ...core.powers import Scope
from ..records import Entry


class Group(StrEnum):
    """Kinds of entries that somebody looks for together. They stand in addresses."""

    DECISIONS = "decisions"
    VIEWS = "views"
    EXPORTS = "exports"
    SIGN_INS = "sign-ins"
    ACCOUNTS = "accounts"
    POLICY = "policy"
    NOTICES = "notices"
    MAIL = "mail"
    DELIVERY = "delivery"
    UPKEEP = "upkeep"
    CANARY = "self-test"
    REGISTER = "register"
    OTHER = "other"


_GROUPS: Mapping[Group, str] = {
    Group.DECISIONS: (
        "message_held release_approved release_decided release_stopped message_released release_rejected "
        "recipients_left_out hold_cancelled hold_expired decision_escalated message_assigned urgent_called note_added "
        "hold_called_wrong wrong_call_withdrawn"
    ),
    Group.VIEWS: "content_viewed content_revealed content_downloaded",
    Group.EXPORTS: "trail_exported held_exported register_exported pack_exported",
    Group.SIGN_INS: "console_signed_in console_signed_out console_second_factor_set console_link_used",
    Group.ACCOUNTS: (
        "account_added account_password_changed account_roles_changed account_mailbox_changed account_disabled "
        "account_enabled account_removed account_rehashed account_sessions_ended account_factor_reset "
        "account_shortcuts_changed console_link_made view_saved view_removed"
    ),
    Group.POLICY: "policy_loaded",
    Group.NOTICES: "notice_queued sender_not_told decision_reminded decision_pressed week_summarised",
    Group.MAIL: (
        "message_decided message_rejected message_looped message_relayed message_refused message_deferred "
        "message_uncertain"
    ),
    Group.DELIVERY: (
        "copies_queued recipients_queued copy_delivered copy_deferred copy_bounced outbox_retried outbox_dropped"
    ),
    Group.UPKEEP: (
        "evidence_erased evidence_purged held_purged incidents_purged ledgers_witnessed store_backed_up store_copied "
        "store_restored trail_checked"
    ),
    Group.CANARY: "canary_recorded canary_passed canary_failed",
    Group.REGISTER: "incident_added incident_revised clock_reminded apology_queued",
}
GROUPS: Mapping[Group, frozenset[str]] = {group: frozenset(kinds.split()) for group, kinds in _GROUPS.items()}
"""Every kind that is in none of them is in the group OTHER."""

OF_NOBODY = (
    GROUPS[Group.MAIL] | GROUPS[Group.CANARY] | {"copies_queued", "copy_delivered", "copy_deferred", "copy_bounced"}
)
"""Kinds in which no person acts: most of a ledger, and nothing to look through for a name."""

FOR_EVERYBODY = frozenset({"policy_loaded", "canary_passed", "canary_failed"})
"""Kinds that are about no message and no person: whoever may open the trail sees them."""


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """scope: whose messages' entries, None for every entry that there is. group: None for all kinds. ref: of one
    message. person: the name of who acted, or whose account an entry is about; names: of the accounts of who is called
    so and signs in elsewhere. at_from is counted in, at_before not.
    """

    scope: Scope | None
    group: Group | None = None
    ref: str | None = None
    person: str | None = None
    names: tuple[str, ...] = ()
    at_from: datetime | None = None
    at_before: datetime | None = None


Place = Mapping[str, int]
"""Where in the trail a page begins: of each ledger the entries before this sequence."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry with the names that its evidence knows, as long as that is kept. who: who acted. account: the name of
    the account that it is about.
    """

    entry: Entry
    who: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class TrailPage:
    """entries: newest first. found: of all pages. older: where the next page begins, None on the last one."""

    entries: tuple[Recorded, ...]
    found: int
    older: Place | None


@dataclass(frozen=True, slots=True)
class TrailCheck:
    """The last check of the trail. by: who asked for it. ended_at: None while it runs. failed: it could not be brought
    to its end. entries: how many were read. troubles: the first that do not match, as (ledger, sequence, kind);
    trouble_count: all of them.
    """

    by: str
    began_at: datetime
    ended_at: datetime | None = None
    failed: bool = False
    entries: int = 0
    trouble_count: int = 0
    troubles: tuple[tuple[str, int | None, str], ...] = field(default=())

    @property
    def running(self) -> bool:
        return self.ended_at is None

    @property
    def broken(self) -> bool:
        return self.trouble_count > 0
