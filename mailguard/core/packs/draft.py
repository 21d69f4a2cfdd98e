"""The apology: a draft that a person finishes, the check that it names nobody, and the letter that each one gets. Pure.

INVARIANT: a letter names no address but its one recipient's and those of the organisation, and nothing of the message
that it is about: its subject may say what should not have been seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from ..compose import mailbox, plain_field, serialise, text_field, text_part, whole_field
from ..finding_kinds import NOUNS
from ..frame import MARK_FIELD, Frame
from ..legible import legible
from ..mail.search import find_addresses
from ..moment import date_in_words, header_date
from ..register.checks import FindPersonalData

MAX_TEXT = 4_000
_OF_THE_ORGANISATION = frozenset({NOUNS["email"], NOUNS["phone"], NOUNS["postcode"]})
"""A letter says how to reach who wrote it. Of addresses those outside are refused anyway."""
_GAP = re.compile(r"\[[^\]\n]*\]?")


@dataclass(frozen=True, slots=True)
class Draft:
    """subject: of the letter, one line. body: paragraphs, lines ending in "\\n"."""

    subject: str
    body: str


def template(organisation: str, contact: str | None, sent: datetime | None) -> str:
    """The draft as a text file: the first line is the subject. What stands in square brackets a person writes."""
    when = f" on {date_in_words(sent)}" if sent else ""
    ask = f"reply to this email; it goes to {contact}" if contact else "[say here how to reach you]"
    return (
        "Subject: We are sorry: an email that we sent showed your address to others\n\n"
        "Hello\n\n"
        f"We sent an email{when} to you and to other people. By our mistake the others who got it could see your email "
        "address. We are sorry.\n\n"
        "What could be seen: your email address. [Say here what else, or delete this.]\n\n"
        "What we have done: [say here what you have done, for example changed how such emails are sent.]\n\n"
        "What you can do: please delete that email, and do not use or pass on addresses that you saw in it. Be wary of "
        "unexpected emails that seem to come from us.\n\n"
        f"If you have questions, {ask}. You can also complain to the Information Commissioner's Office at "
        "ico.org.uk.\n\n"
        f"{legible(organisation, 100)}\n"
    )


def read_draft(text: str) -> Draft | None:
    """The subject and the body of a text file; None where its first line is no subject, or nothing follows."""
    first, _, rest = text.lstrip("\ufeff\r\n ").replace("\r\n", "\n").partition("\n")
    name, colon, subject = first.partition(":")
    if name.strip().lower() != "subject" or not colon or not subject.strip() or not rest.strip():
        return None
    return Draft(legible(subject, 150), rest.strip("\n") + "\n")


def faults_of(text: str, is_inside: Callable[[str], bool], find: FindPersonalData) -> tuple[str, ...]:
    """Why a text must not be sent, as sentences; none repeats what is wrong."""
    if len(text) > MAX_TEXT:
        return (f"it has more than {MAX_TEXT:,} characters",)
    draft = read_draft(text)
    if draft is None:
        return ('the first line has to be "Subject: ..." with a text below it',)
    return tuple(_faults(draft, is_inside, find))


def _faults(draft: Draft, is_inside: Callable[[str], bool], find: FindPersonalData) -> Iterable[str]:
    whole = f"{draft.subject}\n{draft.body}"
    if _GAP.search(whole):
        yield "something still stands in square brackets: write it, or delete it"
    found = find_addresses(whole.encode("utf-8", "replace"))
    if any(not is_inside(each.address) for each in found):
        yield "it names an email address outside the organisation: each person would read it"
    for noun in dict.fromkeys(each.noun for each in find(whole)):
        if noun not in _OF_THE_ORGANISATION:
            yield f"it holds {noun}: each person would read it; write it without"


def letter(draft: Draft, frame: Frame) -> bytes:
    """The whole message for one person. ValueError where the frame holds what cannot stand in a header.

    It is from people and says so: no Auto-Submitted, and only answers of machines are asked not to come.
    """
    fields = [
        whole_field("Date", header_date(frame.at)),
        whole_field("Message-ID", frame.message_id),
        plain_field("From", mailbox(legible(frame.organisation, 100), frame.sender)),
        whole_field("To", frame.to),
        *([whole_field("Reply-To", frame.contact)] if frame.contact else []),
        text_field("Subject", draft.subject),
        whole_field("X-Auto-Response-Suppress", "OOF, AutoReply"),
        whole_field(MARK_FIELD, frame.mark),
        whole_field("MIME-Version", "1.0"),
    ]
    return b"".join(fields) + serialise(text_part("plain", draft.body))
