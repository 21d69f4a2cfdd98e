"""The dashboard is one for Grafana: its own types (npm: @grafana/schema) have every field, and a compiler checks it.

Nothing of Grafana runs here: it comes neither with Debian, nor with PyPI or npm.
"""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests import npm
from tests.deploy.test_monitoring import DASHBOARD

HERE = Path(__file__).with_name("grafana")
KINDS = {"row": "Row", "stat": "StatPanel", "timeseries": "TimeSeriesPanel"}
OPTIONS = ("--noEmit", "--strict", "--skipLibCheck", "--moduleResolution", "node10", "--module", "commonjs")


def _first(dashboard: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(each for each in dashboard["panels"] if each["type"] == kind)


SLIPS: Mapping[str, Callable[[dict[str, Any]], None]] = {
    "an_unknown_field": lambda each: each.update(refreshes="30s"),
    "text_for_a_number": lambda each: each.update(schemaVersion="39"),
    "an_unknown_mode": lambda each: _first(each, "stat")["options"].update(colorMode="rainbow"),
    "a_slip_in_a_custom_field": lambda each: _first(each, "timeseries")["fieldConfig"]["defaults"]["custom"].update(
        lineWidht=2
    ),
    "no_kind_of_variable": lambda each: each["templating"]["list"][0].update(type="datasources"),
}


def complaints(dashboards: Mapping[str, Any], folder: Path) -> str:
    """What the compiler says of them as values of Grafana's types, "" where nothing; each is in a file of its name."""
    packages = npm.installed(HERE, "grafana")
    (folder / "node_modules").symlink_to(packages / "node_modules")
    shutil.copy(HERE / "types.ts", folder)
    for name, dashboard in dashboards.items():
        whole = {key: each for key, each in dashboard.items() if key != "panels"}
        panels = (
            f"export const panel{number}: {KINDS[panel['type']]} = {json.dumps(panel)};"
            for number, panel in enumerate(dashboard["panels"])
        )
        types = f'import type {{ Whole, {", ".join(KINDS.values())} }} from "./types";'
        (folder / f"{name}.ts").write_text(
            "\n".join((types, f"export const whole: Whole = {json.dumps(whole)};", *panels))
        )
    compiler = packages / "node_modules" / "typescript" / "bin" / "tsc"
    command = ["node", str(compiler), *OPTIONS, *(f"{name}.ts" for name in dashboards)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode == 0) == (not done.stdout), done.stderr
    return done.stdout


def test_every_field_of_the_dashboard_is_one_of_grafanas_and_a_slip_is_seen(tmp_path: Path) -> None:
    spoilt = {name: copy.deepcopy(DASHBOARD) for name in SLIPS}
    for name, dashboard in spoilt.items():
        SLIPS[name](dashboard)
    said = complaints({"dashboard": DASHBOARD, **spoilt}, tmp_path)
    wrong = [line.partition("(")[0] for line in said.splitlines() if ": error TS" in line]
    assert sorted(wrong) == sorted(f"{name}.ts" for name in SLIPS), said
