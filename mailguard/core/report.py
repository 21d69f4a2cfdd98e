"""Delivery status notifications: what became of recipients that the guard took responsibility for.

`delivery_status` makes one complete message: multipart/report (RFC 6522) of a text in plain English, the fields of
RFC 3464, and header fields of the original. It names its recipients, as RFC 3464 requires; of the original it returns
header fields without those that name recipients, and never the body, also where RET=FULL was asked for (THREATS.md
T71). `wants` says whether NOTIFY asks for one (RFC 3461). Addresses beyond ASCII: RFC 6533. The envelope, the null path
that a notification must have (RFC 3464 section 2), and whether the sender may be told are the caller's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from . import words
from .compose import (
    CRLF,
    LONGEST_LINE,
    Part,
    multipart,
    plain_field,
    quoted_printable,
    serialise,
    text_part,
    whole_field,
)
from .duration import duration_in_words
from .envelope import Recipient
from .frame import Frame, opening_fields, who_to_ask
from .legible import legible
from .letter import Block, Letter, as_html, as_text
from .moment import header_date, moment_in_words
from .reply import printable
from .returned import returned_fields

SHOWN = 50
"""How many recipients the text names; the report names them all."""


class Event(StrEnum):
    """What NOTIFY can ask to hear of (RFC 3461 section 4.1)."""

    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    DELAY = "DELAY"


class Action(StrEnum):
    """RFC 3464 section 2.3.3."""

    FAILED = "failed"
    DELAYED = "delayed"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one recipient. code, status, text: what the next mail server said last, None where it did not.

    gave_up: time was up, and nothing had refused it for good.
    """

    recipient: Recipient
    action: Action
    code: int | None = None
    status: str | None = None
    text: str | None = None
    gave_up: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What a notification says. Times are aware, in the organisation's time zone.

    envelope_id: the ENVID parameter in wire form (xtext) or None. original: raw bytes of the original, or of its
    header; b"" where they are gone. hostname: of the guard. remote: the name of the mail server that answered, None
    where it is not known. until: when delayed recipients are given up. tried: how long the guard tried.
    """

    fates: tuple[Fate, ...]
    subject: str
    arrived_at: datetime
    hostname: str
    ref: str
    envelope_id: bytes | None = None
    original: bytes = b""
    remote: str | None = None
    until: datetime | None = None
    tried: timedelta = timedelta()


def wants(recipient: Recipient, event: Event) -> bool:
    """Whether a notification of this event is wanted for the recipient (RFC 3461 sections 4.1 and 5.2).

    Without NOTIFY, or with one that cannot be read, failures are reported and nothing else.
    """
    value = recipient.parameter(b"NOTIFY")
    asked = {word.strip() for word in (value or b"").upper().split(b",")}
    if asked == {b"NEVER"}:
        return False
    if not asked <= {each.value.encode() for each in Event}:
        return event is Event.FAILURE
    return event.value.encode() in asked


def decode_xtext(value: bytes) -> str | None:
    """xtext (RFC 3461 section 4) as printable ASCII; None where it is malformed or hides something that is not."""
    if not re.fullmatch(rb"(?:[!-*,-<>-~]|\+[0-9A-Fa-f]{2}){1,500}", value):
        return None
    text = re.sub(rb"\+([0-9A-Fa-f]{2})", lambda match: bytes([int(match[1], 16)]), value).decode("latin-1")
    return text if re.fullmatch(r"[ -~]+", text) else None


def delivery_status(report: Report, frame: Frame, letter: Letter | None = None) -> bytes:
    """The whole message, CRLF, all ASCII unless frame.international.

    letter: what people read, as text and HTML, in place of the words that a failed delivery has.

    ValueError where there is no recipient to report, or the frame holds something that cannot stand in a header.
    """
    if not report.fates:
        raise ValueError("a delivery status notification needs a recipient")
    if letter is None:
        letter = _letter(report, frame)
        for_people = text_part("plain", as_text(letter))
    else:
        both = (text_part("plain", as_text(letter)), text_part("html", as_html(letter)))
        # No delimiter may begin with the other one (RFC 2046 section 5.1.1).
        for_people = multipart("alternative", f"=b{frame.boundary}", both)
    parts = (for_people, _status(report, frame), _returned(report, frame))
    whole = multipart("report; report-type=delivery-status", frame.boundary, parts)
    return opening_fields(frame, letter.subject, submitted="auto-replied") + serialise(whole)


# The part for people.


def _letter(report: Report, frame: Frame) -> Letter:
    title, lead, advice = _opening(report)
    shown = tuple(_line(fate, report) for fate in report.fates[:SHOWN])
    rest = len(report.fates) - len(shown)
    more = (words.RECIPIENTS_REST.format(people=words.people(rest)),) if rest else ()
    return Letter(
        title.format(subject=legible(report.subject) or words.NO_SUBJECT),
        (
            Block("text", (words.GREETING,)),
            Block("lead", lead),
            Block("heading", (words.RECIPIENTS,)),
            Block("list", shown + more),
            *((Block("heading", (words.TO_DO,)), Block("text", advice)) if advice else ()),
            Block("small", (words.REFERENCE.format(ref=report.ref), who_to_ask(frame), words.REPORT_NOTE)),
        ),
    )


def _opening(report: Report) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Subject, first paragraph and advice. A failure among the fates decides, then a delay."""
    people = words.people(len(report.fates))
    actions = {fate.action for fate in report.fates}
    if Action.FAILED in actions:
        lead: tuple[str, ...] = (words.FAILED_LEAD.format(people=people), words.FAILED_OTHERS)
        return words.FAILED_SUBJECT, lead, (words.FAILED_DO, words.FAILED_DO_OTHER)
    if Action.DELAYED in actions:
        lead = (words.DELAYED_LEAD.format(people=people),)
        if report.until:
            lead += (words.DELAYED_UNTIL.format(due=moment_in_words(report.until)),)
        return words.DELAYED_SUBJECT, lead, ()
    return words.DONE_SUBJECT, (words.DONE_LEAD.format(people=people),), ()


def _line(fate: Fate, report: Report) -> str:
    address = legible(fate.recipient.path.wire.decode("utf-8", "replace"), 320)
    reason = _why(fate, report)
    if fate.code is None:
        return words.RECIPIENT.format(address=address, reason=reason)
    said = printable(f"{fate.code} {fate.status or ''} {fate.text or ''}", 250)
    return words.RECIPIENT_SAID.format(address=address, reason=reason, said=said)


def _why(fate: Fate, report: Report) -> str:
    """The reason in words, from the subject of the enhanced status code (RFC 3463 section 3.1)."""
    if fate.action is Action.DELAYED:
        return words.WHY_DELAYED
    if fate.action is not Action.FAILED:
        return words.WHY_PASSED_ON
    if fate.gave_up:
        return words.WHY_EXPIRED.format(duration=duration_in_words(_rounded(report.tried)))
    return _REASONS.get(_status_code(fate)[2], words.WHY_OTHER)


_REASONS = {
    "1": words.WHY_ADDRESS,
    "2": words.WHY_MAILBOX,
    "4": words.WHY_NETWORK,
    "6": words.WHY_CONTENT,
    "7": words.WHY_POLICY,
}


def _rounded(tried: timedelta) -> timedelta:
    """To whole hours, or minutes below one hour, so that the words stay short."""
    unit = 3_600 if tried >= timedelta(hours=1) else 60
    return timedelta(seconds=max(round(tried.total_seconds() / unit), 1) * unit)


# The part for programs (RFC 3464 section 2).


def _status(report: Report, frame: Frame) -> Part:
    fields = [plain_field("Reporting-MTA", f"dns; {_domain(report.hostname)}")]
    envelope_id = decode_xtext(report.envelope_id) if report.envelope_id else None
    if envelope_id:
        fields.insert(0, whole_field("Original-Envelope-Id", envelope_id))
    fields.append(plain_field("Arrival-Date", header_date(report.arrived_at)))
    groups = [b"".join(fields), *(_group(fate, report, frame) for fate in report.fates)]
    kind = "message/global-delivery-status" if frame.international else "message/delivery-status"
    encoding = (("Content-Transfer-Encoding", "8bit"),) if frame.international else ()
    return Part((("Content-Type", kind), *encoding), CRLF.join(groups))


def _group(fate: Fate, report: Report, frame: Frame) -> bytes:
    fields = []
    if original := _original_recipient(fate.recipient):
        fields.append(whole_field("Original-Recipient", original))
    fields.append(whole_field("Final-Recipient", _typed(fate.recipient.path.wire, frame)))
    fields.append(plain_field("Action", fate.action.value))
    fields.append(plain_field("Status", _status_code(fate)))
    if fate.code is not None:
        if report.remote:
            fields.append(plain_field("Remote-MTA", f"dns; {_domain(report.remote)}"))
        said = printable(f"{fate.code} {fate.status or ''} {fate.text or ''}")
        fields.append(plain_field("Diagnostic-Code", f"smtp; {said}"))
    if fate.action is Action.DELAYED and report.until:
        fields.append(plain_field("Will-Retry-Until", header_date(report.until)))
    return b"".join(fields)


def _original_recipient(recipient: Recipient) -> str | None:
    """ORCPT as RFC 3464 section 2.3.1 wants it: the type as given, the address decoded (RFC 3461 section 4.2)."""
    kind, semicolon, address = (recipient.parameter(b"ORCPT") or b"").partition(b";")
    if not semicolon or not re.fullmatch(rb"[A-Za-z0-9-]{1,40}", kind):
        return None
    if kind.lower() == b"utf-8":
        # utf-8-addr-xtext (RFC 6533 section 3) is ASCII and goes on as it came.
        text = address.decode("ascii", "replace") if re.fullmatch(rb"[!-~]{1,500}", address) else None
    else:
        text = decode_xtext(address)
    return f"{kind.decode('ascii')}; {text}" if text else None


def _typed(wire: bytes, frame: Frame) -> str:
    """An address with its type. Beyond ASCII it is `utf-8`, as it is where that is allowed, else in xtext form."""
    text = "".join(each if each.isprintable() else "?" for each in wire.decode("utf-8", "replace"))
    if text.isascii():
        return f"rfc822; {text}"
    if frame.international:
        return f"utf-8; {text}"
    return "utf-8; " + "".join(_xtext(character) for character in text)


def _xtext(character: str) -> str:
    """EmbeddedUnicodeChar of RFC 6533 section 3, also for what it may not hold literally."""
    return character if "!" <= character <= "~" and character not in "\\+=" else f"\\x{{{ord(character):02X}}}"


def _status_code(fate: Fate) -> str:
    """RFC 3463, agreeing with the action. X.4.7 where time was up; X.0.0 where nothing more is known."""
    classes = {Action.FAILED: "5", Action.DELAYED: "4", Action.RELAYED: "2", Action.EXPANDED: "2"}
    first = classes[fate.action]
    if fate.gave_up:
        return "4.4.7"
    if fate.status and re.fullmatch(rf"{first}\.[0-9]{{1,3}}\.[0-9]{{1,3}}", fate.status):
        return fate.status
    return f"{first}.0.0"


def _domain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9.:\[\]-]", "", name)[:255] or "localhost"


# The part of the original.


def _returned(report: Report, frame: Frame) -> Part:
    """7-bit where the fields are; RFC 6522 section 4 has quoted-printable for those that are not."""
    fields = returned_fields(report.original)
    eight_bit = not fields.isascii()
    kind = "message/global-headers" if frame.international and eight_bit else "text/rfc822-headers"
    longest = max((len(line) for line in fields.split(CRLF)), default=0)
    if longest > LONGEST_LINE or (eight_bit and not frame.international):
        return Part(
            (("Content-Type", kind), ("Content-Transfer-Encoding", "quoted-printable")), quoted_printable(fields)
        )
    encoding = (("Content-Transfer-Encoding", "8bit"),) if eight_bit else ()
    return Part((("Content-Type", kind), *encoding), fields or CRLF)
