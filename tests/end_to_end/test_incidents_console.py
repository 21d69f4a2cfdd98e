"""The ombudsman's case, entered in the console of the real service: every report that is owed comes out of the one
record, and the ledger says who took which.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink
from tests.end_to_end.visitor import comes_by
from tests.ports import free_port

CASE = {
    "kind": "breach",
    "narrative": "A spreadsheet with a casework report was sent in answer to a request. It carried hidden tables.",
    "mechanism.hidden_sheet": "yes",
    "occurred_from": "5 March 2020",
    "detected_at": "28/4/2020 9am",
    "detected_how": "recipient",
    "aware_at": "28/4/2020 10:00",
    "subjects.0.type": "complainants",
    "subjects.0.known": "5,305",
    "subjects.0.max": "5,305",
    "subjects.1.type": "caseworkers",
    "subjects.1.known": "197",
    "subjects.1.max": "197",
    "count_basis": "counted",
    "records_known": "5502",
    "data_categories.basic_identifiers": "yes",
    "data_categories.complaints": "yes",
    "special_category": "no",
    "criminal": "no",
    "consequences_likely": "People could be recognised as complainants, and be distressed by it.",
    "measures_containment.0.what": "The recipient was asked to delete the file",
    "measures_mitigation.0.what": "A telephone line for questions",
    "measures_prevention.0.what": "Spreadsheets leave as CSV files",
    "organisation.name": "Parliamentary and Health Service Ombudsman",
    "dpo.name": "Robin Lake",
    "dpo.email": "dpo@ombudsman.example",
}
ELEMENTS = (
    "Nature of the breach (Article 33(3)(a))", "complainants: 5,305; caseworkers: 197", "5,502",
    "basic personal identifiers; complaints and casework", "Approximate number of records",
    "Contact (Article 33(3)(b))", "Robin Lake, dpo@ombudsman.example",
    "Likely consequences (Article 33(3)(c))", "be distressed by it",
    "Measures taken or proposed (Article 33(3)(d))", "asked to delete the file", "A telephone line", "leave as CSV",
    "Thursday 5 March 2020", "10am on Tuesday 28 April 2020", "4:30pm on Tuesday 28 April 2020",
)  # fmt: skip


def test_the_ombudsmans_case_entered_in_the_console_gives_every_report_that_is_owed(tmp_path: Path) -> None:
    port, shown = free_port(), people(20)
    base = f"http://127.0.0.1:{port}"
    console = {"address": f"127.0.0.1:{port}", "base_url": base}
    with Sink() as sink, Service(tmp_path, sink.port, console=console) as service:
        made = service.run("user", "link").stdout.strip()
        visitor, _ = comes_by(base, made, "dpo@elmroad.example")
        # A message that is held is a near miss in the list by itself.
        said = submit(service.port, message(shown), shown)[1]
        near = said.rpartition(" ")[2].replace("MG-", "IR-")
        eventually(lambda: near in visitor.get("/incidents").text, what="the near miss in the list")
        page = visitor.press(visitor.get("/incidents/new"), "Enter it", **CASE)
        assert page.h1 == "Breach: A workbook carried hidden sheets", page.text
        incident = str(visitor.at.url.path).rpartition("/")[2]
        assert "The 72 hours to tell the Information Commissioner ended" in page.text
        record = f"/incidents/{incident}"
        decided = {"decision_ico": "report", "decision_by": "Robin Lake", "decision_at": "28/4/2020 15:00"}
        visitor.press(visitor.get(f"{record}/decide"), "Record the decision", **decided)
        told = {"notified_ico_at": "28/4/2020 4:30pm", "why": "The Commissioner was told"}
        page = visitor.press(visitor.get(f"{record}/revise"), "Save as a new revision", **told)
        assert "told in time, 6 hours after your organisation knew" in page.text and "revision 3" in page.text
        notification = visitor.get(f"{record}/forms/notification")
        assert [each for each in ELEMENTS if each not in notification.text] == []
        assert "Not known yet" not in notification.text
        # The row of the register, and the list that an information request is answered with.
        asked = visitor.get("/incidents/lists?list=register&from=1/1/2020&to=31/12/2020")
        visitor.press(asked, "Save as a table")
        (row,) = csv.DictReader(io.StringIO(visitor.at.text.removeprefix("\ufeff")))
        assert (row["Incident"], row["Revision"], row["People known"], row["People at most"]) == (
            incident, "3", "5502", "5502")  # fmt: skip
        assert (row["Occurred from"], row["Aware"][:10], row["Commissioner told"][:10], row["Hours to report"]) == (
            "2020-03-05", "2020-04-28", "2020-04-28", "6.5")  # fmt: skip
        assert (row["Decision"], row["Decided by"]) == ("report", "Robin Lake")
        answer = visitor.get("/incidents/lists?list=foi&from=1/1/2020&to=31/12/2020").text
        for said in ("2020-03-05", "complainants: 5,305; caseworkers: 197", "5,502", "Ombudsman", "2020-04-28"):
            assert said in answer, said
        # The command line has the same record, and the ledger is whole and says who took what.
        item = service.rows("incident", "show", incident)[0]
        assert [each["act"] for each in item["revisions"]] == ["added", "decided", "revised"]
        assert {each["by"] for each in item["revisions"]} == {"dpo@elmroad.example"}
        entries = service.rows("audit", "list")
        taken = [each["report"] for each in entries if each["kind"] == "register_exported"]
        assert taken == [
            f"notification of {incident} revision 3",
            "register 2020-01-01 to 2020-12-31",
            "register 2020-01-01 to 2020-12-31",
            "foi 2020-01-01 to 2020-12-31",
        ]
        assert service.run("audit", "verify").returncode == 0
        log = service.log_file.read_text()
        assert "Robin" not in log and "dpo@ombudsman.example" not in log
        visitor.close()
