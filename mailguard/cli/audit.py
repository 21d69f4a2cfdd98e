"""mailguard audit: read the ledger, prove it whole, take it along."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from ..core.errors import SettingsError
from . import output
from .ask import ask, ask_one
from .exits import Status
from .options import Json
from .private import open_private

app = typer.Typer(help="Read the ledger, prove it whole, take it along.", no_args_is_help=True)


@app.command("list")
def list_entries(
    ref: Annotated[str | None, typer.Argument(metavar="[REF]", help="Only the entries of this message.")] = None,
    as_json: Json = False,
) -> None:
    """List the entries of the ledger, in order.

    Example: mailguard audit list --json
    """
    items = ask("audit_list", ref=ref)
    if as_json:
        for item in items:
            output.json_line(item)
        return
    for item in items:
        place = f"{item['ledger']} {item['sequence']:>6}  {output.when(item['at'])}"
        output.result(f"{place}  {item['ref'] or '-':<22}  {item['kind']}")


@app.command("verify")
def verify(
    export: Annotated[Path | None, typer.Argument(metavar="[EXPORT]", help="An export; without it the store.")] = None,
    key: Annotated[
        str | None, typer.Option("--key", metavar="HEX", help="The public key that an export must be signed with.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Prove that nothing in the ledger was changed, removed, swapped or cut off. Ends with 1 where something was.

    Example: mailguard audit verify ledger.jsonl
    """
    found = ask_one("audit_verify") if export is None else _verify_export(export, key)
    if as_json:
        output.json_line(found)
    else:
        _print_report(found, of_store=export is None)
    if not found["whole"]:
        raise typer.Exit(Status.FINDINGS)


@app.command("export")
def export(
    file: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Where to; - is stdout.")],
) -> None:
    """Write the ledger to a file that `audit verify FILE` proves anywhere. It holds no address, subject or text.

    Example: mailguard audit export -o ledger.jsonl
    """
    lines = (item["line"] for item in ask("audit_export"))
    if str(file) == "-":
        for line in lines:
            output.result(line)
        return
    count = _write_whole(file, lines)
    output.message(f"{count} lines written to {file}.")


def _write_whole(file: Path, lines: Iterable[str]) -> int:
    """Write the lines so that the file is there whole or not at all. How many. SettingsError where it cannot be."""
    part = file.with_name(f".{file.name}.{os.getpid()}")
    count = 0
    try:
        with open_private(part) as written:
            for line in lines:
                written.write(line + "\n")
                count += 1
            written.flush()
            os.fsync(written.fileno())
        part.replace(file)
    except OSError as cause:
        raise SettingsError(f'"{file}" cannot be written: {cause.strerror}') from cause
    finally:
        part.unlink(missing_ok=True)
    return count


def _verify_export(path: Path, key: str | None) -> dict[str, Any]:
    from ..serve.upkeep import verify_export

    return dict(verify_export(path, key))


def _print_report(found: dict[str, Any], *, of_store: bool) -> None:
    if found["whole"]:
        output.result(output.colour("The ledger is whole.", "green"))
    else:
        output.result(output.colour("The ledger is NOT whole.", "red"))
    for trouble in found["troubles"]:
        place = f"{trouble['ledger']} {trouble['sequence'] or ''}".strip()
        output.result(f"  {place}: {trouble['kind']}: {output.plain(trouble['detail'])}")
    if found["trouble_count"] > len(found["troubles"]):
        output.result(f"  and {found['trouble_count'] - len(found['troubles'])} more")
    # An export carries neither evidence nor witness: their 0 would look like a loss.
    beside = ("evidence", "evidence_gone", "witnessed") if of_store else ()
    shown = ("entries", "checkpoints", *beside, "public_key")
    output.pairs((name.replace("_", " "), found.get(name)) for name in shown)
    if not found.get("key_known", True):
        output.message(
            "The signatures were checked with the public key in the file itself; give the one you know with --key."
        )
