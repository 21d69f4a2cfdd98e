"""The demo: the real service with a smarthost that keeps what it gets, and sample mail sent through it.

INVARIANT: nothing leaves the computer: the only smarthost is the sink of this process.
INVARIANT: what is printed is what happened: endings are read from the replies, the ledger and the sink, never assumed.
"""

from __future__ import annotations

import asyncio
import contextlib
import smtplib
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from .. import logs
from ..config import load_settings
from ..core.errors import MailguardError
from ..guard.console.demo_outbox import Arrived
from ..guard.records import Entry
from ..smtp.listen_settings import HostPort
from . import demo_ground as ground
from .composition import Running, serve
from .demo_console import DemoConsole
from .demo_ground import Say
from .demo_samples import DOMAIN, Ending, Sample, samples
from .demo_shown import Shown, Told, say_ended, say_ending, say_next, say_sink, say_welcome
from .demo_sink import Sink

FIRST_PORT = 2525
FIRST_CONSOLE_PORT = 8085
SEND_SECONDS = 60.0
SETTLE_SECONDS = 20.0
LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Options:
    """once: end after the samples. smtp, console: where to listen; None takes 127.0.0.1:2525 and 127.0.0.1:8085, or the
    next free ports.
    """

    once: bool = False
    smtp: str | None = None
    keep: bool = False
    console: str | None = None


async def run(options: Options, policies: dict[str, str], say: Say) -> int:
    """Run the demo and say what happens, line by line. 0, or 1 if a sample did not end as it must.

    policies: name -> text of the default policy. Raises SettingsError where it cannot listen.
    """
    async with contextlib.AsyncExitStack() as house:
        folder = ground.folder(house, keep=options.keep)
        sink = Sink()
        address = await sink.start()
        house.push_async_callback(sink.stop)
        door = ground.door(options.smtp, FIRST_PORT, "--smtp", say)
        console_door = ground.console_door(options.console, FIRST_CONSOLE_PORT, say)
        settings = ground.write_settings(folder, door, console_door, address, policies)
        log = house.enter_context((folder / "mailguard.log").open("a", encoding="utf-8"))
        logs.configure(log)
        stop = asyncio.Event()
        console = DemoConsole(sink, door)
        running, service = await _start(settings, stop, console)
        door = HostPort(*running.listeners[0])
        console.smtp = door
        say_welcome(say, console.link, str(door), folder, keep=options.keep, once=options.once)
        try:
            failed = await _until(stop, _show_samples(running, sink, door, say))
            if not options.once and not stop.is_set():
                say_next(say, settings, f"http://{console_door}")
                await _follow(running, service, say)
        finally:
            stop.set()
            await service
    say_ended(say, folder, keep=options.keep)
    return 1 if failed else 0


async def _until(stop: asyncio.Event, work: Coroutine[Any, Any, bool]) -> bool | None:
    """What comes of it; None where somebody stops the demo before it is done (Ctrl+C)."""
    doing, stopped = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({doing, stopped}, return_when=asyncio.FIRST_COMPLETED)
        return doing.result() if doing.done() else None
    finally:
        doing.cancel()
        stopped.cancel()


async def _start(settings: Path, stop: asyncio.Event, console: DemoConsole) -> tuple[Running, asyncio.Task[int]]:
    """The service, once it takes mail. Raises what keeps it from starting."""
    ready: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
    service = asyncio.create_task(
        serve(load_settings(settings), ready=ready.set_result, stop=stop, annexe=console.open)
    )
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
        say_ending(say, each.told, each.sample.title, width)
        for problem in each.problems():
            say(f"            PROBLEM: {problem}")
    say_sink(say, sink, shown)
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
                say_ending(say, replace(_told(entry, ""), ref=entry.ref), await _title(running, entry.ref))


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
