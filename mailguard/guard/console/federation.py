"""Signing in to the console with the organisation's own sign-in service (OpenID Connect, code flow).

INVARIANT: somebody is issuer and subject, never a mailbox. INVARIANT: what somebody may do is what their groups say at
this sign-in; who is in none of the named groups, has no confirmed mailbox, or is locked here gets no session. Whoever
lost a group loses its roles with the next sign-in, in every browser. INVARIANT: no token of the service is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import Enum

from ...core.errors import AccountExists, AlreadyDecided, MailguardError, NotBelieved, ServiceSilent, UnknownAccount
from ...core.federated import GroupRoles, federated_name, roles_from
from ...core.powers import powers_of
from ...logs import logger
from ..ports import Accounts, Clock, Randomness
from ..records import Account, Federated, NewAccount, NewEntry
from .pending import LASTS, Begun, PendingSignIns
from .ports import ShortLivedRecords, SignInService
from .records import Identity, Returned, ShortLived
from .sessions import SessionBook, Visitor
from .tokens import key_of

log = logger("console")
TRIES = 3
TRIAL = "sign-in-trial"
MOST_TRIALS = 50


class Trouble(Enum):
    """Why nobody was signed in. STALE: too slow, begun in another browser, or come back before. SILENT: the service
    does not answer. REFUSED: it signed nobody in, or what it says cannot be believed. NO_MAILBOX: it confirms no
    mailbox. NO_ACCESS: it knows them, and nothing here is for them.
    """

    STALE = "stale"
    SILENT = "silent"
    REFUSED = "refused"
    NO_MAILBOX = "no-mailbox"
    NO_ACCESS = "no-access"


@dataclass(frozen=True, slots=True)
class CameIn:
    """token: of the new session. to: the page that was wanted."""

    token: str = field(repr=False)
    to: str


@dataclass(frozen=True, slots=True)
class KeptOut:
    """mailbox: who they are there, where that is known. to, draft: as they began."""

    trouble: Trouble
    mailbox: str | None = None
    to: str = ""
    draft: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Trial:
    """What would come of a sign-in, which an admin tried with the own account. identity: None where there was trouble.
    known: which of its groups stand in the settings. trouble: what would keep them out.
    """

    at: datetime
    identity: Identity | None
    known: tuple[str, ...]
    roles: tuple[str, ...]
    trouble: Trouble | None


class Federation:
    """label: what follows "Sign in with". mapping: what groups may do."""

    def __init__(
        self,
        *,
        label: str,
        issuer: str,
        mapping: Sequence[GroupRoles],
        service: SignInService,
        accounts: Accounts,
        sessions: SessionBook,
        clock: Clock,
        randomness: Randomness,
        kept: ShortLivedRecords,
    ) -> None:
        self.label = label
        self.issuer = issuer
        self.mapping = tuple(mapping)
        self._service = service
        self._accounts = accounts
        self._sessions = sessions
        self._clock = clock
        self._kept = kept
        self._pending = PendingSignIns(clock, randomness, kept)

    async def begin(
        self, token: str, peer: str, to: str, draft: str | None = None, *, trying: bool = False
    ) -> str | KeptOut:
        """Begin a sign-in of the browser with this token; its state comes back. The service is asked first, so that
        nobody is sent to where nothing answers.
        """
        begun = await self._pending.begin(token, peer, to, draft, trying=trying)
        try:
            await self._service.address(begun.secrets)
        except (ServiceSilent, NotBelieved) as cause:
            await self._pending.take(begun.secrets.state, token)
            log.warning("oidc_unavailable", problem=str(cause), cause=cause)
            return KeptOut(Trouble.SILENT, to=to, draft=draft)
        return begun.secrets.state

    async def onwards(self, state: str, token: str) -> str | KeptOut:
        """Where the browser goes now. It changes nothing."""
        begun = await self._pending.look(state, token)
        if begun is None:
            return KeptOut(Trouble.STALE)
        try:
            return await self._service.address(begun.secrets)
        except (ServiceSilent, NotBelieved) as cause:
            log.warning("oidc_unavailable", problem=str(cause), cause=cause)
            return KeptOut(Trouble.SILENT, to=begun.to, draft=begun.draft)

    async def finish(self, state: str, token: str, returned: Returned, browser: str) -> CameIn | KeptOut | Trial:
        """What becomes of a browser that comes back. browser: what it calls itself."""
        begun = await self._pending.take(state, token)
        if begun is None:
            log.info("console_sign_in_refused", reason=Trouble.STALE.value)
            return KeptOut(Trouble.STALE)
        identity = await self._identified(begun, returned)
        if begun.trying:
            return await self._tried(token, identity)
        if isinstance(identity, Trouble):
            return self._kept_out(begun, identity)
        if identity.mailbox is None:
            return self._kept_out(begun, Trouble.NO_MAILBOX, identity.unconfirmed)
        account = await self._account(identity, identity.mailbox)
        if account is None or account.disabled or not powers_of(account.roles).uses_console:
            return self._kept_out(begun, Trouble.NO_ACCESS, identity.mailbox)
        return CameIn(await self._sessions.begin(account, browser, draft=begun.draft), begun.to)

    async def trial(self, visitor: Visitor) -> Trial | None:
        """What this session tried last, for as long as it is fresh."""
        found = await self._kept.find(TRIAL, visitor.session.key, self._clock.now())
        return None if found is None else _trial_from(found)

    async def _identified(self, begun: Begun, returned: Returned) -> Identity | Trouble:
        try:
            return await self._service.identify(begun.secrets, returned)
        except ServiceSilent as cause:
            log.warning("oidc_unavailable", problem=str(cause), cause=cause)
            return Trouble.SILENT
        except NotBelieved as cause:
            log.warning("oidc_refused", problem=str(cause), cause=cause)
            return Trouble.REFUSED

    async def _tried(self, token: str, identity: Identity | Trouble) -> Trial:
        now = self._clock.now()
        if isinstance(identity, Trouble):
            trial = Trial(now, None, (), (), identity)
        else:
            known = tuple(each.group for each in self.mapping if each.group in identity.groups)
            roles = roles_from(identity.groups, self.mapping)
            there = await self._found(identity)
            trouble = None if roles and not (there and there.disabled) else Trouble.NO_ACCESS
            trial = Trial(now, identity, known, roles, trouble if identity.mailbox else Trouble.NO_MAILBOX)
        value = {
            "identity": None if trial.identity is None else asdict(trial.identity),
            "known": list(trial.known),
            "roles": list(trial.roles),
            "trouble": None if trial.trouble is None else trial.trouble.value,
        }
        await self._kept.keep(ShortLived(TRIAL, key_of(token), "", value, now, now + LASTS), MOST_TRIALS)
        return trial

    async def _account(self, identity: Identity, mailbox: str) -> Account | None:
        """The account as this sign-in leaves it; None for who has none, and gets none."""
        roles = roles_from(identity.groups, self.mapping)
        for _ in range(TRIES):
            found = await self._found(identity)
            try:
                if found is None:
                    return await self._made(identity, mailbox, roles) if powers_of(roles).uses_console else None
                return found if found.disabled else await self._kept_up(found, mailbox, roles)
            except (AccountExists, AlreadyDecided, UnknownAccount) as cause:
                # Another browser of theirs, or an admin, was here in this moment: look again.
                last = cause
        raise last

    async def _found(self, identity: Identity) -> Account | None:
        found = await self._accounts.find(federated_name(identity.issuer, identity.subject))
        who = found.federated if found else None
        if found is not None and (who is None or (who.issuer, who.subject) != (identity.issuer, identity.subject)):
            raise MailguardError("an account of that name belongs to somebody else")
        return found

    async def _made(self, identity: Identity, mailbox: str, roles: tuple[str, ...]) -> Account:
        now = self._clock.now()
        who = Federated(identity.issuer, identity.subject, mailbox)
        made = NewAccount(federated_name(identity.issuer, identity.subject), "", roles, now, who)
        return await self._accounts.add(made, [_entry("account_added", now, roles=list(roles))])

    async def _kept_up(self, account: Account, mailbox: str, roles: tuple[str, ...]) -> Account:
        now = self._clock.now()
        records = []
        if set(roles) != set(account.roles):
            records.append(_entry("account_roles_changed", now, before=list(account.roles), roles=list(roles)))
        if account.federated is not None and account.federated.mailbox != mailbox:
            before = {"before": account.federated.mailbox}
            records.append(replace(_entry("account_mailbox_changed", now), evidence=before))
            account = replace(account, federated=replace(account.federated, mailbox=mailbox))
        if not records:
            return account
        return await self._accounts.change(replace(account, roles=roles, changed_at=now), records)

    def _kept_out(self, begun: Begun, trouble: Trouble, mailbox: str | None = None) -> KeptOut:
        log.info("console_sign_in_refused", reason=trouble.value)
        return KeptOut(trouble, mailbox, begun.to, begun.draft)


def _trial_from(kept: ShortLived) -> Trial:
    value = kept.value
    who, trouble = value["identity"], value["trouble"]
    identity = None if who is None else Identity(**{**who, "groups": tuple(who["groups"])})
    why = None if trouble is None else Trouble(trouble)
    return Trial(kept.at, identity, tuple(value["known"]), tuple(value["roles"]), why)


def _entry(kind: str, at: datetime, **fields: object) -> NewEntry:
    """The store adds the account: by its keyed hash, its mailbox in the evidence alone."""
    return NewEntry(kind, None, at, {"via": "console", "with": "oidc", **fields})
