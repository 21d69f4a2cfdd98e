"""The real service with a key of its own, made by openssl: what it rewrote verifies; without its key it stays shut."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dkim
import pytest

from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink
from tests.peers.postfix import Postfix

RULES = """\
version: 1
rules:
  - id: separate-all
    describe: Five or more people outside get separate copies.
    when: {visible_external_recipients: {at_least: 5}}
    action: rewrite
    rewrite: separate
  - id: bcc-four
    describe: Four people outside are moved to Bcc.
    when: {visible_external_recipients: {at_least: 4, at_most: 4}}
    action: rewrite
    rewrite: bcc
"""


def make_key(folder: Path) -> None:
    subprocess.run(
        ["openssl", "genrsa", "-out", str(folder / "dkim.pem"), "2048"], check=True, capture_output=True, timeout=60
    )
    (folder / "dkim.pem").chmod(0o600)


def record(folder: Path) -> bytes:
    """As docs/operating.md makes it."""
    done = subprocess.run(
        ["openssl", "pkey", "-in", str(folder / "dkim.pem"), "-pubout", "-outform", "PEM"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return b"v=DKIM1; k=rsa; p=" + b"".join(re.findall(rb"^[^-].*$", done.stdout, re.MULTILINE))


@pytest.fixture
def service(tmp_path: Path, sink: Sink) -> Iterator[Service]:
    make_key(tmp_path)
    key = {"domain": "elmroad.example", "selector": "guard1", "key_file": "dkim.pem"}
    with Service(tmp_path, sink.port, RULES, dkim=[key]) as found:
        yield found


def verifies(content: bytes, found: bytes) -> bool:
    return bool(dkim.verify(content, dnsfunc=lambda name, timeout=5: found))


def test_288_separate_copies_each_verify(service: Service, sink: Sink) -> None:
    cc = people(288)
    code, text = submit(service.port, message(cc), cc)
    assert code == 250 and "Sending 288 separate copies" in text
    eventually(lambda: len(sink.taken) == 288, 60, "288 copies")
    key = record(service.folder)
    assert all(verifies(each.content, key) for each in sink.taken)
    assert len({each.content for each in sink.taken}) == 288
    (decided,) = (entry for entry in service.rows("audit", "list") if entry["kind"] == "message_decided")
    assert decided["changes"] == ["to", "cc-removed", "dkim-signed:elmroad.example"]
    said = service.run("explain", decided["ref"]).stdout
    assert re.search(r"^Changed +to, cc-removed, dkim-signed:elmroad\.example$", said, re.MULTILINE)


def test_bcc_verifies_and_relayed_mail_stays_as_it_is(service: Service, sink: Sink) -> None:
    submit(service.port, message(people(4)), people(4))
    raw = message()
    submit(service.port, raw, ["a@council.example"])
    rewritten, relayed = sink.taken
    assert verifies(rewritten.content, record(service.folder))
    assert relayed.content.endswith(raw) and b"DKIM" not in relayed.content


def test_a_new_key_is_in_force_after_sighup_and_a_broken_one_never(service: Service, sink: Sink) -> None:
    (service.folder / "dkim.pem").write_text("no key\n")
    service.signal(signal.SIGHUP)
    eventually(lambda: [each for each in service.events() if each["event"] == "dkim_keys_not_loaded"])
    submit(service.port, message(people(4)), people(4))
    assert b"\nDKIM-Signature:" in b"\n" + sink.taken[0].content, "the key in force still signs"
    make_key(service.folder)
    service.signal(signal.SIGHUP)
    eventually(lambda: [each for each in service.events() if each["event"] == "dkim_keys_loaded"])
    submit(service.port, message(people(4)), people(4))
    assert verifies(sink.taken[1].content, record(service.folder))


def test_without_its_key_the_service_does_not_start_and_check_says_so(tmp_path: Path, sink: Sink) -> None:
    key = {"domain": "elmroad.example", "selector": "guard1", "key_file": "none.pem"}
    service = Service(tmp_path, sink.port, RULES, dkim=[key])
    words = [sys.executable, "-m", "mailguard", "-C", str(service.settings_file)]
    root = Path(__file__).resolve().parents[2]
    for command in ("serve", "check"):
        done = subprocess.run([*words, command], capture_output=True, text=True, timeout=60, cwd=root)
        assert done.returncode and "none.pem" in done.stdout + done.stderr and "Traceback" not in done.stderr


def test_what_the_service_sent_is_known_when_it_comes_back(service: Service, sink: Sink) -> None:
    submit(service.port, message(people(4)), people(4))
    submit(service.port, message(), ["a@council.example"])
    for taken in list(sink.taken):
        code, text = submit(service.port, taken.content, ["a@council.example"])
        assert code == 554 and text.startswith("5.4.6 ")
    assert len(sink.taken) == 2


def test_a_real_postfix_behind_it_keeps_the_signature_whole(tmp_path: Path) -> None:
    """It adds its Received field, and the Date and Message-ID that are missing, as Postfix does for its own clients."""
    make_key(tmp_path)
    key = {"domain": "elmroad.example", "selector": "guard1", "key_file": "dkim.pem"}
    with (
        Postfix(extra={"local_header_rewrite_clients": "permit_mynetworks"}) as postfix,
        Service(tmp_path, postfix.port, RULES, dkim=[key]) as service,
    ):
        cc = ", ".join(people(4))
        raw = f"From: Jo <jo@elmroad.example>\r\nCc: {cc}\r\nSubject: x\r\n\r\nHi \r\n\r\n\r\n".encode()
        assert submit(service.port, raw, people(4))[0] == 250
        (taken,) = postfix.wait_for(1)
        assert b"\nMessage-Id: <" in taken.content and b"\nDate: " in taken.content
        assert verifies(taken.content, record(tmp_path))
