"""mailguard check: whether people can sign in with the organisation's own sign-in service, and who else could."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config import Settings
from ..core.errors import MailguardError, ServiceSilent
from ..core.powers import powers_of
from ..store.store import Store
from ..store.store_settings import StoreSettings
from .control import call, socket_path
from .finding import Finding
from .user_operations import account_item

if TYPE_CHECKING:
    from ..oidc.settings import OidcSettings

PART = "sign-in service"


def check_oidc(settings: Settings, *, running: bool) -> Iterator[Finding]:
    """running: whether the service runs, which then says who has signed in. Nothing where no sign-in service is set."""
    console = settings.console
    if console is None or console.oidc is None:
        return
    yield from _check_secret(console.oidc.client_secret_file)
    yield _check_service(console.oidc, console.base_url)
    yield from _check_ways_in(console.oidc, console.local_accounts, settings.store_settings(), running)


def _check_secret(file: Path | None) -> Iterator[Finding]:
    if file is None:
        return
    from ..oidc.service import read_secret

    try:
        read_secret(file)
    except ServiceSilent as cause:
        yield Finding(PART, False, f'"{file}": {cause}; nobody could sign in')
        return
    if file.stat().st_mode & 0o004:
        yield Finding(PART, True, f'note: every user of this computer may read the secret in "{file}"')


def _check_service(oidc: OidcSettings, base_url: str) -> Finding:
    from ..oidc.service import BACK, OidcService
    from .parts import SystemClock

    if oidc.ca_file is not None and not os.access(oidc.ca_file, os.R_OK):
        return Finding(PART, False, f'"{oidc.ca_file}" (ca_file) cannot be read; nobody could sign in')
    try:
        described = asyncio.run(OidcService(oidc, base_url, SystemClock()).look())
    except ServiceSilent as cause:
        return Finding(PART, False, f'"{oidc.issuer}" cannot be used: {cause}')
    if described.challenges is not None and "S256" not in described.challenges:
        return Finding(PART, False, f'"{oidc.issuer}" does not say that it knows PKCE with S256, which is needed')
    return Finding(PART, True, f'"{oidc.issuer}" answers; let it return to "{base_url}{BACK}"')


def _check_ways_in(oidc: OidcSettings, local: bool, store: StoreSettings, running: bool) -> Iterator[Finding]:
    """So that nobody is locked out by settings that were never tried."""
    try:
        accounts = _accounts(store, running)
    except MailguardError:  # said under "store"
        return
    admins = [each for each in accounts if powers_of(each["roles"]).admin and not each["disabled"]]
    own = [each for each in admins if each["issuer"] is None]
    elsewhere = [each for each in admins if each["issuer"] == oidc.issuer]
    if not local and not elsewhere:
        yield Finding(
            PART,
            False,
            'with "local_accounts: false" nobody could look after the console: no admin has signed in with '
            f'"{oidc.issuer}" yet. Leave it true, sign in once as an admin, then change it',
        )
    elif local and not own:
        yield Finding(
            PART,
            True,
            "note: no account of mailguard's own is an admin; while the sign-in service does not answer, the way in is "
            "`mailguard user link` on this computer",
        )


def _accounts(store: StoreSettings, running: bool) -> list[dict[str, Any]]:
    """As `user list --json` has them. None where there is no store yet."""
    if running:
        return list(call(socket_path(store), "user_list", {}))
    if store.is_sqlite and not store.sqlite_path().exists():
        return []
    return asyncio.run(_read_accounts(store))


async def _read_accounts(store: StoreSettings) -> list[dict[str, Any]]:
    opened = await Store.open(store, create=False)
    try:
        return [account_item(each) for each in await opened.accounts.list()]
    finally:
        await opened.close()
