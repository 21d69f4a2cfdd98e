"""The `mailguard` command: its groups, and how every ending becomes an exit status.

INVARIANT: no traceback reaches the person at the terminal. What nobody expected ends with 70, one sentence, and a line
in a log without personal data.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any, TextIO, cast

import typer
import typer.main

from .. import __version__
from ..core.document import DocumentErrors
from ..core.errors import MailguardError
from ..logs import configure, logger
from ..serve.control import InternalError
from . import audit, canary, data, demo, explain, held, incident, init, outbox, output, policy, report, service, user
from .command_log import CommandLog, log_path
from .exits import Status, status_of
from .settings import Config

log = logger("cli")

app = typer.Typer(
    name="mailguard",
    help="The last check before an email leaves your organisation.",
    epilog="Start with: mailguard demo",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        output.result(f"mailguard {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    config: Config = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, expose_value=False, help="Say the version.")
    ] = False,
) -> None:
    pass


app.command("demo", short_help="Send sample mail through a real guard.")(demo.demo)
app.command("init", short_help="Write settings and policies to start from.")(init.init)
app.command("serve", short_help="Take mail, judge it, and pass it on.")(service.serve)
app.command("console", short_help="Serve the review console in a process of its own.")(service.console)
app.command("check", short_help="Try what a start needs.")(service.check)
app.command("status", short_help="Say how the service is.")(service.status)
app.add_typer(policy.app, name="policy")
app.add_typer(held.app, name="held")
app.add_typer(outbox.app, name="outbox")
app.add_typer(audit.app, name="audit")
app.add_typer(canary.app, name="canary")
app.command("explain", short_help="Say why a message was treated as it was.")(explain.explain)
app.add_typer(incident.app, name="incident")
app.command("report", short_help="Print a report of a period.")(report.report)
app.add_typer(user.app, name="user")
app.add_typer(data.app, name="data")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Its exit status (INTERFACE.md "Commands"); never raises."""
    commands_log = CommandLog(log_path())
    configure(cast(TextIO, commands_log), level="warning")
    try:
        status = _run(list(sys.argv[1:] if arguments is None else arguments))
        output.flush()
        return status
    except output.ReaderGone:
        _close_stdout()
        return Status.DONE
    except MailguardError as cause:
        return _explain_ending(cause)
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except typer.TyperException as cause:
        cause.show() if hasattr(cause, "show") else output.message(str(cause))
        return Status.USAGE
    except Exception as cause:
        log.error("command_failed", cause=cause)
        output.message(f"mailguard: an error inside mailguard ended this command; the cause is in {commands_log.name}.")
        return Status.INTERNAL


def _run(arguments: list[str]) -> int:
    command = typer.main.get_command(app)
    _accept_config_everywhere(command)
    ended = command.main(args=arguments, prog_name="mailguard", standalone_mode=False)
    if ended == Status.INTERRUPTED:
        return _interrupted()
    return ended if isinstance(ended, int) else Status.DONE


def _interrupted() -> int:
    output.message("Interrupted.")
    return Status.INTERRUPTED


def _accept_config_everywhere(command: Any) -> None:
    """-C may stand before or after the command: every group and command gets the root's option, unless it has one."""
    option = next(each for each in command.params if "-C" in each.opts)
    waiting = [command]
    while waiting:
        each = waiting.pop()
        if not any("-C" in known.opts for known in each.params):
            each.params.append(option)
        waiting.extend(getattr(each, "commands", {}).values())


def _explain_ending(cause: MailguardError) -> int:
    text = str(cause)
    if isinstance(cause, InternalError | DocumentErrors):
        output.message(text)
    else:
        output.message(text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else "."))
    return status_of(cause)


def _close_stdout() -> None:
    """The reader of stdout went away: Python must not fail once more when it flushes at its end."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
