"""What can be wrong with a run of the canary, worst first, each with the sentence that people read."""

from __future__ import annotations

from enum import StrEnum


class Problem(StrEnum):
    """In the order in which they matter: where several are found, the first is told."""

    SHOWN = "shown"
    NOT_STOPPED = "not_stopped"
    STRANGER = "stranger"
    NOT_RECORDED = "not_recorded"
    CHANGED = "changed"
    TWICE = "twice"
    MISSING = "missing"
    CANNOT_REWRITE = "cannot_rewrite"
    DEFERRED = "deferred"
    TIMED_OUT = "timed_out"
    FAILED = "failed"
    NOT_RUN = "not_run"


SENTENCES = {
    Problem.SHOWN: "A copy that was to name only its own recipient showed somebody else of the list.",
    Problem.NOT_STOPPED: "No rule stopped it: {people} people outside would see each other, and it would have left as "
    "it was written.",
    Problem.STRANGER: "A copy was addressed to somebody who was not a recipient.",
    Problem.NOT_RECORDED: "It left before the decision about it was in the ledger.",
    Problem.CHANGED: "A copy arrived otherwise than it had to: its text, its subject, or whom it is addressed to.",
    Problem.TWICE: "Somebody got it more than once.",
    Problem.MISSING: "Somebody did not get a copy.",
    Problem.CANNOT_REWRITE: "It was stopped, but it could not be rewritten into separate copies.",
    Problem.DEFERRED: "The guard could not judge it, and answered that it cannot check this message now.",
    Problem.TIMED_OUT: "It took too long.",
    Problem.FAILED: "Something went wrong inside mailguard on its way.",
    Problem.NOT_RUN: "It has not run when it should have.",
}


def sentence(problem: Problem, people: int) -> str:
    """people: how many it shows to each other."""
    return SENTENCES[problem].format(people=people)
