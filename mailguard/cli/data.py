"""mailguard data: the upkeep of what is kept."""

from __future__ import annotations

import typer

from . import output, settings
from .ask import ask_one
from .options import Json

app = typer.Typer(help="The upkeep of what is kept.", no_args_is_help=True)


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


@app.command("purge")
def purge(as_json: Json = False) -> None:
    """Remove what retention no longer keeps, now. The service does the same by itself.

    Example: mailguard data purge
    """
    counts = ask_one("data_purge")
    if as_json:
        output.json_line(counts)
        return
    for kind, count in counts.items():
        output.result(f"{kind.replace('_', ' ')}: {count} removed")
