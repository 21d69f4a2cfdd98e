"""The record of one incident, field by field: of any kind, by mail or not. All reports derive from it.

Times are aware; what is written without a zone, or as a date alone, is brought into the organisation's by `localised`.
Codes are those of the lists (lists.py). Nothing here says whether a record is in order: checks.py does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from .lists import Organisation, Person

MAX_TEXT = 20_000
Text = Annotated[str, Field(max_length=MAX_TEXT)]
Word = Annotated[str, Field(max_length=500)]
Count = Annotated[int, Field(ge=0, le=10_000_000_000, strict=True)]
Kind = Literal["near_miss", "breach", "embargo_breach", "false_positive"]
BREACHES = frozenset({"breach", "embargo_breach"})


def _written_moment(value: Any) -> Any:
    """pydantic alone takes a number, also one in a text, for seconds since 1970."""
    read = value if isinstance(value, datetime) else _read(datetime.fromisoformat, value)
    if read is None:
        raise PydanticCustomError("moment", "a time is written as 2026-03-05T10:00, or a day as 2026-03-05")
    return read


def _written_day(value: Any) -> Any:
    read = value if isinstance(value, date) else _read(date.fromisoformat, value)
    if read is None:
        raise PydanticCustomError("day", "a day is written as 2026-03-05")
    return read


def _read(read: Callable[[str], date], value: Any) -> date | None:
    if not isinstance(value, str):
        return None
    try:
        return read(value)
    except ValueError:
        return None


Moment = Annotated[datetime, BeforeValidator(_written_moment)]
Day = Annotated[date, BeforeValidator(_written_day)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Subjects(_Part):
    """People of one type. known: who certainly are affected; max: who may be. Wrong recipients are not counted."""

    type: Word
    known: Count | None = None
    max: Count | None = None


class MessageRefs(_Part):
    """The message that it is about. ref: ours. The rest are hashes and names that mail servers gave."""

    ref: Word | None = None
    message_id: Word | None = None
    queue_id: Word | None = None
    envelope_sha256: Word | None = None
    content_sha256: Word | None = None
    subject_sha256: Word | None = None
    attachment_sha256: tuple[Word, ...] = ()


class LedgerEntry(_Part):
    """An entry of the ledger that proves something of it."""

    ledger: Word
    sequence: Count
    hash: Word
    kind: Word = ""


class Exposure(_Part):
    """What could be seen, as the guard counted it. batch_group: people of all messages of one batch."""

    visible_external_count: Count | None = None
    visible_named_count: Count | None = None
    delivered_count: Count | None = None
    envelope_count: Count | None = None
    batch_group: Count | None = None


class Hidden(_Part):
    """Something that a file carried unseen. state: how it was hidden, where that is known."""

    kind: Word
    count: Count
    state: Word | None = None


class Risk(_Part):
    """On the grid of the lists; version: which one it was."""

    likelihood: int = Field(ge=1, le=5, strict=True)
    impact: int = Field(ge=1, le=5, strict=True)
    rationale: Text | None = None
    version: Word | None = None


class Measure(_Part):
    """What was or will be done. asked, confirmed: of requests to delete, how many were sent and how many answered."""

    what: Text
    owner: Word | None = None
    due: Day | None = None
    done: Day | None = None
    asked: Count | None = None
    confirmed: Count | None = None


class SubjectsTold(_Part):
    """Whether the people were told (UK GDPR Article 34). individually: how many. exception: of 34(3)."""

    told: bool
    at: Moment | None = None
    how: Text | None = None
    individually: Count | None = None
    public_notice_url: Word | None = None
    exception: Text | None = None


class OtherTold(_Part):
    """Who else was told: DHSC, police, CQC, SRA, UKSA, insurers, ..."""

    who: Word
    at: Moment | None = None
    note: Text | None = None


class Statistics(_Part):
    """Of an output of official statistics. codes: principles and practices, by number."""

    output_title: Word | None = None
    output_url: Word | None = None
    codes: tuple[Word, ...] = ()
    code_version: Word | None = None
    release_at: Moment | None = None
    published_statement_url: Word | None = None


class Guard(_Part):
    """What the guard knew and did. outcome: what became of a held message; form: in which it left."""

    policy_revision: Word | None = None
    guard_version: Word | None = None
    rules: tuple[Word, ...] = ()
    mode: Word | None = None
    action: Word | None = None
    outcome: Word | None = None
    form: Word | None = None
    approver: Word | None = None
    release_reason: Text | None = None


class Incident(_Part):
    """The record. See docs/incidents.md for each field, who fills it, and which report prints it."""

    kind: Kind
    status: Literal["open", "closed"] = "open"
    occurred_from: Moment | None = None
    occurred_to: Moment | None = None
    detected_at: Moment | None = None
    detected_how: Literal["rule", "sender", "recipient", "complaint", "look_back", "other"] | None = None
    aware_at: Moment | None = None
    aware_by: Word | None = None
    aware_basis: Text | None = None
    notified_ico_at: Moment | None = None
    ico_reference: Word | None = None
    delay_reason: Text | None = None
    organisation: Organisation | None = None
    contact: Person | None = None
    dpo: Person | None = None
    head_of_profession: Person | None = None
    mechanism: tuple[Word, ...] = ()
    cyber: bool = False
    narrative: Text = ""
    message: MessageRefs | None = None
    entries: tuple[LedgerEntry, ...] = ()
    exposure: Exposure | None = None
    recipients_external: dict[Word, Count] = Field(default_factory=dict)
    hidden_inventory: tuple[Hidden, ...] = ()
    data_categories: tuple[Word, ...] = ()
    special_category: bool | None = None
    criminal: bool | None = None
    subjects: tuple[Subjects, ...] = ()
    vulnerable_group: bool | None = None
    subjects_known: Count | None = None
    subjects_max: Count | None = None
    count_basis: Literal["counted", "estimated", "unknown"] | None = None
    records_known: Count | None = None
    records_max: Count | None = None
    consequences_likely: Text | None = None
    consequences_actual: Text | None = None
    risk: Risk | None = None
    decision_ico: Literal["report", "not_report"] | None = None
    decision_by: Word | None = None
    decision_at: Moment | None = None
    decision_reason: Text | None = None
    advice_taken: Text | None = None
    measures_containment: tuple[Measure, ...] = ()
    measures_mitigation: tuple[Measure, ...] = ()
    measures_prevention: tuple[Measure, ...] = ()
    subjects_told: SubjectsTold | None = None
    others_told: tuple[OtherTold, ...] = ()
    statistics: Statistics | None = None
    outcome_regulator: Text | None = None
    fine: Count | None = None
    currency: Word | None = None
    outcome_date: Day | None = None
    closed_at: Moment | None = None
    guard: Guard | None = None

    @property
    def known(self) -> int | None:
        """How many people certainly are affected: as written, else what the types come to."""
        return self.subjects_known if self.subjects_known is not None else _total(each.known for each in self.subjects)

    @property
    def most(self) -> int | None:
        """How many may be: as written, else what the types come to, else those who are known. Regulators ask for it."""
        if self.subjects_max is not None:
            return self.subjects_max
        of_types = _total(each.max if each.max is not None else each.known for each in self.subjects)
        return of_types if of_types is not None else self.subjects_known

    @property
    def happened_at(self) -> datetime | None:
        """By which time lists of a period take it: when it began, else when it was found or known."""
        return self.occurred_from or self.detected_at or self.aware_at

    def to_json(self) -> dict[str, Any]:
        """Without what is not given."""
        return self.model_dump(mode="json", exclude_defaults=True) | {"kind": self.kind, "status": self.status}


def _total(counts: Any) -> int | None:
    given = [each for each in counts if each is not None]
    return sum(given) if given else None


def localised(fields: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """The fields with a zone for each time that has none. A date alone is the start of that day."""
    return {name: _localised(name, value, zone) for name, value in fields.items()}


def _localised(name: str, value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, Mapping):
        return {key: _localised(key, inner, zone) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_localised("", each, zone) for each in value]
    if isinstance(value, str) and name in TIMES:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return value
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).isoformat()
    return value


TIMES = frozenset(
    {
        "occurred_from",
        "occurred_to",
        "detected_at",
        "aware_at",
        "notified_ico_at",
        "decision_at",
        "at",
        "release_at",
        "closed_at",
    }
)
"""Fields that hold a time, wherever in a record they stand."""
