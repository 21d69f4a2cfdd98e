"""The text of a contact list: vCards (RFC 6350, and 2.1 and 3.0 before it), CSV, LDIF, as one would read it out."""

from __future__ import annotations

import binascii
import re

from ..mail.text import decode_base64

_FOLD = re.compile(r"\n[ \t]")
_FOLDS = re.compile(r"^(?:begin:v|end:v|dn:|version:)", re.MULTILINE | re.IGNORECASE)
"""Lines of the formats that fold; CSV does not."""
_SOFT_FOLD = re.compile(r"=\n")
_LDIF_BASE64 = re.compile(r"^[\w;-]{1,60}::[ \t]*([A-Za-z0-9+/=]{4,4000})$", re.MULTILINE)


def contact_text(text: str) -> str:
    """The list unfolded, with what is encoded in it decoded beside it."""
    if _FOLDS.search(text):
        text = _FOLD.sub("", text)
    return text + _quoted_printable(text) + _base64(text)


def _quoted_printable(text: str) -> str:
    """vCard 2.1: `EMAIL;ENCODING=QUOTED-PRINTABLE:anna=40x.example`."""
    if "=40" not in text:
        return ""
    octets = _SOFT_FOLD.sub("", text).encode("utf-8", "replace")
    return "\n" + binascii.a2b_qp(octets).decode("utf-8", "replace")


def _base64(text: str) -> str:
    """LDIF (RFC 2849) writes what is beyond ASCII as `mail:: base64`."""
    if "::" not in text:
        return ""
    values = (decode_base64(value[1].encode("ascii")) for value in _LDIF_BASE64.finditer(text))
    return "".join("\n" + value.decode("utf-8", "replace") for value in values)
