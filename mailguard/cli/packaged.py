"""The policies that an installed mailguard carries along; from a checkout, those of the checkout."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from ..core.errors import SettingsError


def policy_files() -> dict[str, str]:
    """Name below policies/ (default.yaml, tests/...) -> text. SettingsError where the installation is incomplete."""
    folder = _folder()
    found = {"default.yaml": _text(folder / "default.yaml")}
    tests = folder / "tests"
    if tests.is_dir():
        found.update({f"tests/{path.name}": _text(path) for path in _files(tests)})
    return found


def _folder() -> Traversable:
    packaged = resources.files("mailguard") / "policies"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "policies"


def _files(folder: Traversable) -> Iterator[Traversable]:
    """What belongs to the tests: the tests themselves and the messages that they name."""
    for path in sorted(folder.iterdir(), key=lambda each: each.name):
        if path.is_file() and path.name.endswith((".yaml", ".eml")):
            yield path


def _text(path: Traversable) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as cause:
        raise SettingsError(f'this installation of mailguard is incomplete: "{path.name}" is missing') from cause
