"""What the stories want to be told: whom notices come from and go to, and how the outbox tries again.

config composes these with what the other parts declare. Every field says its default, unit, example and consequence.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ..core.duration import Duration
from ..core.organisation import Organisation

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")


def plain_address(address: str) -> str:
    """An address that every mail server can write to. ValueError, as a sentence, for anything else.

    RFC 5321 section 4.1.2 without quoted local parts; the domain in ASCII ("xn--" for others).
    """
    local, _, _ = address.rpartition("@")
    if not _ADDRESS.fullmatch(address) or len(local) > 64 or len(address) > 254:
        raise ValueError(f'"{address}" is no plain email address such as mailguard@elmroad.example')
    return address


Address = Annotated[str, AfterValidator(plain_address)]


class NoticeSettings(BaseModel):
    """Notices to senders, and to reviewers where a sender may not be told."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    sender: Address = Field(
        alias="from",
        description="The address that notices come from, inside your organisation. Required. Example: "
        "mailguard@elmroad.example. Replies go to `contact`, so nobody has to read this mailbox.",
    )
    contact: Address | None = Field(
        default=None,
        description="The mailbox, inside and read by those who decide, that answers questions about notices and hears "
        "of every hold. Default: none. Example: manager@elmroad.example. Without it replies go to `from`, and who "
        "decides has to look at `held list`.",
    )
    reverse_path: Address | None = Field(
        default=None,
        description="The reverse-path that notices are sent with. Default: null, the null path `<>`, so that nothing "
        "answers a notice automatically. Example: bounces@elmroad.example, only for a smarthost that refuses the null "
        "path; bounces of notices then come back to it. Delivery status notifications always have the null path.",
    )

    def problems(self, organisation: Organisation) -> tuple[str, ...]:
        """What `check` should say about these addresses, as sentences."""
        named = (("from", self.sender), ("contact", self.contact), ("reverse_path", self.reverse_path))
        return tuple(
            f'notices.{key} is "{address}", which is not inside the organisation'
            for key, address in named
            if address is not None and not organisation.is_inside(address.lower())
        )


class OutboxSettings(BaseModel):
    """When the outbox tries again and when it stops trying (RFC 5321 section 4.5.4.1)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first_retry: Duration = Field(
        default=timedelta(minutes=5),
        ge=timedelta(seconds=1),
        le=timedelta(days=1),
        description="How long after a first temporary refusal the next attempt is made. Default: 5m; a number with s, "
        "m, h or d. Example: 1m. Sooner than a few minutes annoys mail servers that use greylisting.",
    )
    factor: float = Field(
        default=2.0,
        ge=1.0,
        le=10.0,
        description="How many times longer each wait is than the one before. Default: 2. Example: 1.5. With 1 every "
        "wait is as long as the first.",
    )
    longest_retry: Duration = Field(
        default=timedelta(hours=2),
        ge=timedelta(seconds=1),
        le=timedelta(days=1),
        description="The longest wait between two attempts. Default: 2h; a number with s, m, h or d. Example: 30m. "
        "A longer wait delivers later once a mail server is well again.",
    )
    give_up_after: Duration = Field(
        default=timedelta(days=4),
        ge=timedelta(minutes=1),
        le=timedelta(days=30),
        description="How long a message that was taken on is tried before its sender is told that it failed. Default: "
        "4d; a number with m, h or d. Example: 5d. Too short, and a weekend's outage becomes a bounce.",
    )
    notices_give_up_after: Duration = Field(
        default=timedelta(days=2),
        ge=timedelta(minutes=1),
        le=timedelta(days=30),
        description="How long a notice or a delivery status notification is tried. Default: 2d; a number with m, h or "
        "d. Example: 1d. A notice that comes later than its deadline helps nobody.",
    )
