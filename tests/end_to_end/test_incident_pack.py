"""The incident pack of a message that got out, through the real service: who saw whom, and one apology to each."""

from __future__ import annotations

import csv
import json
import stat
import zipfile
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import getaddresses
from pathlib import Path
from typing import Any

from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import ROOT, Service, eventually
from tests.end_to_end.sink import Sink

MONITOR = """\
version: 1
rules:
  - id: visible-list
    describe: Ten or more people outside would see each other.
    when: {visible_external_recipients: {at_least: 10}}
    action: hold
    rewrite: separate
    mode: monitor
"""
SHOWN = people(40)
BLIND = "secret@friends.example"
REFUSED = SHOWN[7]


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def sent_out(service: Service) -> str:
    """The message that should not have left; its reference, once its outcome is in the ledger."""
    code, said = submit(service.port, message(SHOWN), [*SHOWN, BLIND])
    assert code == 250, said

    def relayed() -> Any:
        return [each for each in service.rows("audit", "list") if each["kind"] == "message_relayed"]

    return str(eventually(relayed)[0]["ref"])


def apologies(sink: Sink) -> list[Any]:
    return [each for each in sink.taken if b"We are sorry" in each.content or b"we are sorry" in each.content]


def finished(folder: Path) -> Path:
    """The draft as a person finishes it: nothing in square brackets is left."""
    text = (folder / "apology.txt").read_text()
    draft = folder.parent / "finished.txt"
    draft.write_text(
        "".join(piece.partition("]")[2] if number else piece for number, piece in enumerate(text.split("[")))
    )
    return draft


def test_forty_people_who_saw_each_other_each_get_one_apology_alone(tmp_path: Path) -> None:
    with Sink() as sink:
        sink.refusals[REFUSED.encode()] = b"550 5.1.1 no such mailbox here"
        with Service(tmp_path / "house", sink.port, MONITOR) as service:
            ref = sent_out(service)
            incident = service.rows("incident", "add", "--narrative", "A list of people was shown")[0]["incident"]
            (made,) = service.rows("incident", "pack", ref, "--out", str(tmp_path / "pack"), "--incident", incident)
            assert (made["recipients"], made["exposed"], made["delivered"], made["gaps"]) == (41, 41, 40, [])
            _check_tables(tmp_path / "pack", sink.port)
            _check_apologies(service, sink, ref, incident, tmp_path)
            _check_record(service, incident, ref)
            _check_ledger_and_log(service, ref)


def test_a_copy_that_was_refused_is_no_copy_and_one_in_the_outbox_is_still_tried(tmp_path: Path) -> None:
    with Sink() as sink, Service(tmp_path / "house", sink.port, MONITOR) as service:
        sink.refusals |= {REFUSED.encode(): b"550 5.1.1 no such mailbox", SHOWN[8].encode(): b"451 4.2.1 busy"}
        ref = sent_out(service)
        eventually(lambda: service.rows("outbox", "list"))
        service.run("incident", "pack", ref, "--out", str(tmp_path / "pack"))
        got = {each["Recipient"]: each["Copy"] for each in rows(tmp_path / "pack", "recipients.csv")}
        too = {each["Whose"]: each["Got a copy too"] for each in rows(tmp_path / "pack", "exposures.csv")}
        assert (got[REFUSED], got[SHOWN[8]]) == ("not delivered", "still being tried")
        assert (too[REFUSED], too[SHOWN[8]], too[SHOWN[0]]) == ("no: not delivered", "still being tried", "yes")
        service.run("outbox", "drop", ref, "--reason", "busy for good")
        service.run("incident", "pack", ref, "--out", str(tmp_path / "later"))
        got = {each["Recipient"]: each["Copy"] for each in rows(tmp_path / "later", "recipients.csv")}
        assert got[SHOWN[8]] == "not delivered"


def test_after_the_purge_the_pack_says_what_is_no_longer_known_and_nobody_gets_a_second_apology(tmp_path: Path) -> None:
    draft = tmp_path / "finished.txt"
    draft.write_text("Subject: We are sorry\n\nHello\n\nWe are sorry.\n")
    retention = {"held": "30d", "evidence": "1s"}
    with Sink() as sink, Service(tmp_path / "house", sink.port, MONITOR, retention=retention) as service:
        file = tmp_path / "kept.eml"
        file.write_bytes(message(SHOWN))
        ref = sent_out(service)
        (item,) = service.rows(
            "incident", "apologise", ref, "--eml", str(file), "--text", str(draft), "--confirm", "40"
        )
        assert item["people"] == 40
        eventually(lambda: len(sink.taken) == 41)
        _check_after_the_purge(service, sink, ref, tmp_path)


def _check_tables(folder: Path, port: int) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()} == {0o600}
    got = {each["Recipient"]: each for each in rows(folder, "recipients.csv")}
    assert sorted(got) == sorted([*SHOWN, BLIND])
    # Who got no copy saw nothing; who stands in no field saw everybody and was seen by nobody. office@ is visible too.
    others = {name: int(each["Addresses of others that they could see"]) for name, each in got.items()}
    assert others == dict.fromkeys(SHOWN, 40) | {BLIND: 41, REFUSED: 0}
    exposed = {each["Whose"]: each for each in rows(folder, "exposures.csv")}
    assert sorted(exposed) == sorted([*SHOWN, "office@elmroad.example"])
    assert exposed[REFUSED]["Seen by so many others"] == "40" and exposed[SHOWN[0]]["Seen by so many others"] == "39"
    deliveries = {each["Recipient"]: each for each in rows(folder, "deliveries.csv")}
    assert {each["Server"] for each in deliveries.values()} == {f"127.0.0.1:{port}"}
    assert deliveries[REFUSED]["Answer"] == "550 5.1.1 no such mailbox here"
    assert deliveries[SHOWN[0]]["Answer"] == "250 2.0.0 kept" and deliveries[SHOWN[0]]["Outcome"] == "accepted"
    page = (folder / "pack.html").read_text()
    assert all(address in page for address in [*SHOWN, BLIND]) and "http" not in page.partition("<body>")[2]
    assert "40 people could see the email addresses of others" in (folder / "pack.txt").read_text()


def _check_record(service: Service, incident: str, ref: str) -> None:
    (item,) = service.rows("incident", "show", incident)
    exposure = item["record"]["exposure"]
    assert exposure == {"delivered_count": 40, "envelope_count": 41, "visible_external_count": 40}
    assert item["record"]["message"]["ref"] == ref and item["record"]["recipients_external"] == {"other domains": 40}
    told = item["record"]["subjects_told"]
    assert (told["told"], told["individually"]) == (True, 40)


def _check_apologies(service: Service, sink: Sink, ref: str, incident: str, folder: Path) -> None:
    command = ("incident", "apologise", ref, "--text")
    unfinished = service.run(*command, str(folder / "pack" / "apology.txt"), check=False)
    assert unfinished.returncode == 2 and "square brackets" in unfinished.stderr, unfinished
    draft = str(finished(folder / "pack"))
    shown = service.run(*command, draft)
    assert "It would go to 40 people, each in a copy of its own. Nothing was sent." in shown.stdout
    wrong = service.run(*command, draft, "--confirm", "41", check=False)
    assert wrong.returncode == 2 and "nothing was sent" in wrong.stderr.lower()
    assert not apologies(sink) and not service.rows("outbox", "list")
    sink.refusals.clear()
    # REFUSED gets one as well: others saw the address, whatever became of that copy.
    (item,) = service.rows(*command, draft, "--confirm", "40", "--incident", incident)
    assert item["people"] == 40 and len(item["sent"]) == 1
    again = service.run(*command, draft, "--confirm", "40")
    assert "40 people had an apology for this message already" in again.stdout
    eventually(lambda: len(apologies(sink)) >= 40 and not service.rows("outbox", "list"))
    taken = apologies(sink)
    assert sorted(address for each in taken for address in each.recipients) == sorted(SHOWN)
    for each in taken:
        (recipient,) = each.recipients
        read = message_from_bytes(each.content)
        assert [address for _, address in getaddresses(read.get_all("To", []))] == [recipient]
        assert b"manager@elmroad.example" in each.mail and read["Cc"] is None
        body = str(read.get_payload(decode=True))
        assert not any(address in body for address in SHOWN) and "Flu clinic" not in each.content.decode()


def _check_ledger_and_log(service: Service, ref: str) -> None:
    entries = service.rows("audit", "list")
    (exported,) = [each for each in entries if each["kind"] == "pack_exported"]
    assert (exported["ref"], exported["recipients"], exported["exposed"]) == (ref, 41, 41)
    (queued,) = [each for each in entries if each["kind"] == "apology_queued"]
    assert queued["people"] == 40 and len(queued["recipient_hashes"]) == 40 and queued["message"] == ref
    said = json.dumps(entries) + service.log_file.read_text()
    assert "@patients.example" not in said and BLIND not in said and "Flu clinic" not in said


def _check_after_the_purge(service: Service, sink: Sink, ref: str, folder: Path) -> None:
    numbers = iter(range(1000))

    def without_evidence() -> Any:
        service.run("data", "purge")
        (made,) = service.rows("incident", "pack", ref, "--out", str(folder / f"late{next(numbers)}"))
        tables = {each["table"]: each for each in made["gaps"]}
        return made if {"recipients", "exposures", "deliveries"} <= tables.keys() else None

    made = eventually(without_evidence)
    assert made["recipients"] == made["exposed"] == 0 and made["delivered"] == 41
    assert all(each["since"] for each in made["gaps"])
    text = (Path(made["out"]) / "pack.txt").read_text()
    assert "Who the recipients were is no longer known. The ledger still says how many: 41 people." in text
    assert "It was removed at" in text and not any(address in text for address in [*SHOWN, BLIND])
    # Pressed once more: the chain knows by keyed hashes who had one.
    before = len(sink.taken)
    file, draft = folder / "kept.eml", str(folder / "finished.txt")
    lost = service.run("incident", "apologise", ref, "--text", draft, check=False)
    assert lost.returncode == 2 and "--eml" in lost.stderr
    (item,) = service.rows("incident", "apologise", ref, "--eml", str(file), "--text", draft, "--confirm", "40")
    assert (item["people"], item["already"], item["sent"]) == (0, 40, []) and len(sink.taken) == before
    # With the message at hand the answers have their names again.
    where = folder / "named.zip"
    (made,) = service.rows("incident", "pack", ref, "--eml", str(file), "--out", str(where))
    assert (made["recipients"], made["exposed"], made["delivered"]) == (40, 41, 41)
    with zipfile.ZipFile(where) as archive:
        deliveries = archive.read("named/deliveries.csv").decode("utf-8-sig")
    assert all(address in deliveries for address in SHOWN) and deliveries.count("no longer known") == 1


HIDDEN = """\
version: 1
rules:
  - id: hidden-people
    describe: An attachment hides people.
    when: {finding: {kind: people_rows, hidden: true, count: {at_least: 10}}}
    action: hold
    mode: monitor
"""


def with_sheet() -> bytes:
    sheet = (ROOT / "tests" / "fixtures" / "workbooks" / "hidden-sheet.xlsx").read_bytes()
    made = EmailMessage()
    made["From"], made["To"] = "jo@elmroad.example", SHOWN[0]
    made.set_content("See the sheet.")
    made.add_attachment(sheet, "application", "octet-stream", filename="Referrals.xlsx")
    return made.as_bytes(policy=SMTP)


def test_an_attachment_that_no_rule_asked_about_is_read_out_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "sent.eml"
    file.write_bytes(with_sheet())
    with Sink() as sink, Service(tmp_path / "house", sink.port, MONITOR) as service:
        code, said = submit(service.port, file.read_bytes(), [SHOWN[0]])
        assert code == 250, said
        relayed = lambda: [each for each in service.rows("audit", "list") if each["kind"] == "message_relayed"]  # noqa: E731
        ref = str(eventually(relayed)[0]["ref"])
        (pack,) = service.rows("incident", "pack", ref, "--out", str(tmp_path / "without"))
        assert pack["hidden"] == 0 and "--eml" in pack["gaps"][0]["text"]
        (pack,) = service.rows("incident", "pack", ref, "--eml", str(file), "--out", str(tmp_path / "with"))
        assert (pack["recipients"], pack["delivered"], pack["hidden"], pack["gaps"]) == (1, 1, 40, [])
        assert "40 rows of people, hidden" in (tmp_path / "with" / "pack.txt").read_text()


def test_hidden_rows_of_a_message_that_got_out_are_counted_by_attachment_out_of_the_ledger(tmp_path: Path) -> None:
    with Sink() as sink, Service(tmp_path / "house", sink.port, HIDDEN) as service:
        code, said = submit(service.port, with_sheet(), [SHOWN[0]])
        assert code == 250, said
        relayed = lambda: [each for each in service.rows("audit", "list") if each["kind"] == "message_relayed"]  # noqa: E731
        ref = str(eventually(relayed)[0]["ref"])
        (pack,) = service.rows("incident", "pack", ref, "--out", str(tmp_path / "pack"))
        assert (pack["exposed"], pack["hidden"], pack["gaps"]) == (0, 40, [])
        (row,) = rows(tmp_path / "pack", "recipients.csv")
        assert "40 rows of people, hidden (Referrals.xlsx)" in row["Hidden in attachments that they got"]
