"""Running policy tests: judges their invented messages as `serve` would, for `policy test` and `policy check`.

It prints nothing and knows no options.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from ..config import Settings
from ..core.document import load_document, validate
from ..core.earlier.files import SentFiles, files_of, same_files
from ..core.earlier.past import NO_PAST, Past, beside
from ..core.earlier.sending import sending_of
from ..core.earlier.trace import Sending
from ..core.envelope import Envelope
from ..core.mail.message import Message
from ..core.mail.parse import parse
from ..core.observation import observe
from ..core.organisation import Organisation
from ..core.policy.explain import Trace, explain
from ..core.policy.load import Policy
from ..core.policy.tested import Outcome
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
from .policy_judging import message_bytes, read, verdict_on

INVENTED_DOMAIN = "organisation.example"


@dataclass(frozen=True, slots=True)
class Ran:
    """One test that was run. line: where it stands. traces: why, of every rule of the policy. seconds: how long."""

    file: Path
    line: int
    name: str
    outcome: Outcome
    traces: tuple[Trace, ...]
    seconds: float


def tests_beside(policy: Path) -> list[Path]:
    """The files of tests in the folder tests/ of a policy folder, or beside a policy file. None is no error."""
    folder = (policy.parent if policy.is_file() else policy) / "tests"
    return policy_files(folder) if folder.is_dir() else []


def run_file(file: Path, policy: Policy, settings: Settings | None, inspector: CommandInspector) -> Iterator[Ran]:
    """Each test of a file, in its order. DocumentErrors with all that is wrong in the file, before any is run."""
    document = load_document(read(file), str(file))
    trials = validate(document, TrialsModel)
    for number, trial in enumerate(trials.tests):
        began = time.perf_counter()
        outcome, traces = _run(trial, file, policy, settings, inspector)
        line = document.values["tests", number].line
        yield Ran(file, line, trial.name, outcome, traces, time.perf_counter() - began)


def _run(
    trial: TrialModel, file: Path, policy: Policy, settings: Settings | None, inspector: CommandInspector
) -> tuple[Outcome, tuple[Trace, ...]]:
    message, envelope, organisation = _submitted(trial.message, trial, file, settings)
    at = trial.at or datetime.now(UTC)
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    past = _past(trial, file, settings) if trial.earlier else NO_PAST
    observation, verdict = verdict_on(message, envelope, organisation, policy, at, inspector, past)
    failures = disagreements(trial.expect, verdict)
    return Outcome(trial.expect, verdict, failures), explain(observation, policy, verdict) if failures else ()


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
