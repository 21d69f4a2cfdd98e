"""What `mailguard check` says of the keys under `dkim`."""

from __future__ import annotations

from collections.abc import Iterator

from ..config import Settings
from ..core.errors import SettingsError
from .dkim_keys import load_key
from .finding import Finding


def check_dkim(settings: Settings) -> Iterator[Finding]:
    """Whether each key can sign, who may read it, and where its public half has to stand."""
    organisation = settings.organisation.organisation()
    for each in settings.dkim:
        part = f"dkim {each.selector} of {each.domain}"
        try:
            key = load_key(each)
            key.sign(b"check")
        except SettingsError as cause:
            yield Finding(part, False, str(cause).removeprefix("dkim: "))
            continue
        record = f"{each.selector}._domainkey.{each.domain}"
        yield Finding(part, True, f"can sign with {key.algorithm}; its public half belongs in DNS at {record}")
        if each.key_file.stat().st_mode & 0o007:
            yield Finding(part, True, f'note: every user of this computer may read the key in "{each.key_file}"')
        if not organisation.is_inside(f"@{each.domain}"):
            yield Finding(part, True, f'note: "{each.domain}" is not inside the organisation')
