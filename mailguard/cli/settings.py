"""Which settings a command works with: -C FILE before or after the command, MAILGUARD_CONFIG, or ./mailguard.yaml."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from ..config import VARIABLE, Settings, find_settings, load_settings
from ..core.errors import SettingsError

NONE_FOUND = (
    "No configuration found. Run `mailguard init`, or `mailguard demo` to look around. "
    "If there is a mailguard.yaml in another folder, name it with -C FILE."
)


def _name(path: Path | None) -> Path | None:
    if path is not None:
        os.environ[VARIABLE] = str(path)
    return path


Config = Annotated[
    Path | None,
    typer.Option(
        "-C", "--config", metavar="FILE", callback=_name, expose_value=False, help="The settings file (mailguard.yaml)."
    ),
]


def find() -> Path:
    """The settings file of this command. SettingsError where there is none."""
    path = find_settings(None)
    if path is None:
        raise SettingsError(NONE_FOUND)
    return path


def find_readable() -> Path:
    """The same, and SettingsError too where it cannot be read: wrong usage, not a finding about its contents."""
    path = find()
    try:
        path.read_bytes()
    except OSError as cause:
        raise SettingsError(f'the settings file "{path}" cannot be read: {cause.strerror}') from cause
    return path


def load() -> Settings:
    """The settings of this command. Raises SettingsError and DocumentErrors."""
    return load_settings(find())
