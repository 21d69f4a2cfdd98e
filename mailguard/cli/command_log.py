"""The log of commands: a file of the user, made only when there is something to log."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

from .private import open_private


def log_path() -> Path:
    """Where the log of commands is: the state folder of the user (XDG_STATE_HOME, ~/.local/state)."""
    state = os.environ.get("XDG_STATE_HOME")
    try:
        folder = Path(state) if state else Path.home() / ".local" / "state"
    except RuntimeError:
        folder = Path("/nonexistent")
    return folder / "mailguard" / "commands.log"


class CommandLog(io.TextIOBase):
    """A stream whose file is opened for each event, so that a command that logs nothing leaves nothing.

    name: where the events are; stderr where the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = str(path)

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open_private(self._path, append=True) as file:
                file.write(text)
        except OSError:
            self.name = "the line above"
            sys.stderr.write(text)
        return len(text)
