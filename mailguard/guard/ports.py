"""What the stories need of the world. store, smtp and inspection implement these; serve hands them in.

INVARIANT: when a method that writes returns, what it was given is durable. It does all of it or none of it.
Every method may raise StoreUnavailable (or anything else): the stories then defer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from ..core.earlier.files import SentFiles
from ..core.earlier.trace import Sending
from ..core.envelope import Envelope
from ..core.lifecycle import State
from ..core.mail.message import Buffer, Message
from ..core.outcome import Transmission
from ..core.rewrite.content import Content
from ..core.session import Session
from ..core.sign_in import Credentials, SignInAnswer
from ..core.verdict import Inspection
from .records import (
    Account,
    Announced,
    AnnouncedFiles,
    Attempt,
    Delivery,
    DueSoon,
    Entry,
    ExceptionUse,
    Held,
    HeldChange,
    NewAccount,
    NewDelivery,
    NewEntry,
    NewHeld,
)


class Ledger(Protocol):
    """The record that cannot be quietly changed. One chain per writer."""

    async def append(self, entries: Sequence[NewEntry], *, patient: bool = False) -> Sequence[Entry]:
        """Append in order, durably, with their evidence records. ReferenceTaken: nothing was appended.

        patient: nobody waits for it, so it may stand back for a moment and share the next durable step.
        """
        ...

    def entries(self, ref: str | None = None) -> AsyncIterator[Entry]:
        """All entries, or those of one message, in order of ledger and sequence."""
        ...


class Evidence(Protocol):
    """Addresses, subject and outcome by recipient, beside the ledger, encrypted, with their own retention."""

    async def read(self, ref: str, kind: str | None = None) -> Sequence[Mapping[str, object]]:
        """The evidence records of a message, oldest first; an erased one is {"erased": true}. kind: of entries of this
        kind alone.
        """
        ...


class Quarantine(Protocol):
    """Held messages. States move only by conditional UPDATE."""

    async def hold(
        self, held: NewHeld, raw: Buffer, entries: Sequence[NewEntry], deliveries: Sequence[NewDelivery]
    ) -> Held:
        """Keep the message, append the entries and put notices into the outbox, in one durable step.

        What was kept comes back (version 1), as the proof that it was. ReferenceTaken: nothing was kept.
        """
        ...

    async def get(self, ref: str, canary: str | None = None) -> Held:
        """One of everybody's mail, or of one run of the canary; never of both. UnknownReference where there is none."""
        ...

    async def list(self, states: Sequence[State] | None = None, limit: int | None = None) -> Sequence[Held]:
        """Oldest deadline first."""
        ...

    async def due(self, now: datetime, limit: int) -> Sequence[Held]:
        """Open messages whose deadline has passed."""
        ...

    async def ahead(self, now: datetime, limit: int) -> Sequence[Held]:
        """Waiting messages that came later than now: the clock was set back since. The first to leave first."""
        ...

    async def change(self, change: HeldChange, entries: Sequence[NewEntry], deliveries: Sequence[NewDelivery]) -> Held:
        """Change it, append the entries and fill the outbox in one durable step.

        AlreadyDecided: version or state was another, and nothing happened. UnknownReference.
        """
        ...


class Undecided(Protocol):
    """Held messages of everybody's mail that need a decision, by what stands in the clear."""

    async def due_soon(
        self, now: datetime, percent: int, shortest: timedelta, spared: Sequence[str], limit: int
    ) -> Sequence[DueSoon]:
        """Those that had at least `shortest` for it, of whose time this part is over and the deadline is not, the first
        deadline first; none about which the ledger has an entry of one of the kinds `spared`.
        """
        ...


class Outbox(Protocol):
    """What the guard has taken on to deliver."""

    async def add(self, deliveries: Sequence[NewDelivery], raw: Buffer | None, entries: Sequence[NewEntry]) -> int:
        """Keep raw once (NewDelivery.blob names it) and all rows, append the entries, in one durable step.

        How many rows were kept, as the proof that they were. ReferenceTaken: nothing was kept.
        """
        ...

    async def claim(
        self, owner: str, now: datetime, lease_seconds: float, limit: int, canary: str | None = None
    ) -> Sequence[Delivery]:
        """Take due rows whose lease is free or has run out, oldest first. Counts an attempt. A lease has an owner.

        Of everybody's mail, or of one run of the canary; never of both.
        """
        ...

    async def extend(
        self, owner: str, now: datetime, lease_seconds: float, leases: Collection[str] | None = None
    ) -> int:
        """Let the leases that `owner` holds run until now + lease_seconds; 0 gives the rows back. How many.

        leases: only these; every other row of the owner is given back, for the answer to its claim was lost.
        """
        ...

    async def confirm(self, identifier: str, lease: str, now: datetime, lease_seconds: float) -> bool:
        """Whether a row is still leased so and not done; if it is, the lease runs until now + lease_seconds."""
        ...

    async def record(self, attempt: Attempt, entries: Sequence[NewEntry], deliveries: Sequence[NewDelivery]) -> bool:
        """End an attempt, with the entries and follow-ups (bounces). False if the lease was lost: nothing happened.

        The last row of a released message that ends moves that message from releasing to released.
        """
        ...

    async def list(self, limit: int | None = None) -> Sequence[Delivery]:
        """Rows that are not done, oldest first."""
        ...

    async def retry(self, ref: str, now: datetime, entries: Sequence[NewEntry]) -> int:
        """Make the rows of a message due now. How many; UnknownReference where there are none."""
        ...

    async def drop(self, ref: str, entries: Sequence[NewEntry]) -> int:
        """End the rows of a message without delivery. How many; UnknownReference where there are none."""
        ...


class Blobs(Protocol):
    """Stored originals."""

    async def read(self, blob: str) -> Buffer:
        """The whole original, decrypted and verified. UnknownReference where retention removed it."""
        ...


class Policies(Protocol):
    """Every revision that a decision may name."""

    async def keep(self, revision: str, documents: Mapping[str, bytes], at: datetime) -> None:
        """Keep the documents (name -> text) of a revision. Keeping it again is no error."""
        ...

    async def get(self, revision: str) -> Mapping[str, bytes]:
        """UnknownReference where it was never kept."""
        ...


class ExceptionUses(Protocol):
    """How often exceptions of rules were used. Counted with the decision, in the same durable step (NewEntry)."""

    async def list(self) -> Sequence[ExceptionUse]:
        """Those that were used at least once, by rule and exception, over all ledgers."""
        ...


class Accounts(Protocol):
    """The guard's own accounts. Names are compared in their canonical form (core.account).

    Each entry handed over gets the field `account`, the keyed hash of the name; the name itself only its evidence.
    """

    async def add(self, account: NewAccount, entries: Sequence[NewEntry]) -> Account:
        """Make an account and append the entries in one durable step. AccountExists: nothing happened."""
        ...

    async def find(self, name: str) -> Account | None:
        """The account of that name, None where there is none."""
        ...

    async def list(self) -> Sequence[Account]:
        """All accounts, by name."""
        ...

    async def change(self, account: Account, entries: Sequence[NewEntry]) -> Account:
        """Make the account what is given, with the entries, in one durable step. Its version is the one that was seen.

        AlreadyDecided: it is at another version, and nothing happened. UnknownAccount.
        """
        ...

    async def remove(self, account: Account, entries: Sequence[NewEntry]) -> None:
        """Remove it, if it is still at that version, with the entries. AlreadyDecided, UnknownAccount."""
        ...


class Passwords(Protocol):
    """Hashes passwords, away from the event loop. Passwords come prepared (core.account)."""

    async def hash(self, password: str) -> str:
        """The encoded hash with today's parameters."""
        ...

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the password. None: the same work for nothing, and False.

        PasswordsUnavailable: too many at once, or no memory.
        """
        ...

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made with other parameters than today's."""
        ...


class History(Protocol):
    """What earlier messages leave behind for later ones. Occasions (core/occasion.py) are kept as keyed hashes."""

    async def separated(self, occasions: Sequence[str], now: datetime) -> Mapping[str, str]:
        """Which of these a rule has sent as separate copies, with the rule's id. What has expired is not told."""
        ...

    async def remember(self, occasions: Sequence[str], rule: str, until: datetime) -> int:
        """Keep that this rule separated them, until then; a later call for the same wins. How many were kept."""
        ...


class Sendings(Protocol):
    """Traces of messages that left, as keyed digests, until they expire."""

    async def announce(self, sending: Sending, now: datetime, since: datetime, until: datetime) -> Announced:
        """Write a message down as it is about to leave, until then, and tell what earlier ones since then say about it.

        Of two that are announced at the same time at least one is told of the other.
        """
        ...

    async def settle(self, token: str, *, hidden: bool, exposed: bool) -> bool:
        """How it left. hidden: nobody was shown to anybody. exposed: somebody let a list pass as it was. Whether it is
        kept; False where the message is gone."""
        ...

    async def withdraw(self, token: str) -> None:
        """It did not leave. Nothing where it is gone already."""
        ...


class FilesSent(Protocol):
    """To whom files were sent, as keyed digests, until they expire."""

    async def announce(
        self, sent: SentFiles, now: datetime, since: datetime, until: datetime, token: str | None = None
    ) -> AnnouncedFiles:
        """Write down whom a message is about to bring its files to, until then, and tell what earlier ones since then
        say about them. Of several that are announced at the same time the last one is told of all the others.

        token: of the same message, announced before, of whose files more is known now.
        """
        ...

    async def withdraw(self, token: str) -> None:
        """It did not leave. Nothing where it is gone already."""
        ...


class Inspector(Protocol):
    """Reads what attachments carry, away from the event loop."""

    async def inspect(self, message: Message, parts: Sequence[str]) -> Sequence[Inspection]:
        """One Inspection for each path asked for, in that order. What cannot be read says why in `uninspectable`."""
        ...


class SmarthostConnection(Protocol):
    """A connection on which transactions run, one after the other."""

    async def transmit(self, envelope: Envelope, content: Content) -> Transmission:
        """Send one message to all recipients of the envelope, in as many transactions as the smarthost asks for.

        Never raises for what the smarthost says or does; it is all in the Transmission.
        """
        ...

    async def release(self) -> None:
        """Give the connection back; it may be used again or closed."""
        ...


class Smarthost(Protocol):
    """The next hop."""

    async def connect(self, session: Session | None) -> SmarthostConnection:
        """A connection for the mail of a client's session; None for what the guard has taken on itself.

        A session that is `bound` gets the connection that it signed in on, and no other. Does not raise for a smarthost
        that is down: transmit then says so.
        """
        ...


class SignIn(Protocol):
    """Who may send: a client's sign-in, tried at the smarthost or against accounts of the guard's own."""

    def mechanisms(self) -> Sequence[str]:
        """The SASL mechanisms that may be tried, in upper case; none where nobody could sign in."""
        ...

    async def sign_in(self, session: Session, credentials: Credentials) -> SignInAnswer:
        """Try one attempt. Does not raise for a wrong secret or a smarthost that is down. Keeps no secret.

        Accepted through a smarthost: the connection waits for the session's mail until `leave`.
        """
        ...

    def is_lost(self, session: str) -> bool:
        """Whether the connection that the session (its identifier) signed in on is gone: it has to sign in again."""
        ...

    async def leave(self, session: str) -> None:
        """The session (its identifier) has ended: close what it signed in on. Nothing where there is nothing."""
        ...


class Clock(Protocol):
    def now(self) -> datetime:
        """The time, with a time zone (UTC)."""
        ...


class Randomness(Protocol):
    def octets(self, count: int) -> bytes:
        """Octets from a cryptographic source."""
        ...
