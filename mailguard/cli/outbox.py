"""mailguard outbox: what the guard has taken on and not delivered yet."""

from __future__ import annotations

from typing import Annotated

import typer

from . import output
from .ask import ask, ask_one, me, tell_if_waiting
from .options import By, Json, Ref, not_empty

app = typer.Typer(help="Look at what waits to be delivered.", no_args_is_help=True)


@app.command("list")
def list_outbox(as_json: Json = False) -> None:
    """List what waits to be delivered, the oldest first.

    Example: mailguard outbox list --json
    """
    items = ask("outbox_list")
    if as_json:
        for item in items:
            output.json_line(item)
        return
    rows = [
        (
            item["ref"],
            item["kind"],
            len(item["recipients"]),
            item["attempts"],
            "held back: retry or drop" if item["held_back"] else output.when(item["not_before"]),
            item["last_reply"] or "",
        )
        for item in items
    ]
    output.table(("REF", "KIND", "RECIPIENTS", "ATTEMPTS", "NEXT", "LAST ANSWER"), rows)
    if not rows:
        output.message("Nothing waits to be delivered.")


@app.command("retry")
def retry(ref: Ref, by: By = None, as_json: Json = False) -> None:
    """Try a message again now.

    Example: mailguard outbox retry MG-7Q4K-2F
    """
    item = ask_one("outbox_retry", ref=ref, by=by or me())
    if as_json:
        output.json_line({"ref": item["ref"], "retried": item["retried"]})
    else:
        output.result(f"{item['ref']}: {item['retried']} to be tried now.")
    tell_if_waiting(item)


@app.command("drop")
def drop(
    ref: Ref,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", callback=not_empty, help="Why; it is kept with the ledger entry.")
    ],
    by: By = None,
    as_json: Json = False,
) -> None:
    """Give up on a message: what is still to be delivered of it is not sent, and nobody is told by mail.

    Example: mailguard outbox drop MG-7Q4K-2F --reason "address no longer exists"
    """
    item = ask_one("outbox_drop", ref=ref, reason=reason, by=by or me())
    if as_json:
        output.json_line(item)
    else:
        output.result(f"{item['ref']}: {item['dropped']} dropped.")
