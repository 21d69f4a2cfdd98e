"""What `mailguard policy test` does: runs the tests of a policy, and prints what was expected and what came out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

from ..config import Settings
from ..core.document import DocumentErrors
from ..core.errors import SettingsError
from ..core.policy.load import Policy
from ..core.policy.tested import expected, got, telling
from ..serve.inspecting import CommandInspector
from ..serve.policies import policy_files
from . import output
from .exits import Status
from .junit import Case, junit
from .policy_judging import counted, known_settings, load, policy_path
from .trace_text import step_lines
from .trial_runs import Ran, run_file, tests_beside


def test(paths: Sequence[Path] | None, policy: Path | None, as_json: bool, report: Path | None = None) -> None:
    """`policy test`: the tests of these files or folders, else those beside the policy. Exit(1) on failures.

    report: the file of JUnit XML to write, also where a file of tests is broken.
    """
    settings = known_settings()
    suites: dict[str, list[Case]] = {}
    results: list[Ran] = []
    try:
        with CommandInspector(settings.inspection if settings else None) as inspector:
            for file in _test_files(paths, policy, settings):
                ran = suites.setdefault(str(file), [])
                for each in run_file(file, _policy_of(file, policy, settings), settings, inspector):
                    ran.append(_case(each))
                    results.append(each)
    except DocumentErrors as errors:
        _write(report, suites | _broken(errors))
        raise
    _write(report, suites)
    _print(results, as_json)
    if any(each.outcome.failures for each in results):
        raise typer.Exit(Status.FINDINGS)


def _test_files(paths: Sequence[Path] | None, policy: Path | None, settings: Settings | None) -> list[Path]:
    if paths:
        return [file for path in paths for file in policy_files(path)]
    judged = Path("policies") if policy is None and settings is None else policy_path(policy, settings)
    found = tests_beside(judged)
    if not found:
        folder = (judged.parent if judged.is_file() else judged) / "tests"
        raise SettingsError(f'there are no tests in "{folder}": name a file of tests')
    return found


def _policy_of(file: Path, named: Path | None, settings: Settings | None) -> Policy:
    """By which a file of tests is judged. Without settings and --policy: the policy in the folder above it, if any."""
    path = named
    if path is None and settings is None and policy_files(file.resolve().parents[1]):
        path = file.resolve().parents[1]
    return load(policy_path(path, settings))


def _print(results: Sequence[Ran], as_json: bool) -> None:
    failed = [each for each in results if each.outcome.failures]
    if as_json:
        for each in results:
            output.json_line(_item(each))
        return
    for each in failed:
        output.result(f"FAILED  {output.plain(each.file)}:{each.line}: {output.plain(each.name)}")
        for line in _why(each):
            output.result(f"        {line}")
    output.result(f"{counted(len(results), 'test')}, {len(failed)} failed.")


def _why(ran: Ran) -> Iterator[str]:
    """What a failed test says: what differs, what was expected and what came out, and what the rules saw."""
    outcome = ran.outcome
    yield from map(output.plain, outcome.failures)
    yield f"expected  {_pairs(expected(outcome.expect))}"
    yield f"got       {_pairs(got(outcome.verdict))}"
    yield f"because   {output.plain(outcome.verdict.reason)}"
    steps = {trace.id: [step.to_json() for step in trace.steps] for trace in ran.traces}
    for rule in telling(outcome.expect, outcome.verdict):
        came = "error" if rule.error else "matched" if rule.matched else "not matched"
        yield f"{output.plain(rule.id)} ({rule.mode}, {rule.action}): {came}"
        yield from step_lines(steps.get(rule.id, ()))
        if rule.id not in steps:
            yield from (f"  {output.plain(key)}: {output.plain(value, 200)}" for key, value in rule.values.items())
        elif extra := [f"{key}: {rule.values[key]}" for key in _BESIDE if key in rule.values]:
            yield f"  but {output.plain(', '.join(extra))}"


_BESIDE = ("unless", "exception", "exception_errors", "calendar_memory")
"""Values of a rule that are no condition's, and that explain why it did or did not match all the same."""


def _pairs(values: dict[str, Any]) -> str:
    return output.plain(", ".join(f"{key}: {_value(value)}" for key, value in values.items()) or "nothing")


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(str, value))}]"
    return "none" if value is None else str(value)


def _item(ran: Ran) -> dict[str, Any]:
    outcome = ran.outcome
    return {
        "file": str(ran.file),
        "line": ran.line,
        "name": ran.name,
        "failures": list(outcome.failures),
        "expected": expected(outcome.expect),
        "got": got(outcome.verdict),
        "rules": [rule.to_json() for rule in telling(outcome.expect, outcome.verdict)] if outcome.failures else [],
        "explain": [trace.to_json() for trace in ran.traces],
    }


def _case(ran: Ran) -> Case:
    failures = ran.outcome.failures
    if not failures:
        return Case(ran.name, ran.line, ran.seconds)
    return Case(ran.name, ran.line, ran.seconds, "; ".join(failures), "\n".join(_why(ran)))


def _broken(errors: DocumentErrors) -> dict[str, list[Case]]:
    """A case for each file with errors, so that a report never shows fewer tests as if all were well."""
    cases: dict[str, list[Case]] = {}
    for each in errors.diagnostics:
        case = Case("the file can be read", each.line, 0.0, error=each.message, detail=each.render())
        cases.setdefault(each.file, []).append(case)
    return cases


def _write(report: Path | None, suites: dict[str, list[Case]]) -> None:
    if report is None:
        return
    try:
        report.write_bytes(junit(suites))
    except OSError as cause:
        raise SettingsError(f'"{report}" cannot be written: {cause.strerror}') from cause
