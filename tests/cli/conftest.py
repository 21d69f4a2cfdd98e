"""A folder with settings, policies and a store, and the command line run in this process."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mailguard.cli.main import main
from mailguard.config import VARIABLE, load_settings
from mailguard.core.envelope import Envelope, Recipient
from mailguard.core.envelope import Path as MailPath
from mailguard.core.verdict import Disposition, Rewrite, RuleOutcome, Verdict
from mailguard.guard import entries
from mailguard.guard.records import Held, NewDelivery, NewEntry, NewHeld
from mailguard.serve.demo_sink import Sink
from mailguard.serve.parts import Parts, open_parts

SETTINGS = """\
organisation: {{name: Elm Road Surgery, domains: [elmroad.example]}}
listen:
  - {{address: "127.0.0.1:{listen}"}}
smarthost: {{address: "127.0.0.1:{smarthost}", tls: none}}
store: sqlite:///mailguard.db
policies: policies/
notices: {{from: mailguard@elmroad.example, contact: manager@elmroad.example}}
"""
POLICY = """\
version: 1
rules:
  - id: visible-list
    describe: Ten or more people outside would see each other.
    when: {visible_external_recipients: {at_least: 10}}
    action: hold
    rewrite: separate
"""
RAW = (
    b"From: reception@elmroad.example\r\nTo: ada@mailbox.example, ben@post.example\r\nSubject: Flu clinic\r\n"
    b"Date: Fri, 20 Nov 2026 09:00:00 +0000\r\nMessage-ID: <a@elmroad.example>\r\n\r\nHello\r\n"
)
AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended and what it printed."""

    status: int
    out: str
    err: str

    def items(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run a command line in an empty folder, without settings but those that it names."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv(VARIABLE, "")

    def run(*arguments: str) -> Ran:
        capsys.readouterr()
        monkeypatch.setenv(VARIABLE, "")
        status = main(arguments)
        printed = capsys.readouterr()
        assert "Traceback" not in printed.out + printed.err
        return Ran(int(status), printed.out, printed.err)

    return run


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """mailguard.yaml beside a policy folder; the store is not there yet."""
    folder = tmp_path / "mailguard"
    (folder / "policies").mkdir(parents=True)
    (folder / "policies" / "policy.yaml").write_text(POLICY)
    path = folder / "mailguard.yaml"
    path.write_text(SETTINGS.format(listen=0, smarthost=1))
    return path


def on_store(settings: Path, act: Callable[[Parts], Awaitable[Any]]) -> Any:
    """Do something with the open store, as the service would."""

    async def opened() -> Any:
        parts = await open_parts(load_settings(settings))
        try:
            return await act(parts)
        finally:
            await parts.close()

    return asyncio.run(opened())


def hold(settings: Path, ref: str, *, approvals: int = 1, subject: str = "Flu clinic", raw: bytes = RAW) -> Held:
    """A held message in the store, with the entries that a submission writes."""
    held_sha256 = hashlib.sha256(raw).hexdigest()

    async def act(parts: Parts) -> Held:
        documents = {"policy.yaml": POLICY.encode()}
        await parts.store.policies.keep("sha256:tested", documents, AT)
        return await parts.store.quarantine.hold(
            replace(_new_held(ref, approvals, subject), content_sha256=held_sha256),
            raw,
            [_decided(ref), entries.plain("message_held", ref, AT)],
            [],
        )

    held = on_store(settings, act)
    assert isinstance(held, Held)
    return held


def queue(settings: Path, ref: str) -> None:
    """A message in the outbox."""
    row = NewDelivery(f"{ref}.copy.0", ref, "copy", envelope(), AT, AT, AT + timedelta(days=4), text=RAW)
    claimed = NewEntry("message_decided", ref, AT, claims_ref=True)

    async def act(parts: Parts) -> None:
        await parts.store.outbox.add([row], None, [claimed])

    on_store(settings, act)


def envelope() -> Envelope:
    people = ("ada@mailbox.example", "ben@post.example")
    return Envelope(
        MailPath(b"reception@elmroad.example", "reception@elmroad.example"),
        tuple(Recipient(MailPath(each.encode(), each)) for each in people),
    )


def _decided(ref: str) -> NewEntry:
    decision = _verdict().to_json(content_sha256="00" * 32, with_visible=False)
    fields = {**decision, "deciding": "visible-list"}
    return NewEntry("message_decided", ref, AT, entries.without_text(fields), claims_ref=True)


def _verdict() -> Verdict:
    reason = "2 people in To would see each other's addresses"
    rule = RuleOutcome("visible-list", "enforce", "hold", True, None, reason, {"visible_external_recipients": 2})
    other = RuleOutcome("unclear", "enforce", "hold", False, None, "it can be read in two ways", {"malformed": False})
    facts = {"visible_external_recipients": 2}
    return Verdict(
        Disposition.HOLD,
        Rewrite.SEPARATE,
        "visible-list",
        reason,
        (rule, other),
        facts,
        ("ada@mailbox.example", "ben@post.example"),
        (),
        (),
        "sha256:tested",
    )


def _new_held(ref: str, approvals: int, subject: str) -> NewHeld:
    verdict = _verdict()
    return NewHeld(
        ref=ref,
        received_at=AT,
        due_at=AT + timedelta(days=3650),
        envelope=envelope(),
        sender="reception@elmroad.example",
        subject=subject,
        reason=verdict.reason,
        rules=("visible-list",),
        offers="separate",
        decision=verdict.to_json(content_sha256=hashlib.sha256(RAW).hexdigest(), with_visible=True),
        policy_revision="sha256:tested",
        content_sha256=hashlib.sha256(RAW).hexdigest(),
        recipients_sha256=entries.recipients_sha256(envelope()),
        approvals_needed=approvals,
        sender_may=(),
        notify_sender=True,
    )


@pytest.fixture
def sink() -> Iterator[str]:
    """HOST:PORT of a smarthost that takes everything, on a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    kept = Sink()
    yield asyncio.run_coroutine_threadsafe(kept.start(), loop).result(10)
    asyncio.run_coroutine_threadsafe(kept.stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@contextmanager
def process(*arguments: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """`mailguard` with these arguments as a process of its own, ended if the test does not end it."""
    command = [sys.executable, "-m", "mailguard", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options) as running:
        try:
            yield running
        finally:
            if running.poll() is None:
                running.kill()


def wait_for(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """The first true value of the condition. seconds: only how long a failure takes."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")
