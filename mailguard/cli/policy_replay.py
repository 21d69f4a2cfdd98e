"""What `mailguard policy replay` and `policy diff` do: judge an archive again, and tell what that comes to.

It knows no options; policy.py declares them. The judging is in mailguard/replay, the words in policy_replay_text.py.
INVARIANT: nothing that stands in a message is printed unless it was asked for with --show.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from types import FrameType
from typing import Any
from zoneinfo import ZoneInfo

import typer

from ..config import Settings
from ..core.errors import MailguardError, SettingsError
from ..core.mail.parse import parse
from ..core.policy.model import Policy
from ..core.replay.outcome import RELAY, Outcome, Record
from ..core.replay.totals import Totals
from ..core.subject import subject_of
from ..replay.archive import MAX_MESSAGE_BYTES, Archive, Reader, Unreadable, open_archive
from ..replay.imap import ImapFolder, address_in, is_address
from ..replay.recorded import is_recorded
from ..replay.run import Asked, Replay
from . import output, policy_recorded, policy_replay_text
from .exits import Status
from .policy_judging import known_settings, load, policy_path, read

PASSWORD_VARIABLE = "MAILGUARD_IMAP_PASSWORD"  # noqa: S105  the name of a variable


@dataclass(frozen=True, slots=True)
class Options:
    """What `replay` and `diff` take alike. listed: name each message; show: with its sender and subject."""

    archive: str
    resume: Path | None = None
    jobs: int | None = None
    listed: bool = False
    show: bool = False
    as_json: bool = False
    password_file: Path | None = None


def replay(options: Options, policy: Path | None) -> None:
    """`policy replay`: what one policy would have done with every message."""
    settings = known_settings()
    loaded = load(policy_path(policy, settings))
    totals = Totals(_rules(loaded), 0, _zone(settings))
    if is_recorded(Path(options.archive)):
        policy_recorded.replay(Path(options.archive), loaded, totals, options.as_json)
        return
    named: list[Record] = []
    with _opened(options, settings) as archive:
        with _running(options, archive, settings, loaded) as running:
            for record in running.records():
                totals.add(record)
                if options.listed and _is_told(record):
                    named.append(record)
        _end_if_interrupted(running)
        shown = _shown(archive, named, settings) if options.show else {}
    if options.as_json:
        found = {"found": [_told(each, shown) for each in named]} if options.listed else {}
        output.json_line({**totals.to_json(), **_ran(running), "policy_revision": loaded.revision, **found})
    else:
        policy_replay_text.replayed(totals, running.progress.seconds, running.progress.rate)
        policy_replay_text.listed([_told(each, shown) for each in named])


def diff(options: Options, old: Path, new: Path) -> None:
    """`policy diff`: the messages with which two policies do not do the same."""
    settings = known_settings()
    policies = load(policy_path(old, settings)), load(policy_path(new, settings))
    if is_recorded(Path(options.archive)):
        raise SettingsError("policy diff needs messages: a ledger does not tell enough of them")
    both = [Totals(_rules(each), which, _zone(settings)) for which, each in enumerate(policies)]
    changed: list[Record] = []
    with _opened(options, settings) as archive:
        with _running(options, archive, settings, *policies) as running:
            for record in running.records():
                for totals in both:
                    totals.add(record)
                if record.outcomes and record.outcomes[0].same_way != record.outcomes[1].same_way:
                    changed.append(record)
        _end_if_interrupted(running)
        shown = _shown(archive, changed, settings) if options.show else {}
    changes = [_change(each, shown) for each in changed]
    ways = Counter((_way(each.outcomes[0]), _way(each.outcomes[1])) for each in changed)
    if options.as_json:
        output.json_line(
            {
                "messages": both[0].messages,
                "changed": len(changed),
                "unreadable": both[0].unreadable.total(),
                "ways": [{"old": a, "new": b, "messages": count} for (a, b), count in ways.most_common()],
                "changes": changes,
                "old": {**both[0].to_json(), "policy_revision": policies[0].revision},
                "new": {**both[1].to_json(), "policy_revision": policies[1].revision},
                **_ran(running),
            }
        )
    else:
        policy_replay_text.compared(both[0], both[1], ways, changes)


@contextmanager
def _opened(options: Options, settings: Settings | None) -> Iterator[Archive]:
    """The archive, as long as it is read from."""
    if not is_address(options.archive):
        yield open_archive(Path(options.archive))
        return
    address = address_in(options.archive)
    with ImapFolder(address, _password(options.password_file), _most_bytes(settings)) as folder:
        yield folder


def _password(file: Path | None) -> str:
    """The first line of the file, else what stands in the environment: a flag could be read by others."""
    if file is not None:
        return read(file).split(b"\n", 1)[0].rstrip(b"\r").decode("utf-8", "surrogateescape")
    if (known := os.environ.get(PASSWORD_VARIABLE)) is not None:
        return known
    raise SettingsError(f"the password is missing: name a file with --password-file, or set {PASSWORD_VARIABLE}")


def _most_bytes(settings: Settings | None) -> int:
    return settings.limits.message_bytes if settings else MAX_MESSAGE_BYTES


@contextmanager
def _running(options: Options, archive: Archive, settings: Settings | None, *policies: Policy) -> Iterator[Replay]:
    """The replay. An interruption (SIGINT, SIGTERM) ends it between two messages; another one ends it at once."""
    if settings is None:
        output.message("There are no settings: inside is the domain of each message's sender.")
    asked = Asked(
        archive,
        policies,
        settings.organisation.organisation() if settings else None,
        settings.inspection if settings else None,
        options.jobs or len(os.sched_getaffinity(0)),
        _most_bytes(settings),
        options.resume,
    )
    with _interruptible() as stopped, Replay(asked, stopped) as running:
        try:
            yield running
        except MailguardError:
            _say_how_to_go_on(running)
            raise


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Whether somebody has interrupted this command."""
    asked = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    before = {each: signal.signal(each, interrupt) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _end_if_interrupted(running: Replay) -> None:
    if running.interrupted:
        _say_how_to_go_on(running)
        raise typer.Exit(Status.INTERRUPTED)


def _say_how_to_go_on(running: Replay) -> None:
    path = output.plain(running.journal.path)
    judged = f"{running.progress.messages:,} messages are judged."
    output.message(f"{judged} To go on, add to the same command: --resume {path}")


def _zone(settings: Settings | None) -> tzinfo:
    return ZoneInfo(settings.organisation.time_zone) if settings else UTC


def _rules(policy: Policy) -> list[tuple[str, str, str]]:
    return [(rule.id, rule.mode.value, rule.action.value) for rule in policy.rules]


def _ran(running: Replay) -> dict[str, Any]:
    return {"seconds": round(running.progress.seconds, 3), "messages_per_second": round(running.progress.rate, 1)}


def _is_told(record: Record) -> bool:
    """Whatever does not leave as it is, and what cannot be read."""
    return record.unreadable is not None or record.outcomes[0].outcome != RELAY


def _told(record: Record, shown: dict[int, dict[str, str]]) -> dict[str, Any]:
    found: dict[str, Any] = _name(record)
    if record.unreadable is not None:
        return found | {"unreadable": record.unreadable}
    (outcome,) = record.outcomes
    rules = [each.rule for each in outcome.matches]
    found |= {"outcome": outcome.outcome, "rewrite": outcome.form, "rule": outcome.rule, "rules": rules}
    return found | shown.get(record.position, {})


def _change(record: Record, shown: dict[int, dict[str, str]]) -> dict[str, Any]:
    old, new = ({"outcome": each.outcome, "rewrite": each.form, "rule": each.rule} for each in record.outcomes)
    return {**_name(record), "old": old, "new": new, **shown.get(record.position, {})}


def _name(record: Record) -> dict[str, Any]:
    at = record.at.isoformat() if record.at else None
    return {"position": record.position, "ref": record.reference, "at": at}


def _way(outcome: Outcome) -> str:
    """For example "hold (separate)", "waits"."""
    name = "wait" if outcome.waits else outcome.outcome
    return f"{name} ({outcome.form})" if outcome.form else name


def _shown(archive: Archive, wanted: Sequence[Record], settings: Settings | None) -> dict[int, dict[str, str]]:
    """By position, who sent these messages and what their subjects are. They are read once more for that."""
    positions = {each.position for each in wanted if each.unreadable is None}
    reader = Reader(_most_bytes(settings))
    found: dict[int, dict[str, str]] = {}
    try:
        for place in archive.places() if positions else ():
            if place.position in positions:
                message = parse(reader.read(place))
                found[place.position] = {"from": ", ".join(message.originators), "subject": subject_of(message)}
    except Unreadable:
        output.message("The archive has changed meanwhile: not everything can be shown.")
    finally:
        reader.close()
    return found
