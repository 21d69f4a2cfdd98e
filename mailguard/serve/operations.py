"""What the commands do, on open parts: the same code behind the control socket and without a service.

Each operation is one declaration: name, model of its arguments, and a method that yields JSON objects. It must not know
who shows them. INVARIANT: a look at a held message is in the ledger before it is shown (DESIGN.md promise 7).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from pydantic import ValidationError

from .. import __version__
from ..core.envelope import Envelope
from ..core.errors import MailguardError, NotAllowed, SettingsError, UnknownReference
from ..core.lifecycle import OPEN, State
from ..core.mail.message import Buffer
from ..core.mail.parse import parse
from ..core.policy.load import Policy
from ..core.reference import is_reference
from ..core.safe_text import SafeText, safe_text
from ..guard import entries
from ..guard.accounts import Actor
from ..guard.ports import Blobs, Clock, ExceptionUses, Ledger, Outbox, Policies, Quarantine
from ..guard.records import Delivery, Entry, Held, NewEntry
from ..store.instants import NEVER
from ..store.store import StoreCounts
from .arguments import (
    Arguments,
    DropArguments,
    EntriesArguments,
    Item,
    ListArguments,
    LookArguments,
    PurgeArguments,
    RefArguments,
    RejectArguments,
    ReleaseArguments,
    ShowArguments,
)
from .control import BadArguments, Conflict
from .exceptions import exception_items
from .incident_operations import INCIDENT_OPERATIONS, OnRegister, Registered
from .pack_operations import PACK_OPERATIONS, OnPacks, Packed
from .quality_operations import QUALITY_OPERATIONS, OnRating, Rating
from .user_operations import USER_OPERATIONS, Act, Book, LinkArguments, LinkMaker, link_item


class Walkable(Quarantine, Protocol):
    """Held messages, however many there are."""

    def walk(self, states: Sequence[State] | None = None) -> AsyncIterator[Held]:
        """As `list`, a few at a time."""
        ...


class OpenStore(Protocol):
    """The ports that operations work on."""

    @property
    def ledger(self) -> Ledger: ...
    @property
    def quarantine(self) -> Walkable: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def policies(self) -> Policies: ...
    @property
    def blobs(self) -> Blobs: ...
    @property
    def exception_uses(self) -> ExceptionUses: ...
    async def counts(self) -> StoreCounts: ...


class Reviewing(Protocol):
    """What operations need of guard.review.Review."""

    async def release(
        self,
        ref: str,
        *,
        form: Literal["original", "separate", "bcc", "cleaned"],
        reason: str,
        by: str,
        system_user: str,
        version: int | None = None,
    ) -> Held: ...

    async def reject(self, ref: str, *, note: str, by: str, system_user: str, version: int | None = None) -> Held: ...


class Upkeep(Protocol):
    """What the store does to itself, bound by serve to the store that is open."""

    async def verify(self) -> Mapping[str, Any]:
        """{"whole": bool, "troubles": [{"kind", "ledger", "sequence", "detail"}, ...], ...counts} of the ledger."""
        ...

    def export(self) -> AsyncIterator[str]:
        """The ledger as an export, line by line, without line ends."""
        ...

    def snapshot(self, system_user: str) -> AsyncIterator[Mapping[str, Any]]:
        """A copy of the store: {"octets", "revision", "entries", "apart"}, its {"chunk"}s in base64, at last
        {"sha256"}. apart: how many originals lie in an object store.
        """
        ...

    async def purge(self) -> Mapping[str, int]:
        """Remove what retention no longer keeps. Counts by kind."""
        ...

    async def look_at_objects(self) -> Mapping[str, Any]:
        """{"set": bool, "originals": int, "faults": [{"ref", "what"}, ...]} of the originals in the object store."""
        ...

    async def due(self) -> Mapping[str, Any]:
        """What `purge` would remove: of held messages and of evidence how many, and from before when."""
        ...


class Live(Protocol):
    """What only a running service has."""

    def status(self) -> Mapping[str, Any]:
        """JSON without personal data: listeners, smarthost, policy."""
        ...

    def wake(self) -> None:
        """There may be something to deliver now."""
        ...

    async def run_canary(self) -> Mapping[str, Any]:
        """{"passed": bool, "at", "messages": [{"message", "problem", "sentence", ...}]}"""
        ...


class StoreOperations:
    """Implements control.Operations.

    describe: the sentence of each rule in a policy's documents. recount: what their conditions came to in a decision.
    policy: the one in force; MailguardError where there is none. console: its address, None where there is no console.
    live: None where no service runs.
    """

    def __init__(
        self,
        *,
        store: OpenStore,
        review: Reviewing,
        accounts: Book,
        links: LinkMaker,
        console: str | None,
        clock: Clock,
        upkeep: Upkeep,
        register: Registered,
        rating: Rating,
        packs: Packed,
        describe: Callable[[Mapping[str, bytes]], Mapping[str, str]],
        recount: Callable[[Mapping[str, bytes], Mapping[str, Any]], Sequence[Mapping[str, Any]]],
        policy: Callable[[], Policy],
        live: Live | None = None,
    ) -> None:
        self._store = store
        self._review = review
        self.accounts = accounts
        self._links = links
        self._console = console
        self._clock = clock
        self._upkeep = upkeep
        self.register = register
        self.rating = rating
        self.packs = packs
        self._describe = describe
        self._recount = recount
        self._in_force = policy
        self._live = live

    async def run(self, operation: str, arguments: Mapping[str, Any], system_user: str) -> AsyncIterator[Item]:
        """The items of one operation. BadArguments for what does not exist, else whatever the operation raises."""
        if operation not in OPERATIONS:
            raise BadArguments(f'there is no operation "{operation}"')
        model, method = OPERATIONS[operation]
        try:
            read = model.model_validate(dict(arguments))
        except ValidationError as cause:
            where = ", ".join(".".join(map(str, error["loc"])) or "arguments" for error in cause.errors()[:3])
            raise BadArguments(f"these arguments cannot be used: {where}") from None
        _check_reference(getattr(read, "ref", None))
        async for item in method(self, read, system_user):
            yield item

    async def status(self, _: Arguments, __: str) -> AsyncIterator[Item]:
        first = await self._store.quarantine.list(sorted(OPEN), limit=1)
        counts, now = await self._store.counts(), self._clock.now()
        yield {
            "running": self._live is not None,
            "version": __version__,
            "held": sum(counts.held.get(state.value, 0) for state in OPEN),
            "next_deadline": _when(first[0].due_at if first else None),
            "outbox": counts.outbox,
            "outbox_oldest_seconds": int((now - counts.oldest_open).total_seconds()) if counts.oldest_open else 0,
            **(self._live.status() if self._live else {}),
        }

    async def held_list(self, arguments: ListArguments, _: str) -> AsyncIterator[Item]:
        async for held in self._store.quarantine.walk(_states(arguments.states)):
            yield held_item(held)

    async def held_show(self, arguments: ShowArguments, system_user: str) -> AsyncIterator[Item]:
        held = await self._store.quarantine.get(arguments.ref)
        item = {**held_item(held), **_details(held)}
        what = {}
        if arguments.text:
            item["message"] = _message_item(await self._text(held))
            what = {"what": "text"}
        await self._append("content_viewed", arguments, system_user, version=held.version, **what)
        yield item

    async def _text(self, held: Held) -> SafeText:
        if held.blob is None:
            raise NotAllowed("the text of this message was removed by its retention")
        raw = await self._store.blobs.read(held.blob)
        return await asyncio.to_thread(_read_text, raw, held.content_sha256)

    async def held_release(self, arguments: ReleaseArguments, system_user: str) -> AsyncIterator[Item]:
        held = await self._review.release(
            arguments.ref,
            form=arguments.form,
            reason=arguments.reason,
            by=arguments.by,
            system_user=system_user,
            version=arguments.version,
        )
        self._wake()
        yield {**held_item(held), "released_as": held.released_as, "running": self._live is not None}

    async def held_reject(self, arguments: RejectArguments, system_user: str) -> AsyncIterator[Item]:
        held = await self._review.reject(
            arguments.ref,
            note=arguments.note,
            by=arguments.by,
            system_user=system_user,
            version=arguments.version,
        )
        self._wake()
        yield {**held_item(held), "running": self._live is not None}

    async def outbox_list(self, _: Arguments, __: str) -> AsyncIterator[Item]:
        for row in await self._store.outbox.list():
            yield outbox_item(row)

    async def outbox_retry(self, arguments: LookArguments, system_user: str) -> AsyncIterator[Item]:
        now = self._clock.now()
        entry = _entry("outbox_retried", arguments, system_user, now)
        count = await self._store.outbox.retry(arguments.ref, now, [entry])
        self._wake()
        yield {"ref": arguments.ref, "retried": count, "running": self._live is not None}

    async def outbox_drop(self, arguments: DropArguments, system_user: str) -> AsyncIterator[Item]:
        entry = _entry("outbox_dropped", arguments, system_user, self._clock.now())
        kept = replace(entry, evidence={"by": arguments.by, "reason": arguments.reason})
        yield {"ref": arguments.ref, "dropped": await self._store.outbox.drop(arguments.ref, [kept])}

    async def audit_list(self, arguments: EntriesArguments, _: str) -> AsyncIterator[Item]:
        async for entry in self._store.ledger.entries(arguments.ref):
            yield entry_item(entry)

    async def audit_verify(self, _: Arguments, __: str) -> AsyncIterator[Item]:
        yield dict(await self._upkeep.verify())

    async def audit_export(self, _: Arguments, __: str) -> AsyncIterator[Item]:
        async for line in self._upkeep.export():
            yield {"line": line}

    async def data_purge(self, given: PurgeArguments, _: str) -> AsyncIterator[Item]:
        yield dict(await (self._upkeep.due() if given.show else self._upkeep.purge()))

    async def data_objects(self, _: Arguments, __: str) -> AsyncIterator[Item]:
        yield dict(await self._upkeep.look_at_objects())

    async def data_backup(self, _: Arguments, system_user: str) -> AsyncIterator[Item]:
        async for item in self._upkeep.snapshot(system_user):
            yield dict(item)

    async def policy_exceptions(self, _: Arguments, __: str) -> AsyncIterator[Item]:
        try:
            policy = await asyncio.to_thread(self._in_force)
        except (MailguardError, OSError) as cause:
            raise SettingsError("there is no policy that can be used; `mailguard policy check` says why") from cause
        for item in exception_items(policy, await self._store.exception_uses.list(), self._clock.now()):
            yield item

    async def canary_run(self, _: Arguments, __: str) -> AsyncIterator[Item]:
        if self._live is None:
            raise Conflict("the canary goes the way of the mail of a running service: start `mailguard serve` first")
        yield dict(await self._live.run_canary())

    async def user_link(self, arguments: LinkArguments, system_user: str) -> AsyncIterator[Item]:
        if self._console is None:
            raise SettingsError('"console" is not set in the settings, so no link would lead anywhere')
        yield link_item(await self._links.make(arguments.name, Actor(arguments.by, system_user)), self._console)

    async def explain(self, arguments: RefArguments, _: str) -> AsyncIterator[Item]:
        found = [entry async for entry in self._store.ledger.entries(arguments.ref)]
        if not found:
            raise UnknownReference(f'there is no message "{arguments.ref}"')
        decision = next((entry.fields for entry in found if entry.kind == "message_decided"), None)
        yield {
            "ref": arguments.ref,
            "decision": dict(decision) if decision is not None else None,
            "policy": await self._policy(decision),
            "policy_in_force": await asyncio.to_thread(self._revision_in_force),
            "explain": await self._recounted(decision),
            "happened": [entry_item(entry) for entry in found if entry.kind != "message_decided"],
            "decided_at": next((_when(entry.at) for entry in found if entry.kind == "message_decided"), None),
        }

    async def _policy(self, decision: Mapping[str, Any] | None) -> Item | None:
        """The revision that decided, with its rules' sentences as they were then. None where it was not kept."""
        if decision is None:
            return None
        revision = str(decision.get("policy_revision"))
        try:
            documents = await self._store.policies.get(revision)
        except UnknownReference:
            return None
        try:
            described = dict(self._describe(documents))
        except MailguardError:
            described = {}
        return {"revision": revision, "files": sorted(documents), "describe": described}

    async def _recounted(self, decision: Mapping[str, Any] | None) -> list[Item]:
        """Every condition of every rule of the revision that decided. Nothing where it was not kept, or is not read by
        this version.
        """
        if decision is None:
            return []
        try:
            documents = await self._store.policies.get(str(decision.get("policy_revision")))
            return [dict(each) for each in await asyncio.to_thread(self._recount, documents, decision)]
        except MailguardError:
            return []

    def _revision_in_force(self) -> str | None:
        try:
            return self._in_force().revision
        except (MailguardError, OSError):
            return None

    async def _append(self, kind: str, arguments: LookArguments, system_user: str, **fields: Any) -> None:
        await self._store.ledger.append([_entry(kind, arguments, system_user, self._clock.now(), **fields)])

    @property
    def running(self) -> bool:
        """Whether a service runs, so that what is in the outbox leaves."""
        return self._live is not None

    def _wake(self) -> None:
        if self._live is not None:
            self._live.wake()


Method = Callable[[StoreOperations, Any, str], AsyncIterator[Item]]


def _on_accounts(act: Act) -> Method:
    return lambda operations, arguments, system_user: act(operations.accounts, arguments, system_user)


def _on_register(act: OnRegister) -> Method:
    return lambda operations, arguments, system_user: act(operations.register, arguments, system_user)


def _on_rating(act: OnRating) -> Method:
    return lambda operations, arguments, system_user: act(operations.rating, arguments, system_user)


def _on_packs(act: OnPacks) -> Method:
    async def run(operations: StoreOperations, arguments: Any, system_user: str) -> AsyncIterator[Item]:
        async for item in act(operations.packs, arguments, system_user):
            yield {**item, "running": operations.running}

    return run


OPERATIONS: dict[str, tuple[type[Arguments], Method]] = {
    "status": (Arguments, StoreOperations.status),
    "held_list": (ListArguments, StoreOperations.held_list),
    "held_show": (ShowArguments, StoreOperations.held_show),
    "held_release": (ReleaseArguments, StoreOperations.held_release),
    "held_reject": (RejectArguments, StoreOperations.held_reject),
    "outbox_list": (Arguments, StoreOperations.outbox_list),
    "outbox_retry": (LookArguments, StoreOperations.outbox_retry),
    "outbox_drop": (DropArguments, StoreOperations.outbox_drop),
    "audit_list": (EntriesArguments, StoreOperations.audit_list),
    "audit_verify": (Arguments, StoreOperations.audit_verify),
    "audit_export": (Arguments, StoreOperations.audit_export),
    "data_backup": (Arguments, StoreOperations.data_backup),
    "data_objects": (Arguments, StoreOperations.data_objects),
    "data_purge": (PurgeArguments, StoreOperations.data_purge),
    "canary_run": (Arguments, StoreOperations.canary_run),
    "explain": (RefArguments, StoreOperations.explain),
    "policy_exceptions": (Arguments, StoreOperations.policy_exceptions),
    "user_link": (LinkArguments, StoreOperations.user_link),
    **{name: (model, _on_accounts(act)) for name, (model, act) in USER_OPERATIONS.items()},
    **{name: (model, _on_register(act)) for name, (model, act) in INCIDENT_OPERATIONS.items()},
    **{name: (model, _on_rating(act)) for name, (model, act) in QUALITY_OPERATIONS.items()},
    **{name: (model, _on_packs(act)) for name, (model, act) in PACK_OPERATIONS.items()},
}


def held_item(held: Held) -> Item:
    """INTERFACE.md `held list --json`. Times in UTC."""
    return {
        "ref": held.ref,
        "received_at": _when(held.received_at),
        "sender": held.sender,
        "subject": held.subject,
        "reason": held.reason,
        "rules": list(held.rules),
        "state": held.state.value,
        "delivery": dict(held.delivery),
        "due_at": _when(held.due_at),
        "version": held.version,
    }


def outbox_item(row: Delivery) -> Item:
    """A row of the outbox, with whom it goes to."""
    return {
        "ref": row.ref,
        "identifier": row.identifier,
        "kind": row.kind,
        "recipients": _recipients(row.envelope),
        "created_at": _when(row.created_at),
        "not_before": _when(row.not_before),
        "give_up_at": _when(row.give_up_at),
        "attempts": row.attempts,
        "last_reply": row.last_reply,
        "held_back": row.not_before >= NEVER,
    }


def entry_item(entry: Entry) -> Item:
    """INTERFACE.md `audit list --json`: the fixed keys, then the kind's own."""
    return {
        "ledger": entry.ledger,
        "sequence": entry.sequence,
        "at": entry.at.astimezone(UTC).isoformat(),
        "kind": entry.kind,
        "ref": entry.ref,
        "hash": entry.hash,
        **{key: value for key, value in entry.fields.items() if key not in FIXED},
    }


FIXED = ("ledger", "sequence", "at", "kind", "ref", "hash")


def _details(held: Held) -> Item:
    return {
        "recipients": _recipients(held.envelope),
        "left_out": [recipient.address for recipient in held.left_out],
        "offers": held.offers,
        "release_as": None if held.release_as is None else list(held.release_as),
        "decision": dict(held.decision),
        "policy_revision": held.policy_revision,
        "content_sha256": held.content_sha256,
        "approvals_needed": held.approvals_needed,
        "approved_by": list(held.approved_by),
        "decided_by": held.decided_by,
        "decided_at": _when(held.decided_at),
        "note": held.note,
        "released_as": held.released_as,
        "kept": held.blob is not None,
    }


def _message_item(found: SafeText) -> Item:
    return {
        "fields": [{"name": name, "value": value} for name, value in found.fields],
        "text": found.text,
        "text_from": found.text_from,
        "shortened": found.shortened,
        "others": [
            {"names": list(other.names), "type": other.media_type, "octets": other.octets} for other in found.others
        ],
    }


def _read_text(raw: Buffer, content_sha256: str) -> SafeText:
    if hashlib.sha256(raw).hexdigest() != content_sha256:
        raise MailguardError("the stored message is not the one that was held")
    return safe_text(parse(raw))


def _recipients(envelope: Envelope) -> list[str]:
    return [recipient.address for recipient in envelope.recipients]


def _when(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="seconds") if at is not None else None


def _states(names: Sequence[str]) -> list[State] | None:
    try:
        return [State(name) for name in names] or None
    except ValueError as cause:
        raise BadArguments(f"a state is one of: {', '.join(State)}") from cause


def _check_reference(ref: str | None) -> None:
    if ref is not None and not is_reference(ref):
        raise UnknownReference(f'"{ref}" is not a reference; one looks like MG-7Q4K-2F')


def _entry(kind: str, arguments: LookArguments, system_user: str, at: datetime, **fields: Any) -> NewEntry:
    return entries.plain(kind, arguments.ref, at, actor=arguments.by, system_user=system_user, **fields)
