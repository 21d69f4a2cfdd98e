"""A judged message, and what is kept of it: its decision, its place in the quarantine, its rows in the outbox. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from .. import __version__
from ..core.envelope import Envelope, Recipient
from ..core.lifecycle import State
from ..core.mail.canonical import canonical_address
from ..core.mail.message import Message
from ..core.organisation import Organisation
from ..core.policy.leaving import allows
from ..core.rewrite.content import Content
from ..core.rewrite.top import Top
from ..core.session import Session
from ..core.subject import subject_of
from ..core.verdict import Disposition, Verdict
from . import entries
from .records import NewDelivery, NewEntry, NewHeld, WrittenDown


@dataclass(frozen=True, slots=True)
class Judged:
    """A message with all that was decided about it. at: when it came.

    identifier: random octets for the Message-ID that a signed-in client may have left out. announced: how it was
    written down for later messages, where it was.
    """

    session: Session
    envelope: Envelope
    message: Message
    verdict: Verdict
    content_sha256: str
    at: datetime
    identifier: bytes
    announced: WrittenDown | None = None


def decision(judged: Judged, ref: str, sent_sha256: tuple[str, ...] = (), changes: tuple[str, ...] = ()) -> NewEntry:
    """The entry of the decision. changes: names of what leaves otherwise than it came."""
    fields: dict[str, Any] = judged.verdict.to_json(
        content_sha256=judged.content_sha256, sent_sha256=sent_sha256, with_visible=False
    )
    fields["changes"] = list(changes)
    return entries.decided(
        ref,
        judged.at,
        judged.verdict,
        judged.envelope,
        judged.message,
        fields,
        judged.session.identifier,
        __version__,
    )


def held_message(
    judged: Judged,
    ref: str,
    due_at: datetime,
    reason: str,
    top: Top,
    *,
    state: State,
    notify_sender: bool,
    release_as: tuple[str, ...] | None,
    team: str | None,
) -> NewHeld:
    """The message in the quarantine. top: what goes above it when it is released. release_as: the forms left for it.

    team: whose mail it is, see `team_of`.
    """
    verdict = judged.verdict
    offers = verdict.rewrite.value if verdict.rewrite and allows(release_as, verdict.rewrite.value) else None
    relayed = verdict.disposition is Disposition.RELAY and verdict.rewrite is None
    in_force = [rule for rule in verdict.rules if rule.matched and rule.mode == "enforce"]
    reverse_path = judged.envelope.reverse_path
    return NewHeld(
        ref=ref,
        received_at=judged.at,
        due_at=due_at,
        envelope=judged.envelope,
        sender=reverse_path.address if reverse_path else "",
        subject=subject_of(judged.message),
        reason=reason,
        rules=tuple(rule.id for rule in in_force),
        offers=offers,
        decision=verdict.to_json(content_sha256=judged.content_sha256, with_visible=True),
        policy_revision=verdict.policy_revision,
        content_sha256=judged.content_sha256,
        recipients_sha256=entries.recipients_sha256(judged.envelope),
        approvals_needed=verdict.approvals,
        sender_may=verdict.sender_may,
        notify_sender=notify_sender,
        state=state,
        hide_inside_above=verdict.hide_inside_above,
        top=top.octets,
        release_as=release_as,
        team=team,
        # What no rule holds is held because it cannot leave as it is.
        deciding=None if relayed else verdict.deciding,
        places={rule.id: rule.places for rule in in_force if rule.places},
    )


def team_of(judged: Judged, organisation: Organisation) -> str | None:
    """The team of the sender, whose reviewers see the message: of the reverse-path, else of who claims to be it."""
    path = judged.envelope.reverse_path
    senders = ([canonical_address(path.address)] if path else []) + list(judged.message.originators)
    return next((team.name for each in senders if (team := organisation.team_of(each)) is not None), None)


class Submitted(Protocol):
    """A message that came from a client. at: when."""

    @property
    def session(self) -> Session: ...

    @property
    def envelope(self) -> Envelope: ...

    @property
    def at(self) -> datetime: ...


def delivery(
    judged: Submitted,
    ref: str,
    name: str,
    recipients: tuple[Recipient, ...],
    content: Content,
    give_up_after: timedelta,
) -> NewDelivery:
    """A row of the outbox for some recipients. name: its kind and number, for example "copy.3"."""
    return NewDelivery(
        identifier=f"{ref}.{name}",
        ref=ref,
        kind=name.partition(".")[0],
        envelope=judged.envelope.to(recipients),
        created_at=judged.at,
        not_before=judged.at,
        give_up_at=judged.at + give_up_after,
        blob=ref,
        edits=content.edits,
        sender_told=judged.session.trusted,
    )
