"""The demo: the real service with a smarthost that keeps what it gets, and sample mail sent through it.

INVARIANT: nothing leaves the computer: the only smarthost is the sink of this process.
INVARIANT: what is printed is what happened: endings are read from the replies, the ledger and the sink, never assumed.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import smtplib
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from .. import logs
from ..config import load_settings
from ..core.errors import MailguardError, SettingsError
from ..guard.records import Entry
from ..smtp.listen_settings import HostPort, parse_host_port
from .composition import Running, serve
from .demo_samples import DOMAIN, POLICY, Ending, Sample, samples
from .demo_sink import Arrived, Sink

CONTACT = f"manager@{DOMAIN}"
FIRST_PORT = 2525
PORTS = 100
SEND_SECONDS = 60.0
SETTLE_SECONDS = 20.0
LOOK_SECONDS = 0.5

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """once: end after the samples. smtp: where to listen; None takes 127.0.0.1:2525 or the next free port."""

    once: bool = False
    smtp: str | None = None
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a message: its ending, the reference that people are told, and why."""

    ending: Ending
    ref: str | None
    reason: str
    reply: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A sample with what became of it, and what the sink got of it."""

    sample: Sample
    told: Told
    arrived: tuple[Arrived, ...]

    def problems(self) -> list[str]:
        """How this differs from what it must be; empty if it does not."""
        found = []
        if self.told.ending is not self.sample.ending:
            found.append(f"ended as {self.told.ending}, and must be {self.sample.ending}")
        if len(self.arrived) != self.sample.copies:
            found.append(f"{len(self.arrived)} left the guard, and must be {self.sample.copies}")
        if any(b"\r\nbcc:" in b"\r\n" + copy.header.lower() for copy in self.arrived):
            found.append("a Bcc field left the guard")
        if self.sample.ending is Ending.SEPARATE and any(self.shows_another(copy) for copy in self.arrived):
            found.append("a copy shows the address of another")
        return found

    def shows_another(self, copy: Arrived) -> bool:
        """Whether a separate copy names anybody of the group but the one it goes to."""
        others = self.sample.hidden - set(copy.recipients)
        return len(copy.recipients) != 1 or any(other.encode() in copy.raw.lower() for other in others)


async def run(options: Options, policies: dict[str, str], say: Say) -> int:
    """Run the demo and say what happens, line by line. 0, or 1 if a sample did not end as it must.

    policies: name -> text of the default policy. Raises SettingsError where it cannot listen.
    """
    async with contextlib.AsyncExitStack() as house:
        folder = _folder(house, keep=options.keep)
        sink = Sink()
        address = await sink.start()
        house.push_async_callback(sink.stop)
        door = _door(options, say)
        settings = _write_settings(folder, door, address, policies)
        log = house.enter_context((folder / "mailguard.log").open("a", encoding="utf-8"))
        logs.configure(log)
        stop = asyncio.Event()
        running, service = await _start(settings, stop)
        door = HostPort(*running.listeners[0])
        _say_welcome(say, door, folder, keep=options.keep)
        try:
            failed = await _show_samples(running, sink, door, say)
            if not options.once:
                _say_next(say, settings)
                await _follow(running, service, say)
        finally:
            stop.set()
            await service
        return 1 if failed else 0


def _folder(house: contextlib.AsyncExitStack, *, keep: bool) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="mailguard-demo-"))
    if not keep:
        house.callback(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _door(options: Options, say: Say) -> HostPort:
    """Where to listen. SettingsError where the address that was asked for is no HOST:PORT."""
    if options.smtp is not None:
        try:
            return parse_host_port(options.smtp)
        except ValueError as cause:
            raise SettingsError(str(cause)) from cause
    port = next((port for port in range(FIRST_PORT, FIRST_PORT + PORTS) if _is_free(port)), None)
    if port is None:
        raise SettingsError(f"no port from {FIRST_PORT} to {FIRST_PORT + PORTS - 1} is free; name one with --smtp")
    if port != FIRST_PORT:
        say(f"Port {FIRST_PORT} is in use by another program, so the demo takes the next free one, {port}.\n")
    return HostPort("127.0.0.1", port)


def _is_free(port: int) -> bool:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _write_settings(folder: Path, door: HostPort, smarthost: str, policies: dict[str, str]) -> Path:
    """A folder such as `mailguard init` makes, with the demo's rules beside the default policy."""
    named = {name: text for name, text in policies.items() if "/" not in name}
    (folder / "policies").mkdir()
    for name, text in {**named, "demo.yaml": POLICY}.items():
        (folder / "policies" / name).write_text(text, encoding="utf-8")
    settings = folder / "mailguard.yaml"
    settings.write_text(
        f"organisation: {{name: Elm Road Surgery, domains: [{DOMAIN}]}}\n"
        f"listen:\n  - {{address: '{door}'{_allow(door)}}}\n"
        f"smarthost: {{address: '{smarthost}', tls: none}}\n"
        f"store: sqlite:////{str(folder / 'mailguard.db').lstrip('/')}\n"
        f"notices: {{from: mailguard@{DOMAIN}, contact: {CONTACT}}}\n"
        "hostname: guard.demo.example\n",
        encoding="utf-8",
    )
    return settings


def _allow(door: HostPort) -> str:
    """Off loopback (in a container) the networks that are private may submit; it goes nowhere but to the sink."""
    if door.loopback:
        return ""
    return ", allow: [127.0.0.0/8, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, '::1/128', 'fd00::/8']"


async def _start(settings: Path, stop: asyncio.Event) -> tuple[Running, asyncio.Task[int]]:
    """The service, once it takes mail. Raises what keeps it from starting."""
    ready: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
    service = asyncio.create_task(serve(load_settings(settings), ready=ready.set_result, stop=stop))
    waiting: set[asyncio.Future[Any]] = {service, ready}
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    if not ready.done():
        await service
        raise MailguardError("the service ended before it took mail")
    return ready.result(), service


async def _show_samples(running: Running, sink: Sink, door: HostPort, say: Say) -> bool:
    """Send the samples and say what became of each and why. Whether one did not end as it must."""
    sent = samples()
    told = [await _send(running, door, sample) for sample in sent]
    await _settle(running, sink, sent)
    shown = [Shown(sample, each, _arrived(sink, sample)) for sample, each in zip(sent, told, strict=True)]
    say(f"Sent {len(shown)} sample emails through the guard:")
    width = max(len(each.sample.title) for each in shown)
    for each in shown:
        _say_ending(say, each.told, each.sample.title, width)
        for problem in each.problems():
            say(f"            PROBLEM: {problem}")
    _say_sink(say, sink, shown)
    return any(each.problems() for each in shown)


async def _send(running: Running, door: HostPort, sample: Sample) -> Told:
    """Submit a sample as any mail program would, and read in the ledger what was decided."""
    before = await _last(running)
    reply = await asyncio.to_thread(_submit, door, sample)
    entries = [entry async for entry in _since(running, before)]
    decided = next((entry for entry in entries if entry.kind == "message_decided"), None)
    if decided is None:
        return Told(Ending.DEFERRED, None, "nothing was decided", reply)
    return _told(decided, reply)


def _submit(door: HostPort, sample: Sample) -> str:
    """The guard's reply to the message, as one line."""
    host = "127.0.0.1" if not ip_address(door.host).is_loopback else door.host
    with smtplib.SMTP(host, door.port, local_hostname=f"pc.{DOMAIN}", timeout=SEND_SECONDS) as session:
        session.ehlo_or_helo_if_needed()
        session.mail(sample.sender)
        for recipient in sample.recipients:
            session.rcpt(recipient)
        code, text = session.data(sample.raw)
    return f"{code} {text.decode('ascii', 'replace')}"


def _told(decided: Entry, reply: str) -> Told:
    """The ending of a message, from the decision in the ledger and, for the samples, from the guard's reply."""
    fields = decided.fields
    rules = {rule["id"]: rule for rule in fields.get("rules", ())}
    deciding = fields.get("deciding")
    reason = rules.get(deciding, {}).get("reason", "") if deciding else ""
    why = f"{reason} (rule {deciding})" if reason else "no rule stops it"
    ending = _ending(fields.get("disposition"), fields.get("rewrite"), reply)
    return Told(ending, decided.ref if ending is not Ending.SENT else None, why, reply)


def _ending(disposition: Any, rewrite: Any, reply: str) -> Ending:
    if reply and not reply.startswith(("250 ", "550 ")):
        return Ending.DEFERRED
    if disposition == "relay":
        return Ending.SEPARATE if rewrite == "separate" else Ending.SENT
    if disposition == "reject":
        return Ending.REFUSED if not reply or reply.startswith("550 5.7.1 ") else Ending.DEFERRED
    return Ending.HELD if not reply or reply.startswith("250 2.0.0 Held ") else Ending.DEFERRED


async def _settle(running: Running, sink: Sink, sent: Sequence[Sample]) -> None:
    """Wait until the outbox is empty and the sink has what must leave; at most SETTLE_SECONDS."""
    until = asyncio.get_running_loop().time() + SETTLE_SECONDS
    while asyncio.get_running_loop().time() < until:
        counts = await running.parts.store.counts()
        if counts.outbox == 0 and all(len(_arrived(sink, sample)) >= sample.copies for sample in sent):
            return
        await asyncio.sleep(0.05)


def _arrived(sink: Sink, sample: Sample) -> tuple[Arrived, ...]:
    return tuple(each for each in sink.arrived if each.has(sample.identifier))


async def _follow(running: Running, service: asyncio.Task[int], say: Say) -> None:
    """Say what becomes of each further message, until the service ends (Ctrl+C)."""
    seen = await _last(running)
    while not service.done():
        await asyncio.wait({service}, timeout=LOOK_SECONDS)
        if service.done():
            return
        async for entry in _since(running, seen):
            seen = entry.sequence
            if entry.kind == "message_decided" and entry.ref is not None:
                _say_ending(say, replace(_told(entry, ""), ref=entry.ref), await _title(running, entry.ref))


async def _last(running: Running) -> int:
    return int((await running.parts.store.counts()).entries)


async def _since(running: Running, sequence: int) -> AsyncIterator[Entry]:
    """The entries after this one. Asks for the whole ledger only if there are any: it is short in a demo."""
    if await _last(running) == sequence:
        return
    async for entry in running.parts.store.ledger.entries():
        if entry.sequence > sequence:
            yield entry


async def _title(running: Running, ref: str) -> str:
    """The subject of a message, from its evidence, as one line."""
    for record in await running.parts.store.evidence.read(ref):
        if subject := str(record.get("subject", "")):
            return "".join(character if character.isprintable() else " " for character in subject)[:60]
    return "(no subject)"


def _say_welcome(say: Say, door: HostPort, folder: Path, *, keep: bool) -> None:
    kept = "kept when you stop" if keep else "temporary folder, deleted when you stop; --keep to keep it"
    say("mailguard demo. Everything stays on this computer; no email can leave it.\n")
    say(f"  Send test mail   {door}   (from anybody @{DOMAIN})")
    say(f"  Data             {folder}   ({kept})\n")


def _say_ending(say: Say, told: Told, title: str, width: int = 0) -> None:
    detail = told.ref or "-"
    if told.ending is Ending.REFUSED and told.reply:
        detail = " ".join(told.reply.split()[:2])
    if told.ending is Ending.DEFERRED:
        detail = told.reply
    say(f"  {told.ending.value:<9} {title.ljust(width)}   {detail}")
    say(f"            {told.reason}")


def _say_sink(say: Say, sink: Sink, shown: Sequence[Shown]) -> None:
    copies = [copy for each in shown if each.sample.ending is Ending.SEPARATE for copy in each.arrived]
    leaks = sum(each.shows_another(copy) for each in shown for copy in each.arrived if copy in copies)
    samples_arrived = sum(len(each.arrived) for each in shown)
    say(f"\nThe next mail server (here: one that keeps everything) got {len(sink.arrived)} messages:")
    none = "none shows the address of another" if not leaks else f"{leaks} SHOW THE ADDRESS OF ANOTHER"
    say(f"  {len(copies)} separate copies, each to one person; {none}")
    say(f"  {samples_arrived - len(copies)} as sent, without any Bcc field")
    reviewers = sum(each.recipients == (CONTACT,) for each in sink.arrived)
    notices = len(sink.arrived) - samples_arrived - reviewers
    say(f"  {notices} notices to senders, and {reviewers} to those who decide, about what was held")
    held = sum(len(each.arrived) for each in shown if each.sample.ending is not Ending.SENT) - len(copies)
    say(f"  {held} of the messages that were held or refused")


def _say_next(say: Say, settings: Path) -> None:
    program = "mailguard" if shutil.which("mailguard") else str(Path(sys.executable).with_name("mailguard"))
    say("\nTry, in another terminal:")
    say(f"  {program} -C {settings} held list")
    say(f'  {program} -C {settings} held release REF --as separate --reason "checked"')
    say(f"  {program} -C {settings} explain REF")
    say(f"Use it for real: {program} init        Stop: Ctrl+C\n")
    say("Whatever else is sent to the guard now is shown here:")
