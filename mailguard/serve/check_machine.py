"""The part of `mailguard check` that looks at this machine: addresses, folders, room, open files, who asks.

It binds addresses and lets them go; it changes nothing else.
"""

from __future__ import annotations

import errno
import os
import resource
import shutil
import socket
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from ..config import Settings
from ..smtp.listen_settings import HostPort
from .control import name_fits, socket_path
from .finding import Finding

FEW_OCTETS = 1_000_000_000
"""Free room below which a note is due."""
OTHER_FILES = 200
"""Open files beside those of clients: smarthost, store, listeners, commands."""
UNIT_STOP_SECONDS = 90
"""TimeoutStopSec of deploy/mailguard.service."""
LOW_PORT = 1024
EVERYWHERE = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}  # noqa: S104  compared, not listened on


def check_addresses(addresses: Sequence[tuple[str, HostPort]], ours: Collection[str]) -> Iterator[Finding]:
    """Whether all can be listened on at once. addresses: part and where. ours: where a running service listens."""
    with ExitStack() as taken:
        for part, address in addresses:
            yield _check_address(part, address, ours, taken)


def _check_address(part: str, address: HostPort, ours: Collection[str], taken: ExitStack) -> Finding:
    try:
        families = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        return Finding(part, False, f'"{address.host}" is no address of this computer')
    own = False
    for family, kind, protocol, _, target in families:
        tried = taken.enter_context(socket.socket(family, kind, protocol))
        try:
            _listen(tried, target)
        except OSError as cause:
            if cause.errno != errno.EADDRINUSE or not _is_ours(family, HostPort(str(target[0]), address.port), ours):
                return Finding(part, False, _why_not(cause, address.port))
            own = True
    return Finding(part, True, "in use by the running service" if own else "is free")


def _listen(tried: socket.socket, target: object) -> None:
    tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if tried.family == socket.AF_INET6:
        tried.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    tried.bind(target)  # type: ignore[arg-type]
    tried.listen(1)


def _is_ours(family: int, address: HostPort, ours: Collection[str]) -> bool:
    """Whether the running service has it: this address, all addresses, or with all addresses asked for any of them."""
    everywhere = EVERYWHERE[socket.AddressFamily(family)]
    if address.host == everywhere:
        return any(each.endswith(f":{address.port}") for each in ours)
    return str(address) in ours or str(HostPort(everywhere, address.port)) in ours


def _why_not(cause: OSError, port: int) -> str:
    if cause.errno == errno.EACCES and port < LOW_PORT:
        return (
            f"cannot be opened: port {port} is below {LOW_PORT} and this user has no right to it; deploy/README.md "
            "says how the service gets it, and how to run this check with it"
        )
    return f"cannot be opened: {cause.strerror or 'unknown cause'}"


def check_machine(settings: Settings) -> Iterator[Finding]:
    """Who asks, the folders that the service writes in, their room, the socket of commands, open files, stopping."""
    store = settings.store_settings()
    kept = store.sqlite_path().parent if store.is_sqlite else store.keys_folder().parent
    yield from _check_user(kept)
    yield from _check_socket(socket_path(store))
    yield from _check_spool(settings)
    if settings.log_file is not None:
        yield _check_log_file(settings.log_file)
    if store.is_sqlite:
        yield from _check_room("store", kept, settings.limits.message_bytes, "kept")
    yield from _check_open_files(settings.limits.connections)
    needed = 2 * settings.stop_grace_seconds + 10
    if needed > UNIT_STOP_SECONDS:
        sentence = (
            f"note: a stop may take {needed} seconds; raise TimeoutStopSec={UNIT_STOP_SECONDS} of the unit above it"
        )
        yield Finding("stop", True, sentence)


def _check_user(folder: Path) -> Iterator[Finding]:
    """Root can do what the service's user cannot: what is well for root says little."""
    if os.geteuid() == 0 and folder.exists() and folder.stat().st_uid != 0:
        yield Finding("user", True, "note: this was checked as root; run it as the user of the service to be sure")


def _check_socket(path: Path) -> Iterator[Finding]:
    if not name_fits(path):
        yield Finding(
            "socket", False, f'the name "{path.name}" of the control socket is too long; name the store shorter'
        )
    elif path.exists() and not path.is_socket():
        yield Finding("socket", False, f'"{path}" is in the way of the control socket; move it away')
    elif path.parent.is_dir() and not os.access(path.parent, os.W_OK | os.X_OK):
        yield Finding("socket", False, f'the control socket "{path}" cannot be made: its folder is not ours to write')


def _check_spool(settings: Settings) -> Iterator[Finding]:
    folder = settings.spool or Path(tempfile.gettempdir())
    if not folder.is_dir():
        yield Finding("spool", False, f'the folder "{folder}" does not exist; messages above 1 MB would be deferred')
    elif not os.access(folder, os.W_OK | os.X_OK):
        yield Finding(
            "spool", False, f'the folder "{folder}" is not ours to write; messages above 1 MB would be deferred'
        )
    else:
        yield from _check_room("spool", folder, settings.limits.message_bytes, "received")


def _check_log_file(path: Path) -> Finding:
    if not path.parent.is_dir():
        return Finding(
            "log", False, f'the folder "{path.parent}" of log_file does not exist; the service would not start'
        )
    in_the_way = path.is_symlink() or (path.exists() and not path.is_file() and not path.is_char_device())
    if in_the_way or not os.access(path if path.exists() else path.parent, os.W_OK):
        return Finding("log", False, f'"{path}" of log_file cannot be written; the service would not start')
    return Finding("log", True, f'"{path}" can be written')


def _check_room(part: str, folder: Path, message_octets: int, what: str) -> Iterator[Finding]:
    there = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(there).free
    if free < 2 * message_octets:
        sentence = f'"{there}" has {free // 1_000_000} MB free: a message of the size allowed could not be {what}'
        yield Finding(part, False, sentence)
    elif free < FEW_OCTETS:
        yield Finding(part, True, f'note: "{there}" has {free // 1_000_000} MB free')


def _check_open_files(connections: int) -> Iterator[Finding]:
    """A connection, and a file for a large message on it."""
    needed = 2 * connections + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    if hard not in (unlimited, -1) and hard < needed:
        sentence = (
            f"{hard} files may be open, {connections} connections need {needed}: raise LimitNOFILE= or ulimit -n, "
        )
        yield Finding("files", False, f"{sentence}or lower limits.connections")
    elif soft not in (unlimited, -1) and soft < needed:
        sentence = f"note: from this shell {soft} files may be open, {connections} connections need {needed}"
        yield Finding("files", True, f"{sentence}; the systemd unit allows 8192")
