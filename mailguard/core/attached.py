"""What a decision says of one attachment, for a reviewer: whom it is about, then how much shows of how much.

Promises: counts, kinds and places, never a value. A decision that was made before findings told their part (1.0) says
of an attachment what its inventory says, by the name of the file.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .finding_kinds import PEOPLE_ROWS, PERSON_NAMED
from .inventory import Inventory

_WITHIN = " > "
MOST_SENTENCES = 12


@dataclass(frozen=True, slots=True)
class Unread:
    """file: what could not be read, with the way to it in an archive. why: in words, without a value."""

    file: str
    why: str


@dataclass(frozen=True, slots=True)
class Said:
    """sentences: whole ones, the first the worst. more: how many there are besides."""

    sentences: tuple[str, ...] = ()
    unread: tuple[Unread, ...] = ()
    more: int = 0


def said_of(decision: Mapping[str, Any], part: str, name: str) -> Said:
    """decision: as JSON (verdict.py). part, name: the path of the attachment and what it is called."""
    findings = [each for each in decision.get("findings", ()) if part and each.get("part") == part]
    inventories = [each for each in decision.get("inventory", ()) if _is_of(each, part, name)]
    lines = [_finding(each, name) for each in _worth_telling(findings)]
    for each in inventories:
        lines += _inventory(each, name)
    unread = tuple(Unread(_way(each["file"], name) or name, each["unread"]) for each in inventories if each["unread"])
    return Said(tuple(lines[:MOST_SENTENCES]), unread[:MOST_SENTENCES], max(0, len(lines) - MOST_SENTENCES))


def said_of_the_rest(decision: Mapping[str, Any], parts: Collection[str]) -> Sequence[str]:
    """The findings that were made in none of these parts: in the text of the message, or nobody knows where."""
    return [_capital(each["summary"]) for each in decision.get("findings", ()) if each.get("part") not in parts]


def _worth_telling(findings: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The people first, then every kind of value that is none of theirs; an author where there is nothing else."""
    people = [each for each in findings if each["kind"] == PEOPLE_ROWS]
    rest = [each for each in findings if each not in people and not any(_is_theirs(each, one) for one in people)]
    told = [*people, *(each for each in rest if each["kind"] != PERSON_NAMED)]
    return told or findings


def _is_theirs(finding: Mapping[str, Any], people: Mapping[str, Any]) -> bool:
    """Whether it counts values of the rows of these people: "sheet Data, column A" of those in "sheet Data"."""
    same = bool(finding["where"] == people["where"] or finding["where"].startswith(f"{people['where']}, "))
    return same and finding.get("hidden") == people.get("hidden")


def _is_of(inventory: Mapping[str, Any], part: str, name: str) -> bool:
    if "part" in inventory:
        return bool(inventory["part"] == part)
    file = inventory["file"]
    return bool(name) and bool(file == name or file.startswith(f"{name}{_WITHIN}"))


def _finding(finding: Mapping[str, Any], name: str) -> str:
    where = _way(finding["where"], name)
    return f"{_capital(finding['summary'])} ({where})." if where else f"{_capital(finding['summary'])}."


def _inventory(inventory: Mapping[str, Any], name: str) -> list[str]:
    """Nothing of a file of which nothing was read; that is told apart."""
    unseen, texts, members = (tuple(inventory[key].items()) for key in ("unseen", "texts", "members"))
    read = Inventory("", inventory["rows"], inventory["rows_seen"], unseen, texts, members)
    if not (read.rows or read.hides):
        return []
    way = _way(inventory["file"], name)
    return [f"{way}: {read.sentence()}" if way else read.sentence()]


def _way(place: str, name: str) -> str:
    """Where in the attachment, which the reader of the sentence has before their eyes: "" for itself."""
    if place == name:
        return ""
    return place.removeprefix(f"{name}{_WITHIN}") if name else place


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
