"""Which sign-in each listener is given, by the value of its `sign_in`."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..core.errors import SettingsError
from ..guard.ports import SignIn
from ..smtp.listen_settings import ListenerSettings

SERVED: frozenset[str] = frozenset()
"""What this version can try sign-ins with; `serve` makes one of each, and `check` asks here."""


def why_not_served(settings: ListenerSettings, served: Collection[str] = SERVED) -> str | None:
    """A plain sentence if a listener asks for what is not there, None if it can be served."""
    if settings.sign_in == "none" or settings.sign_in in served:
        return None
    return f'"sign_in: {settings.sign_in}" of "{settings.address}" is not served by this version'


def sign_in_of(settings: ListenerSettings, offered: Mapping[str, SignIn]) -> SignIn | None:
    """What a listener has sign-ins tried with, None where nobody signs in. SettingsError where there is nothing."""
    if trouble := why_not_served(settings, offered):
        raise SettingsError(trouble)
    return offered.get(settings.sign_in)
