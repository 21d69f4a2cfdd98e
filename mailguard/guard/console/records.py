"""The values that cross the console's ports. Tokens never do: a key is the hash of one (tokens.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class ConsoleSession:
    """Somebody who is signed in at one browser.

    key: the hash of the token that the browser has. account, name: the account's identifier and name. began_at,
    seen_at: when it was made and last used. browser: what the browser calls itself. bound_to: what it ends with, should
    that change (sessions.py). pending_factor: while the account has no second factor, the secret that it is offered, in
    Base32; the session may then do nothing but set it up. draft: what was typed into a form when an earlier session had
    ended, as JSON (console/drafts.py); it is forgotten with the session.
    """

    key: str
    account: str
    name: str
    began_at: datetime
    seen_at: datetime
    browser: str
    bound_to: str = field(repr=False)
    pending_factor: str | None = field(default=None, repr=False)
    draft: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ConsoleLink:
    """A link that lets its holder choose a password and a second factor, once.

    key: the hash of its token. name: of the account, None for one that is made with it: the first admin's. bound_to: of
    an account, what the link ends with, should that change (links.py).
    """

    key: str
    name: str | None
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    bound_to: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What one sign-in with the organisation's own sign-in service hands over, and must get back: each is used once.

    state: comes back with the browser. nonce: stands in the ID token. verifier: proves that who has the code began the
    sign-in (RFC 7636).
    """

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Returned:
    """What the browser brought back, as it is. issuer: RFC 9207."""

    code: str = field(repr=False)
    error: str
    issuer: str | None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is, as the sign-in service says and as was checked. mailbox: None where it names none, or one that
    it does not call confirmed; unconfirmed: the latter. groups: as it writes them.
    """

    issuer: str
    subject: str
    mailbox: str | None
    groups: tuple[str, ...]
    unconfirmed: str | None = None


@dataclass(frozen=True, slots=True)
class UrgentCall:
    """Its sender says that a held message cannot wait. sender: canonical address, without a sub-address: such calls are
    counted by it. by: who says it. reason: in their words, which may name a patient: it is for those who may read the
    message.
    """

    ref: str
    sender: str
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """Somebody took a held message on: others see whose it is, and can decide about it all the same. account, name: the
    account's identifier and name.
    """

    ref: str
    account: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SavedView:
    """A name for the filters of the list. account: whose it is, None for one that a team shares; team: then which.
    name: as somebody wrote it. query: the filters as they stand in an address, by name. by: who made it.
    """

    identifier: str
    account: str | None
    team: str | None
    name: str
    query: Mapping[str, str]
    by: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class CheckedMail:
    """How many messages were checked since some time, and when the last of them was; None where there was none."""

    count: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class ShortLived:
    """Something that is kept for minutes. kind: what it is. key: it is found by it. group: what it counts with, and is
    found by too. value: JSON, which may name people. at, until: when it was kept, and how long it counts.
    """

    kind: str
    key: str = field(repr=False)
    group: str = field(repr=False)
    value: Mapping[str, Any] = field(repr=False)
    at: datetime
    until: datetime
