"""The canary in the real process: what it raises when the policy no longer protects; nothing of it gets out."""

from __future__ import annotations

import json
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import ROOT, Service, eventually
from tests.end_to_end.sink import Sink
from tests.peers.postfix import Postfix
from tests.peers.postgresql import Postgresql

PROTECTS = (ROOT / "policies" / "default.yaml").read_text()
LETS_PASS = """\
version: 1
rules:
  - id: visible-list
    describe: Ten or more people outside would see each other's addresses.
    when: {visible_external_recipients: {at_least: 10}}
    action: hold
    mode: monitor
"""
SETTINGS: dict[str, Any] = {"canary": {"enabled": True}, "metrics": {"address": "127.0.0.1:0"}}


def service(folder: Path, port: int, policy: str = PROTECTS, **settings: Any) -> Service:
    return Service(folder, port, policy, **{**SETTINGS, **settings})


def put_in_force(service: Service, policy: str) -> None:
    (service.folder / "policies" / "policy.yaml").write_text(policy)
    service.signal(signal.SIGHUP)


def look(service: Service, page: str) -> tuple[int, str]:
    base = f"http://{service.rows('status')[0]['metrics']}"
    try:
        with urllib.request.urlopen(f"{base}/{page}", timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.read().decode()


def metric(service: Service, name: str) -> float:
    """The sum over its labels."""
    _, text = look(service, "metrics")
    lines = [line for line in text.splitlines() if line.startswith((f"{name} ", f"{name}{{"))]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def state(service: Service) -> str:
    return str(service.rows("status")[0]["canary"]["state"])


def logged(service: Service, event: str) -> list[dict[str, Any]]:
    return [each for each in service.events() if each["event"] == event]


def entries(service: Service, kind: str) -> list[dict[str, Any]]:
    return [entry for entry in service.rows("audit", "list") if entry["kind"] == kind]


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    with Postfix() as found:
        yield found


def test_it_passes_under_the_default_policy_and_nothing_of_it_is_seen(tmp_path: Path, sink: Sink) -> None:
    with service(tmp_path, sink.port) as guard:
        eventually(lambda: state(guard) == "passing", what="the first run")
        done = guard.run("canary", "run", "--json")
        found = json.loads(done.stdout)
        assert found["passed"] and [each["copies"] for each in found["messages"]] == [12, 12]
        assert guard.rows("held", "list") == [] and guard.rows("outbox", "list") == []
        kinds = {entry["kind"] for entry in guard.rows("audit", "list")}
        assert kinds == {"policy_loaded", "canary_recorded", "canary_passed"}
        assert metric(guard, "mailguard_decisions_total") == 0 and metric(guard, "mailguard_deliveries_total") == 0
        assert metric(guard, "mailguard_canary_last_passed_timestamp_seconds") > 1e9
        assert look(guard, "health")[0] == 200
        assert not logged(guard, "submission_held"), "who counts lines of the log counts no canary"
        assert len(logged(guard, "canary_passed")) == 2
        assert submit(guard.port, message(), ["a@council.example"])[0] == 250
    (taken,) = sink.taken
    assert taken.recipients == ["a@council.example"], "the smarthost saw nothing but the client's own message"


def test_a_policy_that_lets_lists_pass_raises_every_alarm_until_it_is_mended(tmp_path: Path, postfix: Postfix) -> None:
    with service(tmp_path, postfix.port) as guard:
        eventually(lambda: state(guard) == "passing", what="the first run")
        put_in_force(guard, LETS_PASS)
        eventually(lambda: state(guard) == "failing", what="a run at once after the reload")
        assert {each["message"] for each in logged(guard, "canary_failed")} == {"list", "invitation"}
        eventually(lambda: metric(guard, "mailguard_canary_failing") == 1)
        assert metric(guard, "mailguard_canary_messages_total") >= 4
        code, text = look(guard, "health")
        assert code == 503 and "in monitor mode" in json.loads(text)["canary"]["problems"][0]
        assert look(guard, "readyz")[0] == 200, "mail is taken all the same"
        assert submit(guard.port, message(to="a@flows.example"), ["a@flows.example"])[0] == 250
        again = guard.run("canary", "run", check=False)
        assert again.returncode == 1 and "No rule stopped it" in again.stdout
        eventually(lambda: subjects(postfix), what="the notice")
        assert subjects(postfix) == ["Alarm: emails that show people to each other may be leaving"]
        assert guard.run("canary", "run", check=False).returncode == 1
        put_in_force(guard, PROTECTS)
        eventually(lambda: len(subjects(postfix)) == 2, what="the all-clear")
        assert subjects(postfix)[1].startswith("All clear:") and state(guard) == "passing"
        assert look(guard, "health")[0] == 200
        assert [entry["told"] for entry in entries(guard, "canary_failed")][-1] is True
        assert guard.run("audit", "verify").returncode == 0
    assert not [each for each in postfix.messages if any(b".invalid" in to for to in each.recipients)]


def subjects(postfix: Postfix) -> list[str]:
    """Of what the reviewers got."""
    mine = [each.content for each in postfix.messages if b"manager@elmroad.example" in each.recipients]
    fields = [line for raw in mine for line in raw.split(b"\r\n") if line.startswith(b"Subject: ")]
    return [line.removeprefix(b"Subject: ").decode() for line in fields]


def test_new_mail_is_deferred_while_it_fails_and_flows_again_by_itself(tmp_path: Path, sink: Sink) -> None:
    with service(tmp_path, sink.port, canary={"defer_mail": True}) as guard:
        eventually(lambda: state(guard) == "passing", what="the first run")
        put_in_force(guard, LETS_PASS)
        eventually(lambda: state(guard) == "failing", what="a run at once after the reload")
        code, text = submit(guard.port, message(people(12)), people(12))
        assert code == 451 and "ref MG-" in text
        assert look(guard, "readyz")[0] == 503
        guard.kill()
        guard.start()
        assert submit(guard.port, message(), ["a@council.example"])[0] == 451, "nor after a restart"
        put_in_force(guard, PROTECTS)
        eventually(lambda: state(guard) == "passing", what="a run after the policy was mended")
        assert submit(guard.port, message(), ["a@council.example"])[0] == 250
    assert [each.recipients for each in sink.taken if "manager@elmroad.example" not in each.recipients] == [
        ["a@council.example"]
    ]


def test_a_kill_in_the_middle_leaves_nothing_that_is_sent(tmp_path: Path, sink: Sink) -> None:
    """What it had taken on is in the store, and whoever starts next neither delivers nor shows it."""
    with service(tmp_path, sink.port) as guard:
        eventually(lambda: entries(guard, "canary_recorded"), what="the first step")
        guard.kill()
        guard.start()
        eventually(lambda: state(guard) == "passing", what="a run")
        assert guard.rows("held", "list") == [] and guard.rows("outbox", "list") == []
        assert guard.run("audit", "verify").returncode == 0
        assert guard.stop() == 0
    assert sink.taken == []


def test_on_postgresql(tmp_path: Path, sink: Sink) -> None:
    cluster = Postgresql()
    try:
        where = {"store": cluster.new_database(), "keys": str(tmp_path / "keys"), "witness": str(tmp_path / "w")}
        with service(tmp_path, sink.port, **where) as guard:
            eventually(lambda: state(guard) == "passing", 60, what="the first run")
            assert guard.run("canary", "run").returncode == 0
            assert guard.stop() == 0
    finally:
        cluster.close()
    assert sink.taken == []


def test_without_a_service_there_is_no_way_to_go(tmp_path: Path, sink: Sink) -> None:
    guard = service(tmp_path, sink.port)
    assert guard.run("canary", "run", check=False).returncode == 3
    guard.start()
    assert guard.stop() == 0
    done = guard.run("canary", "run", check=False)
    assert done.returncode == 3 and "mailguard serve" in done.stderr
