"""The ID token: whether the service signed it, for us, for this sign-in, and now (OpenID Connect Core 1.0, 3.1.3.7).

INVARIANT: a token is believed with a key of the service's own set and an algorithm with a public key alone: never
"none", and never HMAC, for which a public key would be the secret.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey, import_key
from joserfc.jws import JWSRegistry
from joserfc.jwt import decode

from ..core.errors import NotBelieved
from ..core.federated import MOST_SUBJECT_CHARACTERS

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
_FAMILY = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
_KINDS = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
MOST_KEYS = 100
MOST_TOKEN_CHARACTERS = 64 * 1024
LEEWAY_SECONDS = 60
"""By how much the two clocks may differ."""
LEAST_RSA_BITS = 2048


class KeyUnknown(NotBelieved):
    """No key of the set fits; the service may have a new one."""


def keys_of(body: Mapping[str, Any]) -> tuple[Key, ...]:
    """The public keys of a key set (RFC 7517) that may sign. What is none of them is passed over."""
    listed = body.get("keys")
    found = []
    for each in listed[:MOST_KEYS] if isinstance(listed, list) else ():
        if isinstance(each, dict) and each.get("kty") in _KINDS and each.get("use", "sig") == "sig":
            try:
                found.append(import_key(each))
            except (JoseError, ValueError, TypeError, KeyError):
                continue
    return tuple(each for each in found if not (isinstance(each, RSAKey) and _bits(each) < LEAST_RSA_BITS))


def read_id_token(
    token: str,
    keys: tuple[Key, ...],
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    access_token: str | None,
    now: float,
) -> Mapping[str, Any]:
    """Its claims. now: seconds since 1970. KeyUnknown, NotBelieved."""
    if len(token) > MOST_TOKEN_CHARACTERS:
        raise NotBelieved("the ID token is too large")
    header = _header(token)
    key = _key(header, keys)
    try:
        registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        read = decode(token, key, algorithms=ALGORITHMS, registry=registry)
        options = {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": client_id}}
        params = {"nonce": nonce, "client_id": client_id, "access_token": access_token}
        claims = CodeIDToken(read.claims, read.header, options, params)
        claims.validate(now=int(now), leeway=LEEWAY_SECONDS)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as cause:
        raise NotBelieved(f"the ID token is not valid ({type(cause).__name__}{_claim(cause)})") from cause
    said = claims.get("nonce")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
        raise NotBelieved("the ID token is of another sign-in")
    if claims.get("iss") != issuer or not _is_subject(claims.get("sub")):
        raise NotBelieved("the ID token names nobody")
    return dict(claims)


def _header(token: str) -> Mapping[str, Any]:
    """What it says of itself; believed only to choose a key."""
    try:
        found = jws.extract_compact(token.encode("ascii"), registry=JWSRegistry(strict_check_header=False)).headers()
    except (JoseError, ValueError, TypeError) as cause:
        raise NotBelieved("the ID token cannot be read") from cause
    return dict(found)


def _key(header: Mapping[str, Any], keys: tuple[Key, ...]) -> Key:
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise NotBelieved("the ID token is signed in a way that is not accepted")
    family = _KINDS[_FAMILY[algorithm[:2]]]
    fits = [each for each in keys if isinstance(each, family) and each.get("alg", algorithm) == algorithm]
    named = [each for each in fits if kid is None or each.get("kid") == kid]
    if len(named) != 1:
        raise KeyUnknown("the ID token is signed with a key that the service does not list")
    return named[0]


def _is_subject(subject: object) -> bool:
    """OpenID Connect Core 1.0 section 2: at most 255 characters of ASCII."""
    plain = isinstance(subject, str) and 0 < len(subject) <= MOST_SUBJECT_CHARACTERS
    return plain and str(subject).isascii() and str(subject).isprintable()


def _claim(cause: Exception) -> str:
    """Which claim it was; a name that OpenID Connect has, never a value."""
    claim = getattr(cause, "claim", None)
    return f", {claim}" if isinstance(claim, str) and claim.isalpha() and len(claim) < 20 else ""


def _bits(key: RSAKey) -> int:
    return int(key.raw_value.key_size)
