"""Forms of one record: everything that the law or a body asks for is there, or is said to be missing."""

from __future__ import annotations

import pytest

from mailguard.core.register.forms import FORMS
from mailguard.core.register.forms.nhs import scored
from mailguard.core.register.record import Incident
from mailguard.core.register.table import Form
from tests.core.register.records import NOW, ZONE, breach, lists, ombudsman, read, revision, written


def made(name: str, record: Incident) -> Form:
    return FORMS[name](revision(record), lists(), ZONE, NOW)


def said(form: Form, section: str) -> dict[str, str | None]:
    (found,) = (each for each in form.sections if each.key == section)
    return {key: text for key, _, text in found.entries}


def test_the_ombudsmans_notification_has_every_element_of_article_33_3() -> None:
    form = made("notification", ombudsman())
    assert form.missing == ()
    assert [each.key for each in form.sections] == ["33(1)", "33(3)(a)", "33(3)(b)", "33(3)(c)", "33(3)(d)"]
    nature = said(form, "33(3)(a)")
    assert nature["nature"] is not None and nature["nature"].startswith(
        "A workbook carried hidden sheets. A spreadsheet"
    )
    assert nature["subject_categories"] == "complainants: 5,305; caseworkers: 197"
    assert nature["subjects"] == nature["records"] == "5,502"
    assert nature["data_categories"] == "basic personal identifiers; complaints and casework"
    assert (
        said(form, "33(3)(b)")["contact"] == "Robin Lake, Data-protection officer, 020 7946 0101, dpo@ombudsman.example"
    )
    assert (
        said(form, "33(3)(c)")["consequences"] == "People could be recognised as complainants, and be distressed by it."
    )
    assert said(form, "33(3)(d)") == {
        "containment": "The recipient was asked to delete the file (1 of 1 confirmed)",
        "mitigation": "A telephone line for questions (owner Pat Moss)",
        "prevention": "Spreadsheets leave as CSV files (owner Pat Moss, due 2020-06-30)",
    }
    assert said(form, "33(1)") == {
        "organisation": "Parliamentary and Health Service Ombudsman",
        "occurred": "Thursday 5 March 2020",
        "aware_at": "10am on Tuesday 28 April 2020",
        "deadline": "10am on Friday 1 May 2020",
        "notified_at": "4:30pm on Tuesday 28 April 2020",
        "delay_reason": "Not late",
    }


def test_what_is_not_known_yet_is_missing_and_never_made_up() -> None:
    form = made("notification", breach())
    assert set(form.missing) >= {
        "Approximate number of people",
        "Categories of people",
        "Likely consequences",
        "To deal with the breach",
        "Data-protection officer or other contact",
        "Reasons for the delay",
    }


def test_the_statistics_report_comes_out_in_its_four_sections() -> None:
    form = made("statistics", read(written("statistics.yaml")))
    assert form.missing == ()
    assert [each.title for each in form.sections] == [
        "1. Core information",
        "2. Circumstances of breach",
        "3. Impact of the breach",
        "4. Corrective actions taken or planned",
    ]
    assert said(form, "1") == {
        "output": "Referral to treatment waiting times https://statistics.example/rtt",
        "producer": "An invented producer of statistics",
        "contact": "Chris Field, Statistician, statistics@producer.example",
        "head": "Alex Hill, Head of profession",
        "statement": "https://statistics.example/statement",
        "date": "Friday 27 November 2026",
    }
    circumstances = said(form, "2")
    assert circumstances["practices"] is not None and circumstances["practices"].startswith(
        "T3.3 Code 2.0, access before"
    )
    assert circumstances["occurred"] == "9am on Thursday 10 January 2019 to 9:30am on Thursday 17 January 2019"
    assert circumstances["narrative"] is not None and "does not record an audit log" in circumstances["narrative"]
    assert said(form, "3")["impact"] == "Nobody is known to have used the figures."
    assert said(form, "4") == {
        "taken": "Access was withdrawn (done 2019-01-17)",
        "planned": "A log of who opens what (owner Chris Field, due 2019-03-31)",
        "told": "National Statistician (Friday 18 January 2019)",
    }


def test_the_letter_tells_each_person_nothing_about_others() -> None:
    form = made("letter", ombudsman())
    text = " ".join(text or "" for section in form.sections for _, _, text in section.entries)
    assert form.missing == ()
    assert "5,305" not in text and "197" not in text and "5,502" not in text
    assert "We are sorry" in text and "dpo@ombudsman.example" in text and "hidden sheets" in text


def test_the_regulators_sheet_names_the_most_and_the_hours() -> None:
    form = made("regulator", ombudsman(subjects_max=6000))
    assert said(form, "people")["most"] == "6,000"
    happened = said(form, "happened")
    assert (
        happened["category"] == "non-cyber" and happened["type"] == "Failure to redact" and happened["hours"] == "6.5"
    )


@pytest.mark.parametrize(
    ("likelihood", "impact", "vulnerable", "expected"),
    [
        (2, 5, False, (2, 5, False, False)),
        (3, 1, False, (3, 1, False, False)),
        (3, 2, False, (3, 2, True, False)),
        (4, 4, False, (4, 4, True, True)),
        (1, 1, True, (2, 2, False, False)),
        (3, 1, True, (3, 2, True, False)),
    ],
)
def test_the_grid_is_data_and_scores_no_number_of_people(
    likelihood: int, impact: int, vulnerable: bool, expected: tuple[int, int, bool, bool]
) -> None:
    record = breach(
        risk={"likelihood": likelihood, "impact": impact}, vulnerable_group=vulnerable, subjects_max=1_000_000
    )
    found = scored(record, lists().grid)
    assert found is not None and (found.likelihood, found.impact, found.ico, found.dhsc) == expected


def test_another_grid_gives_another_answer() -> None:
    own = "version: 1\ngrid:\n  version: ours\n  likelihood: [a, b, c, d, e]\n  impact: [a, b, c, d, e]\n"
    own += "".join(f"  {each}: {{likelihood: 5, impact: 5}}\n" for each in ("vulnerable_least", "ico", "dhsc"))
    record = breach(risk={"likelihood": 4, "impact": 4})
    found = scored(record, lists(own).grid)
    assert found is not None and not found.ico
    sheet = FORMS["nhs"](revision(record), lists(own), ZONE, NOW)
    assert said(sheet, "grid")["likelihood"] == "4 (d)" and said(sheet, "grid")["grid_version"] == "ours"


def test_nobody_scored_it_is_said() -> None:
    assert "Likelihood" in made("nhs", breach()).missing
