"""Real Postfix on both sides: as smarthost, as client, with swaks, curl and msmtp; bytes compared where they arrive."""

from __future__ import annotations

import email
import email.policy
import hashlib
import os
import random
import re
import signal
import subprocess
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.end_to_end.mailing import curl, message, people, submit, swaks
from tests.end_to_end.service import Service, eventually
from tests.fakes.smarthost import Received
from tests.peers.postfix import Postfix
from tests.peers.postgresql import Postgresql

RULES = """\
version: 1
rules:
  - id: visible-list
    describe: Ten or more people outside would see each other's addresses.
    when: {visible_external_recipients: {at_least: 10}}
    action: hold
    rewrite: separate
  - id: separate-three
    describe: Three people outside get separate copies.
    when: {visible_external_recipients: {at_least: 3, at_most: 3}}
    action: rewrite
    rewrite: separate
  - id: bcc-four
    describe: Four people outside are moved to Bcc.
    when: {visible_external_recipients: {at_least: 4, at_most: 4}}
    action: rewrite
    rewrite: bcc
"""

SENDER = "jo@elmroad.example"


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    with Postfix() as found:
        yield found


@pytest.fixture(scope="module")
def service(postfix: Postfix, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    # A Postfix process reads its recipient table once for each session: sessions must not outlive a test.
    smarthost = {"address": f"127.0.0.1:{postfix.port}", "idle_seconds": 1}
    settings = {"smarthost": smarthost, "outbox": {"first_retry": "1s"}}
    with Service(tmp_path_factory.mktemp("guard"), postfix.port, RULES, **settings) as found:
        yield found


@pytest.fixture(scope="module")
def relaying_client(service: Service) -> Iterator[Postfix]:
    """A Postfix whose relayhost is the guard."""
    with Postfix(extra={"relayhost": f"[127.0.0.1]:{service.port}"}) as found:
        yield found


def arrived(postfix: Postfix, domain: str) -> list[Received]:
    """What Postfix passed on to people of a domain."""
    return [each for each in postfix.messages if any(to.endswith(b"@" + domain.encode()) for to in each.recipients)]


def wait_for(postfix: Postfix, domain: str, recipients: int = 1) -> list[Received]:
    def enough() -> bool:
        return sum(len(each.recipients) for each in arrived(postfix, domain)) >= recipients

    eventually(enough, what=f"{recipients} recipients at {domain}")
    return arrived(postfix, domain)


def below_trace(content: bytes, raw: bytes) -> bytes:
    """What arrived without the Received fields that were put on top. They are nothing else."""
    top, rest = content[: -len(raw)], content[-len(raw) :]
    fields = email.message_from_bytes(top + b"\r\n", policy=email.policy.compat32)
    assert set(fields.keys()) <= {"Received"}, fields.keys()
    return rest


def reload(postfix: Postfix) -> None:
    """What `postfix reload` does."""
    assert postfix._master is not None
    os.kill(postfix._master.pid, signal.SIGHUP)


def held_ref(text: str) -> str:
    return text.rpartition(" ")[2].strip()


def kinds(service: Service, ref: str | None = None) -> list[str]:
    return [entry["kind"] for entry in service.rows("audit", "list") if ref is None or entry["ref"] == ref]


# Messages.


def attachment(to: str) -> bytes:
    octets = random.Random(7).randbytes(300_000)
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = SENDER, to, "With a file"
    letter["Date"], letter["Message-ID"] = "Fri, 20 Nov 2026 14:00:00 +0000", "<file@elmroad.example>"
    letter.set_content("Please see the file.\n.\n..two dots\n")
    letter.add_attachment(octets, maintype="application", subtype="octet-stream", filename="list.bin")
    return letter.as_bytes(policy=email.policy.SMTP)


def plain(to: str) -> bytes:
    return message(to=to)


def msmtp(port: int, raw: bytes, recipients: list[str]) -> subprocess.CompletedProcess[bytes]:
    command = ["msmtp", "-C", "/dev/null", "--host=127.0.0.1", f"--port={port}", "--auth=off", "--tls=off"]
    command += [f"--from={SENDER}", "--timeout=60", "--", *recipients]
    return subprocess.run(command, input=raw, capture_output=True, timeout=60)


CLIENTS = ("swaks", "curl", "msmtp", "postfix")


def send_with(client: str, service: Service, relaying: Postfix, raw: bytes, recipients: list[str], folder: Path) -> str:
    """Submit with a real client; what it said."""
    file = folder / "message.eml"
    file.write_bytes(raw)
    if client == "swaks":
        return swaks(service.port, file, recipients)
    if client == "curl":
        done = curl(service.port, file, recipients)
        assert done.returncode == 0, done.stderr
        return done.stderr
    if client == "msmtp":
        sent = msmtp(service.port, raw, recipients)
        assert sent.returncode == 0, sent.stderr
        return ""
    code, text = submit(relaying.port, raw, recipients)
    assert code == 250, text
    return ""


@pytest.mark.parametrize("kind", ["plain", "attachment"])
@pytest.mark.parametrize("client", CLIENTS)
def test_every_client_gets_its_bytes_through(
    client: str, kind: str, service: Service, postfix: Postfix, relaying_client: Postfix, tmp_path: Path
) -> None:
    domain = f"{client}-{kind}.example"
    raw = plain(f"one@{domain}") if kind == "plain" else attachment(f"one@{domain}")
    send_with(client, service, relaying_client, raw, [f"one@{domain}"], tmp_path)
    (came,) = wait_for(postfix, domain)
    arrived_bytes = came.content
    if client == "swaks":  # swaks ends its data with one more line end
        arrived_bytes = arrived_bytes.removesuffix(b"\r\n") if arrived_bytes.endswith(b"\r\n\r\n") else arrived_bytes
    assert hashlib.sha256(below_trace(arrived_bytes, raw)).digest() == hashlib.sha256(raw).digest()
    assert came.content.count(b"\r\nReceived:") + came.content.startswith(b"Received:") >= 2


@pytest.mark.parametrize("client", CLIENTS)
def test_288_in_cc_is_held_from_every_client(
    client: str, service: Service, postfix: Postfix, relaying_client: Postfix, tmp_path: Path
) -> None:
    domain = f"{client}-list.example"
    raw = message(people(288, domain), subject=f"List from {client}")
    send_with(client, service, relaying_client, raw, people(288, domain), tmp_path)

    def held() -> list[dict[str, object]]:
        return [row for row in service.rows("held", "list") if row["subject"] == f"List from {client}"]

    (row,) = eventually(held)
    assert "288" in str(row["reason"]) and not arrived(postfix, domain)


def test_partial_refusal_is_a_delivery_status_notification(service: Service, postfix: Postfix) -> None:
    code, _ = submit(service.port, message(subject="partial"), ["a@partial.example", "refused-b@partial.example"])
    assert code == 250

    def report() -> list[Received]:
        return [each for each in postfix.messages if b"report-type=" in each.content and b"partial" in each.content]

    (came,) = eventually(report)
    assert came.mail.startswith(b"MAIL FROM:<>") and came.recipients == [b"jo@elmroad.example"]
    parsed = email.message_from_bytes(came.content, policy=email.policy.default)
    status = list(parsed.walk())[2].as_bytes().decode()
    assert parsed.get_content_type() == "multipart/report"
    assert "Final-Recipient: rfc822;" in status and "refused-b@partial.example" in status and "5.1.1" in status
    assert "Action: failed" in status and "\na@partial.example" not in status


def test_everybody_refused_is_the_clients_5yz(service: Service, postfix: Postfix) -> None:
    code, text = submit(service.port, message(), ["refused-a@all.example", "refused-b@all.example"])
    assert code == 550 and text.startswith("5.1.1") and not arrived(postfix, "all.example")


def test_deferred_recipients_go_to_the_outbox_and_arrive_when_postfix_takes_them(
    service: Service, postfix: Postfix
) -> None:
    raw = message(subject="deferred")
    code, _ = submit(service.port, raw, ["a@deferred.example", "later-b@deferred.example"])
    assert code == 250
    eventually(lambda: [row for row in service.rows("outbox", "list") if row["kind"] == "deferred"])
    patterns = postfix._folder / "recipients"
    before = patterns.read_text()
    patterns.write_text(before.replace("/^later/", "/^laterwards/"))
    reload(postfix)
    try:
        wait_for(postfix, "deferred.example", 2)
    finally:
        patterns.write_text(before)
        reload(postfix)
    both = arrived(postfix, "deferred.example")
    assert sorted(each.recipients[0] for each in both) == [b"a@deferred.example", b"later-b@deferred.example"]
    assert {below_trace(each.content, raw) for each in both} == {raw}


def test_1000_recipients(service: Service, postfix: Postfix) -> None:
    raw = message(subject="thousand")
    code, text = submit(service.port, raw, people(1000, "thousand.example"))
    assert code == 250, text
    wait_for(postfix, "thousand.example", 1000)
    took = sorted(to.decode() for each in arrived(postfix, "thousand.example") for to in each.recipients)
    assert took == sorted(people(1000, "thousand.example"))


def test_more_recipients_than_postfix_takes_in_one_transaction(tmp_path: Path) -> None:
    with Postfix(recipient_limit=400) as postfix, Service(tmp_path, postfix.port, RULES) as service:
        code, text = submit(service.port, message(), people(1000, "many.example"))
        assert code == 250, text
        wait_for(postfix, "many.example", 1000)
        took = sorted(to.decode() for each in arrived(postfix, "many.example") for to in each.recipients)
        assert took == sorted(people(1000, "many.example"))


def test_the_null_reverse_path_both_ways(service: Service, postfix: Postfix) -> None:
    raw = message(subject="bounce")
    assert submit(service.port, raw, ["a@null.example"], sender="")[0] == 250
    (came,) = wait_for(postfix, "null.example")
    assert came.mail.startswith(b"MAIL FROM:<>") and below_trace(came.content, raw) == raw
    # Held: its sender cannot be told, the reviewers are.
    code, text = submit(service.port, message(people(20, "null2.example")), people(20, "null2.example"), sender="")
    ref = held_ref(text)
    assert code == 250

    def told() -> list[Received]:
        return [each for each in postfix.messages if ref.encode() in each.content]

    (notice,) = eventually(told)
    assert notice.mail.startswith(b"MAIL FROM:<>") and notice.recipients == [b"manager@elmroad.example"]


def test_smtputf8_and_8bitmime(service: Service, postfix: Postfix) -> None:
    raw = message(subject="Grüße", body="Äpfel und Öl\r\n", to="Jörg <jörg@utf8.example>")
    code, text = submit(service.port, raw, ["jörg@utf8.example"], options=("BODY=8BITMIME", "SMTPUTF8"))
    assert code == 250, text
    eventually(lambda: arrived(postfix, "utf8.example"))
    (came,) = arrived(postfix, "utf8.example")
    assert below_trace(came.content, raw) == raw and b"SMTPUTF8" in came.mail
    assert came.recipients == ["jörg@utf8.example".encode()]
    eight = message(body="Caf\u00e9 \u20ac\r\n", to="a@eight.example")
    assert submit(service.port, eight, ["a@eight.example"], options=("BODY=8BITMIME",))[0] == 250
    (came,) = wait_for(postfix, "eight.example")
    assert below_trace(came.content, eight) == eight and b"BODY=8BITMIME" in came.mail


@pytest.mark.parametrize("form", ["original", "separate", "bcc"])
def test_release_through_postfix(form: str, service: Service, postfix: Postfix) -> None:
    domain = f"release-{form}.example"
    raw = message(people(12, domain), subject=f"Release {form}", extra="Bcc: secret@hidden.example")
    recipients = ["office@elmroad.example", *people(12, domain)]
    code, text = submit(service.port, raw, recipients)
    ref = held_ref(text)
    assert code == 250 and ref.startswith("MG-") and not arrived(postfix, domain)
    service.run("held", "release", ref, "--as", form, "--reason", "they know each other")
    came = wait_for(postfix, domain, 12)
    body = raw[raw.index(b"\r\n\r\n") :]
    assert all(each.content.endswith(body) and b"hidden.example" not in each.content for each in came)
    visible = [each.content.partition(b"\r\n\r\n")[0].count(b"@" + domain.encode()) for each in came]
    if form == "original":
        assert visible[0] >= 12
    elif form == "bcc":
        assert all(b"person3@" not in each.content for each in came)
    else:
        assert len(came) == 12
        for each in came:
            own = [to.decode() for to in each.recipients]
            assert len(own) == 1
            named = set(re.findall(r"person\d+@[a-z.-]+", each.content.decode()))
            assert named == set(own)
    eventually(lambda: "copy_delivered" in kinds(service, ref))


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("signer")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN=Jo/emailAddress={SENDER}"]
    command += ["-addext", "keyUsage=digitalSignature", "-addext", "extendedKeyUsage=emailProtection", "-days", "2"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    return certificate, key


@pytest.mark.parametrize(("count", "form"), [(3, "separate"), (4, "bcc")])
def test_a_signed_message_still_verifies_after_a_rewrite(
    count: int, form: str, service: Service, postfix: Postfix, signer: tuple[Path, Path], tmp_path: Path
) -> None:
    domain = f"signed-{form}.example"
    certificate, key = signer
    text = tmp_path / "text"
    text.write_bytes(b"Content-Type: text/plain\r\n\r\nSigned words.\r\n")
    sign = ["openssl", "smime", "-sign", "-in", str(text), "-signer", str(certificate), "-inkey", str(key)]
    signed = subprocess.run(sign, check=True, capture_output=True).stdout
    head = f"From: {SENDER}\r\nTo: {', '.join(people(count, domain))}\r\nSubject: signed\r\n"
    head += "Date: Fri, 20 Nov 2026 14:00:00 +0000\r\nMessage-ID: <s@elmroad.example>\r\n"
    raw = head.encode() + signed.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    code, answer = submit(service.port, raw, people(count, domain))
    assert code == 250 and "Held" not in answer, answer
    for number, each in enumerate(wait_for(postfix, domain, count)):
        file = tmp_path / f"came{number}.eml"
        file.write_bytes(each.content)
        verify = ["openssl", "smime", "-verify", "-in", str(file), "-CAfile", str(certificate), "-out", "/dev/null"]
        done = subprocess.run(verify, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        header = each.content.partition(b"\r\n\r\n")[0]
        assert header.count(b"@" + domain.encode()) - header.count(b"for <") <= 1


def test_the_main_paths_on_postgresql(postfix: Postfix, tmp_path: Path) -> None:
    cluster = Postgresql()
    try:
        url = cluster.new_database()
        keys = str(tmp_path / "keys")
        with Service(tmp_path, postfix.port, RULES, store=url, keys=keys, witness=str(tmp_path / "w")) as service:
            raw = message(to="a@pg.example")
            assert submit(service.port, raw, ["a@pg.example"])[0] == 250
            (came,) = wait_for(postfix, "pg.example")
            assert below_trace(came.content, raw) == raw
            assert submit(service.port, message(people(3, "pg3.example")), people(3, "pg3.example"))[0] == 250
            wait_for(postfix, "pg3.example", 3)
            code, text = submit(service.port, message(people(20, "pg20.example")), people(20, "pg20.example"))
            assert code == 250
            service.kill()
            service.start()
            service.run("held", "release", held_ref(text), "--as", "separate", "--reason", "fine")
            wait_for(postfix, "pg20.example", 20)
            mixed = ["a@pgmixed.example", "refused-x@pgmixed.example", "later-y@pgmixed.example"]
            assert submit(service.port, message(), mixed)[0] == 250
            told = {"message_held", "message_relayed", "copies_queued", "message_released", "recipients_queued"}
            assert told <= set(kinds(service))
            assert service.run("audit", "verify").returncode == 0
            assert service.stop() == 0
    finally:
        cluster.close()
