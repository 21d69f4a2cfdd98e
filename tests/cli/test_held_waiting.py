"""mailguard held on a message that waits and then leaves by itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mailguard.core.lifecycle import State
from mailguard.serve.parts import Parts

from .conftest import AT, RAW, Run, _new_held, hold, on_store

REF, OTHER = "MG-7Q4K-2F", "MG-8Q4K-2F"


def waits(settings: Path, ref: str, like: str) -> None:
    """Keep one that waits, made as the one that is held."""

    async def act(parts: Parts) -> None:
        held = await parts.store.quarantine.get(like)
        new = replace(_new_held(ref, 1, "Dates"), state=State.WAITING, content_sha256=held.content_sha256)
        await parts.store.quarantine.hold(new, RAW, [], [])
        await parts.review.leave_out(ref, ["ben@post.example"], by="sender", version=1)

    on_store(settings, act)


def test_it_is_listed_shown_released_and_rejected(run: Run, settings: Path) -> None:
    hold(settings, REF)
    waits(settings, OTHER, REF)
    at = ("-C", str(settings))
    (item,) = run(*at, "held", "list", "--state", "waiting", "--json").items()
    assert (item["ref"], item["state"], item["version"]) == (OTHER, "waiting", 2)
    (shown,) = run(*at, "held", "show", OTHER, "--json").items()
    assert (shown["recipients"], shown["left_out"]) == (["ada@mailbox.example"], ["ben@post.example"])
    text = run(*at, "held", "show", OTHER).out
    assert "Leaves by itself" in text and "Left out by its sender, 1:\n  ben@post.example\n" in text
    assert "Decide by" in run(*at, "held", "show", REF).out
    assert run(*at, "held", "release", OTHER, "--as", "original", "--reason", "checked").status == 0
    (row,) = [row for row in run(*at, "outbox", "list", "--json").items() if row["kind"] == "release"]
    assert row["ref"] == OTHER and row["recipients"] == ["ada@mailbox.example"]
    assert run(*at, "held", "reject", OTHER, "--note", "no").status == 5
    waits(settings, "MG-9Q4K-2F", REF)
    assert run(*at, "held", "reject", "MG-9Q4K-2F", "--note", "Please do not.").status == 0
    assert AT.isoformat() in shown["received_at"]
