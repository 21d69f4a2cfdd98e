"""How far each message was when the guard was killed, told from clients, smarthost and ledger as of then. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.faults.tracing_sink import Passage
from tests.faults.traffic import Released, Sent

RECEIVING = "receiving"
UNRECORDED = "all of it came, no decision recorded"
RECORDED = "pass: decision recorded, nothing at the smarthost"
ENVELOPE = "pass: in transmission, envelope"
CONTENT = "pass: in transmission, content"
DOT = "pass: final dot sent, smarthost silent"
TAKEN = "pass: smarthost has said 250, client has not heard"
OUTCOME = "pass: client has heard 250, outcome not recorded"
KEPT = "hold or separate: durable, client has not heard"
HELD = "held"
ASKED = "release asked for, not recorded"
OUTBOX = ("copy", "notice", "release")
STEPS = ("queued", "in transmission", "final dot sent, outcome not recorded")
STAGES = (
    *(RECEIVING, UNRECORDED, RECORDED, ENVELOPE, CONTENT, DOT, TAKEN, OUTCOME, KEPT),
    *(f"{kind}: {step}" for kind in OUTBOX for step in STEPS),
    *(HELD, ASKED),
)


@dataclass
class Snapshot:
    """What the ledger says at one moment. refs: of a decision by the hash of the content that was judged. rows: how
    many of a kind the outbox was given; delivered: how often each hash was recorded as delivered, done: by kind."""

    refs: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, set[str]] = field(default_factory=dict)
    decided_at: dict[str, str] = field(default_factory=dict)
    may_leave: set[str] = field(default_factory=set)
    rows: Counter[str] = field(default_factory=Counter)
    delivered: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, entries: Iterable[Mapping[str, Any]]) -> Snapshot:
        found = cls()
        for each in entries:
            ref = each["ref"] or ""
            kinds = found.kinds.setdefault(ref, set())
            kinds.add(each["kind"])
            match each["kind"]:
                case "message_decided":
                    found.refs[each["content_sha256"]] = ref
                    found.decided_at[ref] = each["at"]
                    found.may_leave.update(each["sent_sha256"])
                case "copies_queued":
                    found.rows["copy"] += each["copies"]
                case "message_released":
                    found.rows["release"] += each["rows"]
                    found.decided_at[f"{ref} released"] = each["at"]
                case "notice_queued":
                    found.rows["notice"] += 1
                case "copy_delivered":
                    found.delivered[each["sent_sha256"]] += 1
                    found.done[_kind(each["row"], kinds)] += 1
        return found

    def has(self, sent: Sent, kind: str) -> bool:
        return kind in self.kinds.get(self.refs.get(sent.sha256, "-"), ())


def _kind(row: str, kinds: set[str]) -> str:
    if row in ("notice", "dsn"):
        return "notice"
    return "release" if "message_released" in kinds else "copy"


def stages(
    life: int, sent: Sequence[Sent], releases: Sequence[Released], passages: Sequence[Passage], ledger: Snapshot
) -> set[str]:
    """Every stage in which at least one message was. passages: of this life."""
    by_mark = {each.mark: each for each in passages if each.kind == "pass"}
    found = {_of_client(each, by_mark.get(each.mark), ledger) for each in sent if each.life == life}
    for kind in OUTBOX:
        found |= _of_outbox(kind, [each for each in passages if each.kind == kind], ledger)
    held = (kinds for kinds in ledger.kinds.values() if "message_held" in kinds)
    if any("message_released" not in kinds for kinds in held):
        found.add(HELD)
    asked = (each for each in releases if each.life == life and not each.done)
    if any("message_released" not in ledger.kinds.get(each.ref, ()) for each in asked):
        found.add(ASKED)
    return found - {""}


def _of_client(sent: Sent, passage: Passage | None, ledger: Snapshot) -> str:
    if sent.stage == "answered":
        late = sent.way == "p" and sent.taken and not ledger.has(sent, "message_relayed")
        return OUTCOME if late else ""
    if sent.stage == "content":
        return RECEIVING
    if sent.stage == "opened":
        return ""
    if not ledger.has(sent, "message_decided"):
        return UNRECORDED
    if sent.way != "p":
        return KEPT
    if passage is None:
        return RECORDED
    return {"content": CONTENT, "dot": DOT, "replied": TAKEN}.get(passage.stage, ENVELOPE)


def _of_outbox(kind: str, passages: Sequence[Passage], ledger: Snapshot) -> set[str]:
    under_way = sum(not each.whole for each in passages)
    unrecorded = len({each.sha256 for each in passages if each.whole and not ledger.delivered[each.sha256]})
    counts = (ledger.rows[kind] - ledger.done[kind] - under_way - unrecorded, under_way, unrecorded)
    return {f"{kind}: {step}" for step, count in zip(STEPS, counts, strict=True) if count > 0}
