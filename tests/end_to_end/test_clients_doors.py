"""Issue 3, sentence 1, from outside: the doors through which clients come, and who may not."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.mail_client import MailClient, ports
from tests.end_to_end.mailing import message
from tests.end_to_end.service import Service
from tests.end_to_end.sink import Sink
from tests.smtp.listen.certificates import make_pair

ONE = ["p@out.example"]
DOORS = ("narrow", "balanced")


@dataclass
class Guard:
    service: Service
    sink: Sink

    def port(self, door: str) -> int:
        return ports(self.service)[DOORS.index(door)]

    def client(self, door: str, **named: Any) -> MailClient:
        client = MailClient(self.port(door), **named)
        client.hello()
        return client

    def sent(self, number: int) -> list[bytes]:
        return [each.content for each in self.sink.taken if f"<{number}@elmroad.example>".encode() in each.content]


@pytest.fixture(scope="module")
def guard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guard]:
    folder = tmp_path_factory.mktemp("doors")
    listen = [
        {"address": "127.0.0.1:0", "allow": ["127.0.0.2/32"]},
        {"address": "127.0.0.1:0", "proxy_from": ["127.0.0.3"], "allow": ["198.51.100.0/24", "127.0.0.9"]},
    ]
    with Sink() as sink, Service(folder, sink.port, listen=listen) as service:
        yield Guard(service, sink)


def test_only_allowed_networks_may_submit(guard: Guard) -> None:
    with MailClient(guard.port("narrow")) as stranger:
        assert stranger.greeting.text.startswith("554 5.7.1")
        assert stranger.hear().code == 0
    with guard.client("narrow", source="127.0.0.2") as known:
        assert known.send(message(to=ONE[0], number=30), ONE).code == 250


def version_2(client: str) -> bytes:
    addresses = socket.inet_aton(client) + socket.inet_aton("192.0.2.1") + struct.pack("!HH", 40000, 25)
    return b"\r\n\r\n\0\r\nQUIT\n" + b"\x21\x11" + struct.pack("!H", len(addresses)) + addresses


@pytest.mark.parametrize("first", [b"PROXY TCP4 198.51.100.7 192.0.2.1 40000 25\r\n", version_2("198.51.100.7")])
def test_a_listed_balancer_says_who_the_client_is(guard: Guard, first: bytes) -> None:
    number = 40 + len(first)
    with guard.client("balanced", source="127.0.0.3", first=first) as client:
        assert client.send(message(to=ONE[0], number=number), ONE).code == 250
    (content,) = guard.sent(number)
    assert b"198.51.100.7" in content.partition(b"\r\nFrom:")[0] and b"127.0.0.3" not in content


@pytest.mark.parametrize("first", [b"PROXY TCP4 203.0.113.7 192.0.2.1 40000 25\r\n", version_2("203.0.113.7")])
def test_the_client_that_a_balancer_names_has_to_be_allowed(guard: Guard, first: bytes) -> None:
    with MailClient(guard.port("balanced"), source="127.0.0.3", first=first) as client:
        assert client.greeting.text.startswith("554 5.7.1")


def test_nobody_else_is_believed(guard: Guard) -> None:
    lie = b"PROXY TCP4 198.51.100.7 192.0.2.1 40000 25\r\n"
    with MailClient(guard.port("balanced"), source="127.0.0.4", first=lie) as stranger:
        assert stranger.greeting.text.startswith("554 5.7.1")
    with MailClient(guard.port("balanced"), source="127.0.0.9", first=lie) as allowed:
        assert allowed.hear().code >= 500, "a header is a protocol error"
        allowed.hello()
        assert allowed.send(message(to=ONE[0], number=50), ONE).code == 250
    (content,) = guard.sent(50)
    assert b"127.0.0.9" in content and b"198.51.100.7" not in content


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0"])
def test_an_open_relay_does_not_start(tmp_path: Path, address: str) -> None:
    service = Service(tmp_path, 1, listen=[{"address": "127.0.0.1:0"}, {"address": address}])
    with pytest.raises(AssertionError, match="allow"):
        service.start()
    done = service.run("check", check=False)
    assert done.returncode in (1, 2) and "sign_in" in done.stdout + done.stderr


def test_off_loopback_with_either_of_the_two_starts(tmp_path: Path, sink: Sink) -> None:
    pair = {name: str(file) for name, file in make_pair(tmp_path).items()}
    listen = [
        {"address": "0.0.0.0:0", "allow": ["127.0.0.2/32"]},
        {"address": "0.0.0.0:0", "tls": "starttls", "sign_in": "local", **pair},
    ]
    with Service(tmp_path / "guard", sink.port, listen=listen) as service:
        allowed, signed = ports(service)
        with MailClient(allowed) as stranger:
            assert stranger.greeting.code == 554
        with MailClient(signed, "starttls", Path(pair["certificate"])) as stranger:
            stranger.hello()
            assert stranger.ask("MAIL FROM:<jo@elmroad.example>").text.startswith("530 5.7.0")
    assert sink.taken == []


def test_sign_in_in_clear_off_loopback_does_not_start(tmp_path: Path) -> None:
    service = Service(tmp_path, 1, listen=[{"address": "0.0.0.0:0", "sign_in": "local"}])
    with pytest.raises(AssertionError, match="tls"):
        service.start()
