"""The private keys for DKIM, read from their files: at the start, on SIGHUP, or by a command when it releases.

Promises that broken new files never take the place of keys in force, and that where none can be had nothing leaves
unsigned: whoever asks gets an error. No key is ever printed.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ..core.errors import SettingsError
from ..core.rewrite.dkim import DkimKey
from ..guard.settings import DkimSettings
from ..logs import logger

log = logger("dkim")

SHORTEST_RSA_BITS = 2048
"""RFC 8301 section 3.2 says at least 1024, and 2048 for signers; receivers ignore less, or soon will."""


class DkimKeys:
    """The keys of the settings. Called, it gives those in force."""

    def __init__(self, settings: Sequence[DkimSettings]) -> None:
        self._settings = tuple(settings)
        self._keys: tuple[DkimKey, ...] | None = None

    def __call__(self) -> tuple[DkimKey, ...]:
        return self.load() if self._keys is None else self._keys

    def load(self) -> tuple[DkimKey, ...]:
        """Read the files and put them in force. SettingsError where one cannot be used."""
        self._keys = tuple(load_key(each) for each in self._settings)
        return self._keys

    async def reload(self) -> None:
        """The same in a thread; what was in force stays where a file cannot be used."""
        if not self._settings:
            return
        try:
            keys = await asyncio.to_thread(self.load)
        except Exception as cause:
            problem = str(cause) if isinstance(cause, SettingsError) else type(cause).__name__
            log.error("dkim_keys_not_loaded", problem=problem)
            return
        log.info("dkim_keys_loaded", count=len(keys))


def load_key(settings: DkimSettings) -> DkimKey:
    """The key of one entry. SettingsError, with a plain sentence, where it cannot be used."""
    key = _read(settings.key_file)
    if isinstance(key, RSAPrivateKey):
        if key.key_size < SHORTEST_RSA_BITS:
            raise SettingsError(
                f'dkim: the key in "{settings.key_file}" has {key.key_size} bits; receivers want {SHORTEST_RSA_BITS}: '
                f"openssl genrsa -out {settings.key_file.name} {SHORTEST_RSA_BITS}"
            )
        return DkimKey(settings.domain, settings.selector, "rsa-sha256", lambda octets: _rsa(key, octets))
    if isinstance(key, Ed25519PrivateKey):
        return DkimKey(
            settings.domain,
            settings.selector,
            "ed25519-sha256",
            lambda octets: key.sign(hashlib.sha256(octets).digest()),
        )
    raise SettingsError(f'dkim: the key in "{settings.key_file}" is neither RSA nor Ed25519')


def _rsa(key: RSAPrivateKey, octets: bytes) -> bytes:
    return key.sign(octets, PKCS1v15(), SHA256())


def _read(file: Path) -> object:
    try:
        return load_pem_private_key(file.read_bytes(), password=None)
    except OSError as cause:
        raise SettingsError(f'dkim: the key file "{file}" cannot be read: {cause.strerror}') from cause
    except TypeError as cause:
        raise SettingsError(f'dkim: the key in "{file}" is encrypted; it must have no password') from cause
    except (ValueError, UnsupportedAlgorithm) as cause:
        raise SettingsError(f'dkim: "{file}" holds no private key in PEM form') from cause
