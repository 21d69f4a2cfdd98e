"""The form of a record: every field is asked for or shown, what is typed comes back, and nothing is lost by it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from pydantic import BaseModel

from mailguard.console import words_incident_fields as said
from mailguard.console.incident_fields import PARTS, Kind, Rows, options_of
from mailguard.console.incident_form import changes, merged, place_of, read, read_moment, rows_in, written
from mailguard.core.register.lists import Lists, load_lists
from mailguard.core.register.record import Incident, localised
from mailguard.serve.register import packaged_lists

LONDON = ZoneInfo("Europe/London")
CASES = Path(__file__).parents[1] / "core" / "register"
LISTS: Lists = load_lists(packaged_lists())


def case(name: str) -> dict[str, Any]:
    fields = yaml.safe_load((CASES / name).read_text("utf-8"))
    return Incident.model_validate(localised(_plain(fields), LONDON)).to_json()


def _plain(value: Any) -> Any:
    """Times of YAML as a person writes them."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value if isinstance(value, str | int | bool | None) else value.isoformat()


def paths(model: type[BaseModel]) -> set[str]:
    """Every field, with the parts of those that are one thing with several."""
    found = set()
    for name, each in model.model_fields.items():
        inner = [kind for kind in getattr(each.annotation, "__args__", ()) if _is_model(kind)]
        found |= {f"{name}.{part}" for part in inner[0].model_fields} if inner else {name}
    return found


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def test_every_field_of_a_record_stands_in_one_part_with_a_name() -> None:
    stand = [each for part in PARTS for each in part.asks]
    listed = [
        name
        for each in stand
        for name in ([column.path for column in each.columns] if isinstance(each, Rows) else [each.path])
    ]
    assert len(listed) == len(set(listed)) and set(listed) <= set(said.LABELS)
    whole = {"hidden_inventory", "entries"}
    expected = {each for each in paths(Incident) if each.partition(".")[0] not in whole} | whole
    assert set(listed) == expected
    for each in stand:
        for ask in each.columns if isinstance(each, Rows) else (each,):
            assert not ask.options or options_of(ask.options, LISTS)


@pytest.mark.parametrize("name", ["ombudsman.yaml", "statistics.yaml"])
def test_a_whole_record_comes_back_from_its_form_and_changes_nothing(name: str) -> None:
    record = case(name)
    typed = written(record, LONDON)
    changed, found = changes(typed, record, LISTS, LONDON)
    assert changed == {} and found.wrong == []
    assert all(isinstance(each, str) for each in typed.values())
    anew = read(typed, {}, LONDON).fields
    given = {each: value for each, value in anew.items() if value is not None and value not in ("", [], {})}
    kept = {"decision_ico", "decision_by", "decision_at", "decision_reason", "advice_taken", "status"}
    again = Incident.model_validate(localised(given, LONDON)).to_json()
    same = set(again) - kept
    assert {each: again[each] for each in same} == {
        each: value if each not in ("mechanism", "data_categories") else sorted(value)
        for each, value in record.items()
        if each not in kept
    }


def test_only_what_was_typed_anew_is_changed_and_what_the_form_cannot_say_stays() -> None:
    record = {**case("ombudsman.yaml"), "risk": {"likelihood": 3, "impact": 2, "version": "old"}}
    record["mechanism"] = ["gone_from_the_list", "hidden_sheet"]
    typed = written(record, LONDON)
    assert changes(typed, record, LISTS, LONDON)[0] == {}
    typed |= {"risk.impact": "4", "subjects_max": " 6,000 ", "narrative": "One line\r\nand another"}
    changed, found = changes(typed, record, LISTS, LONDON)
    assert found.wrong == []
    assert changed == {
        "risk": {"likelihood": 3, "impact": 4, "version": LISTS.grid.version},
        "subjects_max": 6000,
        "narrative": "One line\nand another",
    }
    for name in [each for each in typed if each.startswith(("contact.", "risk."))] + ["narrative"]:
        typed[name] = ""
    changed, _ = changes(typed, record, LISTS, LONDON)
    assert changed["contact"] is None and changed["narrative"] == "" and changed["risk"] is None


@pytest.mark.parametrize(
    ("typed", "means"),
    [
        ("28/4/2020", "2020-04-28"),
        ("28/04/2020 10:00", "2020-04-28T10:00:00"),
        ("28.4.2020, 4.30pm", "2020-04-28T16:30:00"),
        ("2020-04-28T16:30", "2020-04-28T16:30:00"),
        ("5 March 2020", "2020-03-05"),
        ("5 mar 2020 at 12am", "2020-03-05T00:00:00"),
        ("5 March 2020 12pm", "2020-03-05T12:00:00"),
        *((wrong, None) for wrong in ("yesterday", "31/2/2020", "28/4/20", "28/4/2020 25:00", "28/4/2020 10")),
        *((wrong, None) for wrong in ("5 Mai 2020", "28/4/2020 13pm", "", "28/4/2020 10:60", "T10:00")),
    ],
)
def test_times_as_people_write_them(typed: str, means: str | None) -> None:
    assert read_moment(typed) == means


def test_what_cannot_be_read_names_its_field_and_never_what_was_typed() -> None:
    typed = {
        "occurred_from": "last week SECRET",
        "subjects.2.type": "patients",
        "subjects.2.known": "many SECRET",
        "measures_prevention.1.due": "soon SECRET",
        "recipients_external": "councils",
        "fine": "-1",
        "records_max": "1e3",
    }
    found = read(typed, {}, LONDON)
    assert [each.name for each in found.wrong] == [
        "occurred_from",
        "subjects.2.known",
        "records_max",
        "measures_prevention.1.due",
        "recipients_external",
        "fine",
    ]
    assert found.wrong[1].label == "People by type 3, certainly affected"
    assert not any("SECRET" in each.sentence + each.label for each in found.wrong)
    assert place_of("subjects.0.known", found.places) == "subjects.2.known"
    assert place_of("narrative", found.places) == "narrative"


def test_a_form_has_a_row_to_spare() -> None:
    subjects, containment = (
        next(each for part in PARTS for each in part.asks if isinstance(each, Rows) and each.path == path)
        for path in ("subjects", "measures_containment")
    )
    assert rows_in(subjects, {}) == 3 and rows_in(containment, {}) == 1
    assert rows_in(containment, {"measures_containment.0.what": "x"}) == 2
    assert rows_in(containment, {"measures_containment.19.what": "x"}) == 20


def test_rows_beyond_those_of_a_form_stay_when_one_in_it_is_changed() -> None:
    measures = [{"what": f"Measure {number}", "owner": "Jo"} for number in range(25)]
    base = {**case("ombudsman.yaml"), "measures_prevention": measures}
    typed = written(base, LONDON)
    assert "measures_prevention.19.what" in typed and "measures_prevention.20.what" not in typed
    assert changes(typed, base, LISTS, LONDON)[0] == {}
    typed |= {"measures_prevention.3.owner": "Sam", "measures_prevention.7.what": "", "measures_prevention.7.owner": ""}
    changed, found = changes(typed, base, LISTS, LONDON)
    expected = [{**each, "owner": "Sam"} if each is measures[3] else each for each in measures]
    del expected[7]
    assert changed == {"measures_prevention": expected} and found.wrong == []
    # Beside somebody else's change of another field nothing of it is in dispute, and what they added stays.
    last = {**base, "measures_prevention": [*measures, {"what": "Measure 25"}], "subjects_max": 6000}
    whole, both = merged(written(base, LONDON) | {"aware_by": "Robin"}, base, last, LONDON)
    assert both == [] and set(changes(whole, last, LISTS, LONDON)[0]) == {"aware_by"}


def test_what_two_people_typed_is_brought_together_field_by_field() -> None:
    base = case("ombudsman.yaml")
    last = {**base, "subjects_max": 6000, "consequences_actual": "Two complaints came."}
    typed = written(base, LONDON) | {"consequences_actual": "One complaint came.", "fine": "many", "aware_by": "Robin"}
    typed["occurred_to"] = ""
    whole, both = merged(typed, base, last, LONDON)
    assert both == ["consequences_actual"]
    assert whole["subjects_max"] == "6000" and whole["consequences_actual"] == "One complaint came."
    assert whole["fine"] == "many" and whole["occurred_to"] == "" and whole["aware_by"] == "Robin"
    changed, found = changes(whole, last, LISTS, LONDON)
    assert set(changed) == {"consequences_actual", "aware_by", "occurred_to"}
    assert [each.name for each in found.wrong] == ["fine"]


def test_a_moment_without_a_zone_is_the_organisations() -> None:
    record = {"aware_at": datetime(2020, 6, 1, 9, 30, tzinfo=UTC).isoformat()}
    assert written(record, LONDON) == {"aware_at": "1/6/2020 10:30"}
    assert Kind.MOMENT in {each.kind for part in PARTS for each in part.asks if not isinstance(each, Rows)}


TOLD: dict[str, Any] = {
    "others_told": [
        {"who": "The police", "at": "2020-04-28T10:00:07.123456+00:00", "note": "by telephone"},
        {"who": "The insurer", "at": "2020-04-28T23:00:09+00:00"},
        {"who": "The department", "at": "2020-05-01T08:30:00+00:00"},
    ],
    "subjects_told": {"told": True, "at": "2020-04-29T09:00:41+00:00", "how": "by letter"},
}


def test_a_moment_that_nobody_changed_keeps_its_seconds_when_something_beside_it_is_changed() -> None:
    shown = written(TOLD, LONDON)
    assert shown["others_told.0.at"] == "28/4/2020 11:00" and shown["others_told.1.at"] == "29/4/2020"
    changed, _ = changes({**shown, "others_told.2.note": "by email"}, TOLD, LISTS, LONDON)
    before = TOLD["others_told"]
    assert changed == {"others_told": [before[0], before[1], {**before[2], "note": "by email"}]}
    changed, _ = changes({**shown, "subjects_told.how": "by email"}, TOLD, LISTS, LONDON)
    assert changed["subjects_told"]["at"] == "2020-04-29T09:00:41+00:00"
    # Taken out in the middle: each row is still the one that it was.
    without = {name: value for name, value in shown.items() if not name.startswith("others_told.0.")}
    changed, _ = changes(without, TOLD, LISTS, LONDON)
    assert changed == {"others_told": before[1:]}
    changed, _ = changes({**shown, "others_told.0.at": "28/4/2020 11:01"}, TOLD, LISTS, LONDON)
    assert [each["at"] for each in changed["others_told"]] == ["2020-04-28T11:01:00", before[1]["at"], before[2]["at"]]


def test_nothing_changes_by_a_form_that_is_sent_as_it_was_shown() -> None:
    assert changes(written(TOLD, LONDON), TOLD, LISTS, LONDON)[0] == {}
