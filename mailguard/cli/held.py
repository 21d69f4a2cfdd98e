"""mailguard held: look at held messages and decide about them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..core.inventory import in_sentences
from ..core.lifecycle import OPEN
from . import output
from .ask import ask, ask_one, me, tell_if_waiting
from .held_text import print_text
from .options import By, Json, Ref, not_empty

app = typer.Typer(help="Look at held messages and decide about them.", no_args_is_help=True)

FORMS = ("original", "separate", "bcc", "cleaned")


@app.command("list")
def list_held(
    as_json: Json = False,
    state: Annotated[
        list[str] | None, typer.Option("--state", metavar="STATE", help="Only this state; may be repeated.")
    ] = None,
    undecided: Annotated[bool, typer.Option("--open", help="Only what nobody has decided yet.")] = False,
) -> None:
    """List held messages, the nearest deadline first. What was decided stays listed until its retention ends.

    Example: mailguard held list --open
    """
    states = [*(state or []), *(sorted(OPEN) if undecided else [])]
    items = ask("held_list", states=states)
    if as_json:
        for item in items:
            output.json_line(item)
        return
    rows = [_row(item) for item in items]
    output.table(("REF", "STATE", "DECIDE BY", "FROM", "WHY", "SUBJECT"), rows)
    if not rows:
        output.message("No held messages.")


@app.command("show")
def show(
    ref: Ref,
    text: Annotated[bool, typer.Option("--text", help="Also what the message says, and what it carries.")] = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Show one held message: whom it goes to, why it is held, what was decided. The ledger records that you looked.

    Example: mailguard held show MG-7Q4K-2F --text
    """
    item = ask_one("held_show", ref=ref, by=by or me(), **({"text": True} if text else {}))
    if as_json:
        output.json_line(item)
        return
    _print_held(item)
    if text:
        print_text(item["message"])


@app.command("release")
def release(
    ref: Ref,
    form: Annotated[str, typer.Option("--as", metavar="|".join(FORMS), help="In which form it leaves.")],
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", callback=not_empty, help="Why; it is kept with the decision.")
    ],
    by: By = None,
    version: Annotated[
        int | None, typer.Option("--if-version", metavar="N", help="Only if the message is still at this version.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Let a held message leave, at once. Where a rule asks for two approvals, this may be the first.

    Example: mailguard held release MG-7Q4K-2F --as separate --reason "checked with the practice manager"
    """
    if form not in FORMS:
        raise typer.BadParameter(f"one of {', '.join(FORMS)}", param_hint="--as")
    item = ask_one("held_release", ref=ref, form=form, reason=reason, by=by or me(), version=version)
    _print_decided(item, as_json, f"{item['ref']} is {_in_words(item['state'])} (as {form}).")


@app.command("reject")
def reject(
    ref: Ref,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", callback=not_empty, help="What the sender is told.")],
    by: By = None,
    version: Annotated[
        int | None, typer.Option("--if-version", metavar="N", help="Only if the message is still at this version.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Do not send a held message. Its sender gets the note.

    Example: mailguard held reject MG-7Q4K-2F --note "Please use the newsletter tool for this."
    """
    item = ask_one("held_reject", ref=ref, note=note, by=by or me(), version=version)
    _print_decided(item, as_json, f"{item['ref']} is rejected; it will not be sent.")


@app.command("wrong")
def wrong(
    ref: Ref,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, in at most 300 characters.")] = "",
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take back what you said; it counts no more.")] = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Say that a message should not have been held. It is counted by rule (policy quality), and decides nothing.

    Example: mailguard held wrong MG-7Q4K-2F --reason "a board that knows each other"
    """
    from ..guard.wrong_holds import MOST_REASON

    if len(reason) > MOST_REASON:
        raise typer.BadParameter(f"at most {MOST_REASON} characters", param_hint="--reason")
    if withdraw and reason:
        raise typer.BadParameter("what is taken back needs no reason", param_hint="--reason")
    item = ask_one("held_wrong", ref=ref, reason=reason, withdraw=withdraw, by=by or me())
    if as_json:
        output.json_line(item)
    else:
        said = "what you said is taken back" if withdraw else f"{item['ref']} should not have been held"
        output.result(output.plain(f"Recorded: {said}."))


def _print_decided(item: dict[str, Any], as_json: bool, sentence: str) -> None:
    if as_json:
        output.json_line({key: value for key, value in item.items() if key != "running"})
    else:
        output.result(output.plain(sentence))
    tell_if_waiting(item)


def _in_words(state: str) -> str:
    return "approved once and waits for a second person" if state == "approved_once" else state


def _row(item: dict[str, Any]) -> tuple[str, ...]:
    due = output.when(item["due_at"]) if item["state"] in OPEN else ""
    subject = output.plain(item["subject"], 50)
    return item["ref"], item["state"], due, item["sender"] or "<>", output.plain(item["reason"], 70), subject


def _allowed(release_as: list[str] | None) -> str | None:
    """Where rules limit it: the forms that are left."""
    if release_as is None:
        return None
    return ", ".join(release_as) or "nothing: all that is left is not to send it (held reject)"


def _print_held(item: dict[str, Any]) -> None:
    recipients = item["recipients"]
    output.pairs(
        (
            ("Reference", item["ref"]),
            ("State", item["state"]),
            ("Received", output.when(item["received_at"])),
            ("Leaves by itself" if item["state"] == "waiting" else "Decide by", output.when(item["due_at"])),
            ("From", item["sender"] or "<>"),
            ("Subject", item["subject"]),
            ("Why", item["reason"]),
            ("Rules", ", ".join(item["rules"])),
            ("Best sent as", item["offers"]),
            ("May leave as", _allowed(item.get("release_as"))),
            ("Approvals", f"{len(item['approved_by'])} of {item['approvals_needed']}"),
            ("Sent as", item["released_as"]),
            ("Decided by", item["decided_by"]),
            ("Decided at", output.when(item["decided_at"])),
            ("Note", item["note"]),
            ("Delivery", ", ".join(f"{count} {outcome}" for outcome, count in item["delivery"].items())),
            ("Version", item["version"]),
        )
    )
    carried = in_sentences(item["decision"], most=100)
    if carried:
        output.result("\nWhat it carries:")
    for line in carried:
        output.result(f"  {output.plain(line, 500)}")
    output.result(f"\nGoes to {len(recipients)}:")
    for address in recipients:
        output.result(f"  {output.plain(address)}")
    if left_out := item.get("left_out"):
        output.result(f"\nLeft out by its sender, {len(left_out)}:")
        for address in left_out:
            output.result(f"  {output.plain(address)}")
