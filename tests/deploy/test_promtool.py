"""Prometheus itself reads what deploy/ has for it: its promtool checks the rules, runs their tests, and parses every
expression of the dashboard.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import yaml

from tests.deploy.test_monitoring import DASHBOARD, DEPLOY, expressions

FOLDER = DEPLOY / "prometheus"


def promtool(*arguments: str, folder: Path = FOLDER) -> str:
    done = subprocess.run(["promtool", *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_alert_rules_are_valid() -> None:
    assert re.search(r"SUCCESS: \d+ rules found", promtool("check", "rules", "mailguard.rules.yaml"))


def test_the_tests_of_the_alert_rules_pass() -> None:
    assert "SUCCESS" in promtool("test", "rules", "mailguard.tests.yaml")


def test_the_example_of_a_scrape_configuration_is_valid() -> None:
    assert "is valid prometheus config" in promtool("check", "config", "prometheus.yml")


def test_every_expression_of_the_dashboard_is_one_for_prometheus(tmp_path: Path) -> None:
    """With Grafana's own variables, and the dashboard's, as Grafana puts them in."""
    variables = {each["name"] for each in DASHBOARD["templating"]["list"]}
    rules = []
    for number, (where, expression) in enumerate(expressions()):
        if values := re.fullmatch(r"label_values\((.*), \w+\)", expression):
            expression = values[1]
        put_in = re.sub(r"\$__(rate_interval|interval|range)\b", "5m", expression)
        for name in variables:
            put_in = re.sub(rf"\$(?:\{{{name}(?::\w+)?\}}|{name}\b)", "a", put_in)
        assert "$" not in put_in, f"{where}: {expression}"
        rules.append({"record": f"shown:{number}", "expr": put_in, "labels": {"shown_in": where}})
    (tmp_path / "shown.yaml").write_text(yaml.safe_dump({"groups": [{"name": "shown", "rules": rules}]}))
    assert f"SUCCESS: {len(rules)} rules found" in promtool("check", "rules", "shown.yaml", folder=tmp_path)
