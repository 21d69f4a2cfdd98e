"""What a rewrite yields: copies of one stored original, each a list of edits with the recipients that it is for."""

from __future__ import annotations

from dataclasses import dataclass

from ..envelope import Recipient
from .content import Edit


@dataclass(frozen=True, slots=True)
class Copy:
    """One transaction: the envelope's recipients of this copy, and what to splice for them (content.py).

    as_written: these are relay's edits and no more.
    """

    recipients: tuple[Recipient, ...]
    edits: tuple[Edit, ...]
    as_written: bool = False


@dataclass(frozen=True, slots=True)
class Rewritten:
    """copies: each recipient of the envelope is in exactly one, in the order of the envelope, inside ones last.

    changes: names of what changed, for the decision ("to", "cc", "bcc-removed", "dkim-signature-removed"); never more
    than the name of a well-known field, and a domain of our own behind "dkim-signed:".
    """

    copies: tuple[Copy, ...]
    changes: tuple[str, ...]
