"""Templates to HTML. INVARIANT: every value is escaped, and one that is missing is an error, never an empty place."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from . import decision_words, words
from .assets import Asset

FOLDER = Path(__file__).parent / "templates"


class Renderer:
    """Every template is there when it is made: one that is broken shows at the start, and a page opens no file."""

    def __init__(self, assets: Mapping[str, Asset]) -> None:
        self._environment = _environment()
        self._paths = {name: asset.path for name, asset in assets.items()}

    def render(self, template: str, model: Mapping[str, Any]) -> str:
        return self._environment.get_template(template).render({"asset": self._paths.__getitem__, **model})


def render_alone(template: str, model: Mapping[str, Any]) -> str:
    """A document that no page of the console is around, and that asks for no other file."""
    return _environment().get_template(template).render(model)


@cache
def _environment() -> Environment:
    """Made once in a process: to compile all templates takes a third of a second."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    environment.globals = {"words": words, "says": decision_words, "address": address}
    for name in environment.list_templates():
        environment.get_template(name)
    return environment


def address(path: str, **query: object) -> str:
    """A path with a query; what is None or empty is left out of it."""
    kept = {name: str(value) for name, value in query.items() if value not in (None, "")}
    return f"{path}?{urlencode(kept)}" if kept else path
