"""Options and limits that all tests share."""

from __future__ import annotations

import faulthandler

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("run", deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("run")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="run the long soaks in full")
    parser.addoption("--write-docs", action="store_true", help="write the pages that tests write (docs/clients.md)")


HUNG_AFTER = 900
"""Seconds of one test, with the fixtures that it makes. A soak that takes longer sets its own time."""


def pytest_runtest_logstart() -> None:
    faulthandler.dump_traceback_later(HUNG_AFTER, exit=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Soaks are not skipped but left out: a run without --soak does not promise them."""
    if config.getoption("--soak"):
        return
    kept = [item for item in items if "soak" not in item.keywords]
    dropped = [item for item in items if "soak" in item.keywords]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept
