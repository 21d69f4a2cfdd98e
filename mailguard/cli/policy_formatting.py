"""What `mailguard policy fmt` does: writes policy files and their tests in one layout (core/policy/layout.py).

A file is replaced whole or not at all, with its mode and owner kept, so that a running service never reads half of one.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import typer

from ..core.document import Diagnostic, DocumentErrors
from ..core.errors import SettingsError
from ..core.policy.layout import formatted
from . import output
from .diagnostics_text import Form, print_diagnostics
from .exits import Status
from .policy_judging import known_settings, policy_path, read

STDIN = Path("-")
NOT_FORMATTED = "is not formatted: mailguard policy fmt"


def fmt(paths: Sequence[Path] | None, check: bool, form: Form) -> None:
    """`policy fmt`: these files, all *.yaml in and below these folders, else those of the policy in force.

    check: writes nothing, and Exit(1) where a file would change. Exit(1) too where a file cannot be read as YAML.
    """
    if paths == [STDIN]:
        output.result(formatted(sys.stdin.buffer.read(), "stdin").decode().removesuffix("\n"))
        return
    errors: list[Diagnostic] = []
    others: list[Diagnostic] = []
    for file in _files(paths or [policy_path(None, known_settings())]):
        try:
            before = read(file)
            after = formatted(before, str(file))
        except DocumentErrors as found:
            errors.extend(found.diagnostics)
            continue
        if after == before:
            continue
        if check:
            others.append(Diagnostic(str(file), _first_other(before, after), 1, NOT_FORMATTED))
        else:
            _replace(file, after)
            output.result(output.plain(file))
    print_diagnostics(errors, "error", form)
    print_diagnostics(others, "error", form)
    if errors or others:
        raise typer.Exit(Status.FINDINGS)


def _files(paths: Sequence[Path]) -> list[Path]:
    """Folders stand for what is included in them and for their tests as well. Hidden files are nobody's policy."""
    found: dict[Path, None] = {}
    for path in paths:
        below = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
        found.update(dict.fromkeys(each for each in below if not each.name.startswith(".")))
    if not found:
        raise SettingsError("there is no policy file (*.yaml) in that folder")
    return list(found)


def _first_other(before: bytes, after: bytes) -> int:
    """The first line that would change."""
    old, new = before.split(b"\n"), after.split(b"\n")
    return next((number for number, pair in enumerate(zip(old, new, strict=False), 1) if pair[0] != pair[1]), len(new))


def _replace(file: Path, text: bytes) -> None:
    target = file.resolve()
    try:
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(descriptor, "wb") as written:
                written.write(text)
                written.flush()
                os.fsync(written.fileno())
            shutil.copystat(target, name)
            status = target.stat()
            if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
                shutil.chown(name, status.st_uid, status.st_gid)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as cause:
        raise SettingsError(f'"{file}" cannot be written: {cause.strerror}') from cause
