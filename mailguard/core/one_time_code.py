"""Time-based one-time passwords (RFC 6238 over RFC 4226): six digits, SHA-1, 30 seconds, as every app knows them.

Contract: pure; the time and the secret come in. A code counts in its own step of 30 seconds, in the one before and in
the one after (RFC 6238 section 5.2), and never twice: whoever checks names the last step that was used.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
DIGITS = 6
SECRET_OCTETS = 20
"""160 bits, the length that RFC 4226 section 4 recommends."""
_WINDOW = 1


def code_at(secret: bytes, step: int) -> str:
    """The code of one step (RFC 4226 section 5.3)."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def used_step(secret: bytes, typed: str, seconds: float, last_used: int = 0) -> int | None:
    """The step whose code was typed at a time (seconds since 1970), None where none fits. Spaces in it do not count.

    last_used: steps up to this one were used already.
    """
    digits = "".join(typed.split())
    now = int(seconds // STEP_SECONDS)
    found = None
    for step in range(now - _WINDOW, now + _WINDOW + 1):
        # All are compared, so that the time it takes says nothing.
        fits = hmac.compare_digest(code_at(secret, step).encode(), digits.encode("utf-8", "replace"))
        if fits and step > last_used:
            found = step
    return found


def secret_as_text(secret: bytes) -> str:
    """Base32 in groups of four, for typing into an app."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(text[index : index + 4] for index in range(0, len(text), 4))


def enrolment_uri(secret: bytes, account: str, issuer: str) -> str:
    """The otpauth URI that apps read from a QR code (Google Authenticator's "Key Uri Format")."""
    label = quote(f"{issuer}:{account}", safe="")
    plain = base64.b32encode(secret).decode().rstrip("=")
    parameters = {"secret": plain, "issuer": issuer, "algorithm": "SHA1", "digits": DIGITS, "period": STEP_SECONDS}
    return f"otpauth://totp/{label}?{urlencode(parameters, quote_via=quote)}"
