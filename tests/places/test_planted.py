"""A planted address in each of more than a hundred places of one message, by the real process: nobody else gets it.

What the recipients of separate copies get is read by other means than mailguard's (eyes.py); that these see every one
of the places is shown by the copy of somebody inside, which is as written. Places that no rewrite reaches hold.
"""

from __future__ import annotations

import email
from collections.abc import Iterator
from email.message import Message as EmailMessage

import icalendar
import pytest

from tests.core.mail.calendar.invitations import ORGANISER
from tests.end_to_end.mail_client import MailClient
from tests.end_to_end.mailing import submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink, Taken
from tests.places.eyes import numbers
from tests.places.planted import NURSE, WORD, planted
from tests.places.untouchable import PEOPLE, UNTOUCHABLE

REWRITING = """
version: 1
rules:
  - id: visible-list
    describe: Ten or more people outside would see each other.
    when: {visible_external_recipients: {at_least: 10}}
    action: rewrite
    rewrite: separate
"""


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink() as found:
        yield found


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("planted"), sink.port, REWRITING) as found:
        yield found


@pytest.fixture(scope="module")
def taken(service: Service, sink: Sink) -> list[Taken]:
    raw, where = planted()
    recipients = [*where.values(), NURSE]
    code, text = submit(service.port, raw, recipients, ORGANISER, ("BODY=8BITMIME",))
    assert code == 250 and f"Sending {len(where) + 1} separate copies" in text, text
    return eventually(lambda: len(sink.taken) > len(where) and list(sink.taken), seconds=60)


def test_there_are_enough_places() -> None:
    _, where = planted()
    assert len(where) > 100 and len(set(where.values())) == len(where)


def test_the_eyes_see_every_place(taken: list[Taken]) -> None:
    _, where = planted()
    (inside,) = (each for each in taken if each.recipients == [NURSE])
    blind = {place for place in where if "Bcc" in place}
    seen = numbers(inside.content, WORD)
    missed = [place for number, place in enumerate(where) if number not in seen and place not in blind]
    assert not missed and len(seen) == len(where) - len(blind)


def test_no_copy_shows_anybody_else(taken: list[Taken]) -> None:
    _, where = planted()
    places = list(where)
    for each in taken:
        if each.recipients != [NURSE]:
            own = list(where.values()).index(each.recipients[0])
            others = numbers(each.content, WORD) - {own}
            assert not others, [places[number] for number in others]


def test_icalendar_invites_the_recipient_alone(taken: list[Taken]) -> None:
    """The second reader: in every calendar of every copy, the recipient, those inside, and nobody else."""
    for each in taken:
        (own,) = each.recipients
        if own == NURSE:
            continue
        calendars = [part for part in email.message_from_bytes(each.content).walk() if is_calendar(part)]
        assert len(calendars) == 6
        shown = {who for part in calendars for who in invited(part)}
        assert own in shown and shown <= {own, NURSE, ORGANISER}


def is_calendar(part: EmailMessage) -> bool:
    return "calendar" in part.get_content_type() or (part.get_filename() or "").endswith(".ics")


def invited(part: EmailMessage) -> list[str]:
    octets = part.get_payload(decode=True)
    assert isinstance(octets, bytes)
    text = octets.decode("utf-16" if b"\0" in octets else part.get_content_charset() or "utf-8", "replace")
    found = []
    for calendar in icalendar.Calendar.from_ical(text, multiple=True):
        for component in calendar.walk():
            listed = component.get("ATTENDEE", [])
            found += listed if isinstance(listed, list) else [listed]
    return [str(each).lower().removeprefix("mailto:") for each in found if "@" in each]


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[MailClient]:
    with MailClient(service.port) as found:
        found.hello()
        yield found


@pytest.mark.parametrize("place", UNTOUCHABLE)
def test_a_place_that_cannot_be_rewritten_holds(place: str, client: MailClient, sink: Sink) -> None:
    reply = client.send(UNTOUCHABLE[place]().raw, list(PEOPLE), ORGANISER, " BODY=8BITMIME")
    assert "Held for checking" in reply.text, reply.text
    assert not {*PEOPLE} & {*sink.recipients()}
