"""Guards on one PostgreSQL: which policy each has, and what one decided explained by another."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.nodes import node, status
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink
from tests.peers.postgresql import Postgresql

POLICY = """version: 1
rules:
  - id: visible-list
    describe: {describe}
    when: {{visible_external_recipients: {{at_least: {count}}}}}
    action: hold
    rewrite: separate
"""
BEFORE = POLICY.format(describe="Ten people outside would see each other.", count=10)
AFTER = POLICY.format(describe="Five people outside would see each other.", count=5)


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Postgresql]:
    cluster = Postgresql()
    yield cluster
    cluster.close()


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as found:
        yield found


def nodes_of(service: Service) -> dict[str, tuple[str, bool]]:
    return {each["node"]: (each["policy_revision"], each["missing"]) for each in status(service)["nodes"]}


def test_which_node_has_which_policy_and_a_decision_under_any_is_explained_by_all(
    postgresql: Postgresql, tmp_path: Path, sink: Sink
) -> None:
    url = postgresql.new_database()
    metrics = {"address": "127.0.0.1:0"}
    with node(tmp_path, "one", url, sink.port, BEFORE, metrics=metrics) as one:
        ten = people(10)
        reference = submit(one.port, message(ten), ten)[1].partition("Held for checking, ref ")[2]
        assert reference
        with node(tmp_path, "two", url, sink.port, AFTER, metrics=metrics) as two:
            shown = nodes_of(two)
            assert set(shown) == {"one", "two"} and shown["one"][0] != shown["two"][0]
            assert shown["two"][0] == status(two)["policy_revision"]
            eventually(lambda: nodes_of(one) == shown, what="the node that was there hears of the other")
            address = status(two)["metrics"]
            health = json.load(urllib.request.urlopen(f"http://{address}/health", timeout=60))
            assert {each["node"]: each["policy_revision"] for each in health["nodes"]} == {
                name: revision for name, (revision, _) in shown.items()
            }
            text = urllib.request.urlopen(f"http://{address}/metrics", timeout=60).read().decode()
            assert "mailguard_nodes 2.0" in text and "mailguard_nodes_other_policy 1.0" in text
            for node_ in (one, two):
                told = node_.run("explain", reference).stdout
                assert "Ten people outside would see each other." in told, "the sentence of the revision in force then"
            assert [each["node"] for each in two.events() if each["event"] == "policy_differs"] == ["one"]
            one.kill()
            assert submit(two.port, message(people(6)), people(6))[1].startswith("2.0.0 Held")
            assert two.run("audit", "verify").returncode == 0
            assert two.stop() == 0
        with one:
            assert set(nodes_of(one)) == {"one"} and not nodes_of(one)["one"][1]
