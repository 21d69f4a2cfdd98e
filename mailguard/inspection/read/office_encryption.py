"""Encrypted OOXML packages (MS-OFFCRYPTO 2.3.4): opened if the password is the one that every Excel tries by itself.

Excel encrypts with it what is only protected against changes, and opens such a file without asking: the recipient sees
everything. What comes out is Enclosed, so that whoever reads its content reads it, whatever the file calls itself: a
document, a workbook and slides look alike from outside. Any other password keeps the recipient's eyes out as well, and
the guard's: `Uninspectable("encrypted")`.
Standard (AES, SHA-1) and agile encryption (AES-CBC with a SHA) are read; extensible encryption and RC4 are not.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from ..budget import Budget, Uninspectable
from ..enclosed import Enclosed, Found
from .compound import SIGNATURE, CompoundFile, open_compound
from .xml_events import SEPARATOR, read_xml

DEFAULT_PASSWORD = "VelvetSweatshop"  # noqa: S105
_SEGMENT = 4_096
_STANDARD_SPINS = 50_000
_MAX_SPINS = 1_000_000
"""Office writes 100,000; the standard allows ten million, which are seconds of a worker's time."""
_HASHES = {"SHA1": hashlib.sha1, "SHA256": hashlib.sha256, "SHA384": hashlib.sha384, "SHA512": hashlib.sha512}
_VERIFIER_INPUT = bytes.fromhex("fea7d2763b4b9e79")
_VERIFIER_VALUE = bytes.fromhex("d7aa0f6d3061344e")
_KEY_VALUE = bytes.fromhex("146e0be7abacd0d6")

TYPES: frozenset[str] = frozenset()
ENDINGS = (
    *(".xlsx", ".xlsm", ".xltx", ".xltm", ".xlsb"),
    *(".docx", ".docm", ".dotx", ".dotm"),
    *(".pptx", ".pptm", ".potx", ".potm", ".ppsx", ".ppsm"),
)
"""Under which names Office writes an encrypted package."""

_BESIDE = (
    *("encryptioninfo", "encryptedpackage", "\x06dataspaces/", "labelinfo"),
    *("\x05summaryinformation", "\x05documentsummaryinformation"),
)
"""MS-OFFCRYPTO 2.1: data spaces, which say how it is encrypted; and properties, which are empty."""

Hash = Callable[[bytes], bytes]


def begins(data: bytes | memoryview) -> bool:
    """Whether octets are an encrypted package. Total."""
    if bytes(data[: len(SIGNATURE)]) != SIGNATURE:
        return False
    try:
        return is_encrypted_package(open_compound(data, Budget()))
    except Uninspectable:
        return False


def read(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """The package inside, to be read in its turn; Uninspectable under another password, and if something lies beside it
    that a program could take for the document."""
    compound = open_compound(data, budget)
    if any(not path.lower().startswith(_BESIDE) for path in compound.streams):
        raise Uninspectable("holds something beside its encrypted package")
    yield Enclosed(decrypt_package(compound, budget))


def is_encrypted_package(compound: CompoundFile) -> bool:
    return compound.find("EncryptedPackage") is not None


def decrypt_package(compound: CompoundFile, budget: Budget) -> bytes:
    """The zip file inside."""
    described, package = compound.find("EncryptionInfo"), compound.find("EncryptedPackage")
    if described is None or package is None:
        raise Uninspectable("encrypted")
    try:
        return _decrypt(compound.read(described), compound.read(package), budget)
    except (struct.error, ValueError, KeyError) as error:
        raise Uninspectable("encrypted, in a way that is not read") from error


def _decrypt(info: bytes, package: bytes, budget: Budget) -> bytes:
    major, minor = struct.unpack_from("<HH", info)
    (size,) = struct.unpack_from("<Q", package)
    if size > len(package):
        raise Uninspectable("its encrypted package is cut off")
    budget.keep(2 * len(package))
    if (major, minor) == (4, 4):
        plain = _agile(info[8:], package[8:])
    elif minor == 2 and major in (2, 3, 4):
        plain = _standard(info[8:], package[8:])
    else:
        raise Uninspectable("encrypted, in a way that is not read")
    return plain[:size]


# standard encryption: 2.3.4.5 to 2.3.4.9


def _standard(info: bytes, package: bytes) -> bytes:
    (header_size,) = struct.unpack_from("<L", info)
    _, _, algorithm, _, key_bits = struct.unpack_from("<5L", info, 4)
    if algorithm not in (0x660E, 0x660F, 0x6610) or key_bits not in (128, 192, 256):
        raise Uninspectable("encrypted, in a way that is not read")
    after = 4 + header_size
    salt_size, salt, verifier, hash_size, verifier_hash = struct.unpack_from("<L16s16sL32s", info, after)
    if salt_size != 16 or hash_size != 20:
        raise Uninspectable("encrypted, in a way that is not read")
    key = _standard_key(salt, key_bits // 8)
    expected = _ecb(key, verifier_hash)[:20]
    if not hmac.compare_digest(_sha1(_ecb(key, verifier)), expected):
        raise Uninspectable("encrypted")
    return _ecb(key, package[: len(package) // 16 * 16])


def _standard_key(salt: bytes, size: int) -> bytes:
    final = _sha1(_spin(_sha1, salt, _STANDARD_SPINS) + struct.pack("<L", 0))
    one, two = (_sha1(bytes(mark ^ each for each in final.ljust(64, b"\0"))) for mark in (0x36, 0x5C))
    return (one + two)[:size]


def _ecb(key: bytes, data: bytes) -> bytes:
    decryptor = Cipher(algorithms.AES(key), modes.ECB()).decryptor()  # noqa: S305
    return decryptor.update(data) + decryptor.finalize()


def _sha1(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()


# agile encryption: 2.3.4.10 to 2.3.4.15


@dataclass(frozen=True, slots=True)
class _Method:
    """One element of the description: how something is encrypted."""

    salt: bytes
    block: int
    key: int
    hash: Hash
    spins: int
    values: Mapping[str, str]


def _agile(info: bytes, package: bytes) -> bytes:
    data, password = _read_description(info)
    if password.spins > _MAX_SPINS:
        raise Uninspectable("encrypted, and too costly to try")
    spun = _spin(password.hash, password.salt, password.spins)

    def unlock(purpose: bytes, name: str) -> bytes:
        key = _fit(password.hash(spun + purpose), password.key)
        return _cbc(key, _fit(password.salt, password.block), base64.b64decode(password.values[name]))

    proof = password.hash(unlock(_VERIFIER_INPUT, "encryptedVerifierHashInput")[: len(password.salt)])
    if not hmac.compare_digest(proof, unlock(_VERIFIER_VALUE, "encryptedVerifierHashValue")[: len(proof)]):
        raise Uninspectable("encrypted")
    key = unlock(_KEY_VALUE, "encryptedKeyValue")[: data.key]
    pieces = []
    for number, start in enumerate(range(0, len(package), _SEGMENT)):
        segment = package[start : start + _SEGMENT]
        vector = _fit(data.hash(data.salt + struct.pack("<L", number)), data.block)
        pieces.append(_cbc(key, vector, segment[: len(segment) // 16 * 16]))
    return b"".join(pieces)


def _read_description(info: bytes) -> tuple[_Method, _Method]:
    """How the data and how its key are encrypted."""
    found: dict[str, _Method] = {}

    def start(full: str, attributes: Mapping[str, str]) -> None:
        name = full.rpartition(SEPARATOR)[2]
        if name in ("keyData", "encryptedKey") and name not in found:
            found[name] = _read_method(attributes)

    read_xml([info], start)
    return found["keyData"], found["encryptedKey"]


def _read_method(attributes: Mapping[str, str]) -> _Method:
    if attributes["cipherAlgorithm"] != "AES" or attributes["cipherChaining"] != "ChainingModeCBC":
        raise Uninspectable("encrypted, in a way that is not read")
    made = _HASHES[attributes["hashAlgorithm"].replace("-", "")]
    return _Method(
        base64.b64decode(attributes["saltValue"]),
        int(attributes["blockSize"]),
        int(attributes["keyBits"]) // 8,
        lambda data: made(data).digest(),
        int(attributes.get("spinCount", 0)),
        attributes,
    )


def _spin(hashed: Hash, salt: bytes, spins: int) -> bytes:
    """2.3.4.11: the password is hashed again and again, with a counter before it."""
    value = hashed(salt + DEFAULT_PASSWORD.encode("utf-16-le"))
    for number in range(spins):
        value = hashed(number.to_bytes(4, "little") + value)
    return value


def _fit(value: bytes, size: int) -> bytes:
    return value[:size].ljust(size, b"\x36")


def _cbc(key: bytes, vector: bytes, data: bytes) -> bytes:
    decryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()
    return decryptor.update(data) + decryptor.finalize()
