"""The values that cross the ports: small, frozen, serialisable.

The store keeps the addresses in them encrypted or as keyed hashes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..core.earlier.files import SentFiles
from ..core.earlier.past import Past, SameFile
from ..core.envelope import Envelope, Recipient
from ..core.lifecycle import State
from ..core.outcome import Outcome, RecipientOutcome
from ..core.place import Place
from ..core.rewrite.content import Edit

GUARD = "mailguard"
"""Who the record says decided, where nobody did."""


@dataclass(frozen=True, slots=True)
class RecipientRecord:
    """What an entry says of one recipient. The chain holds a keyed hash in place of the address."""

    address: str
    outcome: Outcome | None = None
    code: int | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to append to the ledger.

    kind: past participle, listed in docs/operating.md. fields: JSON values, no address, subject or text.
    recipients: turned into keyed hashes before they are chained. evidence: what only the encrypted evidence record
    holds (addresses, subject, outcome by recipient); the entry commits to its hash. None writes no evidence record.
    claims_ref: the first entry of a message: ReferenceTaken if another message has that reference.
    exceptions: (rule, exception) of each match that an exception spared, counted in the same durable step.
    """

    kind: str
    ref: str | None
    at: datetime
    fields: Mapping[str, Any] = field(default_factory=dict)
    recipients: tuple[RecipientRecord, ...] = ()
    evidence: Mapping[str, Any] | None = None
    claims_ref: bool = False
    exceptions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it stands in a ledger. `fields` holds what `audit list --json` prints besides the fixed keys."""

    ledger: str
    sequence: int
    at: datetime
    kind: str
    ref: str | None
    hash: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Announced:
    """A message that was written down before it leaves. token: what it is settled or withdrawn by. past: what earlier
    messages say about it.
    """

    token: str
    past: Past


@dataclass(frozen=True, slots=True)
class AnnouncedFiles:
    """Likewise of the files that it brings to people outside. files: those that can be compared."""

    token: str
    files: tuple[SameFile, ...]


@dataclass(frozen=True, slots=True)
class WrittenDown:
    """Both, where the rules ask for them. past: all that earlier messages say. sent: what is known of its files."""

    list: Announced | None
    files: AnnouncedFiles | None
    past: Past
    sent: SentFiles | None = None


@dataclass(frozen=True, slots=True)
class ExceptionUse:
    """How often an exception of a rule has spared a message, and when it last did."""

    rule: str
    exception: str
    uses: int
    last_used_at: datetime


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to make. password_hash: the encoded hash (PHC string format); empty for who has none here."""

    name: str
    password_hash: str = field(repr=False)
    roles: tuple[str, ...]
    at: datetime
    federated: Federated | None = None


@dataclass(frozen=True, slots=True)
class Federated:
    """Somebody who signs in with the organisation's own sign-in service. issuer, subject: who it is, letter for letter.
    mailbox: confirmed there when they signed in last.
    """

    issuer: str
    subject: str
    mailbox: str


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the guard's own, or what it keeps of who signs in elsewhere. identifier: the keyed hash of its
    name, as the ledger knows it; it stays the same for as long as the account lives. name: as it was written. version:
    goes up with each change. second_factor: the secret of its one-time codes (Base32), None where it has none yet;
    second_factor_step: of the last code used. shortcuts: whether single keys move about in the console. federated: who
    signs in elsewhere; then there is no password and no second factor here, and roles are those of the last sign-in.
    """

    identifier: str
    version: int
    name: str
    password_hash: str = field(repr=False)
    roles: tuple[str, ...]
    created_at: datetime
    changed_at: datetime
    disabled: bool = False
    second_factor: str | None = field(default=None, repr=False)
    second_factor_step: int = 0
    shortcuts: bool = False
    federated: Federated | None = None

    @property
    def shown(self) -> str:
        """What people call it: of who signs in elsewhere the mailbox, for their name here is a number."""
        return self.federated.mailbox if self.federated else self.name


@dataclass(frozen=True, slots=True)
class NewHeld:
    """A message to put into the quarantine. Its raw bytes are handed over beside it.

    top: what goes above it when it is released: the trace field of its submission, and what its client left out.
    release_as: the forms in which it may leave, None for any; empty where it can only be not sent.
    canary: the run of the canary that it belongs to; None for everybody's mail. deciding: the rule that `reason` is of,
    None where it is of none; places: by rule what its reason speaks of.
    """

    ref: str
    received_at: datetime
    due_at: datetime
    envelope: Envelope
    sender: str
    subject: str
    reason: str
    rules: tuple[str, ...]
    offers: str | None
    decision: Mapping[str, Any]
    policy_revision: str
    content_sha256: str
    recipients_sha256: str
    approvals_needed: int
    sender_may: tuple[str, ...]
    notify_sender: bool
    team: str | None = None
    state: State = State.HELD
    hide_inside_above: int | None = None
    top: bytes = b""
    release_as: tuple[str, ...] | None = None
    canary: str | None = None
    deciding: str | None = None
    places: Mapping[str, tuple[Place, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Approval:
    """The first of two approvals. by: a name for people. known_as: the names by which its giver would be known again
    (actor.py). reason: what they wrote.
    """

    by: str
    known_as: tuple[str, ...]
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Escalation:
    """Somebody asked somebody else to decide. to: a person or a group, as people read it. note: what they wrote."""

    to: str
    by: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """A message in the quarantine. version: goes up with each change; a change names the version that it saw.

    release_as: as in NewHeld. blob: what to read the raw bytes by. approved_by: who gave the first of two approvals.
    decided_by, decided_at, note: of the decision that ended it. delivery: counts by outcome of what left, for example
    {"accepted": 286}. approvals: beside approved_by, those that say more. leaves_at: of what is decided to be sent,
    until when it can be stopped. escalated: whom somebody asked to decide. delayed: it was kept to leave by itself.
    left_out: whom its sender took off it while it waited; they are not in `envelope`, so that nothing is sent to them.
    deciding, places: as in NewHeld; None and nothing also of what was held by a guard that did not keep them (1.0).
    """

    ref: str
    version: int
    state: State
    received_at: datetime
    due_at: datetime
    envelope: Envelope
    sender: str
    subject: str
    reason: str
    rules: tuple[str, ...]
    offers: str | None
    decision: Mapping[str, Any]
    policy_revision: str
    content_sha256: str
    recipients_sha256: str
    approvals_needed: int
    approved_by: tuple[str, ...]
    sender_may: tuple[str, ...]
    notify_sender: bool
    blob: str | None
    team: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    note: str | None = None
    released_as: str | None = None
    delivery: Mapping[str, int] = field(default_factory=dict)
    hide_inside_above: int | None = None
    top: bytes = b""
    release_as: tuple[str, ...] | None = None
    canary: str | None = None
    approvals: tuple[Approval, ...] = ()
    leaves_at: datetime | None = None
    escalated: Escalation | None = None
    delayed: bool = False
    left_out: tuple[Recipient, ...] = ()
    deciding: str | None = None
    places: Mapping[str, tuple[Place, ...]] = field(default_factory=dict)

    @property
    def reached_nobody(self) -> bool:
        """It was sent, and refused for everybody it was for."""
        perhaps = self.delivery.get(Outcome.ACCEPTED, 0) + self.delivery.get(Outcome.UNCERTAIN, 0)
        return self.state is State.RELEASED and self.delivery.get(Outcome.REFUSED, 0) > 0 and not perhaps

    @property
    def left_by_itself(self) -> bool:
        """Nobody stopped what waited, and nobody sent it sooner."""
        return self.delayed and self.decided_by == GUARD


@dataclass(frozen=True, slots=True)
class HeldChange:
    """A conditional UPDATE of a held message: it happens only if version and state are still what the actor saw.

    What is None stays as it is, but for leaves_at, which every change to or from "leaving" settles. left_out: addresses
    of all who are off it from here on.
    """

    ref: str
    version: int
    from_state: State
    to_state: State
    actor: str
    at: datetime
    note: str | None = None
    released_as: str | None = None
    approved_by: tuple[str, ...] | None = None
    due_at: datetime | None = None
    approvals: tuple[Approval, ...] | None = None
    leaves_at: datetime | None = None
    escalated: Escalation | None = None
    left_out: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class DueSoon:
    """A held message that needs a decision, and until when."""

    ref: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class SenderLink:
    """A link in a notice, by which the sender of one held message acts on it. key: the hash of its token, which nothing
    keeps. sender: whom the notice goes to, as a canonical address. expires_at: the deadline of the message.
    """

    key: str
    ref: str
    sender: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """Something that the outbox takes over: one transaction to make, until it is delivered or bounced.

    kind: copy, release, deferred, notice or dsn. blob: the stored original that `edits` splice, None where `text` is
    the whole message (notices). sender_told: whether a final failure bounces to the envelope's reverse-path
    (never for notice and dsn). give_up_at: when deferred recipients become refused. canary: as in NewHeld. links: those
    that `text` holds, kept in the same durable step; one whose message is not held leads nowhere.
    """

    identifier: str
    ref: str
    kind: str
    envelope: Envelope
    created_at: datetime
    not_before: datetime
    give_up_at: datetime
    blob: str | None = None
    edits: tuple[Edit, ...] = ()
    text: bytes | None = None
    sender_told: bool = True
    canary: str | None = None
    links: tuple[SenderLink, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed row of the outbox. lease: the token that every change must name, until lease_until others may not."""

    identifier: str
    ref: str
    kind: str
    envelope: Envelope
    created_at: datetime
    not_before: datetime
    give_up_at: datetime
    blob: str | None
    edits: tuple[Edit, ...]
    text: bytes | None
    sender_told: bool
    attempts: int
    lease: str | None
    lease_until: datetime | None
    last_reply: str | None = None
    canary: str | None = None


@dataclass(frozen=True, slots=True)
class RecipientResult:
    """What became of one recipient in an attempt, and what the smarthost said (for the bounce)."""

    recipient: Recipient
    outcome: Outcome
    code: int | None
    status: str | None
    text: str | None


def result_of(each: RecipientOutcome, outcome: Outcome | None = None) -> RecipientResult:
    """What a transmission says of one recipient. outcome: in place of its own (given up, a deferred one is refused)."""
    said = each.reply
    told = (said.code, said.status, said.text) if said else (None, None, None)
    return RecipientResult(each.recipient, outcome or each.outcome, *told)


@dataclass(frozen=True, slots=True)
class Attempt:
    """The end of one attempt to deliver a row.

    remaining: recipients still to be tried, at not_before; empty ends the row. results: of this attempt, kept as the
    outcome by recipient.
    """

    identifier: str
    lease: str
    at: datetime
    results: tuple[RecipientResult, ...]
    remaining: tuple[Recipient, ...]
    not_before: datetime | None
    last_reply: str | None
