"""Diagnostics as people, programs and GitHub read them.

A GitHub annotation is a workflow command (docs.github.com, "Workflow commands for GitHub Actions", "Setting an error
message"): what would end a property or the line is escaped as actions/toolkit does (packages/core/src/command.ts).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from ..core.document import Diagnostic
from . import output

TITLE = "mailguard policy"


class Form(StrEnum):
    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


def print_diagnostics(diagnostics: Iterable[Diagnostic], severity: str, form: Form) -> None:
    """One after another on stdout. severity: error or warning."""
    for each in diagnostics:
        if form is Form.JSON:
            output.json_line({"severity": severity, **each.to_json()})
        elif form is Form.GITHUB:
            output.result(annotation(each, severity))
        else:
            _print_text(each, "" if severity == "error" else f"{severity}: ")


def annotation(diagnostic: Diagnostic, severity: str) -> str:
    """`::error file=F,line=L,col=C,title=T::message`, with the suggestion after the message."""
    meant = f" (did you mean {diagnostic.suggestion}?)" if diagnostic.suggestion else ""
    place = {"file": diagnostic.file, "line": diagnostic.line, "col": diagnostic.column, "title": TITLE}
    properties = ",".join(f"{key}={_property(str(value))}" for key, value in place.items())
    return f"::{severity} {properties}::{_data(output.plain(diagnostic.message + meant))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _print_text(diagnostic: Diagnostic, kind: str) -> None:
    head, *rest = diagnostic.render().split("\n")
    output.result("\n".join([output.plain(kind + head), *map(output.plain, rest)]))
