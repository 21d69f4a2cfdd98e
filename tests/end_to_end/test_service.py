"""The real process on real sockets: what a client submits, what the smarthost gets, what is on record."""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.mailing import curl, message, people, submit, swaks
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink
from tests.ports import free_port

RULES = """\
version: 1
rules:
  - id: visible-list
    describe: Ten or more people outside would see each other's addresses.
    when: {visible_external_recipients: {at_least: 10}}
    action: hold
    rewrite: separate
  - id: separate-five
    describe: Five to nine people outside get separate copies.
    when: {visible_external_recipients: {at_least: 5, at_most: 9}}
    action: rewrite
    rewrite: separate
  - id: bcc-four
    describe: Four people outside are moved to Bcc.
    when: {visible_external_recipients: {at_least: 4, at_most: 4}}
    action: rewrite
    rewrite: bcc
  - id: no-secrets
    describe: The subject says that this is secret.
    when: {subject: {matches: "(?i)top secret"}}
    action: reject
"""


@pytest.fixture
def service(tmp_path: Path, sink: Sink) -> Iterator[Service]:
    with Service(tmp_path, sink.port, RULES) as found:
        yield found


def kinds(service: Service, ref: str | None = None) -> list[str]:
    return [entry["kind"] for entry in service.rows("audit", "list") if ref is None or entry["ref"] == ref]


def test_ordinary_mail_passes_byte_for_byte_with_one_received_field(service: Service, sink: Sink) -> None:
    raw = message(body="".join(f"{number} " + "x" * 1500 + "\r\n" for number in range(10)) + ".\r\n..\r\n")
    code, text = submit(service.port, raw, ["a@council.example"])
    assert (code, text) == (250, "2.0.0 kept")
    (taken,) = sink.taken
    received, rest = taken.content[: -len(raw)], taken.content[-len(raw) :]
    assert rest == raw and received.startswith(b"Received: from ") and received.count(b"Received:") == 1
    assert taken.mail.startswith(b"<jo@elmroad.example>") and taken.rcpt == (b"<a@council.example>",)
    decided = next(entry for entry in service.rows("audit", "list") if entry["kind"] == "message_decided")
    assert decided["content_sha256"] == hashlib.sha256(raw).hexdigest()
    assert decided["sent_sha256"] == [hashlib.sha256(taken.content).hexdigest()]


def test_288_in_cc_from_swaks_does_not_leave_as_it_was(service: Service, sink: Sink, tmp_path: Path) -> None:
    file = tmp_path / "list.eml"
    file.write_bytes(message(people(288)))
    transcript = swaks(service.port, file, people(288))
    assert "250 2.0.0 Held for checking, ref MG-" in transcript
    (held,) = service.rows("held", "list")
    assert held["state"] == "held" and held["subject"] == "Flu clinic" and "288" in held["reason"]
    # The reviewers are told as well, before or after.
    to_sender = lambda: [each for each in list(sink.taken) if each.recipients == ["jo@elmroad.example"]]  # noqa: E731
    (notice,) = eventually(to_sender, what="the sender's notice")
    assert {each.mail.startswith(b"<>") for each in list(sink.taken)} == {True}
    assert b"patients.example" not in notice.content and held["ref"].encode() in notice.content

    service.run("held", "release", held["ref"], "--as", "separate", "--reason", "a list for them")
    to_patients = lambda: [each for each in list(sink.taken) if each.recipients[0].endswith("@patients.example")]  # noqa: E731
    copies = eventually(lambda: len(found := to_patients()) >= 288 and found, what="288 copies")
    eventually(lambda: len(to_sender()) == 2, what="the sender hears of the hold and of its end")
    assert sorted(taken.recipients[0] for taken in copies) == sorted(people(288))
    for taken in copies:
        assert len(taken.rcpt) == 1
        others = [person for person in people(288) if person != taken.recipients[0]]
        assert not any(f"{other}".encode() + b"\r" in taken.content for other in others)
        assert taken.content.count(b"@patients.example") == 1
    eventually(lambda: service.rows("held", "list") == [] or service.rows("held", "list")[0]["state"] == "released")
    assert service.run("audit", "verify").returncode == 0


def test_curl_is_a_client(service: Service, sink: Sink, tmp_path: Path) -> None:
    file = tmp_path / "one.eml"
    file.write_bytes(message())
    assert curl(service.port, file, ["a@council.example"]).returncode == 0
    assert [taken.recipients for taken in sink.taken] == [["a@council.example"]]


def test_six_people_get_separate_copies(service: Service, sink: Sink) -> None:
    raw = message(people(6))
    code, text = submit(service.port, raw, ["office@elmroad.example", *people(6)])
    assert code == 250 and text.startswith("2.0.0 Sending 7 separate copies, ref MG-")
    eventually(lambda: len(sink.taken) == 7)
    body = raw[raw.index(b"\r\n\r\n") :]
    for taken in sink.taken:
        assert taken.content.endswith(body)
    ref = text.rpartition(" ")[2]
    decided = next(entry for entry in service.rows("audit", "list") if entry["kind"] == "message_decided")
    assert sorted(decided["sent_sha256"]) == sorted(hashlib.sha256(taken.content).hexdigest() for taken in sink.taken)
    eventually(lambda: kinds(service, ref).count("copy_delivered") == 7)


def test_four_people_are_moved_to_bcc(service: Service, sink: Sink) -> None:
    submit(service.port, message(people(4)), ["office@elmroad.example", *people(4)])
    (taken,) = sink.taken
    assert len(taken.rcpt) == 5 and b"patients.example" not in taken.content


def test_a_refusal_says_why_to_the_client(service: Service, sink: Sink) -> None:
    code, text = submit(service.port, message(subject="top secret plans"), ["a@council.example"])
    assert code == 550 and text.startswith("5.7.1 Not sent: ") and "Ref MG-" in text and not sink.taken


def test_a_bcc_field_never_leaves(service: Service, sink: Sink) -> None:
    raw = message(extra="Bcc: hidden@council.example")
    submit(service.port, raw, ["a@council.example", "hidden@council.example"])
    (taken,) = sink.taken
    assert len(taken.rcpt) == 2 and b"Bcc" not in taken.content and b"hidden" not in taken.content


def test_recipients_refused_while_others_were_taken_are_told_to_the_sender(service: Service, sink: Sink) -> None:
    sink.refusals[b"gone@council.example"] = b"550 5.1.1 no such user"
    code, _ = submit(service.port, message(), ["a@council.example", "gone@council.example"])
    assert code == 250
    report = eventually(lambda: sink.taken[1:], what="the delivery status notification")[0]
    assert report.mail.startswith(b"<>") and b"report-type=delivery-status" in report.content.replace(b"\r\n ", b" ")
    assert b"gone@council.example" in report.content and b"Jo\r\n" not in report.content.split(b"rfc822-headers")[-1]


def test_deferred_recipients_are_delivered_by_the_outbox(service: Service, sink: Sink) -> None:
    sink.refusals[b"later@council.example"] = b"450 4.2.1 try later"
    code, _ = submit(service.port, message(), ["a@council.example", "later@council.example"])
    assert code == 250
    row = eventually(lambda: [row for row in service.rows("outbox", "list") if row["kind"] == "deferred"])[0]
    sink.refusals.clear()
    service.run("outbox", "retry", row["ref"])
    eventually(lambda: "later@council.example" in sink.recipients())


def test_the_null_reverse_path_works_both_ways(service: Service, sink: Sink) -> None:
    code, _ = submit(service.port, message(), ["a@council.example"], sender="")
    assert code == 250 and sink.taken[0].mail.startswith(b"<>")


def test_smarthost_down_is_451_and_an_alarm(tmp_path: Path) -> None:
    with Service(tmp_path, free_port(), RULES) as service:
        code, text = submit(service.port, message(), ["a@council.example"])
        assert code == 451 and text.startswith("4.4.1 ") and "ref MG-" in text
        assert any(event["event"] == "smarthost_failed" for event in service.events())


def test_a_hold_that_nobody_decides_expires_and_the_sender_is_told(tmp_path: Path, sink: Sink) -> None:
    with Service(tmp_path, sink.port, RULES, deadline="1s") as service:
        submit(service.port, message(people(20)), people(20))
        ref = service.rows("held", "list")[0]["ref"]
        eventually(lambda: "hold_expired" in kinds(service, ref))
        eventually(lambda: len(sink.taken) == 3, what="held notices to sender and reviewers, expired notice")
        to_sender = [each.content for each in sink.taken if each.recipients == ["jo@elmroad.example"]]
        assert len(to_sender) == 2 and sum(b"Subject: Not sent: " in each for each in to_sender) == 1
        (to_reviewers,) = [each.content for each in sink.taken if each.recipients == ["manager@elmroad.example"]]
        assert ref.encode() in to_reviewers and b"Flu" not in to_reviewers
        assert not [address for address in sink.recipients() if address.endswith("patients.example")]
        late = service.run("held", "release", ref, "--as", "original", "--reason", "late", check=False)
        assert late.returncode == 5


def test_a_policy_is_reloaded_and_a_broken_one_is_not(service: Service, sink: Sink) -> None:
    policy = service.folder / "policies" / "policy.yaml"
    policy.write_text(RULES.replace("top secret", "confidential"))
    eventually(lambda: sum(event["event"] == "policy_loaded" for event in service.events()) >= 2)
    assert submit(service.port, message(subject="top secret"), ["a@council.example"])[0] == 250
    policy.write_text("version: 1\nrules: [{id: x, wen: {}}]\n")
    eventually(lambda: any(event["event"] == "policy_file_broken" for event in service.events()))
    assert submit(service.port, message(subject="confidential"), ["a@council.example"])[0] == 550


def test_without_any_policy_mail_is_deferred(tmp_path: Path, sink: Sink) -> None:
    with Service(tmp_path, sink.port, "rules: nonsense") as service:
        code, text = submit(service.port, message(), ["a@council.example"])
        assert code == 451 and "4.3.0 Cannot check this message now, ref MG-" in text and not sink.taken


def test_logs_hold_no_address_subject_or_text(service: Service) -> None:
    submit(service.port, message(people(20), subject="Asthma list"), people(20))
    submit(service.port, message(subject="Asthma one"), ["a@council.example"])
    text = service.log_file.read_text()
    assert "@" not in text and "Asthma" not in text and "Dear all" not in text
    assert all(event["event"] != "not_json" for event in service.events())


def test_metrics_and_health(tmp_path: Path, sink: Sink) -> None:
    with Service(tmp_path, sink.port, RULES, metrics={"address": "127.0.0.1:0"}) as service:
        started = next(event for event in service.events() if event["event"] == "service_started")
        base = f"http://127.0.0.1:{started['health_port']}"
        submit(service.port, message(), ["a@council.example"])
        text = urllib.request.urlopen(f"{base}/metrics", timeout=60).read().decode()
        assert 'mailguard_decisions_total{disposition="relay",rewrite="none"} 1.0' in text
        assert json.loads(urllib.request.urlopen(f"{base}/healthz", timeout=60).read())["alive"] is True
        assert json.loads(urllib.request.urlopen(f"{base}/readyz", timeout=60).read())["ready"] is True
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"{base}/else", timeout=60)


def test_it_stops_when_told(service: Service) -> None:
    assert service.stop() == 0
    assert service.events()[-1]["event"] == "service_stopped"


def test_explain_tells_what_happened(service: Service) -> None:
    submit(service.port, message(people(20)), people(20))
    ref = service.rows("held", "list")[0]["ref"]
    told = service.run("explain", ref).stdout
    assert "visible-list" in told and "20" in told
    assert service.run("explain", "MG-2222-22", check=False).returncode == 2
