"""What `mailguard policy test` does: judges the invented messages of policies/tests/, and compares what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from ..config import Settings
from ..core.document import load_model
from ..core.earlier.files import SentFiles, files_of, same_files
from ..core.earlier.past import NO_PAST, Past, beside
from ..core.earlier.sending import sending_of
from ..core.earlier.trace import Sending
from ..core.envelope import Envelope
from ..core.errors import SettingsError
from ..core.mail.message import Message
from ..core.mail.parse import parse
from ..core.observation import observe
from ..core.organisation import Organisation
from ..core.policy.load import Policy
from ..core.policy.trial import (
    MessageModel,
    TrialModel,
    TrialsModel,
    assumed_envelope,
    assumed_organisation,
    disagreements,
    invent,
    people,
)
from ..serve.inspecting import CommandInspector
from ..serve.policies import policy_files
from . import output
from .exits import Status
from .policy_judging import (
    counted,
    known_settings,
    load,
    message_bytes,
    policy_path,
    read,
    verdict_on,
)

INVENTED_DOMAIN = "organisation.example"


def test(paths: Sequence[Path] | None, policy: Path | None, as_json: bool) -> None:
    """`policy test`: the tests of these files or folders, else those beside the policy. Exit(1) on failures."""
    settings = known_settings()
    with CommandInspector(settings.inspection if settings else None) as inspector:
        results = [
            result
            for file in _test_files(paths, policy, settings)
            for result in _run_file(file, policy, settings, inspector)
        ]
    failed = [result for result in results if result["failures"]]
    for result in results:
        if as_json:
            output.json_line(result)
        elif result["failures"]:
            output.result(f"FAILED  {output.plain(result['file'])}: {output.plain(result['name'])}")
            for failure in result["failures"]:
                output.result(f"        {output.plain(failure)}")
    if not as_json:
        output.result(f"{counted(len(results), 'test')}, {len(failed)} failed.")
    if failed:
        raise typer.Exit(Status.FINDINGS)


def _test_files(paths: Sequence[Path] | None, policy: Path | None, settings: Settings | None) -> list[Path]:
    if paths:
        return [file for path in paths for file in policy_files(path)]
    judged = Path("policies") if policy is None and settings is None else policy_path(policy, settings)
    folder = (judged.parent if judged.is_file() else judged) / "tests"
    found = policy_files(folder) if folder.is_dir() else []
    if not found:
        raise SettingsError(f'there are no tests in "{folder}": name a file of tests')
    return found


def _run_file(
    file: Path, named: Path | None, settings: Settings | None, inspector: CommandInspector
) -> list[dict[str, Any]]:
    """The results of one file of tests. Without settings and --policy: the policy in the folder above it, if any."""
    trials = load_model(read(file), str(file), TrialsModel)
    path = named
    if path is None and settings is None and policy_files(file.resolve().parents[1]):
        path = file.resolve().parents[1]
    policy = load(policy_path(path, settings))
    return [
        {"file": str(file), "name": trial.name, "failures": list(_run(trial, file, policy, settings, inspector))}
        for trial in trials.tests
    ]


def _run(
    trial: TrialModel, file: Path, policy: Policy, settings: Settings | None, inspector: CommandInspector
) -> tuple[str, ...]:
    message, envelope, organisation = _submitted(trial.message, trial, file, settings)
    at = trial.at or datetime.now(UTC)
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    past = _past(trial, file, settings) if trial.earlier else NO_PAST
    _, verdict = verdict_on(message, envelope, organisation, policy, at, inspector, past)
    return disagreements(trial.expect, verdict)


def _past(trial: TrialModel, file: Path, settings: Settings | None) -> Past:
    """What the messages of `earlier` say about the one that is judged."""
    now, files = _sent(trial.message, trial, file, settings)
    before = [(*_sent(each.message, trial, file, settings), each) for each in trial.earlier]
    known = [(sending, each.ago, each.left != "original") for sending, _, each in before if sending is not None]
    sent = [(found, each.ago) for _, found, each in before if found is not None]
    past = beside(now, known) if now is not None else NO_PAST
    return replace(past, files=same_files(files, sent) if files is not None else ())


def _sent(
    given: MessageModel, trial: TrialModel, file: Path, settings: Settings | None
) -> tuple[Sending | None, SentFiles | None]:
    message, envelope, organisation = _submitted(given, trial, file, settings)
    seen = observe(message, envelope, organisation)
    return sending_of(envelope, seen, organisation), files_of(envelope, seen, organisation)


def _submitted(
    given: MessageModel, trial: TrialModel, file: Path, settings: Settings | None
) -> tuple[Message, Envelope, Organisation]:
    """A message of a test, as a client would submit it, and who is inside for it."""
    inside = settings.organisation.domains[0] if settings else INVENTED_DOMAIN
    if given.eml is not None:
        raw = message_bytes(file.parent / given.eml)
        message = parse(raw)
        envelope = assumed_envelope(message, given.mail_from, list(people(given.rcpt, inside)))
    else:
        files = {each: read(file.parent / each) for each in given.attach if isinstance(each, str)}
        invented = invent(given, inside, files)
        message, envelope = parse(invented.raw), invented.envelope
    organisation = settings.organisation.organisation() if settings else assumed_organisation(message, given.mail_from)
    teams = tuple(each.team(inside) for each in trial.teams)
    return message, envelope, replace(organisation, teams=teams + organisation.teams)
