"""Several real guards on one PostgreSQL, each with keys, witness and ledger of its own, on loopback."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tests.end_to_end.service import Service


def node(folder: Path, name: str, url: str, smarthost: int, policy: str | None = None, /, **settings: Any) -> Service:
    """A guard that is not started yet. The first one to start makes the keys; the others get a copy of them."""
    place = folder / name
    keys, made = place / "keys", sorted(folder.glob("*/keys/master-*.key"))
    if made and not keys.exists():
        shutil.copytree(made[0].parent, keys, ignore=shutil.ignore_patterns("*.sock"))
    return Service(
        place, smarthost, policy, store=url, keys=str(keys), witness=str(place / "witness"), ledger=name, **settings
    )


def status(service: Service) -> dict[str, Any]:
    return service.rows("status")[0]
