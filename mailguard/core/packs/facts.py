"""What is known of a message that got out: from the ledger and its evidence, from a file, or from both. Pure values.

Contract: what is not known is None, never made up, and a Gap says which table lacks what and since when.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from .. import words
from .answers import Answer, answer_from_json, named_again
from .exposure import Form


@dataclass(frozen=True, slots=True)
class Gap:
    """What cannot be filled. table: recipients, exposures, carried or deliveries. since: when it was removed, None
    where it never was known. text: a sentence.
    """

    table: str
    text: str
    since: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"since": self.since and self.since.isoformat()}


@dataclass(frozen=True, slots=True)
class Sent:
    """A run of apologies. ref: by which the outbox and the ledger know it. people: how many copies."""

    ref: str
    at: datetime
    people: int

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"at": self.at.isoformat()}


@dataclass(frozen=True, slots=True)
class Known:
    """recipients: of the envelope. visible: whom the message names, inside addresses too. senders: who it says sent it.
    form: in which it left, None where it did not. left_at: when the first copy did, None where that is not known.
    counts: of the decision's facts, which no purge takes away. findings, inventory: as in a decision (verdict.py).
    hashed: the keyed hashes of recipients whose names are gone. from_file: whether the recipients are those of a file.
    waiting: whose copy still is in the outbox, by address, or by the hash that their answers have.
    left_out: how many its sender took off before it left; they are neither recipients nor hashed.
    """

    ref: str | None = None
    decided_at: datetime | None = None
    subject: str | None = None
    recipients: tuple[str, ...] | None = None
    visible: tuple[str, ...] | None = None
    senders: tuple[str, ...] = ()
    form: Form | None = Form.ORIGINAL
    counts: Mapping[str, int] = field(default_factory=dict)
    findings: tuple[Mapping[str, Any], ...] = ()
    inventory: tuple[Mapping[str, Any], ...] = ()
    content_sha256: str | None = None
    answers: tuple[Answer, ...] = ()
    gaps: tuple[Gap, ...] = ()
    apologies: tuple[Sent, ...] = ()
    hashed: tuple[str, ...] = ()
    from_file: bool = False
    left_out: int = 0
    waiting: tuple[str, ...] = ()
    left_at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        plain = {each.name: getattr(self, each.name) for each in fields(self)}
        return plain | {
            "decided_at": self.decided_at and self.decided_at.isoformat(),
            "left_at": self.left_at and self.left_at.isoformat(),
            "form": self.form and self.form.value,
            "counts": dict(self.counts),
            "findings": [dict(each) for each in self.findings],
            "inventory": [dict(each) for each in self.inventory],
            "answers": [each.to_json() for each in self.answers],
            "gaps": [each.to_json() for each in self.gaps],
            "apologies": [each.to_json() for each in self.apologies],
        }


def known_from_json(value: Mapping[str, Any]) -> Known:
    """The value of `to_json`, also after it went through JSON."""
    return Known(
        **{
            **value,
            "decided_at": _moment(value["decided_at"]),
            "left_at": _moment(value["left_at"]),
            "recipients": None if value["recipients"] is None else tuple(value["recipients"]),
            "visible": None if value["visible"] is None else tuple(value["visible"]),
            "senders": tuple(value["senders"]),
            "hashed": tuple(value["hashed"]),
            "waiting": tuple(value["waiting"]),
            "form": value["form"] and Form(value["form"]),
            "findings": tuple(value["findings"]),
            "inventory": tuple(value["inventory"]),
            "answers": tuple(map(answer_from_json, value["answers"])),
            "gaps": tuple(Gap(**{**each, "since": _moment(each["since"])}) for each in value["gaps"]),
            "apologies": tuple(
                Sent(**{**each, "at": datetime.fromisoformat(each["at"])}) for each in value["apologies"]
            ),
        }
    )


def completed(known: Known, file: Known, names: Mapping[str, str]) -> Known:
    """What the ledger knows, with what a file of the message gives back. names: keyed hash -> address of the file.

    The file is that message, by its hash. Still only what is missing is taken from it: the ledger saw what left.
    Recipients are those of its people whom the ledger knows by their hash.
    """
    answers = named_again(known.answers, names)
    known = replace(known, waiting=tuple(names.get(each, each) for each in known.waiting))
    nameless = any(each.address is None for each in answers)
    carried = tuple(each for each in file.gaps if each.table == "carried")
    if known.recipients is not None:
        kept = [each for each in known.gaps if each.table != "carried" and (each.table != "deliveries" or nameless)]
        return replace(
            known,
            findings=_of_other_parts(known.findings, file.findings, known),
            inventory=_of_other_parts(known.inventory, file.inventory, known),
            answers=answers,
            gaps=(*kept, *carried),
        )
    recipients = tuple(dict.fromkeys(names[each] for each in known.hashed if each in names))
    unnamed = len(known.hashed) - len(recipients)
    gaps = tuple(_with_file(each, unnamed) for each in known.gaps)
    return replace(
        known,
        subject=file.subject,
        recipients=recipients,
        visible=file.visible,
        senders=file.senders,
        findings=_of_other_parts(file.findings, known.findings, file),
        inventory=_of_other_parts(file.inventory, known.inventory, file),
        answers=answers,
        gaps=gaps + carried,
        from_file=True,
    )


def _of_other_parts(
    own: tuple[Mapping[str, Any], ...], others: tuple[Mapping[str, Any], ...], read: Known
) -> tuple[Mapping[str, Any], ...]:
    """With what others say of the parts that `read` says nothing of: no part counts twice."""
    parts = {each.get("part", "") for each in (*read.findings, *read.inventory)}
    return own + tuple(each for each in others if each.get("part", "") not in parts)


def _with_file(gap: Gap, unnamed: int) -> Gap:
    if gap.table == "deliveries":
        return gap
    rest = ""
    if gap.table == "recipients" and unnamed:
        rest = f" {words.people(unnamed)} whom the ledger knows as recipients stand nowhere in it."
    return replace(gap, text=f"{gap.text} The file says it instead.{rest}")


def form_of(decision: Mapping[str, Any], released: Iterable[Mapping[str, Any]]) -> Form | None:
    """In which form a message left. decision: fields of its decision; released: those of its `message_released`."""
    for fields_ in released:
        return Form(fields_["form"])
    if decision.get("disposition") != "relay":
        return None
    return Form(decision["rewrite"]) if decision.get("rewrite") else Form.ORIGINAL


def left_at(released: Iterable[datetime], answers: Iterable[Answer]) -> datetime | None:
    """When a message left. released: the times of its `message_released`. What nobody held left with the first copy
    that a mail server took, or may have taken; its decision can be days older.
    """
    return min(released, default=None) or min((each.at for each in answers if each.may_have_left), default=None)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
