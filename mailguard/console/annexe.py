"""Pages beside those of the table, which only somebody who builds the console may add: `mailguard demo` does.

Contract: no setting and no request brings an annexe about. `mailguard serve` builds the console without one, and then
neither its routes nor anything that it shows is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .routes import Route
from .visit import Visit


@dataclass(frozen=True, slots=True)
class Annexe:
    """routes: they come before those of the table. shown: what stands on every page, as the model of a template that it
    names (`template`); the visit is None on the page of an error.
    """

    routes: tuple[Route, ...]
    shown: Callable[[Visit | None], Mapping[str, Any]]
