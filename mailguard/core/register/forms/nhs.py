"""The sheet for the NHS incident tool: category, and the grid of harm and likelihood. The grid is data (lists.yaml)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from .. import in_words
from ..lists import Grid, Lists, Step
from ..record import Incident
from ..revision import Revision
from ..table import Form, Section


@dataclass(frozen=True, slots=True)
class Scored:
    """Where on the grid a record stands, vulnerable people counted in; and who is told from there on."""

    likelihood: int
    impact: int
    ico: bool
    dhsc: bool


def scored(record: Incident, grid: Grid) -> Scored | None:
    """None where nobody has scored it. The number of people is no factor."""
    if record.risk is None:
        return None
    likelihood, impact = record.risk.likelihood, record.risk.impact
    if record.vulnerable_group:
        likelihood = max(likelihood, grid.vulnerable_least.likelihood)
        impact = max(impact, grid.vulnerable_least.impact)
    return Scored(likelihood, impact, _reaches(likelihood, impact, grid.ico), _reaches(likelihood, impact, grid.dhsc))


def nhs(revision: Revision, lists: Lists, zone: ZoneInfo, now: datetime) -> Form:
    record, grid = revision.record, lists.grid
    found = scored(record, grid)
    contact, dpo, _ = in_words.contact_of(record, lists)
    code = (record.organisation.org_code if record.organisation else None) or lists.organisation.org_code
    kinds = "; ".join(
        dict.fromkeys(lists.mechanisms[each].nhs for each in record.mechanism if each in lists.mechanisms)
    )
    sections = (
        Section(
            "organisation",
            "Organisation",
            (
                ("organisation", "Organisation", in_words.organisation_of(record, lists)),
                ("org_code", "ODS code", code),
                ("contact", "Contact", (contact and contact.in_words) or None),
                ("dpo", "Data-protection officer", (dpo and dpo.in_words) or None),
                ("phase", "Initial or follow-up", "initial" if revision.revision == 1 else "follow-up"),
            ),
        ),
        Section(
            "incident",
            "Incident",
            (
                ("category", "Category", kinds or None),
                ("what", "What happened", record.narrative or None),
                ("when", "When it happened", in_words.period(record, zone)),
                ("aware_at", "When the organisation was aware", in_words.moment(record.aware_at, zone)),
                ("people", "People affected (stored, not scored)", in_words.number(record.known, record.most)),
                ("vulnerable", "Vulnerable group", in_words.yes_no(record.vulnerable_group)),
                ("told", "Whether the people were told", in_words.told(record, zone)),
                ("measures", "Actions", in_words.all_measures(record)),
            ),
        ),
        Section(
            "grid",
            "Harm and likelihood",
            (
                ("likelihood", "Likelihood", _step(found.likelihood, grid.likelihood) if found else None),
                ("impact", "Harm", _step(found.impact, grid.impact) if found else None),
                ("rationale", "Why", record.risk.rationale if record.risk else None),
                ("ico", "Goes to the Information Commissioner", in_words.yes_no(found.ico) if found else None),
                ("dhsc", "Goes to the Department", in_words.yes_no(found.dhsc) if found else None),
                ("decision", "Decision of the organisation", _decision(record)),
                ("grid_version", "Grid", (record.risk and record.risk.version) or grid.version),
            ),
        ),
    )
    notes = (
        "Compare the grid with the guide in force: it is data (lists.yaml), and what could not be confirmed says so.",
    )
    return Form("nhs", "Sheet for the NHS incident tool", revision.incident, revision.revision, sections, notes)


def _decision(record: Incident) -> str:
    said = in_words.decision(record)
    return f"{said}: {record.decision_reason}" if record.decision_reason else said


def _step(step: int, words: tuple[str, ...]) -> str:
    return f"{step} ({words[step - 1]})"


def _reaches(likelihood: int, impact: int, least: Step) -> bool:
    return likelihood >= least.likelihood and impact >= least.impact
