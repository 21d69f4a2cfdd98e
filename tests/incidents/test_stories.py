"""The incidents of several messages, replayed in order through the real process: no step that shows people leaves."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.end_to_end.mail_client import MailClient, Reply
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink
from tests.incidents import build
from tests.incidents.stories import PARTNER, Step, further, stories
from tests.incidents.test_judged import judged

STORIES = stories()


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink() as found:
        yield found


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[Service]:
    organisation = {"name": "Elm Road", "domains": [build.INSIDE], "trusted_domains": [PARTNER]}
    with Service(tmp_path_factory.mktemp("stories"), sink.port, organisation=organisation) as found:
        yield found


def submitted(service: Service, step: Step) -> Reply:
    options = "" if step.raw.isascii() else " BODY=8BITMIME"
    with MailClient(service.port) as client:
        client.hello()
        return client.send(step.raw, list(step.recipients), step.sender, options)


def seen_by_others(sink: Sink, shown: set[str]) -> bool:
    """Whether a message left in which somebody outside reads the address of another."""
    return any(
        person.encode() in taken.content and set(taken.recipients) != {person}
        for taken in list(sink.taken)
        if not all(each.endswith(build.INSIDE) for each in taken.recipients)
        for person in shown
    )


@pytest.mark.parametrize("name", STORIES)
def test_no_step_leaves_as_it_was(name: str, service: Service, sink: Sink) -> None:
    sink.taken.clear()
    shown: set[str] = set()
    for step in STORIES[name]:
        reply = submitted(service, step)
        if step.leaves:
            assert reply.text == "250 2.0.0 kept", "everybody is hidden: ordinary mail"
        else:
            assert "Held for checking" in reply.text, (step.what, reply.text)
        shown |= set(step.shown)
    assert not seen_by_others(sink, shown)


def test_released_as_separate_copies_partners_see_nobody_either(service: Service, sink: Sink) -> None:
    (step,) = STORIES["kagoshima"]
    assert any(address.endswith(PARTNER) for address in step.shown)
    ref = submitted(service, step).text.rpartition(" ")[2]
    sink.taken.clear()
    service.run("held", "release", ref, "--as", "separate", "--reason", "a newsletter")
    eventually(lambda: set(step.shown) <= set(sink.recipients()) or None)
    assert all(len(each.recipients) == 1 for each in sink.taken if set(each.recipients) & set(step.shown))
    assert not seen_by_others(sink, set(step.shown))


def test_a_policy_that_breaks_lets_nothing_out(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> None:
    """Toyota: what hid the list had silently stopped to work, and the mail left with everybody in To."""
    sink.taken.clear()
    with Service(tmp_path_factory.mktemp("lapsed"), sink.port) as service:
        (service.folder / "policies" / "policy.yaml").write_text("version: 1\nrules: [")
        service.signal(signal.SIGHUP)
        for step in STORIES["toyota-city"][:3]:
            reply = submitted(service, step)
            assert reply.code == 451 or "Held for checking" in reply.text
    assert not seen_by_others(sink, {each for step in STORIES["toyota-city"] for each in step.shown})


def test_what_only_a_memory_can_tell_is_stopped(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> None:
    """After the first messages of their stories. Of the two batches the first is short enough to pass."""
    later = {name.partition(":")[2].strip(): step for name, step in further().items()}
    correction, apology, answer, nine, others = later.values()
    organisation = {"name": "Elm Road", "domains": [build.INSIDE]}
    with Service(tmp_path_factory.mktemp("further"), sink.port, organisation=organisation) as service:
        assert submitted(service, STORIES["iicsa"][0]).text == "250 2.0.0 kept"
        assert "Sending 5 separate copies" in submitted(service, correction).text
        assert "Sending 4 separate copies" in submitted(service, answer).text
        ref = submitted(service, STORIES["central-ymca"][0]).text.rpartition(" ")[2]
        service.run("held", "release", ref, "--as", "original", "--reason", "nobody looked")
        assert "Sending 8 separate copies" in submitted(service, apology).text
    with Service(tmp_path_factory.mktemp("batches"), sink.port, organisation=organisation) as service:
        assert submitted(service, nine).text == "250 2.0.0 kept"
        assert "Held for checking" in submitted(service, others).text


@pytest.mark.parametrize("name", further())
def test_what_needs_a_memory_shows_people_to_each_other(name: str) -> None:
    """Fewer than any rule counts in one message, and at least the three from whom on a memory has to stop it."""
    step = further()[name]
    observation, _ = judged(step.raw, step.sender, step.recipients)
    assert observation.facts["visible_external_recipients"] == len(step.shown)
    assert 3 <= len(step.shown) < 10


def test_every_incident_is_replayed_by_the_process() -> None:
    """Here, or in test_replayed.py, which takes those that one message tells in full."""
    one_message = {case.incident for case in build.cases()} | {"kanagawa"}
    assert one_message | set(STORIES) == {incident["id"] for incident in build.incidents()}


@pytest.mark.parametrize("name", STORIES)
def test_as_many_are_shown_as_the_story_says(name: str) -> None:
    (told,) = (incident["shown"] for incident in build.incidents() if incident["id"] == name)
    shown = {each for step in STORIES[name] for each in step.shown}
    assert abs(len(shown) - told) <= 48, "mod-arap counts recipients, of whom some got two of the three messages"
