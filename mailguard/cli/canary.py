"""mailguard canary: the guard's test of itself."""

from __future__ import annotations

from typing import Any

import typer

from . import output
from .ask import ask_one
from .exits import Status
from .options import Json

app = typer.Typer(help="The guard's test of itself.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """The guard's test of itself."""


@app.command("run")
def run(as_json: Json = False) -> None:
    """Send an invented list and an invented invitation through the running service, now. Nothing leaves. 1 if it fails.

    Example: mailguard canary run
    """
    found = ask_one("canary_run")
    if as_json:
        output.json_line(found)
    else:
        for each in found["messages"]:
            _print(each)
    if not found["passed"]:
        raise typer.Exit(Status.FINDINGS)


def _print(message: dict[str, Any]) -> None:
    if message["problem"] is not None:
        output.result(f"{output.colour('FAILED', 'red')}  {message['sentence']}")
        return
    by = f" by the rule {message['rule']}" if message["rule"] else ""
    left = f"it left in {message['copies']} copies, none of which names anybody else ({message['form']})"
    output.result(f"{output.colour('passed', 'green')}  {message['message'].capitalize()}: stopped{by}; {left}.")
