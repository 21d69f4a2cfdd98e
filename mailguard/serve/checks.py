"""mailguard check: everything that a start needs, tried before a restart. Each finding is a sentence.

It changes nothing, sends no mail and stops nothing that runs: a port that our own running service holds is no problem.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import smtplib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..config import Settings, load_settings
from ..core.errors import MailguardError, NotAllowed, SettingsError
from ..core.policy.load import load_policy
from ..smtp.listen_settings import HostPort
from ..store.migrate import on_database, revision
from ..store.store import Store
from ..store.store_settings import StoreSettings
from .control import ServiceNotRunning, call, socket_path
from .policies import read_documents

CONNECT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Finding:
    """part: what was looked at. ok: whether a start would work. sentence: for an admin."""

    part: str
    ok: bool
    sentence: str

    def to_json(self) -> dict[str, Any]:
        return {"part": self.part, "ok": self.ok, "sentence": self.sentence}


def check(path: Path) -> Iterator[Finding]:
    """Findings about settings, policies, listeners, smarthost, store and keys, in this order, as they are found."""
    try:
        settings = load_settings(path)
    except MailguardError as cause:
        yield Finding("settings", False, str(cause))
        return
    yield Finding("settings", True, f'"{path}" can be used; inside: {", ".join(settings.organisation.domains)}')
    yield _check_policies(settings.policies)
    running = _is_running(settings.store_settings())
    for listener in settings.listen:
        yield _check_listener(listener.address, running=running)
    yield from _check_smarthost(settings)
    yield from _check_store(settings.store_settings(), running=running)


def _check_policies(path: Path) -> Finding:
    try:
        documents = read_documents(path)
        policy = load_policy(documents)
    except (MailguardError, OSError) as cause:
        text = cause.strerror if isinstance(cause, OSError) else str(cause)
        return Finding("policies", False, f'the policy in "{path}" cannot be used: {text}')
    enforced = sum(rule.mode == "enforce" for rule in policy.rules)
    if not enforced:
        return Finding("policies", False, f'no rule in "{path}" is enforced: nothing but defects would be held')
    return Finding("policies", True, f"{len(policy.rules)} rules in {len(documents)} files, {enforced} enforced")


def _is_running(store: StoreSettings) -> bool:
    try:
        return bool(list(call(socket_path(store), "status", {})))
    except (ServiceNotRunning, NotAllowed):
        return False


def _check_listener(address: HostPort, *, running: bool) -> Finding:
    part = f"listener {address}"
    try:
        families = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, target in families:
            with socket.socket(family, kind, protocol) as tried:
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                tried.bind(target)
                tried.listen(1)
    except socket.gaierror:
        return Finding(part, False, f'"{address.host}" is no address of this computer')
    except OSError as cause:
        if running and cause.errno == errno.EADDRINUSE:
            return Finding(part, True, "in use by the running service")
        return Finding(part, False, f"cannot be opened: {cause.strerror or 'unknown cause'}")
    return Finding(part, True, "is free")


def _check_smarthost(settings: Settings) -> Iterator[Finding]:
    """Connect, EHLO, and TLS as the settings ask for it; no sign-in and no mail."""
    smarthost = settings.smarthost
    address, tls = smarthost.address, smarthost.tls
    part = f"smarthost {address}"
    try:
        with _connected(address, implicit=tls == "implicit", ca_file=smarthost.ca_file) as session:
            code, _ = session.ehlo()
            if code != 250:
                yield Finding(part, False, f"answers EHLO with {code}")
                return
            yield from _check_tls(part, session, tls, smarthost.ca_file)
            names = sorted(name.upper() for name in session.esmtp_features)
            yield Finding(part, True, f"answers, and announces {', '.join(names) or 'no extension'}")
            missing = [name for name in ("PIPELINING", "8BITMIME") if name.lower() not in session.esmtp_features]
            if missing:
                yield Finding(part, True, f"note: it does not announce {' and '.join(missing)}")
    except ssl.SSLError as cause:
        yield Finding(part, False, f"TLS failed: {cause.reason or 'the certificate is not valid for this name'}")
    except TimeoutError:
        yield Finding(part, False, f"does not answer within {CONNECT_SECONDS:.0f} seconds")
    except (OSError, smtplib.SMTPException) as cause:
        yield Finding(part, False, f"cannot be reached: {getattr(cause, 'strerror', None) or 'it ended the session'}")


def _check_tls(part: str, session: smtplib.SMTP, tls: str, ca_file: Path | None) -> Iterator[Finding]:
    offered = session.has_extn("starttls")
    if tls == "required" and not offered:
        yield Finding(part, False, "does not offer STARTTLS, which `tls: required` asks for")
    elif tls in ("required", "opportunistic") and offered:
        session.starttls(context=_context(ca_file, verified=tls == "required"))
        session.ehlo()
        yield Finding(part, True, "STARTTLS works")
    elif tls == "implicit":
        yield Finding(part, True, "TLS works")


@contextlib.contextmanager
def _connected(address: Any, *, implicit: bool, ca_file: Path | None) -> Iterator[smtplib.SMTP]:
    session = (
        smtplib.SMTP_SSL(address.host, address.port, timeout=CONNECT_SECONDS, context=_context(ca_file, verified=True))
        if implicit
        else smtplib.SMTP(address.host, address.port, timeout=CONNECT_SECONDS)
    )
    try:
        yield session
    finally:
        with contextlib.suppress(smtplib.SMTPException, OSError):
            session.quit()


def _context(ca_file: Path | None, *, verified: bool) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    if not verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _check_store(store: StoreSettings, *, running: bool) -> Iterator[Finding]:
    """Whether the store can be opened with its keys and has this version's schema; a new one is made by `serve`."""
    if running:
        yield Finding("store", True, "in use by the running service")
        return
    try:
        found = asyncio.run(_open_store(store))
    except MailguardError as cause:
        yield Finding("store", False, str(cause).removeprefix("store: "))
        return
    yield Finding("store", True, found)
    yield _check_keys(store)


async def _open_store(store: StoreSettings) -> str:
    new = "does not exist yet; `mailguard serve` makes it with its keys"
    if store.is_sqlite and not store.sqlite_path().exists():
        return _new_store(store.sqlite_path(), new)
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
    folder = store.keys_folder()
    if not folder.exists():
        return Finding("keys", True, f'"{folder}" will be made with the store')
    open_to_others = [path.name for path in (folder, *folder.iterdir()) if path.stat().st_mode & 0o077]
    if open_to_others:
        return Finding("keys", False, f'others can read {", ".join(open_to_others)} in "{folder}"; chmod go= them')
    return Finding("keys", True, f'"{folder}" is private; keep a copy apart from the backups of the store')
