"""The trace of a rule for people: every condition with what it asks, what it found, and whether it held.

One form for `policy try --explain`, `policy test` and `explain`. It takes steps as JSON has them
(core/policy/explain.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from . import output


def step_lines(steps: Iterable[Mapping[str, Any]], indent: str = "  ") -> Iterator[str]:
    """One line for each condition. A truth that nobody recorded is shown as "?"."""
    for step in steps:
        found = "" if step["value"] is None else f", found {output.plain(_shown(step['value']), 200)}"
        wanted = f": {output.plain(step['wanted'], 200)}" if step["wanted"] else ""
        yield f"{indent}{'  ' * step['depth']}{(step['truth'] or '?').ljust(5)} {step['key']}{wanted}{found}"


def _shown(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
