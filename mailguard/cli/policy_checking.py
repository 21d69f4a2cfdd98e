"""What `mailguard policy check` does: all that is wrong or doubtful in a policy, and what its tests do not show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import typer

from ..config import Settings
from ..core.document import Diagnostic, DocumentErrors
from ..core.errors import MailguardError
from ..core.policy.fit import misfits, running_out_in, unknown_kinds
from ..core.policy.load import Policy, load_policy, revision_of
from ..core.policy.tested import Outcome, untested
from ..serve.inspecting import CommandInspector, known_kinds
from . import output
from .diagnostics_text import Form, print_diagnostics
from .exits import Status
from .policy_judging import counted, documents_in, documents_of, known_settings, policy_path
from .trial_runs import run_file, tests_beside


def check(paths: Sequence[Path] | None, form: Form, strict: bool) -> None:
    """`policy check`: errors and warnings of these files or folders, else of the policy in force.

    Exit(1) on errors; where strict, on warnings too.
    """
    named = paths or [policy_path(None, known_settings())]
    settings = _settings_if_whole()
    errors: Sequence[Diagnostic] = ()
    policy = None
    documents: dict[str, bytes] = {}
    try:
        documents = documents_of(named)
        policy = load_policy(documents)
    except DocumentErrors as found:
        errors = found.diagnostics
    if policy and settings:
        errors = misfits(policy, settings.organisation.organisation())
    warnings = _warnings(policy, named, settings) if policy else ()
    if form is Form.JSON:
        texts = {name: text for path in named for name, text in documents_in(path).items()} if policy else {}
        revision = revision_of(texts) if policy else None
        shown = {"errors": [each.to_json() for each in errors], "warnings": [each.to_json() for each in warnings]}
        rules = len(policy.rules) if policy else None
        output.json_line({"valid": not errors, "files": list(documents), "rules": rules, "revision": revision, **shown})
    else:
        print_diagnostics(errors, "error", form)
        print_diagnostics(warnings, "warning", form)
        _print_summary(policy, errors, len(documents))
    if errors or (strict and warnings):
        raise typer.Exit(Status.FINDINGS)


def _print_summary(policy: Policy | None, errors: Sequence[Diagnostic], files: int) -> None:
    if policy and not errors:
        output.result(f"{counted(len(policy.rules), 'rule')} in {counted(files, 'file')}, no errors.")
    else:
        output.result(f"{counted(len(errors), 'error')}.")


def _warnings(policy: Policy, named: Sequence[Path], settings: Settings | None) -> tuple[Diagnostic, ...]:
    now = running_out_in(policy, datetime.now(UTC))
    return (*policy.warnings, *now, *_unknown(policy, settings), *_untested(policy, named, settings))


def _settings_if_whole() -> Settings | None:
    """The settings, if there are any. A policy can be checked without them, so also beside broken ones."""
    try:
        return known_settings()
    except MailguardError:
        return None


def _unknown(policy: Policy, settings: Settings | None) -> tuple[Diagnostic, ...]:
    """Kinds that nothing finds. Where the file of one's own kinds is broken, that is for `mailguard check` to say."""
    try:
        return unknown_kinds(policy, known_kinds(settings.inspection if settings else None))
    except MailguardError:
        return ()


def _untested(policy: Policy, named: Sequence[Path], settings: Settings | None) -> tuple[Diagnostic, ...]:
    """Rules that the tests beside these files and folders do not show at work, and what is wrong in those tests."""
    broken: list[Diagnostic] = []
    outcomes: list[Outcome] = []
    files = dict.fromkeys(file for path in named for file in tests_beside(path))
    with CommandInspector(settings.inspection if settings else None) as inspector:
        for file in files:
            try:
                outcomes.extend(each.outcome for each in run_file(file, policy, settings, inspector))
            except DocumentErrors as errors:
                broken.extend(errors.diagnostics)
            except MailguardError as cause:
                broken.append(Diagnostic(str(file), 1, 1, str(cause)))
    return (*broken, *untested(policy, outcomes))
