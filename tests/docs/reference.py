"""Writes docs/reference.md from the code: settings, lifecycle, entries of the ledger, metrics, commands.

    python tests/docs/reference.py          writes it
test_docs.py fails while the committed file is another.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from mailguard.config import Settings
from mailguard.core.lifecycle import TRANSITIONS
from mailguard.guard.entries import KINDS
from mailguard.serve.metrics import Metrics

FILE = Path(__file__).resolve().parents[2] / "docs" / "reference.md"


def settings_rows(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """(key, default, description) of every setting, depth first."""
    for name, field in model.model_fields.items():
        key = prefix + (field.alias or name)
        inner = _model(field.annotation)
        yield key, _default(field), (field.description or "").replace("|", "\\|")
        if inner is not None:
            yield from settings_rows(inner, key + ("[]." if _is_list(field) else "."))


def _model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := _model(each))), None)


def _is_list(field: FieldInfo) -> bool:
    return str(field.annotation).startswith("tuple")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is PydanticUndefined:
        return "see below" if _model(field.annotation) else "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
            if seconds % size == 0 and (unit != "d" or seconds > 86400):
                return f"`{seconds // size}{unit}`"
        return f"`{seconds}s`"
    if isinstance(value, tuple) and value and all(isinstance(each, str) for each in value):
        return f"`[{', '.join(value)}]`"
    return "none" if value in (None, ()) else f"`{value}`"


def render() -> str:
    lines = [
        "# Reference",
        "",
        "Written from the code by `python tests/docs/reference.py`; a test fails while it is out of date.",
        "",
        "## Settings (mailguard.yaml)",
        "",
        "| key | default | meaning, unit, example, consequence |",
        "|---|---|---|",
        *(f"| `{key}` | {default} | {text} |" for key, default, text in settings_rows(Settings)),
        "",
        "## The life of a held message",
        "",
        "A pair that is not here is refused. Every change is one conditional UPDATE that names the version it saw.",
        "",
        "| state | act | next state |",
        "|---|---|---|",
        *(f"| {state.value} | {act.value} | {to.value} |" for (state, act), to in TRANSITIONS.items()),
        "",
        "## Entries of the ledger",
        "",
        "| kind | meaning |",
        "|---|---|",
        *(f"| `{kind}` | {text} |" for kind, text in KINDS.items()),
        "",
        "## Metrics",
        "",
        "| name | type | meaning |",
        "|---|---|---|",
        *(
            f"| `{metric.name}{'_total' * (metric.type == 'counter')}` | {metric.type} | {metric.documentation} |"
            for metric in sorted(Metrics().registry.collect(), key=lambda metric: metric.name)
        ),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    FILE.write_text(render())
    sys.stdout.write(f"wrote {FILE}\n")
