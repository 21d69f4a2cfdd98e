"""The reference of the policy language as Markdown tables, from the declarations that judging uses too.

docs/policy.md holds what `reference()` returns between two marks; a test compares them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel

from .conditions.content import Header
from .conditions.declaration import Condition
from .conditions.earlier import NumberWithin
from .conditions.operands import Address, Domain, Number, Text
from .conditions.same_attachment import SameAttachment
from .conditions.structure import FindingOperand
from .conditions.vocabulary import CONDITIONS
from .exceptions import ExceptionModel
from .model import PolicyModel, RuleModel, Unless, When

BEGIN = "<!-- reference: printed by `python -m mailguard.core.policy.reference`, do not edit -->"
END = "<!-- end of reference -->"

_HEAD = ("| key | meaning | default | unit | example | consequence |", "|---|---|---|---|---|---|")
_OPERATORS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("A number", Number),
    ("`batch_external_recipients` and `reshown_external_recipients` take besides what a number takes", NumberWithin),
    ("`same_attachment` takes", SameAttachment),
    ("Text", Text),
    ("An address", Address),
    ("A domain", Domain),
    ("`header` takes besides what text takes", Header),
    ("`finding` takes", FindingOperand),
)

_OWN: dict[type[BaseModel], set[str]] = {Header: {"name"}, NumberWithin: {"within"}}
"""Of those that take what another takes, too, only their own keys are told."""


def reference() -> str:
    """All tables, each under its heading."""
    return "\n".join(_lines())


def written_into(page: str) -> str:
    """A page with the reference between its marks renewed. ValueError where a mark is missing."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the page has no place for the reference")
    return f"{before}{BEGIN}\n\n{reference()}\n{END}{after}"


def _lines() -> Iterator[str]:
    yield from _table("### A policy file", _rows(PolicyModel))
    yield from _table("### A rule", _rows(RuleModel))
    yield from _table("### `unless`", _rows(Unless))
    yield from _table("### An exception", _rows(ExceptionModel))
    yield from _table("### Conditions", map(_condition_row, CONDITIONS))
    combinations = [row for row in _rows(When) if row[0] in ("all", "any", "not")]
    yield from _table("### Conditions combined", combinations)
    for title, model in _OPERATORS:
        own = [row for row in _rows(model) if row[0] in _OWN.get(model, {row[0]})]
        yield from _table(f"### {title}", own)


def _condition_row(condition: Condition) -> tuple[str, ...]:
    return condition.key, condition.meaning, "not asked", condition.unit, condition.example, condition.consequence


def _rows(model: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    for name, info in model.model_fields.items():
        extra: Any = info.json_schema_extra or {}
        example = _example((info.examples or [""])[0])
        default, unit, consequence = (str(extra.get(f"x-{each}", "")) for each in ("default", "unit", "consequence"))
        yield info.alias or name, info.description or "", default, unit, example, consequence


def _example(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _table(heading: str, rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield from (heading, "", *_HEAD)
    for key, meaning, default, unit, example, consequence in rows:
        shown = f"`{_cell(example)}`" if example else ""
        yield f"| `{key}` | {_cell(meaning)} | {_cell(default)} | {_cell(unit)} | {shown} | {_cell(consequence)} |"
    yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    print(reference())
