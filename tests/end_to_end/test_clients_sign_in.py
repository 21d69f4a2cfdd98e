"""Issue 3, sentence 2, from outside: real clients sign in through the real process to a real Postfix with Dovecot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.end_to_end.mail_client import MailClient, accounts_that_carried, encode, initial_response, ports
from tests.end_to_end.mail_client import submission_settings as smarthost_settings
from tests.end_to_end.mailing import message, people
from tests.end_to_end.service import Service, eventually
from tests.peers.authority import Authority
from tests.peers.dovecot import token
from tests.peers.submission import Submission
from tests.smtp.listen.certificates import make_pair

JO, ANN, GUARD = "jo@elmroad.example", "ann@elmroad.example", "guard@elmroad.example"
PASSWORDS = {JO: "jo's pass word", ANN: "ann's pass word", GUARD: "the guard's own"}
MECHANISMS = ("PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER")
UNLIMITED = {"sign_in_failures_per_account": 1000, "sign_in_failures_per_client": 1000}


@dataclass
class Practice:
    submission: Submission
    service: Service
    certificate: Path

    def client(self, tls: str = "starttls") -> MailClient:
        """Has said EHLO under TLS."""
        starttls, implicit = ports(self.service)[:2]
        client = MailClient(starttls if tls == "starttls" else implicit, tls, self.certificate)
        client.hello()
        return client

    def carriers(self, number: int, count: int = 1) -> list[str]:
        """The accounts that Postfix saw for message(number=...), once it took so many."""

        def seen() -> list[str]:
            found = accounts_that_carried(self.submission.postfix.log(), f"{number}@elmroad.example")
            return found if len(found) >= count else []

        found: list[str] = eventually(seen)
        return found


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    folder = tmp_path_factory.mktemp("practice")
    authority = Authority(folder)
    pair = {name: str(file) for name, file in make_pair(folder).items()}
    with Submission(authority, PASSWORDS) as submission:
        listen = [
            {"address": "127.0.0.1:0", "tls": "starttls", "sign_in": "smarthost", **pair},
            {"address": "127.0.0.1:0", "tls": "implicit", "sign_in": "smarthost", **pair},
        ]
        smarthost = smarthost_settings(folder, submission.starttls, authority.ca_file, GUARD, PASSWORDS[GUARD])
        service = Service(folder / "guard", 0, listen=listen, smarthost=smarthost, limits=UNLIMITED)
        with service:
            yield Practice(submission, service, Path(pair["certificate"]))


def secret(mechanism: str, account: str = JO, seconds: int = 600) -> str:
    return token(account, seconds) if "OAUTH" in mechanism or mechanism == "XOAUTH2" else PASSWORDS[account]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_each_mechanism_passes_through_and_carries_the_mail(practice: Practice, mechanism: str, tls: str) -> None:
    number = 100 + MECHANISMS.index(mechanism) * 2 + (tls == "implicit")
    with practice.client(tls) as client:
        assert mechanism in client.extensions["AUTH"].split()
        assert client.sign_in(mechanism, JO, secret(mechanism)).code == 235
        reply = client.send(message(to="p@out.example", number=number), ["p@out.example"])
        assert reply.code == 250, reply
    assert practice.carriers(number) == [JO]
    assert f"sasl_method={mechanism}, sasl_username={JO}" in practice.submission.postfix.log()


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_each_mechanism_is_refused_as_the_smarthost_refuses_it(practice: Practice, mechanism: str) -> None:
    wrong = token(JO, -60) if "OAUTH" in mechanism else "wrong"
    with practice.client() as client:
        reply = client.sign_in(mechanism, JO, wrong)
        assert reply.code == 535, reply
        assert client.ask(f"MAIL FROM:<{JO}>").text.startswith("530 5.7.0")
        assert client.sign_in(mechanism, JO, secret(mechanism)).code == 235, "a second try on the same connection"


def test_an_exchange_of_12288_octets_passes_and_one_more_does_not(practice: Practice) -> None:
    fits = longest_token(12_288)
    with practice.client() as client:
        line = f"AUTH OAUTHBEARER {encode(initial_response('OAUTHBEARER', JO, fits))}"
        assert 12_200 < len(line) + 2 <= 12_288
        assert client.ask(line).code == 235
    with practice.client() as client:
        assert client.ask("AUTH PLAIN").code == 334
        reply = client.ask("A" * 12_400)
        assert reply.code in (500, 501), reply
        assert client.sign_in("PLAIN", JO, PASSWORDS[JO]).code == 235


def longest_token(octets: int) -> str:
    """A token whose AUTH OAUTHBEARER line has as many octets as may be."""
    found = ""
    for filler in range(6000, 7000):
        candidate = token(JO, filler=filler)
        if len(encode(initial_response("OAUTHBEARER", JO, candidate))) + len("AUTH OAUTHBEARER \r\n") > octets:
            return found
        found = candidate
    raise AssertionError("the filler ended before the line was full")


def test_each_session_has_its_own_connection(practice: Practice) -> None:
    """Interleaved: what jo's session sends never goes on ann's connection, and the other way round."""
    with practice.client() as jo, practice.client() as ann, practice.client() as jo_again:
        for client, account in ((jo, JO), (ann, ANN), (jo_again, JO)):
            assert client.sign_in("PLAIN", account, PASSWORDS[account]).code == 235
        for number, client, account in ((201, ann, ANN), (202, jo, JO), (203, ann, ANN), (204, jo_again, JO)):
            sent = client.send(message(to="p@out.example", number=number), ["p@out.example"], sender=account)
            assert sent.code == 250, sent
    assert [practice.carriers(number) for number in (201, 202, 203, 204)] == [[ANN], [JO], [ANN], [JO]]


def test_the_connection_ends_with_its_session(practice: Practice) -> None:
    """Not pooled: it is closed, and who comes next and has not signed in does not send on it."""

    def closed() -> int:
        return len(re.findall(r"submission/smtpd.*: disconnect from .* auth=1 ", practice.submission.postfix.log()))

    with practice.client() as client:
        before = closed()
        assert client.sign_in("PLAIN", JO, PASSWORDS[JO]).code == 235
        client.ask("QUIT")
    eventually(lambda: closed() > before)
    with practice.client() as client:
        assert client.ask(f"MAIL FROM:<{JO}>").text.startswith("530 5.7.0")


def test_a_held_message_leaves_with_the_guards_own_right(practice: Practice) -> None:
    everybody = people(12)
    with practice.client() as client:
        client.sign_in("PLAIN", JO, PASSWORDS[JO])
        reply = client.send(message(everybody, number=301), everybody)
        assert reply.code == 250 and "Held for checking, ref MG-" in reply.text, reply
    ref = reply.text.split("ref ")[1].split()[0]
    assert accounts_that_carried(practice.submission.postfix.log(), "301@elmroad.example") == []
    practice.service.run("held", "release", ref, "--as", "original", "--reason", "meant for them")
    assert set(practice.carriers(301)) == {GUARD}


def test_nothing_of_a_sign_in_is_stored(practice: Practice) -> None:
    bearer = token(JO)
    with practice.client() as client:
        client.sign_in("OAUTHBEARER", JO, bearer)
        client.send(message(people(12), number=302), people(12))
    with practice.client() as client:
        client.sign_in("PLAIN", JO, PASSWORDS[JO])
        client.send(message(people(12), number=303), people(12))
    secrets = [bearer, PASSWORDS[JO], encode(PASSWORDS[JO]), encode(f"\0{JO}\0{PASSWORDS[JO]}"), bearer[-40:]]
    files = [file for file in practice.service.folder.rglob("*") if file.is_file()]
    assert any(file.name == "mailguard.db" for file in files)
    for file in files:
        octets = file.read_bytes()
        assert not [each for each in secrets if each.encode() in octets], file


def test_the_third_failure_ends_the_connection(practice: Practice) -> None:
    with practice.client() as client:
        replies = [client.sign_in("PLAIN", JO, f"wrong {number}").code for number in range(3)]
        assert replies[:2] == [535, 535]
        end = client.hear() if replies[2] == 535 else None
        assert (end.code if end else replies[2]) == 421
        assert client.hear().code == 0


def test_no_password_is_taken_in_clear(practice: Practice) -> None:
    with MailClient(ports(practice.service)[0]) as client:
        client.hello()
        assert "AUTH" not in client.extensions
        assert client.ask(f"AUTH PLAIN {encode('x')}").code in (530, 538)


def test_what_is_sent_behind_a_sign_in_is_judged(practice: Practice) -> None:
    """A name and password exempt from nothing."""
    with practice.client() as client:
        client.sign_in("LOGIN", ANN, PASSWORDS[ANN])
        assert "Held" in client.send(message(people(288), number=304), people(288), sender=ANN).text
    assert accounts_that_carried(practice.submission.postfix.log(), "304@elmroad.example") == []
