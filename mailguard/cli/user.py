"""mailguard user: the guard's own accounts, for clients that sign in to it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..core.account import ROLES, SENDER
from . import output
from .ask import ask, ask_one, me
from .new_password import Generate, PasswordFile, new_password
from .options import By, Json

app = typer.Typer(help="Accounts of the guard's own, for clients that sign in to it.", no_args_is_help=True)

FOR_A_TEAM = "viewer, reviewer and escalation also for one team: reviewer:TEAM."

Name = Annotated[
    str,
    typer.Argument(metavar="NAME", help="What the client signs in as, for example reception@elmroad.example."),
]


@app.command("add")
def add(
    name: Name,
    role: Annotated[
        list[str] | None,
        typer.Option(
            "--role", metavar="|".join(ROLES), help=f"What it may do; may be repeated. {FOR_A_TEAM} Default: sender."
        ),
    ] = None,
    password_file: PasswordFile = None,
    generate: Generate = False,
    by: By = None,
) -> None:
    """Make an account. The password is asked for twice, or comes from a file, or is made and printed once.

    Example: mailguard user add reception@elmroad.example --generate
    """
    password = new_password(password_file, generate)
    item = ask_one("user_add", name=name, roles=role or [SENDER], password=password, by=by or me())
    _print_password(password, generate)
    output.message(f"{_shown(item)} can sign in now. This account {_may(item['roles'])}.")


@app.command("list")
def list_users(as_json: Json = False) -> None:
    """List the accounts, by name. Passwords are never shown.

    Example: mailguard user list --json
    """
    items = list(ask("user_list"))
    if as_json:
        for item in items:
            output.json_line(item)
        return
    output.table(("NAME", "ROLES", "STATE", "CHANGED"), [_row(item) for item in items])
    if not items:
        output.message("No accounts. Make one with `mailguard user add NAME`.")


@app.command("role")
def role(
    name: Name,
    roles: Annotated[
        list[str], typer.Argument(metavar="ROLE...", help=f"What it may do: {', '.join(ROLES)}. {FOR_A_TEAM}")
    ],
    by: By = None,
) -> None:
    """Give an account these roles, and no others.

    Example: mailguard user role reception@elmroad.example sender
    """
    item = ask_one("user_role", name=name, roles=roles, by=by or me())
    output.result(f"{_shown(item)} {_may(item['roles'])}.")


@app.command("password")
def password(name: Name, password_file: PasswordFile = None, generate: Generate = False, by: By = None) -> None:
    """Set another password. It counts at once, also in the running service; sessions that have signed in go on.

    Example: mailguard user password reception@elmroad.example --password-file /root/new-password
    """
    chosen = new_password(password_file, generate)
    item = ask_one("user_password", name=name, password=chosen, by=by or me())
    _print_password(chosen, generate)
    output.message(f"{_shown(item)} has the new password.")


@app.command("link")
def link(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="The account. Left out: for the first admin, while there is none."),
    ] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Make a link to the console with which somebody chooses a password and a second factor: for 30 minutes, once.

    Example: mailguard user link jo@elmroad.example
    """
    item = ask_one("user_link", name=name, by=by or me())
    if as_json:
        output.json_line(item)
        return
    output.result(output.plain(item["url"]))
    whose = output.plain(item["name"]) if item["name"] is not None else "the first admin"
    output.message(f"For {whose}. It works once, for {item['minutes']} minutes; whoever has it can use it.")


@app.command("disable")
def disable(name: Name, by: By = None) -> None:
    """Lock an account: nobody signs in with it from now on. Its password is kept.

    Example: mailguard user disable reception@elmroad.example
    """
    item = ask_one("user_disable", name=name, by=by or me())
    output.result(f"{_shown(item)} is disabled; nobody can sign in with it.")


@app.command("enable")
def enable(name: Name, by: By = None) -> None:
    """Unlock an account, with the password that it had.

    Example: mailguard user enable reception@elmroad.example
    """
    item = ask_one("user_enable", name=name, by=by or me())
    output.result(f"{_shown(item)} is enabled.")


@app.command("remove")
def remove(name: Name, by: By = None) -> None:
    """Remove an account for good. The ledger keeps that it was there, not its name.

    Example: mailguard user remove reception@elmroad.example
    """
    item = ask_one("user_remove", name=name, by=by or me())
    output.result(f"{_shown(item)} is removed.")


def _print_password(password: str, generated: bool) -> None:
    if generated:
        output.result(password)
        output.message("This password is not shown again, and nobody can look it up.")


def _may(roles: list[str]) -> str:
    return " and ".join(map(_role, roles))


def _role(given: str) -> str:
    role, _, team = given.partition(":")
    may = ROLES.get(role, f"has the role {output.plain(role)}")
    return f"{may} (team {output.plain(team)})" if team else may


def _shown(item: dict[str, Any]) -> str:
    return output.plain(item["name"])


def _row(item: dict[str, Any]) -> tuple[str, ...]:
    state = "disabled" if item["disabled"] else "enabled"
    name = item["name"] if item["mailbox"] is None else f"{item['name']} ({item['mailbox']})"
    return name, ", ".join(item["roles"]), state, output.when(item["changed_at"])
