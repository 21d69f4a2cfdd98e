"""Real mail programs through the real guard to a real Postfix that asks for TLS and sign-in, and docs/clients.md.

pytest tests/clients --write-docs       writes docs/clients.md anew
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients import page
from tests.clients.command_line import COMMAND_LINE
from tests.clients.letter import KINDS, SENDER, Letter, letter_of
from tests.clients.libraries import LIBRARIES
from tests.clients.program import Program, Said, Server
from tests.clients.servers import SERVERS
from tests.end_to_end.service import ROOT, Service, eventually
from tests.fakes.smarthost import Received
from tests.peers.authority import Authority
from tests.peers.dovecot import token
from tests.peers.submission import Submission

READING = re.compile(
    r"^  - id: (?:hidden-people|table-of-people|many-people|same-people|attachment-that)[\w-]*\n", re.MULTILINE
)
POLICY = READING.sub(r"\g<0>    mode: off\n", (ROOT / "policies" / "default.yaml").read_text())
"""The default policy but for its rules on what is attached: octets of any kind have to arrive as they were sent."""

SIGN_IN = True
"""Whether clients sign in through the guard. Off: they do not, and the guard hands on to Postfix's trusted port."""

PROGRAMS = (*COMMAND_LINE, *LIBRARIES, *SERVERS)
WITH_TOKENS = tuple(each for each in PROGRAMS if each.tokens)
TLS = ("starttls", "implicit")
PASSWORD = "correct horse"
GUARD, GUARDS_PASSWORD = "mailguard@elmroad.example", "the guard's own"
named = pytest.mark.parametrize("program", PROGRAMS, ids=lambda each: each.name)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def submission(authority: Authority) -> Iterator[Submission]:
    with Submission(authority, {SENDER: PASSWORD, GUARD: GUARDS_PASSWORD}) as found:
        yield found


def settings(submission: Submission, authority: Authority, folder: Path) -> dict[str, Any]:
    certificate, key = authority.issue("localhost")
    files = {"certificate": str(certificate), "key": str(key)}
    listen = [{"address": "127.0.0.1:0", "tls": tls, **files} for tls in TLS]
    smarthost: dict[str, Any] = {"address": f"127.0.0.1:{submission.postfix.port}"}
    if SIGN_IN:
        listen = [each | {"sign_in": "smarthost"} for each in listen]
        (folder / "password").write_text(GUARDS_PASSWORD)
        (folder / "password").chmod(0o600)
        smarthost = {
            "address": f"localhost:{submission.starttls}",
            "tls": "required",
            "ca_file": str(authority.ca_file),
            "username": GUARD,
            "password_file": str(folder / "password"),
        }
    return {"listen": listen, "smarthost": smarthost}


@pytest.fixture(scope="module")
def service(
    submission: Submission, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("guard")
    with Service(folder, 0, policy=POLICY, **settings(submission, authority, folder)) as found:
        yield found


@pytest.fixture(scope="module")
def guessed(
    submission: Submission, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """A guard that lets all these programs guess from one address without slowing them down."""
    folder = tmp_path_factory.mktemp("guessed")
    patient = {"sign_in_failures_per_account": 1000, "sign_in_failures_per_client": 1000} if SIGN_IN else {}
    service = Service(folder, 0, policy=POLICY, limits=patient, **settings(submission, authority, folder))
    if SIGN_IN:
        service.start()
    yield service
    service.kill()


@pytest.fixture(scope="module")
def rows() -> Iterator[dict[str, page.Row]]:
    """What the tests found, program by program."""
    yield {}


def port(service: Service, tls: str) -> int:
    (started,) = (each for each in service.events() if each.get("event") == "service_started")
    return int(started["addresses"][TLS.index(tls)].rpartition(":")[2])


def through(service: Service, authority: Authority, tls: str, **signing_in: str) -> Server:
    return Server(port(service, tls), tls, authority.ca_file, **(signing_in if SIGN_IN else {}))


def signing_in(service: Service, submission: Submission, authority: Authority, **how: str) -> Server:
    """Through the guard, and while that is off directly, which shows that program and Postfix understand each other."""
    if SIGN_IN:
        return through(service, authority, "starttls", **how)
    return Server(submission.starttls, "starttls", authority.ca_file, **how)


def arrived(submission: Submission, letter: Letter) -> list[Received]:
    domain = b"@" + letter.domain.encode()
    return [each for each in submission.postfix.messages if any(to.endswith(domain) for to in each.recipients)]


def below_trace(content: bytes, sent: bytes) -> bytes:
    """What arrived without the Received fields on top of it."""
    assert sent and len(content) > len(sent)
    fields = email.message_from_bytes(content[: -len(sent)] + b"\r\n", policy=email.policy.compat32)
    assert set(fields.keys()) <= {"Received"}, fields.keys()
    return content[-len(sent) :]


def attached(content: bytes) -> dict[str, bytes]:
    parsed = email.message_from_bytes(content, policy=email.policy.default)
    return {str(each.get_filename()): each.get_payload(decode=True) for each in parsed.iter_attachments()}


def log_line(submission: Submission, letter: Letter) -> str:
    """Postfix's line about the session in which the message came."""
    sent = re.compile(rf"smtp\[\d+\]: (\w+): to=<[^>]*@{re.escape(letter.domain)}>")
    queue = eventually(lambda: sent.search(submission.postfix.log()))[1]
    line = re.search(rf"(postfix\S* {queue}: client=.*)$", submission.postfix.log(), re.MULTILINE)
    assert line
    return line[1]


def check_arrival(submission: Submission, letter: Letter, said: Said) -> None:
    assert said.taken, said.text
    eventually(lambda: arrived(submission, letter), what=f"{letter.subject}\n{said.text}")
    (came,) = arrived(submission, letter)
    assert below_trace(came.content, said.sent) == said.sent
    if letter.files:
        assert attached(came.content) == {each.name: each.read_bytes() for each in letter.files}


@pytest.mark.parametrize("tls", TLS)
@named
def test_three_messages(
    program: Program,
    tls: str,
    service: Service,
    submission: Submission,
    authority: Authority,
    rows: dict[str, page.Row],
    tmp_path: Path,
) -> None:
    """The list: the program saw success, and nobody got it; test_each_list_is_held has the rest."""
    server = through(service, authority, tls, password=PASSWORD)
    for kind in KINDS:
        folder = tmp_path / kind
        folder.mkdir()
        letter = letter_of(kind, f"{program.name}-{tls}-{kind}.example", folder)
        said = program.send(server, letter, folder)
        assert said.taken, said.text
        if kind != "list":
            check_arrival(submission, letter, said)
        if kind == "plain":
            line = log_line(submission, letter)
            assert not SIGN_IN or f"sasl_username={SENDER}" in line
            row = rows.setdefault(program.name, page.Row(program.title, program.version_line()))
            row.lines[tls] = line


def test_each_list_is_held(service: Service, submission: Submission, rows: dict[str, page.Row]) -> None:
    expected = {f"list for {name}-{tls}-list.example" for name, row in rows.items() for tls in row.lines}
    held = service.rows("held", "list") if expected else []
    assert {row["subject"] for row in held} == expected and len(held) == len(expected)
    assert all("288" in row["reason"] and row["state"] == "held" for row in held)
    entries = service.rows("audit", "list") if expected else []
    assert {row["ref"] for row in held} == {each["ref"] for each in entries if each["kind"] == "message_held"}
    if SIGN_IN and expected:  # the notices, with the guard's own right to send
        eventually(lambda: f"sasl_username={GUARD}" in submission.postfix.log())
    told = [to for each in submission.postfix.messages for to in each.recipients]
    assert not [to for to in told if to.startswith(b"person")]


@pytest.mark.parametrize("program", WITH_TOKENS, ids=lambda each: each.name)
def test_a_token(
    program: Program, service: Service, submission: Submission, authority: Authority, tmp_path: Path
) -> None:
    server = signing_in(service, submission, authority, bearer=token(SENDER))
    letter = letter_of("plain", f"{program.name}-token.example", tmp_path)
    check_arrival(submission, letter, program.send(server, letter, tmp_path))
    line = log_line(submission, letter)
    assert f"sasl_method={program.tokens}" in line and f"sasl_username={SENDER}" in line


def test_a_long_token(service: Service, submission: Submission, authority: Authority, tmp_path: Path) -> None:
    """As providers with many claims make them; RFC 4954 section 4 lets an exchange have 12,288 octets."""
    (program,) = (each for each in PROGRAMS if each.name == "nodemailer")
    bearer = token(SENDER, filler=5_900)
    assert 10_500 < len(bearer) * 4 / 3 < 12_000
    letter = letter_of("plain", "long-token.example", tmp_path)
    said = program.send(signing_in(service, submission, authority, bearer=bearer), letter, tmp_path)
    check_arrival(submission, letter, said)
    assert "sasl_method=XOAUTH2" in log_line(submission, letter)


@named
def test_a_wrong_password_is_told(
    program: Program,
    guessed: Service,
    submission: Submission,
    authority: Authority,
    rows: dict[str, page.Row],
    tmp_path: Path,
) -> None:
    server = signing_in(guessed, submission, authority, password="wrong")
    letter = letter_of("plain", f"{program.name}-wrong.example", tmp_path)
    said = program.send(server, letter, tmp_path)
    assert not said.taken and re.search(r"535|[Aa]uthenticat", said.text), said.text
    assert arrived(submission, letter) == []
    code = re.search(r"535\D{1,4}5\.7\.8", said.text)
    if program.name in rows:
        rows[program.name].refused = "told, with 535 5.7.8" if code else "told"


def test_the_page_has_it(rows: dict[str, page.Row], request: pytest.FixtureRequest) -> None:
    whole = len(rows) == len(PROGRAMS) and all(row.refused and len(row.lines) == len(TLS) for row in rows.values())
    if request.config.getoption("--write-docs"):
        assert whole, "only a whole run writes the page"
        page.write(page.table(list(rows.values())))
    written = page.without_versions(page.committed())
    complete = [row for row in rows.values() if row.refused and len(row.lines) == len(TLS)]
    assert all(line in written for line in page.without_versions(page.table(complete)))
    assert not whole or page.without_versions(page.table(list(rows.values()))) == written
