"""mailguard serve, check and status: the service itself."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import typer

from .. import logs
from ..config import Settings
from ..serve.control import ServiceNotRunning, call, socket_path
from . import output, settings
from .ask import ask_one
from .exits import Status
from .options import Json


def serve() -> None:
    """Take mail, judge it, and pass it on, until SIGTERM or Ctrl+C. One JSON line an event on stderr, or in log_file.

    Example: mailguard -C /etc/mailguard/mailguard.yaml serve
    """
    chosen = settings.load()

    import uvloop

    from ..serve.composition import serve as run
    from ..serve.log_file import LogFile
    from ..serve.selftest import refuse_misreading

    refuse_misreading()
    logs.configure(LogFile(chosen.log_file) if chosen.log_file else None, level=chosen.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        raise typer.Exit(runner.run(run(chosen, ready=_keep_what_a_start_made)))


def _keep_what_a_start_made(_: object) -> None:
    """It stays to the end, so the garbage collector need not look at it again and again: each time that holds up
    everything for a tenth of a second.
    """
    gc.collect()
    gc.freeze()


def console() -> None:
    """Serve the review console to browsers in a process of its own (console: {process: own}), until SIGTERM or Ctrl+C.

    It asks the running service for each page. One JSON line an event on stderr.

    Example: mailguard console
    """
    chosen = settings.load()

    import uvloop

    from ..serve.console_process import serve_console

    logs.configure(None, level=chosen.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        raise typer.Exit(runner.run(serve_console(chosen)))


def check(as_json: Json = False) -> None:
    """Try what a start needs: settings, policies, listeners, smarthost, store and keys. Ends with 1 if one would fail.

    Example: mailguard check && systemctl restart mailguard
    """
    from ..serve.checks import check as find

    problems = 0
    for finding in find(settings.find_readable()):
        problems += not finding.ok
        if as_json:
            output.json_line(finding.to_json())
        else:
            mark = output.colour("ok     ", "green") if finding.ok else output.colour("PROBLEM", "red")
            output.result(f"{mark}  {finding.part}: {_block(finding.sentence)}")
    if problems:
        raise typer.Exit(Status.FINDINGS)


def status(as_json: Json = False) -> None:
    """Say how the service is: what it listens on, what is held, what waits. Ends with 3 if it does not run.

    Example: mailguard status --json
    """
    chosen = settings.load()
    try:
        (item,) = call(socket_path(chosen.store_settings()), "status", {})
    except ServiceNotRunning:
        item = _without_service(chosen)
    if as_json:
        output.json_line(item)
    else:
        _print_status(item)
    if not item["running"]:
        raise typer.Exit(Status.UNREACHABLE)


def _without_service(chosen: Settings) -> dict[str, Any]:
    store = chosen.store_settings()
    if store.is_sqlite and not store.sqlite_path().exists():
        return {"running": False}
    return ask_one("status")


def _print_status(item: dict[str, Any]) -> None:
    running = item["running"]
    output.result(output.colour("running", "green") if running else output.colour("NOT running", "red"))
    names = {"held": "held, undecided", "outbox": "waiting to be delivered", "outbox_oldest_seconds": "oldest, seconds"}
    item = item | {"smarthosts": [_smarthost(each) for each in item.get("smarthosts", ())]}
    item["nodes"] = [_node(each) for each in item.get("nodes", ())]
    if canary := item.get("canary"):
        item["canary"] = ": ".join(filter(None, (canary["state"], " ".join(canary["problems"]))))
    output.pairs((names.get(name, name.replace("_", " ")), value) for name, value in item.items() if name != "running")


def _smarthost(found: dict[str, Any]) -> str:
    return f"{found['address']} ({found['trouble'] or ('reached' if found['known'] else 'not reached yet')})"


def _node(found: dict[str, Any]) -> str:
    how = "missing, last seen" if found["missing"] else "seen"
    revision = found["policy_revision"] or "no policy"
    return f"{found['node']} on {found['machine']} ({how} {found['seen_seconds']} s ago, {revision})"


def _block(sentence: str) -> str:
    """A sentence of several lines (places in a file), its later lines set in."""
    return "\n         ".join(output.plain(line) for line in sentence.splitlines())
