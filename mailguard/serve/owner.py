"""Whose the store is: what root makes in the folder of the service's user, the service could not open."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from ..core.errors import SettingsError
from ..store.store_settings import StoreSettings


def refuse_making_for_another(store: StoreSettings) -> None:
    """SettingsError where root would make a new SQLite store in the folder of another, as the service is."""
    if os.geteuid() != 0 or not store.is_sqlite or store.sqlite_path().exists():
        return
    folder = store.sqlite_path().parent
    if folder.exists() and folder.stat().st_uid != 0:
        user = owner_name(folder)
        raise SettingsError(
            f'"{folder}" belongs to "{user}", and a store that root makes there could not be opened by the service; '
            f"start it as that user: runuser -u {user} -- mailguard serve"
        )


def owner_name(path: Path) -> str:
    """The name of the user whom it belongs to, or the number where it has none here."""
    number = path.stat().st_uid
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
