"""mailguard demo: sample mail through a real guard; nothing leaves the computer."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from . import output
from .packaged import policy_files


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="End when the samples are through; 1 if one went wrong.")
    ] = False,
    smtp: Annotated[
        str | None, typer.Option("--smtp", metavar="HOST:PORT", help="Where to listen. Default: 127.0.0.1:2525.")
    ] = None,
    console: Annotated[
        str | None,
        typer.Option("--console", metavar="HOST:PORT", help="Where the console is. Default: 127.0.0.1:8085."),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the folder with settings, policies and store.")] = False,
) -> None:
    """Send sample mail through a real guard and show what happens to each and why. Nothing leaves the computer.

    Example: mailguard demo --once
    """
    import uvloop

    from ..serve.demo import Options, run

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        raise typer.Exit(runner.run(run(Options(once, smtp, keep, console), policy_files(), _say)))


def _say(line: str) -> None:
    """Shown at once, also where stdout is a pipe."""
    output.result(line)
    output.flush()
