"""What is counted of a verdict."""

from __future__ import annotations

from mailguard.core.verdict import Disposition, RuleOutcome, Verdict
from mailguard.serve.metrics import Metrics


def test_a_monitored_rule_that_matches_is_counted() -> None:
    outcomes = (
        RuleOutcome("watched", "monitor", "hold", True, None, "six people", {}),
        RuleOutcome("other", "enforce", "hold", False, None, "six people", {}),
    )
    metrics = Metrics()
    metrics.decided(Verdict(Disposition.RELAY, None, None, "no rule stops it", outcomes, {}, (), (), (), "sha256:x"))
    value = metrics.registry.get_sample_value
    assert value("mailguard_rule_matches_total", {"rule": "watched", "mode": "monitor"}) == 1.0
    assert value("mailguard_rule_matches_total", {"rule": "other", "mode": "enforce"}) is None
    assert value("mailguard_decisions_total", {"disposition": "relay", "rewrite": "none"}) == 1.0


def test_an_exception_that_spared_a_match_is_counted() -> None:
    outcomes = (
        RuleOutcome("list", "enforce", "hold", False, None, "six people", {"exception": "board"}),
        RuleOutcome("other", "enforce", "hold", True, None, "six people", {"exception": "board"}),
    )
    metrics = Metrics()
    metrics.decided(Verdict(Disposition.RELAY, None, None, "no rule stops it", outcomes, {}, (), (), (), "sha256:x"))
    value = metrics.registry.get_sample_value
    assert value("mailguard_rule_exceptions_total", {"rule": "list", "exception": "board"}) == 1.0
    assert value("mailguard_rule_exceptions_total", {"rule": "other", "exception": "board"}) is None
