"""The fields of a record as the console asks for them and shows them: which there are, in which part, of which kind.

A form is a flat mapping of names to texts, as a browser sends it. The name of a field is its path in the record, of a
row with its number (`subjects.0.known`), of a code of a list behind it (`mechanism.hidden_sheet`). Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ..core.register.lists import Lists
from . import words_incident_fields as said


class Kind(StrEnum):
    """How a value is written. MOMENT: a day, with or without a time. CODES: several of a list. LINES: names with a
    number each. KEPT: shown, and written by nobody here.
    """

    TEXT = "text"
    AREA = "area"
    CHOICE = "choice"
    CODES = "codes"
    TICK = "tick"
    YES_NO = "yes_no"
    MOMENT = "moment"
    DAY = "day"
    COUNT = "count"
    LINES = "lines"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Ask:
    """path: of the field in the record. options: the name of what there is to choose from (`options_of`)."""

    path: str
    kind: Kind = Kind.TEXT
    options: str = ""

    @property
    def top(self) -> str:
        """The field of the record that it is a part of."""
        return self.path.partition(".")[0]

    @property
    def label(self) -> str:
        return said.LABELS[self.path]


@dataclass(frozen=True, slots=True)
class Rows:
    """A list, each with these columns; paths of columns are those of `path` and a dot. least: rows that a form has."""

    path: str
    columns: tuple[Ask, ...]
    least: int = 1

    @property
    def top(self) -> str:
        return self.path

    @property
    def label(self) -> str:
        return said.LABELS[self.path]

    def name(self, column: Ask, number: int) -> str:
        return f"{self.path}.{number}.{column.path.rpartition('.')[2]}"


@dataclass(frozen=True, slots=True)
class Part:
    """form: whether it is filled in. always: whether it is open before somebody asks for it."""

    key: str
    asks: tuple[Ask | Rows, ...]
    form: bool = True
    always: bool = False

    @property
    def title(self) -> str:
        return said.PARTS[self.key]


MOST_ROWS = 20


def _measures(path: str) -> Rows:
    columns = (
        Ask(f"{path}.what"),
        Ask(f"{path}.owner"),
        Ask(f"{path}.due", Kind.DAY),
        Ask(f"{path}.done", Kind.DAY),
        Ask(f"{path}.asked", Kind.COUNT),
        Ask(f"{path}.confirmed", Kind.COUNT),
    )
    return Rows(path, columns)


def _person(path: str) -> tuple[Ask, ...]:
    return tuple(Ask(f"{path}.{each}") for each in ("name", "role", "telephone", "email"))


PARTS: tuple[Part, ...] = (
    Part(
        "happened",
        (
            Ask("kind", Kind.CHOICE, "kinds"),
            Ask("narrative", Kind.AREA),
            Ask("occurred_from", Kind.MOMENT),
            Ask("occurred_to", Kind.MOMENT),
            Ask("detected_at", Kind.MOMENT),
            Ask("detected_how", Kind.CHOICE, "found_how"),
            Ask("mechanism", Kind.CODES, "mechanisms"),
            Ask("cyber", Kind.TICK),
        ),
        always=True,
    ),
    Part(
        "known",
        (Ask("aware_at", Kind.MOMENT), Ask("aware_by"), Ask("aware_basis", Kind.AREA)),
        always=True,
    ),
    Part(
        "people",
        (
            Rows(
                "subjects",
                (
                    Ask("subjects.type", Kind.CHOICE, "subject_types"),
                    Ask("subjects.known", Kind.COUNT),
                    Ask("subjects.max", Kind.COUNT),
                ),
                least=3,
            ),
            Ask("subjects_known", Kind.COUNT),
            Ask("subjects_max", Kind.COUNT),
            Ask("count_basis", Kind.CHOICE, "counted_how"),
            Ask("records_known", Kind.COUNT),
            Ask("records_max", Kind.COUNT),
            Ask("vulnerable_group", Kind.YES_NO),
        ),
        always=True,
    ),
    Part(
        "data",
        (
            Ask("data_categories", Kind.CODES, "data_categories"),
            Ask("special_category", Kind.YES_NO),
            Ask("criminal", Kind.YES_NO),
        ),
        always=True,
    ),
    Part("consequences", (Ask("consequences_likely", Kind.AREA), Ask("consequences_actual", Kind.AREA))),
    Part(
        "measures",
        (_measures("measures_containment"), _measures("measures_mitigation"), _measures("measures_prevention")),
    ),
    Part(
        "told",
        (
            Ask("notified_ico_at", Kind.MOMENT),
            Ask("ico_reference"),
            Ask("delay_reason", Kind.AREA),
            Ask("subjects_told.told", Kind.YES_NO),
            Ask("subjects_told.at", Kind.MOMENT),
            Ask("subjects_told.how"),
            Ask("subjects_told.individually", Kind.COUNT),
            Ask("subjects_told.public_notice_url"),
            Ask("subjects_told.exception", Kind.AREA),
            Rows("others_told", (Ask("others_told.who"), Ask("others_told.at", Kind.MOMENT), Ask("others_told.note"))),
        ),
    ),
    Part(
        "risk",
        (
            Ask("risk.likelihood", Kind.CHOICE, "likelihood"),
            Ask("risk.impact", Kind.CHOICE, "impact"),
            Ask("risk.rationale", Kind.AREA),
        ),
    ),
    Part(
        "statistics",
        (
            Ask("statistics.output_title"),
            Ask("statistics.output_url"),
            Ask("statistics.codes", Kind.CODES, "statistics_codes"),
            Ask("statistics.code_version"),
            Ask("statistics.release_at", Kind.MOMENT),
            Ask("statistics.published_statement_url"),
        ),
    ),
    Part(
        "organisation",
        (
            Ask("organisation.name"),
            Ask("organisation.sector"),
            Ask("organisation.org_code"),
            Ask("organisation.role", Kind.CHOICE, "organisation_roles"),
            Ask("organisation.partners"),
            *_person("contact"),
            *_person("dpo"),
            *_person("head_of_profession"),
        ),
    ),
    Part(
        "seen",
        (
            Ask("exposure.visible_external_count", Kind.COUNT),
            Ask("exposure.visible_named_count", Kind.COUNT),
            Ask("exposure.delivered_count", Kind.COUNT),
            Ask("exposure.envelope_count", Kind.COUNT),
            Ask("exposure.batch_group", Kind.COUNT),
            Ask("recipients_external", Kind.LINES),
        ),
    ),
    Part(
        "outcome",
        (
            Ask("outcome_regulator", Kind.AREA),
            Ask("fine", Kind.COUNT),
            Ask("currency"),
            Ask("outcome_date", Kind.DAY),
        ),
    ),
    Part(
        "decision",
        (
            Ask("decision_ico", Kind.CHOICE, "decisions"),
            Ask("decision_by"),
            Ask("decision_at", Kind.MOMENT),
            Ask("decision_reason", Kind.AREA),
            Ask("advice_taken", Kind.AREA),
        ),
        form=False,
    ),
    Part(
        "guard",
        (
            Ask("guard.outcome", Kind.CHOICE, "outcomes"),
            Ask("guard.form", Kind.CHOICE, "left_as"),
            Ask("guard.approver"),
            Ask("guard.release_reason", Kind.AREA),
            Ask("guard.action", Kind.CHOICE, "actions"),
            Ask("guard.rules", Kind.KEPT),
            Ask("hidden_inventory", Kind.KEPT),
            Ask("guard.mode", Kind.KEPT),
            Ask("guard.policy_revision", Kind.KEPT),
            Ask("guard.guard_version", Kind.KEPT),
            Ask("risk.version", Kind.KEPT),
        ),
        form=False,
    ),
    Part(
        "evidence",
        (
            Ask("message.ref", Kind.KEPT),
            Ask("message.message_id", Kind.KEPT),
            Ask("message.queue_id", Kind.KEPT),
            Ask("message.envelope_sha256", Kind.KEPT),
            Ask("message.content_sha256", Kind.KEPT),
            Ask("message.subject_sha256", Kind.KEPT),
            Ask("message.attachment_sha256", Kind.KEPT),
            Ask("entries", Kind.KEPT),
            Ask("status", Kind.CHOICE, "statuses"),
            Ask("closed_at", Kind.MOMENT),
        ),
        form=False,
    ),
)
"""Every field of a record stands in one of them (tests/console/test_incident_fields.py)."""
FORM = tuple(part for part in PARTS if part.form)


def options_of(name: str, lists: Lists) -> Mapping[str, str]:
    """Value -> words of what there is to choose from."""
    grid = lists.grid
    return {
        "kinds": said.KINDS,
        "kind_names": said.KIND_NAMES,
        "statuses": said.STATUS_NAMES,
        "found_how": said.FOUND_HOW,
        "counted_how": said.COUNTED_HOW,
        "organisation_roles": said.ORGANISATION_ROLES,
        "decisions": said.DECISIONS,
        "outcomes": said.OUTCOMES,
        "left_as": said.LEFT_AS,
        "actions": said.ACTIONS,
        "mechanisms": {code: each.text for code, each in lists.mechanisms.items()},
        "data_categories": {code: _capital(each.text) for code, each in lists.data_categories.items()},
        "subject_types": {code: _capital(text) for code, text in lists.subject_types.items()},
        "statistics_codes": {code: f"{code} {text}" for code, text in lists.statistics_code.codes.items()},
        "likelihood": {str(step): f"{step} ({text})" for step, text in enumerate(grid.likelihood, 1)},
        "impact": {str(step): f"{step} ({text})" for step, text in enumerate(grid.impact, 1)},
    }[name]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
