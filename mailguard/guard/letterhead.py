"""Turns what is to be told into a row of the outbox: the frame around it, its identifiers, and the mark of the guard.

INVARIANT: what goes out here asks for no answer: sender_told is False, and the path back is null unless settings say
otherwise; that of a delivery status notification is always null (RFC 3464 section 2).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ..core.envelope import Envelope, Path, Recipient
from ..core.frame import MARK_FIELD, Frame
from ..core.letters.facts import TO_REVIEWERS, Facts, Kind
from ..core.mail.canonical import canonical_address
from ..core.mail.message import Message
from ..core.notice import notice, write_letter
from ..core.organisation import Organisation
from ..core.report import Report, delivery_status
from .ports import Randomness
from .records import NewDelivery, SenderLink
from .settings import NoticeSettings

TO_THEM = ".reviewers"
"""How the identifier of what goes to the reviewers ends."""


class Letterhead:
    """Writes rows. The same notice gets the same identifiers, so that writing it twice cannot tell somebody twice."""

    def __init__(
        self,
        *,
        organisation: Organisation,
        settings: NoticeSettings,
        zone: ZoneInfo,
        randomness: Randomness,
        mark_key: bytes,
        give_up_after: timedelta,
        console: str | None = None,
    ) -> None:
        """mark_key: at least 16 octets of its own, so that nobody else can make our mark. ValueError for fewer.

        console: where it is, from the settings; None for none.
        """
        if len(mark_key) < 16:
            raise ValueError("the key of the notice mark is too short")
        self._organisation = organisation
        self._settings = settings
        self._zone = zone
        self._randomness = randomness
        self._mark_key = mark_key
        self._give_up_after = give_up_after
        self._console = console
        self._reverse_path = _path(settings.reverse_path) if settings.reverse_path else None

    def reviewers(self) -> Path | None:
        """Where the reviewers are told: the contact, if it is inside."""
        return self._inside(self._settings.contact)

    def escalation(self) -> Path | None:
        """Whom others turn to, if that is inside."""
        return self._inside(self._settings.escalation)

    def _inside(self, address: str | None) -> Path | None:
        path = _path(address) if address else None
        return path if path and self._organisation.is_inside(path.address) else None

    def to_reviewers_alone(self, envelope: Envelope) -> bool:
        """Whether a message goes to the reviewers alone and comes from where our notices come from.

        What is told of such a message would go to the same place and could meet the same end, again and again.
        """
        reviewers = self.reviewers()
        ours = envelope.reverse_path is None or envelope.reverse_path == self._reverse_path
        return ours and reviewers is not None and {each.address for each in envelope.recipients} == {reviewers.address}

    def notice(
        self,
        kind: Kind,
        facts: Facts,
        to: Path,
        now: datetime,
        step: str,
        in_reply_to: bytes | None = None,
        links: tuple[SenderLink, ...] = (),
    ) -> NewDelivery:
        """A notice. step: tells this one from the others about the same message. links: those that the facts name."""
        identifier = f"{facts.ref}.notice.{step}{TO_THEM if kind in TO_REVIEWERS else ''}"
        international = not to.wire.isascii()
        frame = self._frame(identifier, to, now, in_reply_to, international)
        text = notice(kind, facts, frame)
        row = self._row(identifier, "notice", facts.ref, to, text, now, self._reverse_path, international)
        return replace(row, links=links)

    def report(
        self,
        report: Report,
        to: Path,
        now: datetime,
        identifier: str,
        in_reply_to: bytes | None,
        *,
        international: bool,
        rejected: Facts | None = None,
    ) -> NewDelivery:
        """A delivery status notification. international: its reader's programs know SMTPUTF8. rejected: what a notice
        of a message that is not sent would say; people read that.
        """
        international = international or not to.wire.isascii()
        frame = self._frame(identifier, to, now, in_reply_to, international)
        letter = write_letter(Kind.REJECTED, rejected, frame) if rejected else None
        text = delivery_status(report, frame, letter)
        return self._row(identifier, "dsn", report.ref, to, text, now, None, international)

    def letter(
        self, identifier: str, kind: str, ref: str, to: Path, now: datetime, write: Callable[[Frame], bytes]
    ) -> NewDelivery:
        """A letter of people, for one person. write: makes the message of its frame. Bounces come back to the contact,
        if that is inside: somebody has to know whom a letter did not reach.
        """
        international = not to.wire.isascii()
        text = write(self._frame(identifier, to, now, None, international))
        row = self._row(identifier, kind, ref, to, text, now, self.reviewers() or self._reverse_path, international)
        return replace(row, sender_told=True)

    def message_id(self, identifier: str) -> str:
        """The Message-ID of the row with this identifier, with angle brackets."""
        tag = hmac.new(self._mark_key, b"id " + identifier.encode(), hashlib.sha256).hexdigest()[:24]
        return f"<{tag}@{self._settings.sender.rpartition('@')[2]}>"

    def is_own(self, message: Message) -> bool:
        """Whether a message is one of ours: its mark fits its Message-ID, and there is one of each."""
        identifiers = [message.value(field).strip() for field in message.named("message-id")]
        marks = [message.value(field).strip() for field in message.named(MARK_FIELD.lower())]
        return len(identifiers) == len(marks) == 1 and hmac.compare_digest(self._mark(identifiers[0]), marks[0])

    def _mark(self, message_id: bytes) -> bytes:
        return b"v1 " + hmac.new(self._mark_key, b"mark " + message_id, hashlib.sha256).hexdigest()[:40].encode()

    def _frame(self, identifier: str, to: Path, now: datetime, in_reply_to: bytes | None, international: bool) -> Frame:
        message_id = self.message_id(identifier)
        return Frame(
            organisation=self._organisation.name,
            sender=self._settings.sender,
            contact=self._settings.contact,
            to=to.wire.decode("utf-8"),
            at=now.astimezone(self._zone),
            message_id=message_id,
            mark=self._mark(message_id.encode()).decode(),
            boundary=f"=_{self._randomness.octets(12).hex()}",
            in_reply_to=in_reply_to,
            international=international,
            console=self._console,
        )

    def _row(
        self,
        identifier: str,
        kind: str,
        ref: str,
        to: Path,
        text: bytes,
        now: datetime,
        reverse_path: Path | None,
        international: bool,
    ) -> NewDelivery:
        parameters = (b"BODY=8BITMIME", b"SMTPUTF8") if international else ()
        return NewDelivery(
            identifier=identifier,
            ref=ref,
            kind=kind,
            envelope=Envelope(reverse_path, (Recipient(to),), parameters),
            created_at=now,
            not_before=now,
            give_up_at=now + self._give_up_after,
            text=text,
            sender_told=False,
        )


def _path(address: str) -> Path:
    return Path(address.encode("ascii"), canonical_address(address))
