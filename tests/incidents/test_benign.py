"""More than three hundred benign messages of more than sixty structures, by the default policy and the real process.

All but a few pass untouched and arrive byte for byte; those that are held are named, and less than 1 in 100.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.mail_client import MailClient, Reply
from tests.end_to_end.service import Service
from tests.end_to_end.sink import Sink
from tests.incidents.benign.corpus import MEANT_TO_BE_HELD, corpus, structures
from tests.incidents.benign.model import INSIDE, Benign

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink() as found:
        yield found


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[MailClient]:
    limits = {"messages_per_session": 1000}
    with (
        Service(tmp_path_factory.mktemp("benign"), sink.port, limits=limits) as service,
        MailClient(service.port) as it,
    ):
        it.hello()
        yield it


def submitted(client: MailClient, mail: Benign) -> Reply:
    options = "" if mail.raw.isascii() else " BODY=8BITMIME SMTPUTF8"
    return client.send(mail.raw, list(mail.recipients), mail.reverse_path, options)


def test_it_arrives_byte_for_byte_and_the_rate_of_false_holds_is_below_one_in_a_hundred(
    client: MailClient, sink: Sink
) -> None:
    held = []
    for mail in corpus():
        sink.taken.clear()
        reply = submitted(client, mail)
        if reply.text != "250 2.0.0 kept":
            held.append((mail.structure, reply.text))
            continue
        (taken,) = (each for each in sink.taken if each.recipients == list(mail.recipients))
        assert taken.content.endswith(mail.raw) and taken.content.startswith(b"Received: "), mail.structure
    print(f"{len(held)} of {len(corpus())} held ({len(held) / len(corpus()):.2%}): {held}")
    assert {structure for structure, _ in held} == MEANT_TO_BE_HELD
    assert len(held) < len(corpus()) / 100


def test_there_is_enough_of_it_and_of_many_structures() -> None:
    found = structures()
    dimensions = Counter(dimension for dimension, _ in found)
    for dimension, number in dimensions.items():
        print(f"{number:4} structures: {dimension}")
    print(f"{len(corpus())} messages, {len(found)} structures, {len(dimensions)} dimensions")
    assert len(corpus()) >= 300 and len(found) >= 60 and len(dimensions) >= 10
    assert len({mail.raw for mail in corpus()}) == len(corpus())


def test_people_are_invented() -> None:
    """Example domains only (RFC 2606), so that nothing here could ever reach anybody."""
    for mail in corpus():
        assert all(each.endswith(".example") for each in mail.recipients)
        assert not mail.reverse_path or mail.reverse_path.endswith(INSIDE)


def test_what_is_held_has_its_reason_on_the_page() -> None:
    page = (ROOT / "docs" / "places.md").read_text()
    assert all(structure in page for structure in MEANT_TO_BE_HELD)
