"""Issue 3, sentence 4, from outside: which smarthost gets the mail, over what, and what a wrong one hears."""

from __future__ import annotations

import re
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.mail_client import MailClient
from tests.end_to_end.mailing import message
from tests.end_to_end.service import Service, eventually
from tests.fakes.smarthost import ORDINARY, say
from tests.fakes.threaded import ThreadedSmarthost
from tests.peers.authority import Authority
from tests.peers.postfix import Postfix
from tests.ports import free_port
from tests.smtp.listen.certificates import make_pair

ONE = ["p@out.example"]
SIGN_IN = (*ORDINARY, b"AUTH PLAIN LOGIN")
BALANCER = {"address": "127.0.0.1:0", "allow": ["198.51.100.0/24", "127.0.0.0/8"], "proxy_from": ["127.0.0.1"]}
REMOTE = b"PROXY TCP4 198.51.100.7 192.0.2.1 40000 25\r\n"


def context_of(pair: dict[str, Any]) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair["certificate"], pair["key"])
    return context


@dataclass(frozen=True)
class Wrong:
    """A server that is not the one that was meant. ca_file: what the guard trusts."""

    context: ssl.SSLContext | None
    ca_file: Path


def wrong(folder: Path, how: str) -> Wrong:
    authority = Authority(folder)
    if how == "no STARTTLS":
        return Wrong(None, authority.ca_file)
    if how == "another authority":
        (folder / "other").mkdir()
        certificate, key = Authority(folder / "other").issue()
        return Wrong(context_of({"certificate": certificate, "key": key}), authority.ca_file)
    pair = make_pair(
        folder, days=-3 if how == "expired" else 90, name="other.example" if how == "name" else "localhost"
    )
    trusted = authority.ca_file if how == "self-signed" else pair["certificate"]
    return Wrong(context_of(pair), trusted)


TROUBLES = [
    ("required", "self-signed"), ("required", "expired"), ("required", "name"), ("required", "another authority"),
    ("required", "no STARTTLS"), ("implicit", "self-signed"), ("implicit", "expired"), ("implicit", "name"),
    ("implicit", "another authority"),
]  # fmt: skip


@pytest.fixture(scope="module")
def careful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, dict[tuple[str, str], Any]]]:
    """One guard with a route to each of the wrong servers, and a default route to nowhere."""
    found: dict[tuple[str, str], Any] = {}
    smarthost: list[dict[str, Any]] = [{"address": f"127.0.0.1:{free_port()}", "tls": "none"}]
    root = tmp_path_factory.mktemp("careful")
    (root / "password").write_text("the secret\n")
    try:
        for number, (tls, how) in enumerate(TROUBLES):
            folder = root / str(number)
            folder.mkdir()
            server = wrong(folder, how)
            implicit = tls == "implicit"
            fake = ThreadedSmarthost(tls=server.context, implicit_tls=implicit, extensions=SIGN_IN)
            found[tls, how] = fake.__enter__()
            smarthost.append({
                "address": f"localhost:{fake.port}", "tls": tls, "ca_file": str(server.ca_file),
                "username": "guard", "password_file": str(root / "password"), "sender_domains": [f"s{number}.example"],
            })  # fmt: skip
        with Service(root / "guard", 0, smarthost=smarthost) as service:
            yield service, found
    finally:
        for fake in found.values():
            fake.__exit__()


@pytest.mark.parametrize(("tls", "how"), TROUBLES)
def test_a_smarthost_that_cannot_be_verified_gets_nothing(careful: Any, tls: str, how: str) -> None:
    """4xx to the client, and neither mail nor AUTH was said, in clear or under TLS."""
    service, fakes = careful
    with MailClient(service.port) as client:
        client.hello()
        sender = f"jo@s{TROUBLES.index((tls, how))}.example"
        reply = client.send(message(to=ONE[0]), ONE, sender=sender)
    assert reply.text.startswith("451 4."), reply
    fake = fakes[tls, how]
    (trouble,) = {each["trouble"] for each in service.events() if each.get("smarthost", "").endswith(f":{fake.port}")}
    assert trouble == ("STARTTLS not offered" if how == "no STARTTLS" else "certificate not valid"), "it was tried"
    said = {line.split()[0].upper() for line in fake.smarthost.lines}
    assert said <= {b"EHLO", b"STARTTLS", b"QUIT"}, said
    assert fake.smarthost.transactions == []


@dataclass
class Routes:
    service: Service
    fakes: dict[str, ThreadedSmarthost]

    def send(self, number: int, sender: str = "jo@elmroad.example") -> tuple[str, list[str]]:
        """The reply, and the smarthosts that took it."""
        with MailClient(self.service.port) as client:
            client.hello()
            reply = client.send(message(to=ONE[0], number=number), ONE, sender=sender)
        name = f"<{number}@elmroad.example>".encode()
        return reply.text, [each for each, fake in self.fakes.items() if any(name in m.content for m in fake.messages)]


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Routes]:
    """first, second: the default route. ward: one server. gone: ward2's first, which is down; spare: its second."""
    folder = tmp_path_factory.mktemp("routes")
    names = ("first", "second", "ward", "spare")
    fakes = {name: ThreadedSmarthost().__enter__() for name in names}
    own = {"tls": "none", "messages_per_connection": 1, "pass_over_seconds": 1}
    domains = {"ward": ["ward.example"], "spare": ["branch.example"]}
    smarthost = [
        {"address": f"127.0.0.1:{fake.port}", **own} | ({"sender_domains": domains[name]} if name in domains else {})
        for name, fake in fakes.items()
    ]
    down = {"address": f"127.0.0.1:{free_port()}", **own}
    smarthost.insert(3, down | {"sender_domains": ["branch.example"]})
    smarthost.append(down | {"sender_domains": ["lonely.example"]})
    with Service(folder, 0, smarthost=smarthost) as service:
        yield Routes(service, fakes)
    for fake in fakes.values():
        fake.__exit__()


def test_the_sender_domain_chooses_the_smarthost(routes: Routes) -> None:
    assert routes.send(1)[1] == ["first"]
    assert routes.send(2, "jo@ward.example")[1] == ["ward"]
    assert routes.send(3, "jo@Sub.Ward.example")[1] == ["ward"]
    assert routes.send(4, "jo@notward.example")[1] == ["first"]
    assert routes.send(5, "")[1] == ["first"]


def test_a_smarthost_that_is_down_is_failed_over_within_its_route(routes: Routes) -> None:
    reply, took = routes.send(10, "jo@branch.example")
    assert reply.startswith("250") and took == ["spare"]
    reply, took = routes.send(11, "jo@lonely.example")
    assert reply.startswith("451 4.") and took == []


@pytest.mark.parametrize("stage", ["banner", "mail", "rcpt", "data", "dot"])
def test_failover_ends_where_something_was_said(routes: Routes, stage: str) -> None:
    """A refusal in greeting is failed over; after MAIL the answer stands, and the second never hears of the message."""
    number = 20 + ["banner", "mail", "rcpt", "data", "dot"].index(stage)
    first = routes.fakes["first"].smarthost
    routes.send(90)  # uses up what the start left open
    first.say_from_now_on({stage: say(b"421 4.3.2 not now") if stage == "banner" else say(b"451 4.3.2 not now")})
    try:
        reply, took = routes.send(number)
    finally:
        first.say_from_now_on({})
    if stage == "banner":
        assert reply.startswith("250") and took == ["second"]
        eventually(lambda: routes.send(91)[1] and "first" in routes.send(92)[1], what="the first is back")
    else:
        assert reply.startswith("451 4.3.2") and "second" not in took, (reply, took)


@pytest.mark.parametrize("trusted", ["ca_file", "system"])
def test_authorities_are_those_given_or_the_systems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: str
) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.issue()
    context = context_of({"certificate": certificate, "key": key})
    if trusted == "system":
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
    with ThreadedSmarthost(tls=context, extensions=SIGN_IN) as fake:
        smarthost = {"address": f"localhost:{fake.port}", "tls": "required"}
        smarthost |= {"ca_file": str(authority.ca_file)} if trusted == "ca_file" else {}
        with Service(tmp_path / "guard", 0, smarthost=smarthost) as service, MailClient(service.port) as client:
            client.hello()
            assert client.send(message(to=ONE[0]), ONE).code == 250
        assert fake.smarthost.lines.index(b"STARTTLS") < next(
            number for number, line in enumerate(fake.smarthost.lines) if line.startswith(b"MAIL")
        )


@pytest.mark.parametrize("told", ["xclient", "xforward"])
def test_a_postfix_that_trusts_the_guard_is_told_who_the_client_is(tmp_path: Path, told: str) -> None:
    with Postfix(
        extra={f"smtpd_authorized_{told}_hosts": "127.0.0.1", "mynetworks": "127.0.0.0/8 198.51.100.0/24"}
    ) as postfix:
        smarthost = {"address": f"127.0.0.1:{postfix.port}", "tls": "none", "tell_client": told}
        with Service(tmp_path, 0, listen=[BALANCER], smarthost=smarthost) as service:
            for number in (1, 2):
                with MailClient(service.port, first=REMOTE) as client:
                    client.hello()
                    assert client.send(message(to=ONE[0], number=number), ONE).code == 250
            with MailClient(service.port, first=b"PROXY TCP4 198.51.100.8 192.0.2.1 40000 25\r\n") as client:
                client.hello()
                assert client.send(message(to=ONE[0], number=3), ONE).code == 250
        # A process of its own writes the log, after the answer.
        eventually(lambda: all(f"message-id=<{number}@elmroad.example>" in postfix.log() for number in (1, 2, 3)))
        assert [client_seen(postfix.log(), number, told) for number in (1, 2, 3)] == [
            "198.51.100.7", "198.51.100.7", "198.51.100.8",
        ]  # fmt: skip


def client_seen(log: str, number: int, told: str) -> str:
    (queue_id,) = re.findall(rf"cleanup\[\d+\]: (\w+): message-id=<{number}@elmroad.example>", log)
    (line,) = re.findall(rf"smtpd\[\d+\]: {queue_id}: client=.*", log)
    found: list[str] = re.findall(
        r"orig_client=[^\[]*\[([\d.]+)\]" if told == "xforward" else r" client=[^\[]*\[([\d.]+)\]", line
    )
    return found[0] if found else line


@dataclass
class Reused:
    service: Service
    fake: ThreadedSmarthost


@pytest.fixture
def reused(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Reused]:
    """request.param: messages_per_connection."""
    with ThreadedSmarthost() as fake:
        smarthost = {"address": f"127.0.0.1:{fake.port}", "tls": "none", "connections": 2}
        smarthost["messages_per_connection"] = request.param
        with Service(tmp_path, 0, smarthost=smarthost) as service:
            yield Reused(service, fake)


@pytest.mark.parametrize("reused", [4], indirect=True)
def test_connections_are_reused_up_to_a_number_of_messages(reused: Reused) -> None:
    """Twelve messages one after another: four on each connection."""
    smarthost = reused.fake.smarthost
    for number in range(12):
        with MailClient(reused.service.port) as client:
            client.hello()
            assert client.send(message(to=ONE[0], number=number), ONE).code == 250
    by_session = [sum(each.session == session for each in smarthost.messages) for session in range(1, 9)]
    assert max(by_session) == 4 and sum(by_session) == 12 and smarthost.connections <= 4, by_session


@pytest.mark.parametrize("reused", [100], indirect=True)
def test_connections_are_limited(reused: Reused) -> None:
    """Ten messages at once: never more than two connections, but for one that says QUIT; here none has to."""
    smarthost = reused.fake.smarthost
    smarthost.delay_seconds = 0.05
    most: list[int] = []
    replies: list[str] = []

    def send(number: int) -> None:
        with MailClient(reused.service.port) as client:
            client.hello()
            replies.append(client.send(message(to=ONE[0], number=number), ONE).text)
            most.append(smarthost.open_sessions)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(100, 110)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(replies) == 10 and all(each.startswith("250") for each in replies), replies
    assert max(most) <= 2
