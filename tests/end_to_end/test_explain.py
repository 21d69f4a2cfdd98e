"""`mailguard explain` on the real process: the conditions as they were decided by, whatever is in force since."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink

THEN = """\
version: 1
rules:
  - id: list
    describe: Ten or more people outside would see each other's addresses.
    when: {any: [{visible_external_recipients: {at_least: 10}}, {not: {subject: {is: Flu clinic}}}]}
    action: hold
"""
NOW = THEN.replace("at_least: 10", "at_least: 50")


def test_every_condition_is_shown_under_the_policy_that_decided(tmp_path: Path, sink: Sink) -> None:
    with Service(tmp_path, sink.port, THEN) as service:
        submit(service.port, message(people(20)), people(20))
        submit(service.port, message(people(2)), people(2))
        decided = [entry for entry in service.rows("audit", "list") if entry["kind"] == "message_decided"]
        (tmp_path / "policies" / "policy.yaml").write_text(NOW)
        eventually(lambda: sum(each["event"] == "policy_loaded" for each in service.events()) == 2)
        held, relayed = (service.rows("explain", entry["ref"])[0] for entry in decided)
        told = service.run("explain", decided[0]["ref"]).stdout
    assert [entry["conditions"] for entry in decided] == ["tt - -", "ft - -"]
    asked = [("any", ""), ("visible_external_recipients", "{at_least: 10}"), ("not", ""), ("subject", "[Flu clinic]")]
    for shown, found in ((held, (20, ["true", "true"])), (relayed, (2, ["false", "false"]))):
        (rule,) = shown["explain"]
        assert [(step["key"], step["wanted"]) for step in rule["steps"]] == asked, "not the policy of today"
        assert rule["place"] == "policy.yaml:3"
        count, truths = found
        assert rule["steps"][1]["value"] == count
        assert [step["truth"] for step in rule["steps"]] == [truths[0], truths[1], "false", "true"]
        assert shown["policy"]["revision"] != shown["policy_in_force"]
    for line in (
        "true  any",
        "  true  visible_external_recipients: {at_least: 10}, found 20",
        "  false not",
        "    true  subject: [Flu clinic], found true",
        "; another is in force now)",
    ):
        assert line in told
