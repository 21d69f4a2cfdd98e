"""The case that the project started from: 288 patients in a Teams invitation (incidents.yaml), by the real process.

Under the default policy it is held and offered as separate copies; under a rule that rewrites, 288 copies leave, each
of them an invitation to one person. Ordinary invitations arrive byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterator

import icalendar
import pytest

from mailguard.core.mail.parse import parse
from tests.core.mail.calendar.invitations import ORGANISER, PROGRAMS, invitation, patients
from tests.end_to_end.mailing import submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink

REWRITING = """
version: 1
rules:
  - id: visible-list
    describe: Ten or more people outside would see each other.
    when: {visible_external_recipients: {at_least: 10}}
    action: rewrite
    rewrite: separate
"""
ROOMY = {"messages_per_session": 1000, "connections_per_client": 200}


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink() as found:
        yield found


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("reading"), sink.port, REWRITING, limits=ROOMY) as found:
        yield found


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[Service]:
    """A service that has separated nothing, under the policy that mailguard comes with."""
    with Service(tmp_path_factory.mktemp("ordinary"), sink.port, limits=ROOMY) as found:
        yield found


def seen(content: bytes) -> list[str]:
    """Whom icalendar finds invited in all calendars of a message."""
    found = set()
    for calendar in parse(content).calendars:
        event = icalendar.Calendar.from_ical(calendar.text.octets.decode()).walk("VEVENT")[0]
        listed = event.get("ATTENDEE", [])
        found |= {
            str(each).lower().removeprefix("mailto:") for each in (listed if isinstance(listed, list) else [listed])
        }
    return sorted(found - {ORGANISER})


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL"])
def test_288_patients_get_288_invitations(service: Service, sink: Sink, method: str) -> None:
    sink.taken.clear()
    people = patients(288)
    raw = invitation("teams", *people, to=people, method=method)
    code, text = submit(service.port, raw, list(people), ORGANISER)
    assert code == 250 and "Sending 288 separate copies" in text, text
    eventually(lambda: len(sink.taken) == 288 or None)
    for taken in sink.taken:
        (own,) = taken.recipients
        assert seen(taken.content) == [own]
        others = (person.encode() for person in people if person != own)
        assert not any(person in taken.content for person in others)


def test_a_small_update_after_it_is_separated_too(service: Service, sink: Sink) -> None:
    people = patients(12, "village.example")
    submit(service.port, invitation("google", *people, to=people), list(people), ORGANISER)
    raw = invitation("google", *people[:3], to=people[:3], method="CANCEL", sequence=1)
    code, text = submit(service.port, raw, list(people[:3]), ORGANISER)
    assert code == 250 and "Sending 3 separate copies" in text, text

    def cancelled() -> list[bytes]:
        return [each.content for each in list(sink.taken) if b"METHOD:CANCEL" in each.content]

    eventually(lambda: len(cancelled()) == 3 or None)
    assert sorted(map(seen, cancelled())) == [[person] for person in sorted(people[:3])]


def test_the_default_policy_holds_it(ordinary: Service) -> None:
    people = patients(288)
    code, text = submit(ordinary.port, invitation("teams", *people), list(people), ORGANISER)
    assert code == 250 and "Held for checking" in text


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("method", ["REQUEST", "REPLY", "CANCEL"])
@pytest.mark.parametrize("count", [1, 4])
def test_ordinary_invitations_arrive_byte_for_byte(
    ordinary: Service, sink: Sink, program: str, method: str, count: int
) -> None:
    sink.taken.clear()
    people = patients(count, "partner-firm.example")
    raw = invitation(program, *people, "nurse@elmroad.example", to=people, method=method)
    options = () if raw.isascii() else ("BODY=8BITMIME",)
    code, text = submit(ordinary.port, raw, list(people), ORGANISER, options)
    assert (code, text) == (250, "2.0.0 kept")
    (taken,) = eventually(lambda: [each for each in list(sink.taken) if set(each.recipients) & set(people)])
    assert taken.content.endswith(raw) and taken.content.startswith(b"Received: ")
