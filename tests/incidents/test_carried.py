"""What attachments carried in real incidents, at the reported sizes, by the default policy and the real process."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.end_to_end.mailing import submit
from tests.end_to_end.service import Service
from tests.end_to_end.sink import Sink
from tests.incidents import carried
from tests.incidents.build import INSIDE, SENDER


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink() as found:
        yield found


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[Service]:
    organisation = {"name": "Elm Road", "domains": [INSIDE]}
    with Service(tmp_path_factory.mktemp("carried"), sink.port, organisation=organisation) as found:
        yield found


def test_every_incident_of_the_two_lists_is_here() -> None:
    assert set(carried.NAMES) | {carried.IN_A_TEXT} == carried.incidents().keys()


@pytest.mark.parametrize("name", carried.NAMES)
def test_it_is_held_and_the_reviewer_reads_how_many_people_it_carries(name: str, service: Service, sink: Sink) -> None:
    sink.taken.clear()
    message = carried.carried(name)
    code, said = submit(service.port, message.raw, list(message.recipients), SENDER)
    assert code == 250 and "Held for checking" in said, said
    (shown,) = service.rows("held", "show", said.rpartition(" ")[2])
    assert message.rule in shown["rules"] and "floor-uninspectable" not in shown["rules"]
    people = [
        each["count"]
        for each in shown["decision"]["findings"]
        if each["kind"] == "people_rows" and each["hidden"] is message.hidden
    ]
    assert sum(people) == pytest.approx(message.shown, rel=0.03), people
    assert not [each for each in sink.taken if set(each.recipients) & set(message.recipients)]


def test_the_ledger_says_how_many_and_never_who(service: Service) -> None:
    decided = [row for row in service.rows("audit", "list") if row["kind"] == "message_decided"]
    assert len(decided) >= 1
    for row in decided:
        text = json.dumps(row)
        assert "Adler" not in text and "Table1" not in text and "xlsx" not in text
