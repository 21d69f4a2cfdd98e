"""docs/incidents.md names every field of a record, every form and every report."""

from __future__ import annotations

from pathlib import Path

from mailguard.core.register.forms import FORMS
from mailguard.core.register.lists import Lists
from mailguard.core.register.record import Incident
from mailguard.core.register.reports import REPORTS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "incidents.md").read_text(encoding="utf-8")


def test_every_field_form_report_and_list_is_named() -> None:
    names = {*Incident.model_fields, *FORMS, *REPORTS, *(set(Lists.model_fields) - {"version"})}
    assert [name for name in sorted(names) if f"`{name}`" not in PAGE] == []
