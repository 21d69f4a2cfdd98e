"""The result of a run, as people, the ledger and the log may have it: without an address or a token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...core.canary.problems import Problem, sentence
from .flight import Landing


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a run, one landing for each kind of message."""

    at: datetime
    landings: tuple[Landing, ...]

    @property
    def passed(self) -> bool:
        return all(each.problem is None for each in self.landings)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is wrong, for people."""
        return tuple(text for each in self.landings if (text := sentence_of(each)))

    def to_json(self) -> dict[str, Any]:
        messages = [{**fields_of(each), "sentence": sentence_of(each)} for each in self.landings]
        return {"passed": self.passed, "at": self.at.isoformat(timespec="seconds"), "messages": messages}


def fields_of(landing: Landing) -> dict[str, Any]:
    """A landing as the ledger and the log may hold it."""
    return {
        "message": landing.planted.kind.value,
        "ref": landing.ref,
        "problem": landing.problem.value if landing.problem else None,
        "rule": landing.rule,
        "form": landing.form.value if landing.form else None,
        "copies": landing.copies,
    }


def sentence_of(landing: Landing) -> str | None:
    if landing.problem is None:
        return None
    people = len(landing.planted.people)
    text = f"{landing.planted.kind.value.capitalize()}: {sentence(landing.problem, people)}"
    if landing.problem is Problem.NOT_STOPPED and landing.watching:
        text += f" The rule “{landing.watching[0]}” saw it, but is in monitor mode."
    return text
