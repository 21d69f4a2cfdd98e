"""deploy/prometheus and deploy/grafana against a real service: what they name is exported, and what is exported is
written down.
"""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from mailguard.config import Settings
from tests.docs.reference import FILE, settings_rows
from tests.docs.test_docs import commands, log_events
from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
RULES = yaml.safe_load((DEPLOY / "prometheus" / "mailguard.rules.yaml").read_text())
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
DASHBOARD = json.loads((DEPLOY / "grafana" / "mailguard.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]

NEEDS = {
    "mailguard_certificate_expires_timestamp_seconds": "a listener with TLS",
    "mailguard_certificate_broken": "a listener with TLS",
    "mailguard_object_store_failing": "an object store",
    "mailguard_sign_ins_total": "somebody who signs in",
    "mailguard_rule_exceptions_total": "a rule with an exception",
    "mailguard_canary_messages_total": "a canary that ran",
    "mailguard_ledger_checkpoint_timestamp_seconds": "a ledger of a thousand entries, or a second start",
}
"""What has a value only then; that it is declared is seen all the same."""


@cache
def names() -> tuple[frozenset[str], frozenset[str], tuple[str, ...]]:
    """Settings, log events and commands: once, for it reads all of the source."""
    return frozenset(key for key, _, _ in settings_rows(Settings)), frozenset(log_events()), tuple(commands())


def named(expression: str) -> set[str]:
    """The metrics of ours and of the process in an expression, without the suffixes of histograms."""
    found = re.findall(r"\b(?:mailguard|process)_[a-z_]+\b", re.sub(r'"[^"]*"', "", expression))
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in found}


def expressions() -> Iterator[tuple[str, str]]:
    """(where, expression) of everything that asks Prometheus."""
    for rule in ALERTS:
        yield rule["alert"], rule["expr"]
    for panel in PANELS:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["definition"]
    for annotation in DASHBOARD["annotations"]["list"]:
        yield annotation["name"], annotation["expr"]


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a real service exports that has relayed, held, checked its ledger, and read it for its gauges."""
    folder = tmp_path_factory.mktemp("monitored")
    with Sink() as sink, Service(folder, sink.port, metrics={"address": "127.0.0.1:0"}) as service:
        submit(service.port, message(), ["a@council.example"])
        submit(service.port, message(people(20)), people(20))
        service.run("audit", "verify")
        url = f"http://{service.rows('status')[0]['metrics']}/metrics"

        def look() -> str | None:
            text = str(urllib.request.urlopen(url, timeout=60).read().decode())
            return text if "mailguard_held_messages 1.0" in text else None

        return str(eventually(look))


@pytest.fixture(scope="module")
def exported(scraped: str) -> dict[str, bool]:
    """name -> whether it has a value; a counter with its _total."""
    found: dict[str, bool] = {}
    for family in text_string_to_metric_families(scraped):
        name = family.name + "_total" * (family.type == "counter")
        found[name] = bool(family.samples)
    return found


def test_the_dashboard_and_the_rules_ask_for_nothing_that_is_not_exported(exported: dict[str, bool]) -> None:
    wanted = {name: where for where, expression in expressions() for name in named(expression)}
    assert len(wanted) > 40
    for name, where in wanted.items():
        assert name in exported, f"{where}: {name}"
        assert exported[name] or name in NEEDS, f"{where}: {name} has no value"


def test_everything_of_ours_that_is_exported_is_in_the_reference(exported: dict[str, bool]) -> None:
    listed = set(re.findall(r"^\| `((?:mailguard|process)_[a-z_]+)` \|", FILE.read_text(), re.MULTILINE))
    assert {name for name in exported if name.startswith("mailguard_")} == {
        name for name in listed if name.startswith("mailguard_")
    }


def test_everything_of_ours_is_on_the_dashboard_or_in_a_rule(exported: dict[str, bool]) -> None:
    shown = {name for _, expression in expressions() for name in named(expression)}
    unshown = {
        "mailguard_rule_matches_total": "of each rule; `policy replay` and the console tell more",
        "mailguard_rule_exceptions_total": "as above",
        "mailguard_canary_messages_total": "mailguard_canary_failing says it",
        "mailguard_canary_last_passed_timestamp_seconds": "as above",
        "mailguard_object_requests_total": "mailguard_object_store_failing says what matters",
        "mailguard_outbox_rows": "by state on the dashboard",
    }
    ours = {name for name in exported if name.startswith("mailguard_")}
    assert ours - shown <= unshown.keys(), ours - shown - unshown.keys()


def test_a_value_was_seen_in_each_stage_that_these_messages_went_through(scraped: str) -> None:
    counts = dict(re.findall(r'^mailguard_stage_seconds_count\{stage="(\w+)"\} (\S+)', scraped, re.MULTILINE))
    assert len(counts) == 12
    passed = (
        "content",
        "parse",
        "judge",
        "record",
        "rewrite",
        "connect",
        "transmit",
        "settle",
        "outcome",
        "submission",
    )
    assert not [stage for stage in passed if float(counts[stage]) < 1], counts


def test_no_series_is_exported_twice_and_no_label_holds_an_address(scraped: str) -> None:
    series = [line.rpartition(" ")[0] for line in scraped.splitlines() if line and not line.startswith("#")]
    assert len(series) == len(set(series))
    assert not [line for line in series if "@" in line or "example" in line]


def test_names_say_their_unit_as_prometheus_wants_it(exported: dict[str, bool], scraped: str) -> None:
    types = dict(re.findall(r"^# TYPE (mailguard_\S+) (\w+)", scraped, re.MULTILINE))
    assert types
    for name, kind in types.items():
        assert (kind == "counter") == name.endswith("_total"), name
        assert not re.search(r"_(ms|millis|minutes|hours|kb|mb)(_|$)", name), name
        assert kind != "histogram" or name.endswith(("_seconds", "_writes")), name


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_says_its_consequence_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"Mailguard[A-Za-z]+", rule["alert"])
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert re.fullmatch(r"\d+[smh]", rule.get("for", "0s"))
    assert rule["annotations"].keys() == {"summary", "description"}
    summary, description = rule["annotations"]["summary"], rule["annotations"]["description"]
    assert summary.endswith(".") and 20 < len(summary) < 130
    assert description.endswith(".") and description.count(".") >= 2, "a consequence, and a next step"
    for text in (summary, description, rule["expr"]):
        for one, other in ("()", "{}", "[]"):
            assert text.count(one) == text.count(other), text


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_what_an_alert_tells_people_to_look_at_exists(rule: dict[str, Any]) -> None:
    settings, events, known = names()
    for token in re.findall(r"`([^`]+)`", rule["annotations"]["description"]):
        if token.startswith("mailguard "):
            assert any(token.removeprefix("mailguard ").startswith(each) for each in known), token
        elif token.split()[0] not in ("systemctl", "dmesg", "fdatasync"):
            metric = token.startswith("mailguard_") and token in FILE.read_text()
            assert token in settings or token in events or metric, token


def test_every_promise_that_can_be_seen_broken_has_its_alert() -> None:
    names = {rule["alert"].removeprefix("Mailguard") for rule in ALERTS}
    assert len(names) == len(ALERTS)
    assert names >= {
        *("DefersMail", "NothingPasses", "LedgerBroken", "WriterStuck", "WitnessFails", "NobodyDecides"),
        *("DeadlinesMissed", "OutboxOld", "OutboxStuck", "SmarthostDown", "DiskNearlyFull", "CertificateEnds"),
        *("WorkersDying", "InspectionWorkersDying", "PolicyBroken", "NoPolicy", "CanaryFails", "Down"),
    }


def test_the_scrape_configuration_names_the_job_and_the_rules() -> None:
    example = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    assert example["rule_files"] == ["mailguard.rules.yaml"]
    (job,) = example["scrape_configs"]
    assert job["job_name"] == "mailguard"
    jobs = {name for _, expression in expressions() for name in re.findall(r'job="([^"]*)"', expression)}
    assert jobs == {"mailguard"}


def test_the_dashboard_can_be_imported_and_overlaps_nowhere() -> None:
    assert DASHBOARD["schemaVersion"] >= 36 and DASHBOARD["uid"] == "mailguard" and "id" not in DASHBOARD
    variables = {each["name"]: each for each in DASHBOARD["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource" and variables["datasource"]["query"] == "prometheus"
    rows = [panel["title"] for panel in DASHBOARD["panels"] if panel["type"] == "row"]
    assert rows == ["Mail", "Latency by stage", "Quarantine", "Outbox", "Ledger", "Smarthost", "Workers"]
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(numbers) == len(set(numbers))
    for panel in PANELS:
        assert panel["title"] and len(panel["description"]) > 15 and panel["fieldConfig"]["defaults"]["unit"]
        assert {each["datasource"]["uid"] for each in (panel, *panel["targets"])} == {"${datasource}"}
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
    for one, other in combinations((panel["gridPos"] for panel in DASHBOARD["panels"]), 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart, (one, other)
