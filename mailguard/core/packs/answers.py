"""What the next mail servers said about each copy, out of the entries of the ledger and the evidence beside them. Pure.

After the evidence was purged an entry still says what was answered, of a recipient whom only a keyed hash names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from ..outcome import Outcome
from .exposure import Got

OUTCOME_KINDS = frozenset(
    {
        "message_relayed",
        "message_refused",
        "message_deferred",
        "message_uncertain",
        "copy_delivered",
        "copy_deferred",
        "copy_bounced",
    }
)
"""Entries that say what became of recipients."""
ABOUT_IT = frozenset({"notice", "dsn"})
"""Rows of the outbox that tell people of a message: they carry nothing of it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer about one recipient. address: None where it is no longer known; hash: then the keyed hash, else "".

    server: the smarthost that was asked, None where the entry does not say. text: the answer's words; None likewise.
    """

    at: datetime
    kind: str
    address: str | None
    hash: str
    server: str | None
    outcome: str
    code: int | None = None
    status: str | None = None
    text: str | None = None

    @property
    def may_have_left(self) -> bool:
        """Whether a mail server has the copy, or may have it."""
        return _got(self.outcome) is not Got.NO

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"at": self.at.isoformat()}


def answer_from_json(value: Mapping[str, Any]) -> Answer:
    return Answer(**{**value, "at": datetime.fromisoformat(value["at"])})


def is_outcome(kind: str, fields: Mapping[str, Any]) -> bool:
    return kind in OUTCOME_KINDS and fields.get("row") not in ABOUT_IT


def answers_in(
    kind: str, at: datetime, fields: Mapping[str, Any], evidence: Mapping[str, Any] | None
) -> tuple[Answer, ...]:
    """Of one entry. evidence: None where it is no longer there."""
    if not is_outcome(kind, fields):
        return ()
    server = fields.get("smarthost")
    if evidence is None:
        return tuple(
            Answer(at, kind, None, each["hash"], server, each["outcome"], each.get("code"), each.get("status"))
            for each in fields.get("recipient_hashes", ())
            if "outcome" in each
        )
    return tuple(
        Answer(at, kind, address, "", server, said["outcome"], said["code"], said["status"], said.get("text"))
        for address, said in evidence.get("outcome", {}).items()
    )


def named_again(answers: Iterable[Answer], names: Mapping[str, str]) -> tuple[Answer, ...]:
    """The answers with the addresses that other evidence, or a file, gives back. names: keyed hash -> address."""
    return tuple(
        replace(each, address=names[each.hash], hash="") if each.address is None and each.hash in names else each
        for each in answers
    )


def got_of(answers: Iterable[Answer], waiting: Collection[str] = ()) -> dict[str, Got]:
    """By address, whether their copy was taken: once it was, nothing later takes it back. waiting: as in Known."""
    return _last(((each, each.address) for each in answers if each.address is not None), waiting)


def count_got(answers: Iterable[Answer], waiting: Collection[str] = ()) -> Counter[Got]:
    """How many recipients there are of each, also of those whom nothing names any more."""
    return Counter(_last(((each, each.address or each.hash) for each in answers), waiting).values())


def _last(answers: Iterable[tuple[Answer, str]], waiting: Collection[str]) -> dict[str, Got]:
    last: dict[str, Got] = {}
    for each, whose in sorted(answers, key=lambda each: each[0].at):
        if last.get(whose) is not Got.YES:
            last[whose] = _got(each.outcome)
    still = frozenset(waiting)
    return {whose: Got.TRYING if got is Got.NO and whose in still else got for whose, got in last.items()}


def _got(outcome: str) -> Got:
    return {Outcome.ACCEPTED: Got.YES, Outcome.UNCERTAIN: Got.PERHAPS}.get(Outcome(outcome), Got.NO)
