"""What the demo stands on: free ports, and a folder with settings and policies such as `mailguard init` makes."""

from __future__ import annotations

import contextlib
import shutil
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path

from ..core.errors import SettingsError
from ..smtp.listen_settings import HostPort, parse_host_port
from .demo_samples import DOMAIN, POLICY

CONTACT = f"manager@{DOMAIN}"
PORTS = 100
STOP_SECONDS = 15
"""Half of what a real console gives: whoever looks around waits for each of them."""

Say = Callable[[str], None]


def folder(house: contextlib.AsyncExitStack, *, keep: bool) -> Path:
    """A new folder, which goes when the house ends unless it is kept."""
    made = Path(tempfile.mkdtemp(prefix="mailguard-demo-"))
    if not keep:
        house.callback(shutil.rmtree, made, ignore_errors=True)
    return made


def door(named: str | None, first: int, option: str, say: Say) -> HostPort:
    """Where to listen: as named, else `first` on 127.0.0.1, or the next port that is free, said in words.

    SettingsError where the name is no HOST:PORT, or none of PORTS is free.
    """
    if named is not None:
        try:
            return parse_host_port(named)
        except ValueError as cause:
            raise SettingsError(str(cause)) from cause
    port = next((port for port in range(first, first + PORTS) if _is_free(port)), None)
    if port is None:
        raise SettingsError(f"no port from {first} to {first + PORTS - 1} is free; name one with {option}")
    if port != first:
        say(f"Port {first} is in use by another program, so the demo takes the next free one, {port}.\n")
    return HostPort("127.0.0.1", port)


def console_door(named: str | None, first: int, say: Say) -> HostPort:
    """As `door`, on this computer alone, and with the port that it will have: links name it."""
    found = door(named, first, "--console", say)
    if not found.loopback:
        raise SettingsError(
            f'"{found}" can be reached from other computers, and the demo lets in whoever has its link; name an '
            "address of this one, for example --console 127.0.0.1:8085"
        )
    return found if found.port else HostPort(found.host, _any_port(found.host))


def _is_free(port: int) -> bool:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _any_port(host: str) -> int:
    with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as tried:
        return int(tried.getsockname()[1])


def write_settings(folder: Path, smtp: HostPort, console: HostPort, smarthost: str, policies: dict[str, str]) -> Path:
    """The settings file, and the demo's rules beside the default policy. policies: name -> text."""
    named = {name: text for name, text in policies.items() if "/" not in name}
    (folder / "policies").mkdir()
    for name, text in {**named, "demo.yaml": POLICY}.items():
        (folder / "policies" / name).write_text(text, encoding="utf-8")
    settings = folder / "mailguard.yaml"
    settings.write_text(
        f"organisation: {{name: Elm Road Surgery, domains: [{DOMAIN}]}}\n"
        f"listen:\n  - {{address: '{smtp}'{_allow(smtp)}}}\n"
        f"smarthost: {{address: '{smarthost}', tls: none}}\n"
        f"console: {{address: '{console}', base_url: 'http://{console}', stop_seconds: {STOP_SECONDS}}}\n"
        f"store: sqlite:////{str(folder / 'mailguard.db').lstrip('/')}\n"
        f"notices: {{from: mailguard@{DOMAIN}, contact: {CONTACT}}}\n"
        "hostname: guard.demo.example\n",
        encoding="utf-8",
    )
    return settings


def _allow(smtp: HostPort) -> str:
    """Off loopback (in a container) the networks that are private may submit; it goes nowhere but to the sink."""
    if smtp.loopback:
        return ""
    return ", allow: [127.0.0.0/8, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, '::1/128', 'fd00::/8']"
