"""mailguard incident pack of a file: a hidden sheet, wrong usage, and that it never writes over anything."""

from __future__ import annotations

import csv
import io
import zipfile
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from mailguard.core.lifecycle import State
from mailguard.guard.packs.packing import MOST_WHY
from mailguard.serve.parts import Parts
from tests.guard.packs.kept import PEOPLE, REF, delivered, keep, written

from .conftest import AT, Run, hold, on_store

SHEET = Path(__file__).parents[1] / "fixtures" / "workbooks" / "hidden-sheet.xlsx"


@pytest.fixture
def mg(run: Run, settings: Path) -> Run:
    async def nothing(_: Any) -> None:
        pass

    on_store(settings, nothing)
    return lambda *arguments: run("-C", str(settings), *arguments)


@pytest.fixture
def eml(tmp_path: Path) -> Path:
    made = EmailMessage()
    made["From"] = "jo@elmroad.example"
    made["To"] = "ada@patients.example, ben@patients.example"
    made["Subject"] = "Referrals"
    made.set_content("See the sheet.")
    made.add_attachment(SHEET.read_bytes(), "application", "octet-stream", filename="Referrals.xlsx")
    path = tmp_path / "message.eml"
    path.write_bytes(made.as_bytes())
    return path


def test_a_file_alone_gives_the_people_its_hidden_rows_and_what_it_cannot_say(
    mg: Run, eml: Path, tmp_path: Path
) -> None:
    out = tmp_path / "pack.zip"
    asked = ("incident", "pack", "--eml", str(eml), "--rcpt", "cat@patients.example", "--json")
    assert mg(*asked, "--out", str(out), "--reason", "x" * (MOST_WHY + 1)).status == 2 and not out.exists()
    ran = mg(*asked, "--out", str(out), "--reason", "For the notification")
    (made,) = ran.items()
    assert (ran.status, made["recipients"], made["exposed"], made["hidden"] >= 40) == (0, 1, 2, True)
    assert [each["table"] for each in made["gaps"]] == ["deliveries"]
    with zipfile.ZipFile(out) as archive:
        table = archive.read("pack/exposures.csv").decode("utf-8-sig")
        assert "apology.txt" in str(archive.namelist())
    found = list(csv.reader(io.StringIO(table)))
    assert [row[0] for row in found[1:3]] == ["ada@patients.example", "ben@patients.example"]
    assert any(row[0] == "Referrals.xlsx" and row[1] == "40 rows of people, hidden" for row in found), found
    (entry,) = [each for each in mg("audit", "list", "--json").items() if each["kind"] == "pack_exported"]
    assert entry["recipients"] == 1 and entry["ref"] is None and len(entry["content_sha256"]) == 64


def test_a_pack_never_writes_over_anything_and_says_what_it_needs(mg: Run, eml: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "notes.txt").write_text("mine")
    ran = mg("incident", "pack", "--eml", str(eml), "--out", str(taken))
    assert ran.status == 2 and "already" in ran.err and sorted(taken.iterdir()) == [taken / "notes.txt"]
    assert mg("incident", "pack", "--out", str(tmp_path / "a")).status == 2
    assert mg("incident", "pack", "MG-7Q4K-2F", "--rcpt", "a@b.example", "--out", str(tmp_path / "a")).status == 2
    assert mg("incident", "pack", "MG-7Q4K-2F", "--out", str(tmp_path / "a")).status == 2
    assert not [each for each in mg("audit", "list", "--json").items() if each["kind"] == "pack_exported"]


def test_a_message_that_did_not_leave_has_nobody_to_apologise_to(
    mg: Run, run: Run, settings: Path, tmp_path: Path
) -> None:
    hold(settings, "MG-7Q4K-2F")
    ran = mg("incident", "pack", "MG-7Q4K-2F", "--out", str(tmp_path / "pack"), "--reason", "Asked by the board")
    assert ran.status == 0 and "This message did not leave" in ran.out
    (evidence,) = on_store(settings, lambda parts: parts.store.evidence.read("MG-7Q4K-2F", "pack_exported"))
    assert evidence["note"] == "Asked by the board"
    draft = tmp_path / "draft.txt"
    draft.write_text("Subject: Sorry\n\nHello\n")
    refused = mg("incident", "apologise", "MG-7Q4K-2F", "--text", str(draft), "--confirm", "2")
    assert refused.status == 2 and "did not leave" in refused.err
    draft.write_text("Subject: Sorry\n\n" + "Hello " * 12_000)
    long = mg("incident", "apologise", "MG-7Q4K-2F", "--text", str(draft))
    assert long.status == 2 and "has 72,016 characters, and an apology may have 4,000: shorten it" in long.err


def test_an_apology_of_a_file_goes_out_once_without_a_service_too(mg: Run, eml: Path, tmp_path: Path) -> None:
    draft = tmp_path / "draft.txt"
    draft.write_text("Subject: Sorry\n\nHello\n\nWe are sorry.\n")
    command = ("incident", "apologise", "--eml", str(eml), "--text", str(draft))
    assert "It would go to 2 people" in mg(*command).out
    sent = mg(*command, "--confirm", "2")
    assert sent.status == 0 and "On its way to 2 people" in sent.out and "not running" in sent.err
    again = mg(*command, "--confirm", "2")
    assert again.status == 0 and "2 people had an apology for this message already" in again.out
    rows = mg("outbox", "list", "--json").items()
    assert sorted(each["recipients"][0] for each in rows) == ["ada@patients.example", "ben@patients.example"]


def test_a_long_list_is_counted_once_with_its_file_beside_it_whether_its_evidence_is_there_or_not(
    mg: Run, settings: Path, tmp_path: Path
) -> None:
    many = tuple(f"p{number}@patients.example" for number in range(600))
    file, draft = tmp_path / "long.eml", tmp_path / "draft.txt"
    file.write_bytes(written(many))
    draft.write_text("Subject: Sorry\n\nHello\n\nWe are sorry.\n")

    async def left(parts: Parts) -> None:
        await keep(parts, State.HELD, "relay", many)
        await delivered(parts, many, AT)

    async def purged(parts: Parts) -> None:
        await parts.store.erase_evidence(REF, "asked", "jo")

    on_store(settings, left)
    command = ("incident", "apologise", REF, "--eml", str(file), "--text", str(draft))
    assert "It would go to 600 people" in mg(*command).out
    on_store(settings, purged)
    assert "It would go to 600 people" in mg(*command).out
    added = mg("incident", "add", "--narrative", "A list was shown", "--json").items()[0]["incident"]
    sent = mg(*command, "--confirm", "600", "--incident", added, "--json").items()[0]
    assert (sent["people"], len(sent["sent"]), sent["incident"]) == (600, 2, added)
    (item,) = mg("incident", "show", added, "--json").items()
    assert item["record"]["subjects_told"]["individually"] == 600


def test_a_long_list_that_the_evidence_names_is_sent_in_one_run_and_entered_by_asking_again(
    mg: Run, settings: Path, tmp_path: Path
) -> None:
    many = tuple(f"p{number}@patients.example" for number in range(600))
    file, draft = tmp_path / "long.eml", tmp_path / "draft.txt"
    file.write_bytes(written(many))
    draft.write_text("Subject: Sorry\n\nHello\n\nWe are sorry.\n")

    async def left(parts: Parts) -> None:
        await keep(parts, State.HELD, "relay", many)
        await delivered(parts, many, AT)

    on_store(settings, left)
    command = ("incident", "apologise", REF, "--eml", str(file), "--text", str(draft), "--confirm", "600")
    sent = mg(*command, "--json").items()[0]
    assert (sent["people"], len(sent["sent"])) == (600, 1)
    added = mg("incident", "add", "--narrative", "A list was shown", "--json").items()[0]["incident"]
    again = mg(*command, "--incident", added, "--json").items()[0]
    assert (again["people"], again["already"], again["sent"]) == (0, 600, [])
    (item,) = mg("incident", "show", added, "--json").items()
    assert item["record"]["subjects_told"]["individually"] == 600


async def _left(parts: Parts) -> None:
    await keep(parts, State.HELD, "relay")
    await delivered(parts, PEOPLE, AT)


async def _erased(parts: Parts) -> None:
    await parts.store.erase_evidence(REF, "asked", "jo")


def test_the_file_of_another_message_is_refused_and_says_nothing_of_this_one(
    mg: Run, eml: Path, settings: Path, tmp_path: Path
) -> None:
    draft, out = tmp_path / "draft.txt", tmp_path / "pack"
    draft.write_text("Subject: Sorry\n\nHello\n\nWe are sorry.\n")
    own, other = tmp_path / "own.eml", tmp_path / "other.eml"
    own.write_bytes(b"Return-Path: <x@elmroad.example>\r\nDelivered-To: zoe@patients.example\r\n" + written(PEOPLE))
    other.write_bytes(b"From: jo@elmroad.example\nTo: p1@patients.example\n\nHello\n")
    on_store(settings, _left)
    for _ in range(2):
        for file in (other, eml):
            ran = mg("incident", "pack", REF, "--eml", str(file), "--out", str(out))
            assert ran.status == 2 and f"file is not {REF}" in ran.err and "as it was sent" in ran.err, ran.err
            ran = mg("incident", "apologise", REF, "--eml", str(file), "--text", str(draft), "--confirm", "1")
            assert ran.status == 2 and f"file is not {REF}" in ran.err and not out.exists()
        on_store(settings, _erased)
    assert not {"pack_exported", "apology_queued"} & {each["kind"] for each in mg("audit", "list", "--json").items()}
    # Of a copy as it arrived only the message itself counts: what servers wrote above it, nobody else was shown.
    ran = mg("incident", "pack", REF, "--eml", str(own), "--out", str(out), "--json")
    assert (ran.items()[0]["recipients"], ran.items()[0]["exposed"]) == (4, 4), ran.err


def test_whom_a_copy_was_delivered_to_nobody_else_was_shown(mg: Run, settings: Path, tmp_path: Path) -> None:
    blind = "zoe@patients.example"
    draft, arrived = tmp_path / "draft.txt", tmp_path / "arrived.eml"
    draft.write_text("Subject: Sorry\n\nHello\n\nWe are sorry.\n")
    arrived.write_bytes(b"Delivered-To: " + blind.encode() + b"\r\n" + written(PEOPLE))

    async def left(parts: Parts) -> None:
        await keep(parts, State.HELD, "relay", blind=(blind,))
        await delivered(parts, (*PEOPLE, blind), AT)
        await parts.store.erase_evidence(REF, "asked", "jo")

    on_store(settings, left)
    shown = mg("incident", "apologise", REF, "--eml", str(arrived), "--text", str(draft), "--json").items()[0]
    assert shown["people"] == 4


@pytest.mark.parametrize("content", ["", "version: 1\nrules:\n  - id: a\n    when: {recipients: 10}\n", "Hello\n"])
def test_what_is_no_message_is_no_all_clear(mg: Run, tmp_path: Path, content: str) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(content)
    ran = mg("incident", "pack", "--eml", str(file), "--out", str(tmp_path / "pack"))
    assert ran.status == 2 and "is no message" in ran.err and ran.out == "", ran
    assert not (tmp_path / "pack").exists()


def test_nobody_has_a_second_apology_by_the_file_of_a_message_that_has_a_reference(
    mg: Run, settings: Path, tmp_path: Path
) -> None:
    draft = tmp_path / "draft.txt"
    draft.write_text("Subject: Sorry\n\nHello\n\nWe are sorry.\n")
    as_sent, arrived = tmp_path / "sent.eml", tmp_path / "arrived.eml"
    as_sent.write_bytes(written(PEOPLE).replace(b"\r\n", b"\n"))
    arrived.write_bytes(b"Received: from mx.example by mail.example; now\r\n" + written(PEOPLE))
    on_store(settings, _left)
    command = ("incident", "apologise", "--text", str(draft), "--confirm", "4", "--json")
    assert len(mg(*command, REF).items()[0]["sent"]) == 1
    for way in (("--eml", str(as_sent)), ("--eml", str(arrived)), (REF,), (REF, "--eml", str(arrived))):
        (again,) = mg(*command, *way).items()
        assert (again["people"], again["already"], again["sent"]) == (0, 4, []), way
    assert len(mg("outbox", "list", "--json").items()) == 4
    made = mg("incident", "pack", "--eml", str(as_sent), "--out", str(tmp_path / "pack"))
    assert made.status == 0 and (tmp_path / "pack" / "apologies.csv").exists()


def test_nor_the_other_way_round(mg: Run, settings: Path, tmp_path: Path) -> None:
    draft, file = tmp_path / "draft.txt", tmp_path / "sent.eml"
    draft.write_text("Subject: Sorry\n\nHello\n\nWe are sorry.\n")
    file.write_bytes(written(PEOPLE))
    on_store(settings, _left)
    command = ("incident", "apologise", "--text", str(draft), "--confirm", "4", "--json")
    assert len(mg(*command, "--eml", str(file)).items()[0]["sent"]) == 1
    (again,) = mg(*command, REF).items()
    assert (again["people"], again["already"], again["sent"]) == (0, 4, [])
