"""The socket between the service and consoles that are processes of their own (`console.process: own`).

HTTP/1.1 (RFC 9112) over a Unix socket of mode 0600 in a folder of its own beside the control socket: whoever may open
it may say for whom a request comes (`X-Forwarded-For`), which is the user of the service and root. A folder of its own,
so that a console can be shut in with nothing else in sight (deploy/mailguard-console.service).
"""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

from ..core.errors import SettingsError
from ..store.store_settings import StoreSettings
from .control import listen_privately, socket_path


def console_socket(store: StoreSettings) -> Path:
    """Where the service serves its pages to other processes."""
    control = socket_path(store)
    return control.with_name(f"{control.stem}.console") / "pages.sock"


def listen_for_consoles(path: Path) -> socket.socket:
    """SettingsError where it cannot be made."""
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        found = path.parent.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise SettingsError(
                f'the folder "{path.parent}" must belong to the user of the service alone (mode 0700): whoever could '
                "put a socket of theirs there would be sent what people type in the console"
            )
        return listen_privately(path)
    except OSError as cause:
        raise SettingsError(f'the socket of the console "{path}" cannot be made: {cause.strerror}') from cause
