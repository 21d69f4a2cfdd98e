"""The keys folder: what the store itself never holds.

Contract: one file a key, `<purpose>-<number>.key`, 0600, in a folder of 0700. The highest number of a purpose is the
active key; older ones stay, to read what was written under them (an admin adds a file: docs/operating.md, "A new key").
A key is named by an identifier derived from it, so that a wrong or damaged file is noticed. Nothing here knows the
database.

Purposes: master wraps the data keys of messages; ledger authenticates entries and witness lines; recipients turns
addresses into keyed hashes; signing (Ed25519, RFC 8032) signs checkpoints and exports.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ..core.errors import SettingsError

PURPOSES = ("master", "ledger", "recipients", "signing")
KEY_OCTETS = 32
NONCE_OCTETS = 12


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    identifier: str
    octets: bytes


@dataclass(frozen=True, slots=True, repr=False)
class DataKey:
    """The key of one message or record, and how it is stored: wrapped by the master key that `master` names."""

    octets: bytes
    master: str
    wrapped: bytes


class Keyring:
    """All keys of a folder. Never prints a key."""

    def __init__(self, keys: dict[str, list[Key]]) -> None:
        self._keys = {purpose: {key.identifier: key for key in found} for purpose, found in keys.items()}
        self._active = {purpose: found[-1] for purpose, found in keys.items()}
        self._signer = Ed25519PrivateKey.from_private_bytes(self._active["signing"].octets)
        self._masters = {key.identifier: AESGCM(key.octets) for key in keys["master"]}
        self._macs = {
            purpose: hmac.new(self._active[purpose].octets, digestmod="sha256") for purpose in ("ledger", "recipients")
        }

    def active(self, purpose: str) -> Key:
        return self._active[purpose]

    def find(self, purpose: str, identifier: str) -> Key | None:
        return self._keys[purpose].get(identifier)

    def all_octets(self, purpose: str) -> list[bytes]:
        """Every key of a purpose, the active one first."""
        return [key.octets for key in reversed(self._keys[purpose].values())]

    def all_named(self, purpose: str) -> list[tuple[str, bytes]]:
        """Every key of a purpose with its identifier, the active one first."""
        return [(key.identifier, key.octets) for key in reversed(self._keys[purpose].values())]

    def identifiers(self) -> list[tuple[str, str]]:
        """(purpose, identifier) of every key."""
        return [(purpose, identifier) for purpose, found in self._keys.items() for identifier in found]

    def authenticate(self, message: bytes) -> str:
        """HMAC-SHA-256 under the active ledger key, in hex."""
        return self._mac("ledger", message)

    def _mac(self, purpose: str, message: bytes) -> str:
        # A copy has the key in it already: half of what a short message costs.
        mac = self._macs[purpose].copy()
        mac.update(message)
        return mac.hexdigest()

    def new_data_key(self, context: bytes) -> DataKey:
        """A fresh key, wrapped for the record that `context` names; unwrapping it elsewhere fails."""
        chance = secrets.token_bytes(KEY_OCTETS + NONCE_OCTETS)
        octets, nonce = chance[:KEY_OCTETS], chance[KEY_OCTETS:]
        master = self._active["master"].identifier
        return DataKey(octets, master, nonce + self._masters[master].encrypt(nonce, octets, b"wrap\0" + context))

    def unwrap(self, master: str, wrapped: bytes, context: bytes) -> DataKey:
        """KeyError for an unknown master key, cryptography's InvalidTag for a wrapped key that was changed."""
        nonce, sealed = wrapped[:NONCE_OCTETS], wrapped[NONCE_OCTETS:]
        return DataKey(self._masters[master].decrypt(nonce, sealed, b"wrap\0" + context), master, wrapped)

    def hash_address(self, address: str) -> str:
        """The keyed hash by which a canonical address is known to the chain and to look-ups: 128 bits in hex."""
        return self._mac("recipients", address.encode("utf-8", "surrogatepass"))[:32]

    def hashes_of_address(self, address: str) -> list[str]:
        """Every keyed hash by which entries may know a canonical address: of today's key first, then of older ones."""
        text = address.encode("utf-8", "surrogatepass")
        return [hmac.digest(key, text, "sha256")[:16].hex() for key in self.all_octets("recipients")]

    def hash_account(self, name: str) -> list[str]:
        """The keyed hashes by which the canonical name of an account may be known: the one of today first, then those
        of older keys. They say nothing about the hash of the same address as a recipient.
        """
        text = b"account\0" + name.encode("utf-8", "surrogatepass")
        return [hmac.digest(key, text, "sha256")[:16].hex() for key in self.all_octets("recipients")]

    def sign(self, text: str) -> bytes:
        return self._signer.sign(text.encode("ascii"))

    def public_key(self, identifier: str) -> bytes:
        """The 32 octets of the public half of a signing key. KeyError where there is none."""
        return public_octets(self._keys["signing"][identifier].octets)

    def __repr__(self) -> str:
        return f"Keyring({len(self.identifiers())} keys)"


def public_octets(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def signature_holds(public: bytes, signature: bytes, text: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, text.encode("ascii"))
    except Exception:
        # Whatever is wrong with a key or a signature, it does not hold.
        return False
    return True


def load_keys(folder: Path) -> Keyring:
    """Read the folder. SettingsError where a key is missing, damaged, or readable by others."""
    keys = _read_all(folder)
    missing = [purpose for purpose in PURPOSES if not keys.get(purpose)]
    if missing:
        raise SettingsError(
            f'keys: "{folder}" has no {" and no ".join(missing)} key, and the store was written with one; '
            "restore the folder from its backup"
        )
    return Keyring(keys)


def ensure_keys(folder: Path) -> Keyring:
    """Read the folder, making what is missing (for a new, empty store). SettingsError, OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = _read_all(folder)
    for purpose in PURPOSES:
        if not keys.get(purpose):
            _write_key(folder, purpose, 1)
    return load_keys(folder)


def _read_all(folder: Path) -> dict[str, list[Key]]:
    if not folder.is_dir():
        return {}
    _refuse_open_mode(folder)
    return {
        purpose: [_read_key(path, purpose) for path in sorted(folder.glob(f"{purpose}-*.key"))] for purpose in PURPOSES
    }


def _read_key(path: Path, purpose: str) -> Key:
    _refuse_open_mode(path)
    try:
        octets = base64.b64decode(path.read_text("ascii").strip(), validate=True)
    except (binascii.Error, UnicodeDecodeError):
        octets = b""
    if len(octets) != KEY_OCTETS:
        raise SettingsError(f'keys: "{path}" is not a key of {KEY_OCTETS} octets in base64; restore it from its backup')
    return Key(_identifier(purpose, octets), octets)


def _identifier(purpose: str, octets: bytes) -> str:
    return hashlib.sha256(b"mailguard key\0" + purpose.encode() + b"\0" + octets).hexdigest()[:16]


def _refuse_open_mode(path: Path) -> None:
    if path.stat().st_mode & 0o077:
        raise SettingsError(f'keys: others may read "{path}"; take that away with: chmod go-rwx "{path}"')


def _write_key(folder: Path, purpose: str, number: int) -> None:
    """Durable before it is used: what is encrypted under a key that a crash loses is lost with it."""
    path = folder / f"{purpose}-{number:04d}.key"
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(base64.b64encode(secrets.token_bytes(KEY_OCTETS)).decode() + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Make a rename in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
