"""Who decides about a held message, and by which names they would be known again. Pure.

INVARIANT: one person is one person for two approvals, at the console and through the shell, whatever they call
themselves there; who sent a message does not decide about it, under a sub-address (sam+clinic@elmroad.example,
RFC 5233) neither. Where two people share a name the second is asked to let somebody else approve: that errs on the side
of asking.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..core.account import canonical_account
from ..core.errors import NotAllowed
from ..core.mail.canonical import canonical_address, without_detail
from .records import Held


@dataclass(frozen=True, slots=True)
class Actor:
    """by: the name for the record; of an account, its name. system_user: who the operating system says it is, behind a
    command. account: the identifier of the account that is signed in, at the console.
    """

    by: str
    system_user: str | None = None
    account: str | None = None

    @property
    def identity(self) -> str:
        """What approved_by holds of whoever approves."""
        return f"account:{self.account}" if self.account else self.system_user or self.by

    @property
    def known_as(self) -> tuple[str, ...]:
        """Names in canonical form: of an address also what stands before the at sign, which the shell may call them."""
        names = {canonical_account(each) for each in (self.by, self.system_user) if each}
        bare = {without_detail(each) for each in names}
        local = {each.rpartition("@")[0] for each in names | bare if "@" in each}
        return tuple(sorted({self.identity} | names | bare | (local - {""})))

    def has_approved(self, held: Held) -> bool:
        """Whether the first of two approvals is theirs."""
        givers = {*held.approved_by, *(name for each in held.approvals for name in each.known_as)}
        return bool(givers & set(self.known_as))

    def has_sent(self, held: Held, originators: Iterable[str] = ()) -> bool:
        """Whether it is their own message. originators: whom its From and Sender fields name."""
        path = held.envelope.reverse_path
        named = {canonical_address(held.sender), canonical_address(path.address) if path else "", *originators}
        senders = {without_detail(each) for each in named}
        if self.account and "@" not in self.by:
            # An account that is called "sam" is taken for that of the mailbox sam@, wherever that is.
            senders |= {each.rpartition("@")[0] for each in senders}
        return bool((senders - {""}) & set(self.known_as))

    def refuse_own(self, held: Held, originators: Iterable[str] = ()) -> None:
        """NotAllowed for who sent it."""
        if self.has_sent(held, originators):
            raise NotAllowed("nobody decides about a message that they sent")

    def fields(self) -> dict[str, Any]:
        """What an entry of the ledger says of them; no name of an account, which is an address."""
        if self.account:
            return {"account": self.account, "via": "console"}
        return {"actor": self.by, "system_user": self.system_user}
