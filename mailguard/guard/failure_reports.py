"""Delivery status notifications as values: what became of recipients who did not get a message (RFC 3464).

It knows nothing of who is told: a report without fates is one that nobody asked for (NOTIFY, RFC 3461 section 4.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ..core.envelope import Envelope
from ..core.mail.message import Buffer
from ..core.mail.text import decode_text
from ..core.outcome import Outcome
from ..core.report import Action, Event, Fate, Report, wants
from ..core.returned import LONGEST_HEADER, first_value
from .notice_facts import NoticeFacts
from .records import Held, RecipientResult

NOT_AUTHORISED = "5.7.1"


class FailureReports:
    def __init__(self, facts: NoticeFacts, hostname: str, smarthost: str | None) -> None:
        """hostname: the Reporting-MTA. smarthost: its name, for Remote-MTA."""
        self._facts = facts
        self._hostname = hostname
        self._smarthost = smarthost

    def of(
        self,
        results: Sequence[RecipientResult],
        envelope: Envelope,
        original: Buffer,
        ref: str,
        arrived_at: datetime,
        now: datetime,
    ) -> Report:
        """Of recipients whom the smarthost refused, or whose time is up. original: raw bytes, b"" where they are gone;
        some fields of the header are returned.
        """
        header = bytes(original[:LONGEST_HEADER])
        return Report(
            fates=tuple(_fate(each) for each in results if wants(each.recipient, Event.FAILURE)),
            subject=decode_text(first_value(header, b"subject") or b""),
            arrived_at=self._facts.local(arrived_at),
            hostname=self._hostname,
            ref=ref,
            envelope_id=envelope.parameter(b"ENVID"),
            original=header,
            remote=self._smarthost,
            tried=max(now - arrived_at, timedelta()),
        )

    def of_rejection(self, held: Held, original: Buffer, now: datetime) -> Report:
        """RFC 3463: 5.7.1, delivery not authorised. Nobody but the guard refused it, so that there is no answer to
        quote. Whoever asked for no notification of failures (NOTIFY) is left out; the notice is no notification.
        """
        refused = [
            RecipientResult(each, Outcome.REFUSED, None, NOT_AUTHORISED, None) for each in held.envelope.recipients
        ]
        report = self.of(refused, held.envelope, original, held.ref, held.received_at, now)
        return replace(report, fates=tuple(replace(each, gave_up=False) for each in report.fates), remote=None)


def _fate(result: RecipientResult) -> Fate:
    """A temporary answer, or none, that has become final: time was up."""
    gave_up = result.outcome is not Outcome.REFUSED or result.code is None or result.code < 500
    return Fate(result.recipient, Action.FAILED, result.code, result.status, result.text, gave_up)
