"""mailguard check: everything that a start needs, tried before a restart. Each finding is a sentence.

It changes nothing, sends no mail and stops nothing that runs: a port that our own running service holds is no problem.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ..config import Settings, load_settings
from ..core.errors import MailguardError, NotAllowed, SettingsError
from ..core.policy.fit import running_out_in, unknown_kinds
from ..core.policy.load import load_policy
from ..smtp.certificate import load_context, validity
from ..smtp.listen_settings import HostPort, ListenerSettings
from ..smtp.smarthost_settings import SmarthostSettings
from ..store.keys import load_keys
from ..store.migrate import on_database, refuse_other, revision
from ..store.store import Store
from ..store.store_settings import StoreSettings
from .check_machine import check_addresses, check_machine
from .console_checks import check_console
from .control import ServiceNotRunning, ServiceUnreachable, call, socket_path
from .dkim_checks import check_dkim
from .finding import Finding
from .fit import check_fit
from .inspecting import check_inspection, known_kinds
from .object_checks import check_object_store
from .oidc_checks import check_oidc
from .own_right import check_own_right
from .owner import owner_name
from .parts import hostname
from .policies import read_documents
from .selftest import refuse_misreading
from .smarthost_checks import check_smarthosts

SOON = timedelta(days=30)
"""A certificate that expires within it is worth a note."""


def check(path: Path) -> Iterator[Finding]:
    """Findings about settings, policies, listeners, console, metrics, certificates, DKIM keys, smarthosts, store,
    keys, object store, sign-in service, witness, attachments and machine, in this order.
    """
    try:
        settings = load_settings(path)
    except MailguardError as cause:
        yield Finding("settings", False, str(cause))
        return
    yield _check_reading()
    yield Finding("settings", True, f'"{path}" can be used; inside: {", ".join(settings.organisation.domains)}')
    for problem in settings.notices.problems(settings.organisation.organisation()):
        yield Finding("notices", False, problem)
    for problem in settings.canary.problems(settings.organisation.organisation()):
        yield Finding("canary", False, problem)
    yield from _check_policies(settings)
    status = _running_status(settings.store_settings())
    ours = {*status.get("listening", ()), status.get("metrics"), status.get("console")} if status else ()
    yield from check_addresses(_addresses(settings), ours)
    yield from check_console(settings)
    for listener in settings.listen:
        yield from _check_certificate(listener)
    yield from check_dkim(settings)
    yield from check_smarthosts(
        settings.smarthosts, hostname(settings), settings.notices.sender, _signed_in_at(settings)
    )
    yield from _check_store(settings.store_settings(), running=status is not None)
    yield from check_object_store(settings.object_store)
    yield from check_oidc(settings, running=status is not None)
    yield from _check_witness(settings.store_settings().witness)
    yield from check_inspection(settings.inspection)
    yield from check_machine(settings)


def _addresses(settings: Settings) -> list[tuple[str, HostPort]]:
    found = [(f"listener {listener.address}", listener.address) for listener in settings.listen]
    if settings.console is not None and settings.console.process == "service":
        found.append((f"console {settings.console.address}", settings.console.address))
    if settings.metrics is not None:
        found.append((f"metrics {settings.metrics.address}", settings.metrics.address))
    return found


def _signed_in_at(settings: Settings) -> SmarthostSettings | None:
    """The smarthost that clients' sign-ins are tried at, if a listener has it so."""
    passed_on = any(listener.sign_in == "smarthost" for listener in settings.listen)
    return settings.default_route[0] if passed_on else None


def _check_reading() -> Finding:
    try:
        refuse_misreading()
    except SettingsError as cause:
        return Finding("reading", False, str(cause))
    return Finding("reading", True, "messages are read as they must be on this Python")


def _check_policies(settings: Settings) -> Iterator[Finding]:
    path = settings.policies
    try:
        documents = read_documents(path)
        policy = load_policy(documents)
    except (MailguardError, OSError) as cause:
        text = cause.strerror if isinstance(cause, OSError) else str(cause)
        yield Finding("policies", False, f'the policy in "{path}" cannot be used: {text}')
        return
    enforced = sum(rule.mode == "enforce" for rule in policy.rules)
    if not enforced:
        yield Finding("policies", False, f'no rule in "{path}" is enforced: nothing but defects would be held')
        return
    try:
        unknown = unknown_kinds(policy, known_kinds(settings.inspection))
    except MailguardError:  # said under "kinds"
        unknown = ()
    for warning in (*policy.warnings, *running_out_in(policy, datetime.now(UTC)), *unknown):
        yield Finding("policies", True, f"note: {warning.render()}")
    counts = f"{len(policy.rules)} rules, {enforced} of them enforced, in {len(documents)} file(s)"
    yield Finding("policies", True, f"{counts}; revision {policy.revision[:19]}")
    yield from check_fit(settings, policy)
    yield from check_own_right(settings, policy)


def _running_status(store: StoreSettings) -> dict[str, Any] | None:
    """What the running service says of itself, None where none runs that would answer us."""
    try:
        return next(iter(call(socket_path(store), "status", {})), None)
    except (ServiceNotRunning, ServiceUnreachable, NotAllowed):
        return None


def _check_certificate(listener: ListenerSettings) -> Iterator[Finding]:
    """Whether clients can be shown it: readable, with the key that fits, not expired, and for how long still."""
    if listener.certificate is None:
        return
    part = f"certificate of {listener.address}"
    try:
        load_context(listener.certificate, listener.key)
        begins, ends = validity(listener.certificate)
    except SettingsError as cause:
        yield Finding(part, False, str(cause))
        return
    key = listener.key or listener.certificate
    if key.stat().st_mode & 0o004:
        yield Finding(part, True, f'note: every user of this computer may read the key in "{key}"')
    now = datetime.now(UTC)
    if not begins <= now < ends:
        when = f"has expired on {ends:%Y-%m-%d}" if now >= ends else f"is not valid before {begins:%Y-%m-%d}"
        yield Finding(part, False, f'"{listener.certificate}" {when}; mail programs will refuse it')
    elif ends - now < SOON:
        days = (ends - now).days
        left = f"{days} day{'' if days == 1 else 's'}"
        yield Finding(part, True, f'note: "{listener.certificate}" expires in {left}, on {ends:%Y-%m-%d}')
    else:
        yield Finding(part, True, f"fits its key, valid until {ends:%Y-%m-%d}")


def _check_store(store: StoreSettings, *, running: bool) -> Iterator[Finding]:
    """Whether the store can be opened with its keys and has this version's schema; a new one is made by `serve`."""
    try:
        found = asyncio.run(_look_at_store(store) if running else _open_store(store))
    except MailguardError as cause:
        yield Finding("store", False, str(cause).removeprefix("store: "))
        return
    yield Finding("store", True, found)
    yield _check_keys(store)


def _check_witness(path: Path | None) -> Iterator[Finding]:
    """A witness that is named has to be writable: without it nothing is recorded, so all mail would be deferred.

    Its folder is not made here or at a start: where it is missing, the disk that it stands on may not be mounted.
    """
    if path is None:
        return
    if not path.parent.is_dir():
        yield Finding("witness", False, f'its folder "{path.parent}" does not exist; all mail would be deferred')
    elif path.exists() and not path.is_file():
        yield Finding("witness", False, f'"{path}" is no file; the service would not start')
    elif not os.access(path if path.exists() else path.parent, os.W_OK):
        yield Finding("witness", False, f'"{path}" cannot be written; all mail would be deferred')
    else:
        yield Finding("witness", True, f'"{path}" can be written')


async def _look_at_store(store: StoreSettings) -> str:
    """Without opening it: the running service has it. After an upgrade its schema may be older than this version's."""
    await on_database(
        store, lambda connection: refuse_other(connection, load_keys(store.keys_folder()), store), reads=True
    )
    return "in use by the running service; has the schema of this version, and its keys are there"


async def _open_store(store: StoreSettings) -> str:
    new = "does not exist yet; `mailguard serve` makes it with its keys"
    if store.is_sqlite and not store.sqlite_path().exists():
        return _new_store(store.sqlite_path(), new)
    if store.is_sqlite and not os.access(store.sqlite_path(), os.R_OK | os.W_OK):
        owner = owner_name(store.sqlite_path())
        raise SettingsError(
            f'"{store.sqlite_path()}" belongs to "{owner}" and is not ours to open; was it made by root?'
        )
    if await on_database(store, revision) is None:
        return new
    opened = await Store.open(store, create=False)
    try:
        counts = await opened.counts()
    finally:
        await opened.close()
    return f"can be opened with its keys and has the schema of this version; {counts.entries} ledger entries"


def _new_store(path: Path, sentence: str) -> str:
    """The sentence, if the file could be made. SettingsError where its folder does not let us."""
    folder = next(parent for parent in path.parents if parent.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise SettingsError(f'"{path}" cannot be made: the folder "{folder}" is not ours to write')
    return sentence


def _check_keys(store: StoreSettings) -> Finding:
    """Opening the store has shown that they fit and are private."""
    folder = store.keys_folder()
    if not folder.exists():
        return Finding("keys", True, f'"{folder}" will be made with the store')
    return Finding("keys", True, f'"{folder}"; keep a copy apart from the backups of the store')
