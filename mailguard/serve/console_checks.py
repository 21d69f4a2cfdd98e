"""`mailguard check` about the console: whether its links can be opened, and its process, where it is one of its own."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from urllib.parse import urlsplit

from ..config import ConsoleSettings, Settings
from ..console.security import CONTENT_SECURITY_POLICY
from ..core.this_machine import is_this_machine
from .check_machine import check_addresses
from .console_socket import console_socket
from .control import name_fits
from .finding import Finding

SECONDS = 5.0


def check_console(settings: Settings) -> Iterator[Finding]:
    """Whether others can open its links; and where it is a process of its own, whether it could listen, or does."""
    if settings.console is None:
        return
    yield from _check_links(settings.console)
    if settings.console.process == "own":
        yield from _check_process(settings, settings.console)


def _check_links(console: ConsoleSettings) -> Iterator[Finding]:
    """Whoever reads a notice on another computer cannot open a link to this one."""
    if is_this_machine(urlsplit(console.base_url).hostname):
        sentence = (
            f'notices link to "{console.base_url}", which only this computer can open; let base_url be an '
            'address that senders can, with a web server with TLS before the console (docs/operating.md "The review '
            'console")'
        )
        yield Finding("links", True, f"note: {sentence}")


def _check_process(settings: Settings, console: ConsoleSettings) -> Iterator[Finding]:
    part = f"console {console.address}"
    (found,) = check_addresses([(part, console.address)], ())
    if found.ok:
        yield Finding(
            part, True, "is free; `mailguard console` has to run beside the service for anybody to see a page"
        )
    elif _answers(console):
        yield Finding(part, True, "in use by `mailguard console`")
    else:
        yield found
    socket = console_socket(settings.store_settings())
    if not name_fits(socket):
        yield Finding(part, False, f'the name "{socket.name}" of its socket is too long; name the store shorter')
    elif socket.exists() and not socket.is_socket():
        yield Finding(part, False, f'"{socket}" is in the way of its socket; move it away')


def _answers(console: ConsoleSettings) -> bool:
    """Whether what listens there answers as a console does, with pages or without."""
    asked = http.client.HTTPConnection(console.address.host, console.address.port, timeout=SECONDS)
    try:
        asked.request("GET", "/sign-in", headers={"Host": urlsplit(console.base_url).netloc})
        return asked.getresponse().headers.get("Content-Security-Policy") == CONTENT_SECURITY_POLICY
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()
