"""The files that are made of the register: the same table at the console and by the command line."""

from __future__ import annotations

import csv
import io
import json

from mailguard.console.incident_files import report_as_table, tables_as_csv
from mailguard.core.register.reports import Report
from mailguard.core.register.table import Form, Section, Table, form_from_json, table_from_json

TABLE = Table("foi", "First", ("date", "nature"), ("Date", "Nature"), (("2020-03-05", "=1+1"), ("", "a\nb")), ("note",))
FORM = Form(
    "statistics", "Breach report", "IR-7Q4K-2FXB7M", 3,
    (Section("one", "1. What", (("what", "What happened?", "A leak"), ("when", "When?", None))),), ("told",),
)  # fmt: skip


def test_what_went_through_the_socket_makes_the_same_file() -> None:
    tables, forms = (TABLE, Table("empty", "Second", ("a",), ("A",), ())), (FORM,)
    sent = json.loads(json.dumps([[each.to_json() for each in tables], [each.to_json() for each in forms]]))
    again = [table_from_json(each) for each in sent[0]], [form_from_json(each) for each in sent[1]]
    assert again[1] == [FORM] and again[0][0] == TABLE
    assert tables_as_csv(*again) == tables_as_csv(tables, forms)


def test_a_file_has_each_table_behind_its_title_then_the_answers_of_forms_then_notes() -> None:
    found = list(csv.reader(io.StringIO(tables_as_csv([TABLE, TABLE], [FORM], ["Small numbers are left out."]))))
    assert found == [
        ["Date", "Nature"], ["2020-03-05", "'=1+1"], ["", "a␊b"], ["note"],
        [], ["First"], ["Date", "Nature"], ["2020-03-05", "'=1+1"], ["", "a␊b"], ["note"],
        ["Incident", "Revision", "Section", "Question", "Answer"],
        ["IR-7Q4K-2FXB7M", "3", "1. What", "What happened?", "A leak"],
        ["IR-7Q4K-2FXB7M", "3", "1. What", "When?", ""],
        [], ["Small numbers are left out."],
    ]  # fmt: skip


def test_a_file_of_nothing_has_its_headings() -> None:
    file = report_as_table(Report())
    assert file.decode("utf-8") == "\ufeffIncident,Revision,Section,Question,Answer\r\n"
