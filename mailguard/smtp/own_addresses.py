"""The addresses that an account may send as (THREATS.md T8, `own_address_only` and `send_as`)."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from ..core.mail.canonical import canonical_address
from ..core.mail.path import PathError, parse_reverse_path


def as_mailbox(text: str) -> str | None:
    """The canonical form of what is one mailbox and nothing else, None for any other text."""
    try:
        path = parse_reverse_path(b"<%b>" % text.encode("utf-8", "replace"), smtputf8=True)
    except PathError:
        return None
    return path.address if path else None


def own_addresses(account: str, send_as: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Canonical. An account that is no address has only what `send_as` gives it.

    One that is written with compatibility characters has nothing: two accounts must not become one address.
    """
    if not unicodedata.is_normalized("NFKC", account):
        return frozenset()
    name = canonical_address(account)
    given = [each for key, addresses in send_as.items() if canonical_address(key) == name for each in addresses]
    return frozenset(address for each in (account, *given) if (address := as_mailbox(each)) is not None)
