"""Issue 3, sentences 5 and 6, from outside: the mark against loops, and DKIM after a rewrite."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import Service
from tests.end_to_end.sink import Sink, Taken

ONE = ["p@out.example"]


@dataclass
class Guard:
    service: Service
    sink: Sink
    record: bytes

    def sent(self, number: int) -> list[Taken]:
        """What the sink got of message(number=...): no notices about it."""
        name = f"<{number}@elmroad.example>".encode()
        return [each for each in self.sink.taken if name in each.content and not each.mail.startswith(b"<>")]

    def relayed(self, number: int) -> bytes:
        """As a message that passed at once left the guard."""
        assert submit(self.service.port, message(to=ONE[0], number=number), ONE)[0] == 250
        (taken,) = self.sent(number)
        return taken.content

    def verifies(self, content: bytes) -> bool:
        return bool(dkim.verify(content, dnsfunc=lambda name, timeout=5: self.record))


@pytest.fixture(scope="module")
def guard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guard]:
    folder = tmp_path_factory.mktemp("guard")
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "dkim.pem").write_bytes(pem)
    (folder / "dkim.pem").chmod(0o600)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    record = b"v=DKIM1; k=rsa; p=" + b"".join(public.splitlines()[1:-1])
    keys = [{"domain": "elmroad.example", "selector": "guard1", "key_file": str(folder / "dkim.pem")}]
    with Sink() as sink, Service(folder / "guard", sink.port, dkim=keys) as service:
        yield Guard(service, sink, record)


@pytest.mark.parametrize("listed", [2, 12])
def test_a_forged_mark_is_removed_and_the_message_judged(guard: Guard, listed: int) -> None:
    number = 10 + listed
    received = re.match(rb"Received:.*?\r\n(?=\S)", guard.relayed(number + 100), re.DOTALL)
    assert received
    mark = re.search(rb"mark 1\.\S*?([\w-]{10})\)", received[0])
    assert mark, received[0]
    forged = received[0].replace(mark[1], b"A" * 10)
    list_of = people(listed)
    code, text = submit(guard.service.port, forged + message(list_of, number=number), list_of)
    assert code == 250, text
    if listed == 12:
        assert "Held" in text and guard.sent(number) == []
        return
    (taken,) = guard.sent(number)
    assert b"A" * 10 not in taken.content
    assert taken.content.endswith(message(list_of, number=number)) and taken.content.count(b"Received:") == 1


def test_a_real_mark_on_another_message_never_lets_it_pass(guard: Guard) -> None:
    """It can refuse a message, and exempts nothing from judging."""
    received = re.match(rb"Received:.*?\r\n(?=\S)", guard.relayed(30), re.DOTALL)
    assert received
    everybody = people(288)
    code, text = submit(guard.service.port, received[0] + message(everybody, number=31), everybody)
    assert (code, text[:5]) == (554, "5.4.6") or "Held" in text, text
    assert guard.sent(31) == []


def test_a_mark_of_another_guard_is_an_ordinary_received_field(guard: Guard) -> None:
    received = (
        b"Received: from a.example ([::1])\r\n\tby guard.other.example with ESMTPSA\r\n\tid MG-7Q4K-2FXB7M3KQW\r\n"
        b"\t(mark 1.egCNwIy2phxCA2rHAbimqg); Thu, 12 Mar 2026 09:00:05 +0000\r\n"
    )
    raw = received + message(to=ONE[0], number=40)
    assert submit(guard.service.port, raw, ONE)[0] == 250
    assert guard.sent(40)[0].content.endswith(raw)


def test_a_signature_that_a_client_made_stays_whole_on_relayed_mail(guard: Guard, tmp_path: Path) -> None:
    raw = message(to=ONE[0], number=70)
    pem = (guard.service.folder.parent / "dkim.pem").read_bytes()
    signature = dkim.sign(raw, b"s", b"elmroad.example", pem)
    assert submit(guard.service.port, signature + raw, ONE)[0] == 250
    (taken,) = guard.sent(70)
    assert taken.content.endswith(signature + raw) and guard.verifies(taken.content)
