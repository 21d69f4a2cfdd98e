"""What `mailguard policy try` and `schema` do: judge with the same pure function as `serve`, and print it.

It knows no options; policy.py declares them. policy_checking.py checks a policy, policy_trials.py runs its tests.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import typer

from ..config import Settings, find_settings, load_settings
from ..core.document import DocumentErrors
from ..core.duration import duration_in_words
from ..core.earlier.past import NO_PAST, Past
from ..core.envelope import Envelope
from ..core.errors import SettingsError
from ..core.inventory import in_sentences
from ..core.mail.message import Message
from ..core.mail.parse import parse
from ..core.mail.path import PathError, parse_forward_path
from ..core.observation import Observation, observe
from ..core.organisation import Organisation
from ..core.policy.decide import decide
from ..core.policy.explain import Trace, explain
from ..core.policy.load import Policy, load_policy
from ..core.policy.schema import policy_schema, trials_schema
from ..core.policy.trial import assumed_envelope, assumed_organisation, envelope_of
from ..core.verdict import EXCEPTION, Disposition, Rewrite, Verdict
from ..serve.inspecting import CommandInspector
from ..serve.policies import policy_files, read_documents
from . import output
from .trace_text import step_lines


def try_(
    message: Path,
    policy: Path | None,
    mail_from: str | None,
    rcpt: Sequence[str] | None,
    at: str | None,
    explained: bool,
    as_json: bool,
) -> None:
    """`policy try`: the verdict on a message as it would be submitted."""
    check_addresses("--mail-from", [mail_from] if mail_from and mail_from != "<>" else [])
    check_addresses("--rcpt", rcpt or [])
    settings = known_settings()
    loaded = load(policy_path(policy, settings))
    raw = message_bytes(message)
    parsed = parse(raw)
    envelope = assumed_envelope(parsed, mail_from, rcpt)
    organisation = settings.organisation.organisation() if settings else assumed_organisation(parsed, mail_from)
    with CommandInspector(settings.inspection if settings else None) as inspector:
        observation, verdict = verdict_on(parsed, envelope, organisation, loaded, _time(at), inspector)
    traces = explain(observation, loaded, verdict) if explained else ()
    if as_json:
        decision = verdict.to_json(content_sha256=hashlib.sha256(raw).hexdigest(), with_visible=True)
        output.json_line(decision | ({"explain": [trace.to_json() for trace in traces]} if explained else {}))
    else:
        _print_verdict(verdict, organisation, settings is None, traces)


def schema(*, tests: bool) -> None:
    """`policy schema`: the JSON Schema of policy files, or of their tests."""
    output.result(json.dumps(trials_schema() if tests else policy_schema(), indent=2))


def packaged_policy() -> Path:
    """The policy that mailguard comes with: in an installed wheel beside the code, in a checkout in policies/."""
    packaged = Path(str(files("mailguard") / "policies" / "default.yaml"))
    return packaged if packaged.is_file() else Path(__file__).resolve().parents[2] / "policies" / "default.yaml"


def known_settings() -> Settings | None:
    found = find_settings(None)
    return load_settings(found) if found else None


def policy_path(named: Path | None, settings: Settings | None) -> Path:
    path = named or (settings.policies if settings else packaged_policy())
    if not path.exists():
        raise SettingsError(f'there is no policy at "{path}"')
    return path


def documents_of(paths: Iterable[Path]) -> dict[str, bytes]:
    """Path -> text of these files and folders and what they include: errors can be opened from the terminal."""
    found: dict[str, bytes] = {}
    for path in paths:
        folder = path if path.is_dir() else path.parent
        try:
            found.update({_shown(folder, name): text for name, text in documents_in(path).items()})
        except DocumentErrors as errors:
            placed = [replace(each, file=_shown(folder, each.file)) for each in errors.diagnostics]
            raise DocumentErrors(placed) from None
    return found


def documents_in(path: Path) -> dict[str, bytes]:
    """The documents of a file or folder under the names that the service gives them."""
    try:
        if not policy_files(path):
            raise SettingsError("there is no policy file (*.yaml) in that folder")
        return read_documents(path)
    except OSError as cause:
        raise SettingsError(f'"{cause.filename}" cannot be read: {cause.strerror}') from cause


def _shown(folder: Path, name: str) -> str:
    return posixpath.normpath(str(folder / name))


def load(path: Path) -> Policy:
    """The policy of a file or folder, under the names that the service gives its files, so with the same revision."""
    return load_policy(documents_in(path))


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as cause:
        raise SettingsError(f'"{path}" cannot be read: {cause.strerror}') from cause


def message_bytes(path: Path) -> bytes:
    """The message with the line ends of SMTP: a file that has no CRLF at all is taken as saved with bare LF."""
    raw = read(path)
    return raw if b"\r\n" in raw else raw.replace(b"\n", b"\r\n")


def check_addresses(option: str, given: Sequence[str]) -> None:
    """Raises BadParameter for what no client could submit: misspelled, it would be judged as if it were somebody."""
    for path in envelope_of("", list(given)).recipients:
        try:
            parse_forward_path(b"<" + path.path.wire + b">", smtputf8=True)
        except PathError as error:
            raise typer.BadParameter(
                "that is no address; for example: jo@elmroad.example", param_hint=option
            ) from error


def _time(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(f'"{text}" is not a time: write it like 2026-03-12T09:00:00Z') from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def verdict_on(
    message: Message,
    envelope: Envelope,
    organisation: Organisation,
    policy: Policy,
    at: datetime,
    inspector: CommandInspector,
    past: Past = NO_PAST,
) -> tuple[Observation, Verdict]:
    """The observation and the verdict, after the attachments that a rule asks about were read as `serve` reads them."""
    seen = replace(observe(message, envelope, organisation), past=past)
    return decide(seen, policy, at, inspector.inspect)


_SAID = {
    Disposition.RELAY: "It would leave as it is",
    Disposition.HOLD: "It would be held",
    Disposition.REJECT: "It would be refused",
    Disposition.DEFER: "It would be deferred",
}
_REWRITTEN = {
    Rewrite.SEPARATE: "It would leave as a copy for each person outside",
    Rewrite.BCC: "It would leave with the people outside hidden",
}


_THEN = {
    None: "be sent as it is",
    Rewrite.SEPARATE: "be sent as a copy for each person outside",
    Rewrite.BCC: "be sent with the people outside hidden",
}


def _said(verdict: Verdict) -> str:
    if verdict.delay is not None:
        return f"It would wait {duration_in_words(verdict.delay)}, then {_THEN[verdict.rewrite]}"
    if verdict.disposition is Disposition.RELAY and verdict.rewrite is not None:
        return _REWRITTEN[verdict.rewrite]
    return _SAID[verdict.disposition]


def _print_verdict(verdict: Verdict, organisation: Organisation, assumed: bool, traces: Sequence[Trace]) -> None:
    if assumed:
        inside = ", ".join(sorted(organisation.domains)) or "nobody"
        output.message(f"There are no settings: inside is {output.plain(inside)}.")
    output.result(output.colour(f"{_said(verdict)}: {output.plain(verdict.reason)}.", "bold"))
    for rule in verdict.rules:
        if rule.matched:
            mark = " (only recorded)" if rule.mode == "monitor" else ""
            output.result(f"  {output.plain(rule.id)}: {rule.action}{mark}: {output.plain(rule.error or rule.reason)}")
    for rule_id, exception in verdict.exceptions:
        output.result(f"  {output.plain(rule_id)}: spared by its exception {output.plain(exception)}")
    carried = in_sentences(verdict.to_json(content_sha256="", with_visible=False), most=100)
    if carried:
        output.result("What it carries:")
    for line in carried:
        output.result(f"  {output.plain(line, 500)}")
    for trace in traces:
        _print_trace(trace)


def _print_trace(trace: Trace) -> None:
    outcome = trace.outcome
    came = "error" if outcome.error else "matched" if outcome.matched else "not matched"
    output.result(f"\n{trace.id} ({trace.place}, {outcome.mode}, {outcome.action}): {came}")
    for line in step_lines(step.to_json() for step in trace.steps):
        output.result(line)
    if outcome.values.get("unless"):
        output.result("  but the sender is one that the rule does not apply to")
    if EXCEPTION in outcome.values:
        output.result(f"  but its exception {output.plain(outcome.values[EXCEPTION])} holds")


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
