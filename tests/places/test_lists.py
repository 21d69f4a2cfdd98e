"""Twenty-seven people in Bcc, and all of them once more in one place: whatever place it is, the message does not leave.

By the real process and the policy that mailguard comes with.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.core.mail.calendar.invitations import ORGANISER
from tests.end_to_end.mail_client import MailClient
from tests.end_to_end.service import Service
from tests.end_to_end.sink import Sink
from tests.places.lists import PEOPLE, lists

LISTS = lists()


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink() as found:
        yield found


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[MailClient]:
    with (
        Service(tmp_path_factory.mktemp("lists"), sink.port, limits={"messages_per_session": 1000}) as service,
        MailClient(service.port) as found,
    ):
        found.hello()
        yield found


@pytest.mark.parametrize("place", LISTS)
def test_a_list_in_any_place_does_not_leave(place: str, client: MailClient, sink: Sink) -> None:
    reply = client.send(LISTS[place], list(PEOPLE), ORGANISER, " BODY=8BITMIME")
    assert reply.code == 550 or "Held for checking" in reply.text, reply.text
    assert not {*PEOPLE} & {*sink.recipients()}
