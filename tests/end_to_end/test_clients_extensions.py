"""Issue 3, sentence 3, from outside: what is announced, what goes on unchanged, and what is added."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.end_to_end.mail_client import MailClient, ports
from tests.end_to_end.mailing import message, people
from tests.end_to_end.service import Service, eventually
from tests.fakes.smarthost import Received
from tests.fakes.threaded import ThreadedSmarthost

PROCESSES = int(os.environ.get("MAILGUARD_TEST_WORKERS", "1"))
WARD = "jo@ward.example"
ONE = ["p@out.example"]
FULL = (b"PIPELINING", b"SIZE 90000", b"8BITMIME", b"SMTPUTF8", b"DSN", b"AUTH PLAIN LOGIN")
NARROW = (b"SIZE 20000", b"8BITMIME", b"DSN")
UMLAUT = "gr\u00fc\u00dfe"


@dataclass
class Relay:
    """full takes everybody's mail, narrow that of ward.example."""

    service: Service
    full: ThreadedSmarthost
    narrow: ThreadedSmarthost

    def client(self, *, sign_in: bool = False) -> MailClient:
        client = MailClient(ports(self.service)[sign_in])
        client.hello()
        if sign_in:
            assert client.sign_in("PLAIN", "jo@elmroad.example", "pass word").code == 235
        return client

    def announced(self) -> dict[str, str]:
        with self.client() as client:
            return client.extensions

    def announces(self, holds: Callable[[dict[str, str]], bool]) -> None:
        """Wait until every process that takes mail announces it so: clients that are here together are shared among
        them, and what one heard the others are told.
        """

        def all_do() -> bool:
            with ExitStack() as house:
                clients = [house.enter_context(self.client()) for _ in range(1 if PROCESSES == 1 else 4 * PROCESSES)]
                return all(holds(client.extensions) for client in clients)

        if PROCESSES == 1:
            assert all_do(), "it knows at once what it heard itself"
        eventually(all_do, what="what each process announces")

    def sent(self, number: int) -> list[Received]:
        return [each for each in (*self.full.messages, *self.narrow.messages) if marked(each, number)]


def marked(each: Received, number: int) -> bool:
    """No notice about it: those name it too."""
    return f"<{number}@elmroad.example>".encode() in each.content and not each.mail.startswith(b"MAIL FROM:<>")


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with ThreadedSmarthost(extensions=FULL) as full, ThreadedSmarthost(extensions=NARROW) as narrow:
        common = {"tls": "none", "trusts_address": True, "messages_per_connection": 1}
        smarthost = [
            {"address": f"127.0.0.1:{full.port}", **common},
            {"address": f"127.0.0.1:{narrow.port}", "sender_domains": ["ward.example"], **common},
        ]
        listen = [{"address": "127.0.0.1:0"}, {"address": "127.0.0.1:0", "sign_in": "smarthost"}]
        settings = {"smarthost": smarthost, "listen": listen, "limits": {"message_bytes": 70000}}
        with Service(tmp_path_factory.mktemp("relay"), 0, **settings) as service:
            found = Relay(service, full, narrow)
            eventually(lambda: "8BITMIME" in found.announced(), what="both smarthosts were asked at the start")
            yield found


def test_announced_is_what_every_smarthost_has_and_what_is_our_own(relay: Relay) -> None:
    announced = relay.announced()
    assert {"PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME", "DSN"} <= set(announced)
    assert "SMTPUTF8" not in announced, "one of the two has it not"
    assert not {"CHUNKING", "BINARYMIME", "STARTTLS", "AUTH"} & set(announced)


def test_size_is_the_smaller_limit(relay: Relay) -> None:
    assert relay.announced()["SIZE"] == "20000"
    with relay.client() as client:
        assert client.ask("MAIL FROM:<jo@elmroad.example> SIZE=20001").text.startswith("552 5.3.4")
        assert client.ask("MAIL FROM:<jo@elmroad.example> SIZE=20000").code == 250


def test_our_own_size_where_the_smarthosts_is_larger(relay: Relay) -> None:
    learn(relay, (*NARROW[1:], b"SIZE 90000", b"SMTPUTF8"))
    try:
        # A new EHLO of a smarthost counts.
        relay.announces(lambda extensions: extensions["SIZE"] == "70000" and "SMTPUTF8" in extensions)
        with relay.client() as client:
            assert client.ask("MAIL FROM:<jo@elmroad.example> SIZE=70001").text.startswith("552 5.3.4")
    finally:
        learn(relay, NARROW)
    relay.announces(lambda extensions: extensions["SIZE"] == "20000")


def learn(relay: Relay, extensions: tuple[bytes, ...]) -> None:
    """The ward's smarthost announces something else from its next connection on: each process that takes mail may have
    one open from the start.
    """
    relay.narrow.smarthost.extensions = extensions
    for _ in range(1 + PROCESSES):
        with relay.client() as client:
            assert client.send(message(to=ONE[0]), ONE, sender=WARD).code == 250


def test_dsn_parameters_go_on_unchanged(relay: Relay) -> None:
    with relay.client() as client:
        assert client.ask("MAIL FROM:<jo@elmroad.example> RET=HDRS ENVID=QQ+2B314+3D159").code == 250
        assert (
            client.ask("RCPT TO:<p@out.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Old+2BName@out.example").code == 250
        )
        assert client.ask("RCPT TO:<q@out.example> NOTIFY=NEVER").code == 250
        assert client.ask("DATA").code == 354
        assert client.ask(message(to=ONE[0], number=20) + b".").code == 250
    (sent,) = relay.sent(20)
    assert b"RET=HDRS" in sent.mail.split() and b"ENVID=QQ+2B314+3D159" in sent.mail.split()
    first, second = (command.split() for command in sent.commands)
    assert b"NOTIFY=SUCCESS,DELAY" in first and b"ORCPT=rfc822;Old+2BName@out.example" in first
    assert b"NOTIFY=NEVER" in second and not [word for word in second if word.startswith(b"ORCPT")]


def test_auth_on_mail_goes_only_to_a_smarthost_that_announced_auth(relay: Relay) -> None:
    with relay.client() as client:
        reply = client.send(message(to=ONE[0], number=30), ONE, options=" AUTH=jo+2Bx@elmroad.example")
        assert reply.code == 250, reply
        assert client.send(message(to=ONE[0], number=31), ONE, sender=WARD, options=" AUTH=<>").code == 250
    (full,), (narrow,) = relay.sent(30), relay.sent(31)
    assert b" AUTH=" in full.mail and b"AUTH" not in narrow.mail


@pytest.mark.parametrize("parameter", [" SMTPUTF8", " BODY=BINARYMIME"])
def test_what_was_not_announced_is_refused_and_not_dropped(relay: Relay, parameter: str) -> None:
    with relay.client() as client:
        assert client.ask(f"MAIL FROM:<jo@elmroad.example>{parameter}").code in (501, 504, 555)


def test_8bit_mail_is_not_sent_to_a_smarthost_that_lost_8bitmime(relay: Relay) -> None:
    """The client was told that it may; its message is refused or deferred, never sent as something else."""
    body = f"{UMLAUT}\r\n"
    with relay.client() as early:
        assert "8BITMIME" in early.extensions
        relay.narrow.smarthost.extensions = (b"SIZE 20000", b"DSN")
        try:
            reply = early.send(message(to=ONE[0], body=body, number=40), ONE, sender=WARD, options=" BODY=8BITMIME")
            assert reply.code in (451, 550, 554, 555), reply
            relay.announces(lambda extensions: "8BITMIME" not in extensions)
            with relay.client() as late:
                refused = late.ask(f"MAIL FROM:<{WARD}> BODY=8BITMIME")
                assert refused.code == 555, refused
        finally:
            learn(relay, NARROW)
    assert relay.sent(40) == []


def test_8bit_mail_goes_on_as_8bit(relay: Relay) -> None:
    with relay.client() as client:
        raw = message(to=ONE[0], body=f"{UMLAUT}\r\n", number=41)
        assert client.send(raw, ONE, options=" BODY=8BITMIME").code == 250
    (sent,) = relay.sent(41)
    assert b"BODY=8BITMIME" in sent.mail and sent.content.endswith(raw)


def test_a_pipelined_group_is_answered_in_order(relay: Relay) -> None:
    with relay.client() as client:
        client.say("MAIL FROM:<jo@elmroad.example>\r\nRCPT TO:<p@out.example>\r\nRCPT TO:nonsense\r\nDATA")
        assert [client.hear().code for _ in range(4)] == [250, 250, 501, 354]
        assert client.ask(message(to=ONE[0], number=50) + b".").code == 250
    assert relay.sent(50)[0].recipients == [b"p@out.example"]


def test_one_received_field_and_nothing_else_changes(relay: Relay) -> None:
    raw = message(to=ONE[0], number=60, extra="Received: from a by b; Fri, 20 Nov 2026 14:00:00 +0000")
    with relay.client() as client:
        assert client.send(raw, ONE).code == 250
    (sent,) = relay.sent(60)
    assert sent.content.endswith(raw)
    added = sent.content[: -len(raw)].replace(b"\r\n\t", b" ").replace(b"\r\n ", b" ")
    assert added.startswith(b"Received: from pc.elmroad.example") and added.count(b"\r\n") == 1


BARE = b"From: Jo Reid <jo@elmroad.example>\r\nTo: p@out.example\r\nSubject: <%d@elmroad.example>\r\n\r\nHello\r\n"


def test_date_and_message_id_are_added_for_clients_that_signed_in_and_recorded(relay: Relay) -> None:
    with relay.client(sign_in=True) as client:
        assert client.send(BARE % 70, ONE).code == 250
    (sent,) = relay.sent(70)
    header = sent.content.partition(b"\r\n\r\n")[0]
    assert header.count(b"\r\nDate: ") == 1 and header.count(b"\r\nMessage-ID: <") == 1
    changes = str(decisions(relay)[-1]["changes"]).lower()
    assert "date" in changes and "message-id" in changes, changes


def test_they_are_not_added_where_they_stand_or_nobody_signed_in(relay: Relay) -> None:
    with relay.client(sign_in=True) as client:
        assert client.send(message(to=ONE[0], number=71), ONE).code == 250
    with relay.client() as client:
        assert client.send(BARE % 72, ONE).code == 250
    (whole,), (bare,) = relay.sent(71), relay.sent(72)
    assert whole.content.lower().count(b"message-id:") == 1 and whole.content.lower().count(b"\r\ndate:") == 1
    assert b"message-id:" not in bare.content.lower() and b"\r\ndate:" not in bare.content.lower()
    assert bare.content.endswith(BARE % 72)


def decisions(relay: Relay) -> list[dict[str, object]]:
    return [each for each in relay.service.rows("audit", "list") if "disposition" in str(each) and "changes" in each]


def test_what_is_released_has_the_same_one_received_field(relay: Relay) -> None:
    raw = message(people(12), number=80)
    with relay.client() as client:
        ref = client.send(raw, people(12)).text.split("ref ")[1].split()[0]
    relay.service.run("held", "release", ref, "--as", "original", "--reason", "meant for them")
    (sent, *_) = eventually(lambda: relay.sent(80))
    assert sent.content.endswith(raw)
    assert sent.content[: -len(raw)].count(b"Received:") == 1
