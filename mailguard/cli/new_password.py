"""Where a new password comes from: a file, a terminal, or chance. Never from a flag, which others could see in `ps`."""

from __future__ import annotations

import getpass
import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer

PasswordFile = Annotated[
    Path | None,
    typer.Option("--password-file", metavar="FILE", help="A file whose first line is the password; - is stdin."),
]
Generate = Annotated[bool, typer.Option("--generate", help="Make a password, and print it once.")]

ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
"""Without l, o, 0 and 1, which people misread."""
GROUPS, GROUP_CHARACTERS = 5, 4
MAX_OCTETS = 4096


def new_password(file: Path | None, generate: bool) -> str:
    """The password that a command was told to set. BadParameter where it cannot be had."""
    if file is not None and generate:
        raise typer.BadParameter("--password-file and --generate exclude each other")
    if generate:
        return generated()
    if file is not None:
        return _first_line(_octets(file))
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise typer.BadParameter("there is no terminal to ask for a password: name --password-file FILE or --generate")
    return _asked()


def generated() -> str:
    """A password of 100 bits from a cryptographic source, in groups that can be read out."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(GROUP_CHARACTERS)) for _ in range(GROUPS))
    return "-".join(groups)


def _asked() -> str:
    password = getpass.getpass("New password: ")
    if getpass.getpass("The same again: ") != password:
        raise typer.BadParameter("the two passwords differ; nothing was changed")
    return password


def _octets(file: Path) -> bytes:
    try:
        if str(file) == "-":
            return sys.stdin.buffer.readline(MAX_OCTETS)
        with file.open("rb") as opened:
            return opened.readline(MAX_OCTETS)
    except OSError as cause:
        raise typer.BadParameter(f'"{file}" cannot be read: {cause.strerror}', param_hint="--password-file") from cause


def _first_line(octets: bytes) -> str:
    try:
        line = octets.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise typer.BadParameter("the password is not UTF-8 text", param_hint="--password-file") from None
    if not line:
        raise typer.BadParameter("its first line is empty", param_hint="--password-file")
    return line
