"""The one form in which addresses are compared: lower-case local part "@" A-label domain.

Promises to be total and deterministic: what does not convert stays as its decoded, lower-cased text, which no
organisation lists, so it counts as outside (THREATS.md T31). Never used on the wire.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import idna

_DOT_ATOM = re.compile(r"[^\x00-\x20\x7f()<>\[\]:;@\\,.\"]+(?:\.+[^\x00-\x20\x7f()<>\[\]:;@\\,.\"]+)*")
_DOTS = re.compile("[\u3002\uff0e\uff61]")
_AT = re.compile("[\uff20\ufe6b]")
MAX_DOMAIN_CHARACTERS = 1024
"""Longer text is no domain (RFC 1035 section 2.3.4: 255 octets) and is not worth a conversion."""


def canonical_address(text: str | bytes) -> str:
    """The canonical form of one mailbox, given without angle brackets, for example "Bob@B\u00fccher.Example."

    Bytes are read as UTF-8, else as Latin-1. Text without "@" comes back lower-cased. Never raises.
    """
    if isinstance(text, bytes):
        text = _text(text)
    text = text.strip()
    if text.isascii() and '"' not in text:
        local, at, domain = text.rpartition("@")
    else:
        local, at, domain = _split_last_at(text)
    if not at:
        return canonical_local(domain)
    return f"{canonical_local(local)}@{canonical_domain(domain)}"


def canonical_local(local: str) -> str:
    """Lower case, NFKC; a quoted string that needs no quotes loses them (RFC 5321 section 4.1.2)."""
    if len(local) >= 2 and local[0] == '"' and local[-1] == '"':
        content = re.sub(r"\\([\s\S])", r"\1", local[1:-1])
        local = content if _DOT_ATOM.fullmatch(content) else local
    return local.lower() if local.isascii() else unicodedata.normalize("NFKC", local).lower()


def without_detail(address: str) -> str:
    """A canonical address without what stands behind a plus sign in its local part (RFC 5233): it is the same mailbox
    at most providers. For comparing who somebody is where a wrong yes only asks somebody else; never for delivering.
    """
    local, at, domain = address.rpartition("@")
    user = local.partition("+")[0]
    return f"{user}@{domain}" if at and user and not local.startswith('"') else address


@lru_cache(maxsize=16384)
def canonical_domain(domain: str) -> str:
    """Lower-case A-labels (RFC 5891 by way of UTS 46, not transitional), one trailing dot removed."""
    domain = domain.strip()
    if not domain.isascii():
        domain = _DOTS.sub(".", unicodedata.normalize("NFKC", domain))
    domain = (domain[:-1] if domain.endswith(".") else domain).lower()
    if domain.isascii() or len(domain) > MAX_DOMAIN_CHARACTERS:
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError, ValueError):
        return domain


def _split_last_at(text: str) -> tuple[str, str, str]:
    text = _AT.sub("@", text)
    if text.startswith('"'):
        quoted = re.match(r'("(?>(?:[^"\\]++|\\[\s\S])*)")@', text)
        if quoted:
            return quoted[1], "@", text[quoted.end() :]
    return text.rpartition("@")


def _text(octets: bytes) -> str:
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("latin-1")
