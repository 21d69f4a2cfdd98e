"""The options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout.")]
Ref = Annotated[str, typer.Argument(metavar="REF", help="The reference, for example MG-7Q4K-2F.")]
By = Annotated[
    str | None,
    typer.Option(
        "--by", metavar="WHO", help="Your name for the record; the operating system's user is recorded beside it."
    ),
]


def not_empty(text: str) -> str:
    """The text of a reason or a note. BadParameter where it says nothing."""
    if not text.strip():
        raise typer.BadParameter("it has to say something")
    return text
