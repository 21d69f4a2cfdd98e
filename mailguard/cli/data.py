"""mailguard data: the upkeep of what is kept."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from . import output, settings
from .ask import ask, ask_one, me
from .exits import Status
from .options import Json

app = typer.Typer(help="The upkeep of what is kept.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the backup.")]


@app.command("migrate")
def migrate() -> None:
    """Bring the store to the schema of this version. Stop the service and take a backup first: there is no way back.

    Example: mailguard data migrate
    """
    from ..serve.upkeep import migrate_store

    changed = migrate_store(settings.load(), _announce)
    output.result("The store has the schema of this version now." if changed else "The store is up to date.")


def _announce(before: str, after: str) -> None:
    output.message(
        f'Changing the schema from "{before}" to "{after}". Back the store up first: an older mailguard cannot open it '
        "afterwards, and only a backup leads back. If this fails or is cut off, the store stays as it was."
    )


@app.command("backup")
def backup(
    folder: Folder,
    keys: Annotated[
        Path | None, typer.Option("--keys", metavar="DIR", help="Copy the keys too, to a folder apart from the backup.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Copy the store, with settings and policies, into a new folder, while the service runs. Not the keys.

    Example: mailguard data backup /mnt/backup/2026-03-12
    """
    from ..core.errors import SettingsError
    from ..serve.backup import POSTGRESQL, refuse_together, write_backup, write_keys

    file = settings.find_readable()
    chosen = settings.load()
    store = chosen.store_settings()
    if not store.is_sqlite:
        raise SettingsError(POSTGRESQL)
    if keys is not None:
        refuse_together(folder, keys)
    output.message("Copying the store ...")
    written = write_backup(folder, ask("data_backup"), chosen, file, datetime.now(UTC), _progress)
    if as_json:
        output.json_line(written.to_json())
    else:
        output.result(f"The backup is in {folder}: {written.entries} ledger entries, {len(written.files)} files.")
    if written.apart:
        output.message(
            f"{written.apart} large messages lie in the object store and are not in it: let the bucket keep what was "
            "deleted for as long as a backup may be put back (versioning)."
        )
    if keys is not None:
        write_keys(store, keys)
        output.message(f"The keys are in {keys}. Keep them apart from the backup: together they open all that is kept.")
    else:
        output.message(
            "The keys are not in it; it cannot be read without them. Keep a copy of them elsewhere (--keys)."
        )


@app.command("restore")
def restore(
    folder: Folder,
    keys: Annotated[
        Path | None, typer.Option("--keys", metavar="DIR", help="The backup of the keys, where they are lost too.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Put the store back from a backup where there is none. Nothing that waited then leaves before you say so.

    Example: mailguard data restore /mnt/backup/2026-03-12
    """
    from ..serve.restore import restore_backup

    output.message("Comparing the backup with its manifest, and proving its ledger ...")
    found = restore_backup(settings.load(), folder, keys, me(), _progress)
    if as_json:
        output.json_line(found)
        return
    output.result(f"The store is as it was at {output.when(found['taken_at'])}: {found['entries']} ledger entries.")
    _tell_held_back(found)
    if found["apart"]:
        output.message(
            f"{found['apart']} large messages lie in the object store, not in the backup: `mailguard data objects` "
            "says whether they are there still."
        )


@app.command("copy")
def copy(
    target: Annotated[Path, typer.Argument(metavar="SETTINGS", help="The settings file that names the PostgreSQL.")],
    as_json: Json = False,
) -> None:
    """Move a SQLite store into an empty PostgreSQL, whole or not at all, with its ledger. Stop the service first.

    Example: mailguard data copy /etc/mailguard/shared.yaml
    """
    from ..config import load_settings
    from ..serve.copy_store import copy_to

    output.message("Proving the ledger, and copying the store ...")
    found = copy_to(settings.load(), load_settings(target), me(), _rows)
    if as_json:
        output.json_line(found)
        return
    output.result(f"The store is in PostgreSQL: {found['rows']} rows, {found['entries']} ledger entries, proved.")
    output.message(
        f"The SQLite store is {found['aside']} now, so that no service starts on it: what it had taken on would leave "
        "twice."
    )


@app.command("hold-back")
def hold_back(as_json: Json = False) -> None:
    """After a store was put back by other means: let nothing that waited then leave before you say so.

    Example: mailguard data hold-back
    """
    from ..serve.restore import hold_back_store

    found = hold_back_store(settings.load(), me())
    if as_json:
        output.json_line(found)
        return
    output.result("Nothing leaves by itself of what the store had taken on.")
    _tell_held_back(found)


@app.command("objects")
def objects(as_json: Json = False) -> None:
    """Read every held message that lies in the object store and compare it with its hash. Ends with 1 if one is gone.

    Example: mailguard data objects
    """
    found = ask_one("data_objects")
    if as_json:
        output.json_line(found)
    elif not found["set"]:
        output.result("No object store is set: everything that is kept lies in the database.")
    elif not found["faults"]:
        output.result(f"All {found['originals']} messages in the object store are there, as they were put.")
    else:
        output.result(f"Of {found['originals']} messages in the object store {len(found['faults'])} cannot be sent:")
        for each in found["faults"]:
            output.result(f"{each['ref']}: its text {each['what']}")
        output.message(
            "Bring them back from the bucket's own versions, or reject them, so that their senders hear of it."
        )
    if found["faults"]:
        raise typer.Exit(Status.FINDINGS)


RECORDS = {
    "near_misses": "near misses",
    "false_positives": "false positives",
    "breaches": "closed breaches",
    "embargo_breaches": "closed embargo breaches",
}
"""Of the register, by their setting."""


@app.command("purge")
def purge(
    show: Annotated[bool, typer.Option("--show", help="Remove nothing; say how much would be.")] = False,
    as_json: Json = False,
) -> None:
    """Remove what retention no longer keeps, now. The service does the same by itself.

    Example: mailguard data purge --show
    """
    counts = ask_one("data_purge", show=show)
    if as_json:
        output.json_line(counts)
        return
    if show:
        of_held = "held messages that were decided before"
        for name, what in (("held", of_held), ("evidence", "evidence records from before")):
            output.result(f"{what} {output.when(counts[f'{name}_before'])}: {counts[name]} would be removed")
        for name, what in RECORDS.items():
            told = f"{counts[name]} would be removed" if name in counts else f"kept for good (retention.{name})"
            output.result(f"{what} in the register: {told}")
        return
    for kind, count in counts.items():
        output.result(f"{RECORDS.get(kind, kind)}: {count} removed")


def _tell_held_back(found: dict[str, Any]) -> None:
    output.pairs((("held messages", found["held"]), ("rows of the outbox, held back", found["rows"])))
    if found["rows"]:
        output.message(
            "What has left since then would leave twice: look into the smarthost's log, then `mailguard outbox list`, "
            "and `outbox retry` or `outbox drop` for each."
        )
    if found["held"]:
        output.message("What was decided since then is held again: `mailguard held list --open`.")


def _rows(done: int, total: int) -> None:
    """Only on a terminal, and over itself."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r  {done} of {total} rows{chr(10) if done >= total else ''}")
        sys.stderr.flush()


def _progress(done: int, total: int) -> None:
    """Only on a terminal, and over itself."""
    if sys.stderr.isatty():
        end = "\n" if done >= total else ""
        sys.stderr.write(f"\r  {done // 1_000_000} of {total // 1_000_000} MB{end}")
        sys.stderr.flush()
