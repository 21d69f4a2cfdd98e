"""Issue 3, sentence 2, where something is missing or somebody guesses: what a client hears, and what is not said."""

from __future__ import annotations

import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.mail_client import MailClient, encode, ports
from tests.end_to_end.mail_client import submission_settings as smarthost_settings
from tests.end_to_end.mailing import message
from tests.end_to_end.service import Service, eventually
from tests.fakes.smarthost import CUT, ORDINARY, Received, say
from tests.fakes.threaded import ThreadedSmarthost
from tests.peers.authority import Authority
from tests.ports import free_port
from tests.smtp.listen.certificates import make_pair

JO, GUARD = "jo@elmroad.example", "guard@elmroad.example"
SIGN_IN = (*ORDINARY, b"AUTH PLAIN LOGIN")
REFUSED = {"auth": say(b"535 5.7.8 no")}
UNLIMITED = {"sign_in_failures_per_account": 1000, "sign_in_failures_per_client": 1000, "sign_in_failures": 20}
LOCAL_PASSWORD = "correct horse battery"
RULE = """
version: 1
rules:
  - id: visible-list
    describe: Ten or more people.
    when: {visible_external_recipients: {at_least: 10}}
    action: hold
    mode: enforce
"""
ONE = ["p@out.example"]


class Smarthost(ThreadedSmarthost):
    """Scripted, under TLS, announces AUTH."""

    def __init__(self, authority: Authority, **named: Any) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*authority.issue())
        super().__init__(tls=context, extensions=SIGN_IN, **named)


@dataclass
class Practice:
    """Two smarthosts under TLS, and doors of each kind in front of one guard."""

    service: Service
    certificate: Path
    first: Smarthost
    second: Smarthost

    def client(self, door: str = "smarthost") -> MailClient:
        port = ports(self.service)[("smarthost", "own", "allowed", "local").index(door)]
        client = MailClient(port, "starttls", self.certificate) if door == "local" else MailClient(port)
        client.hello()
        return client


def servers(folder: Path, authority: Authority, *smarthosts: int) -> list[dict[str, Any]]:
    found = [smarthost_settings(folder, port, authority.ca_file, GUARD, "own") for port in smarthosts]
    return [each | {"connect_timeout_seconds": 10} for each in found]


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    folder = tmp_path_factory.mktemp("practice")
    authority = Authority(folder)
    with Smarthost(authority) as first, Smarthost(authority) as second:
        smarthost = servers(folder, authority, first.port, second.port)
        (folder / "tls").mkdir()
        pair = {name: str(file) for name, file in make_pair(folder / "tls").items()}
        own = {"own_address_only": True, "send_as": {JO: ["reception@elmroad.example"]}}
        listen = [
            {"address": "127.0.0.1:0", "sign_in": "smarthost"},
            {"address": "127.0.0.1:0", "sign_in": "smarthost", **own},
            {"address": "127.0.0.1:0", "allow": ["127.0.0.0/8"]},
            {"address": "127.0.0.1:0", "tls": "starttls", "sign_in": "local", **pair},
        ]
        with Service(folder / "guard", 0, listen=listen, smarthost=smarthost, limits=UNLIMITED) as service:
            (folder / "password").write_text(LOCAL_PASSWORD + "\n")
            service.run("user", "add", JO, "--password-file", str(folder / "password"), "--role", "sender")
            yield Practice(service, Path(pair["certificate"]), first, second)


def test_a_smarthost_that_is_down_or_not_the_right_one_is_454(tmp_path: Path) -> None:
    """And one whose certificate does not verify hears no password."""
    authority, port = Authority(tmp_path), free_port()
    (tmp_path / "other").mkdir()
    listen = [{"address": "127.0.0.1:0", "sign_in": "smarthost"}]
    with Service(tmp_path / "guard", 0, listen=listen, smarthost=servers(tmp_path, authority, port)) as service:
        with MailClient(service.port) as client:
            client.hello()
            assert client.sign_in("PLAIN", JO, "pass word").text.startswith("454 4.7.0")
            assert client.ask("NOOP").code == 250
            with Smarthost(Authority(tmp_path / "other"), port=port) as smarthost:
                assert client.sign_in("PLAIN", JO, "pass word").text.startswith("454 4.7.0")
                lines = smarthost.smarthost.lines
        assert lines and not [line for line in lines if line.startswith((b"AUTH", b"MAIL"))]


def test_a_connection_that_was_lost_is_never_failed_over(practice: Practice) -> None:
    """421: the client signs in anew. The second smarthost and the guard's own right carry nothing of it."""
    tried = len(practice.first.smarthost.lines)
    with practice.client() as client:
        assert client.sign_in("PLAIN", JO, "pass word").code == 235
        practice.first.smarthost.say_from_now_on({"mail": CUT})
        reply = client.send(message(to=ONE[0], number=7), ONE)
        practice.first.smarthost.say_from_now_on({})
    assert reply.text.startswith("421 4.7.0"), reply
    assert len([line for line in practice.first.smarthost.lines[tried:] if line.startswith(b"MAIL")]) == 1
    for smarthost in (practice.first, practice.second):
        assert not [each for each in smarthost.messages if b"<7@elmroad.example>" in each.content]


def test_pass_through_without_a_right_of_its_own_does_not_start(tmp_path: Path) -> None:
    """check and serve refuse it while a rule can hold or separate."""
    listen = [{"address": "127.0.0.1:0", "sign_in": "smarthost"}]
    service = Service(tmp_path, 0, RULE, listen=listen, smarthost={"address": "127.0.0.1:1", "tls": "none"})
    with pytest.raises(AssertionError, match="trusts_address"):
        service.start()
    done = service.run("check", check=False)
    assert done.returncode == 1 and "trusts_address" in done.stdout and "username" in done.stdout


@pytest.mark.parametrize("tls", ["none", "opportunistic"])
def test_pass_through_needs_a_verified_connection(tmp_path: Path, tls: str) -> None:
    smarthost = {"address": "192.0.2.1:25", "tls": tls, "trusts_address": True}
    service = Service(tmp_path, 0, listen=[{"address": "127.0.0.1:0", "sign_in": "smarthost"}], smarthost=smarthost)
    with pytest.raises(AssertionError, match="required"):
        service.start()


def test_guessing_is_slowed_per_account_and_per_address(tmp_path: Path) -> None:
    limits = {"sign_in_failures_per_account": 2, "sign_in_failures_per_client": 4, "sign_in_wait_seconds": 1,
              "sign_in_failures": 20}  # fmt: skip
    authority = Authority(tmp_path)
    listen = [{"address": "127.0.0.1:0", "sign_in": "smarthost"}]
    with Smarthost(authority) as smarthost:
        settings = {"listen": listen, "smarthost": servers(tmp_path, authority, smarthost.port), "limits": limits}
        with Service(tmp_path / "guard", 0, **settings) as service:
            smarthost.smarthost.say_from_now_on(REFUSED)

            def tried(account: str, source: str, times: int = 1) -> list[int]:
                with MailClient(service.port, source=source) as client:
                    client.hello()
                    return [client.sign_in("PLAIN", account, "guess").code for _ in range(times)]

            # Each one that was in time after all doubles the pause: some attempt finds it too long, on any machine.
            by_account = tried(JO, "127.0.0.2", 12)
            assert by_account[:2] == [535, 535] and 454 in by_account, by_account
            others = (f"127.0.1.{number}" for number in count(1))
            eventually(lambda: tried(JO, next(others)) == [454], what="the account is slow from everywhere")
            assert tried("ann@elmroad.example", "127.0.0.4") == [535], "somebody else from elsewhere is not"
            by_address = [tried(f"p{number}@elmroad.example", "127.0.0.5")[0] for number in range(12)]
            assert by_address[:4] == [535] * 4 and 454 in by_address, by_address


@pytest.mark.parametrize(
    ("sender", "header_from", "outcome"),
    [
        (JO, JO, "relayed"),
        ("Jo@ElmRoad.example", JO, "relayed"),
        ("reception@elmroad.example", "reception@elmroad.example", "relayed"),
        ("ann@elmroad.example", JO, "Held"),
        (JO, "ann@elmroad.example", "Held"),
        (JO, "jo@elmroad.example>, <ann@elmroad.example", "Held"),
        ("", "ann@elmroad.example", "Held"),
    ],
)
def test_an_account_may_only_send_as_itself(practice: Practice, sender: str, header_from: str, outcome: str) -> None:
    with practice.client("own") as client:
        assert client.sign_in("PLAIN", JO, "pass word").code == 235
        raw = message(to=ONE[0]).replace(b"jo@elmroad.example>", header_from.encode() + b">", 1)
        reply = client.send(raw, ONE, sender=sender)
    assert reply.code == 250 and ("Held" in reply.text) == (outcome == "Held"), reply
    if outcome == "Held":
        ref = reply.text.split("ref ")[1].split()[0]
        (held,) = (each for each in practice.service.rows("held", "list") if each["ref"] == ref)
        assert held["rules"] == ["floor-sender"]


def test_the_guard_signs_in_itself(practice: Practice) -> None:
    """Clients of an allowed network send without; the smarthost sees the guard's account."""
    with practice.client("allowed") as client:
        assert "AUTH" not in client.extensions
        assert client.send(message(to=ONE[0], number=8), ONE).code == 250
    assert b"AUTH PLAIN " + encode(f"\0{GUARD}\0own").encode() in practice.first.smarthost.lines
    assert [each for each in practice.first.messages if b"<8@elmroad.example>" in each.content]


def test_what_waits_for_a_recipient_leaves_with_the_guards_own_right(practice: Practice) -> None:
    """The client's connection carries the message once; what the smarthost deferred is the guard's to send."""
    with practice.client() as client:
        assert client.sign_in("PLAIN", JO, "pass word").code == 235
        practice.first.smarthost.say_from_now_on({"rcpt:2": say(b"450 4.2.0 later")})
        reply = client.send(message(to=ONE[0], number=9), [*ONE, "late@out.example"])
        practice.first.smarthost.say_from_now_on({})
        assert reply.code == 250, reply
        first, second = eventually(lambda: carrying(practice.first, 9)[1:] and carrying(practice.first, 9))
        assert (first.recipients, second.recipients) == ([b"p@out.example"], [b"late@out.example"])
        assert first.session != second.session, "not on the client's connection, which is still open"


def carrying(smarthost: Smarthost, number: int) -> list[Received]:
    """The transactions that were message(number=...), without notices about it."""
    name = f"<{number}@elmroad.example>".encode()
    return [each for each in smarthost.messages if name in each.content and not each.mail.startswith(b"MAIL FROM:<>")]


def test_local_accounts_sign_in_and_send(practice: Practice) -> None:
    with practice.client("local") as client:
        assert set(client.extensions["AUTH"].split()) == {"PLAIN", "LOGIN"}, "a token cannot be tried here"
        assert client.ask(f"MAIL FROM:<{JO}>").text.startswith("530 5.7.0")
        assert client.sign_in("LOGIN", JO.upper(), LOCAL_PASSWORD).code == 235
        assert client.send(message(to=ONE[0], number=10), ONE).code == 250
    assert [each.recipients for each in carrying(practice.first, 10)] == [[b"p@out.example"]]
    assert not [file for file in (practice.service.folder / "store").iterdir() if b"correct horse" in _octets(file)]


def _octets(file: Path) -> bytes:
    with suppress(FileNotFoundError):  # the service removes files of its own
        return file.read_bytes() if file.is_file() else b""
    return b""


def test_local_accounts_do_not_tell_whether_one_exists(practice: Practice) -> None:
    """Same words, and a hash is computed in either case: a look-up alone takes a hundredth of it."""
    seconds: dict[str, float] = {}
    texts = set()
    with practice.client("local") as client:
        for _ in range(4):
            for account in (JO, "nobody@elmroad.example"):
                begun = time.perf_counter()
                texts.add(client.sign_in("PLAIN", account, "wrong horse battery").text)
                taken = time.perf_counter() - begun
                seconds[account] = min(taken, seconds.get(account, taken))
    (text,) = texts
    assert text.startswith("535 5.7.8")
    known, unknown = seconds.values()
    assert max(known, unknown) < 3 * min(known, unknown), seconds


def test_python_knows_the_way_in_too(practice: Practice) -> None:
    """smtplib, as scripts use it."""
    script = (
        "import smtplib, ssl, sys; c = smtplib.SMTP('localhost', int(sys.argv[1]), timeout=30);"
        "c.starttls(context=ssl.create_default_context(cafile=sys.argv[2])); c.login(sys.argv[3], sys.argv[4]);"
        "c.sendmail(sys.argv[3], ['p@out.example'], 'From: jo@elmroad.example\\nTo: p@out.example\\n\\nHello\\n')"
    )
    words = [str(ports(practice.service)[-1]), str(practice.certificate), JO, LOCAL_PASSWORD]
    subprocess.run([sys.executable, "-c", script, *words], check=True, timeout=60)
