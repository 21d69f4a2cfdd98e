"""docs/guides/postfix.md: the configuration of that page in a real Postfix with the real guard behind it, both ways."""

from __future__ import annotations

import os
import re
import signal
import smtplib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import ROOT, Service, eventually
from tests.end_to_end.test_postfix import arrived, below_trace, wait_for
from tests.fakes.smarthost import Received
from tests.peers.postfix import Postfix
from tests.ports import free_port

RULES = """\
version: 1
rules:
  - id: visible-list
    describe: Ten or more people outside would see each other's addresses.
    when: {visible_external_recipients: {at_least: 10}}
    action: hold
    rewrite: separate
  - id: forbidden
    describe: Nothing goes to that place.
    when: {recipient_domain: [never.example]}
    action: reject
"""
BEFORE, AFTER = "before", "after"
PAGE = (ROOT / "docs" / "guides" / "postfix.md").read_text()


def block(kind: str) -> str:
    (found,) = re.findall(rf"^```{re.escape(kind)}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


@dataclass
class Behind:
    """A Postfix with the guard behind it. back: the port where mail comes back."""

    way: str
    postfix: Postfix
    guard: Service
    back: int

    def submit(self, raw: bytes, recipients: list[str], **more: Any) -> tuple[int, str]:
        return submit(self.postfix.port, raw, recipients, **more)

    def reload(self) -> None:
        assert self.postfix._master is not None
        os.kill(self.postfix._master.pid, signal.SIGHUP)


@pytest.fixture(scope="module", params=[BEFORE, AFTER])
def behind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    way = request.param
    ports = {"2525": free_port(), "10026": free_port()}

    def ported(text: str) -> str:
        for old, new in ports.items():
            assert f":{old}" in text
            text = text.replace(f":{old}", f":{new}")
        return text

    written = re.fullmatch(r"smtp +(inet [^\n]*\n(?:  [^\n]*\n)*)(.*)", ported(block(f"master.cf {way}")), re.DOTALL)
    assert written
    entry, services = written.groups()
    extra = dict(re.findall(r"^(\w+) = (.*)$", block("main.cf after"), re.MULTILINE)) if way == AFTER else {}
    settings = yaml.safe_load(ported(block("yaml")))
    settings["smarthost"]["idle_seconds"] = 1
    with (
        Postfix(entry=entry, services=services, extra=extra) as postfix,
        Service(tmp_path_factory.mktemp(way), 0, RULES, **settings) as guard,
    ):
        yield Behind(way, postfix, guard, ports["10026"])


def test_bytes_pass_as_they_came(behind: Behind) -> None:
    raw = message(to="one@bytes.example", body="x" * 2000 + "\r\n.dot\r\n..\r\n \r\n\r\n\tend\r\n")
    assert behind.submit(raw, ["one@bytes.example"])[0] == 250
    (came,) = wait_for(behind.postfix, "bytes.example")
    assert below_trace(came.content, raw) == raw
    trace = re.findall(rb"\tby (\S+)", came.content)
    assert trace == [b"postfix.example", b"guard.elmroad.example", b"postfix.example"]


def test_a_list_of_288_is_held_once_and_leaves_once(behind: Behind) -> None:
    """One message held, however many; and what is released does not come to the guard again."""
    raw = message(people(288, "list.example"))
    code, text = behind.submit(raw, people(288, "list.example"))
    assert code == 250 and ("Held for checking" in text) == (behind.way == BEFORE), text
    rows = eventually(lambda: behind.guard.rows("held", "list"))
    (row,) = rows
    assert "288" in row["reason"] and not arrived(behind.postfix, "list.example")
    behind.guard.run("held", "release", row["ref"], "--as", "bcc", "--reason", "they asked for it")
    (came,) = wait_for(behind.postfix, "list.example", 288)
    assert len(came.recipients) == 288 and b"list.example" not in came.content
    eventually(lambda: behind.guard.rows("outbox", "list") == [])
    assert len(behind.guard.rows("held", "list")) == 1


def test_a_refusal(behind: Behind) -> None:
    """Before the queue the client sees it, after the queue its sender gets a bounce with the same sentence."""
    code, text = behind.submit(message(subject="refused"), ["one@never.example"])
    if behind.way == BEFORE:
        assert code == 550 and text.startswith("5.7.1 Not sent: Nothing goes to that place"), text
        return
    assert code == 250

    def bounced() -> list[Received]:
        return [each for each in behind.postfix.messages if b"Nothing goes to that place" in each.content]

    (came,) = eventually(bounced)
    assert came.mail.startswith(b"MAIL FROM:<>") and came.recipients == [b"jo@elmroad.example"]
    assert not arrived(behind.postfix, "never.example")


def test_extensions_pass(behind: Behind) -> None:
    with smtplib.SMTP("127.0.0.1", behind.postfix.port, timeout=20) as client:
        client.ehlo()
        assert {"8bitmime", "smtputf8", "dsn", "size"} <= set(client.esmtp_features)
    raw = message(subject="Grüße", body="Äpfel und Öl\r\n", to="Jörg <jörg@utf8.example>")
    code, text = behind.submit(raw, ["jörg@utf8.example"], options=("BODY=8BITMIME", "SMTPUTF8"))
    assert code == 250, text
    (came,) = wait_for(behind.postfix, "utf8.example")
    assert below_trace(came.content, raw) == raw
    assert (
        b"SMTPUTF8" in came.mail and b"BODY=8BITMIME" in came.mail and came.recipients == ["jörg@utf8.example".encode()]
    )


def test_dsn_passes(behind: Behind) -> None:
    raw = message(to="one@dsn.example")
    with smtplib.SMTP("127.0.0.1", behind.postfix.port, timeout=20) as client:
        client.ehlo()
        assert client.mail("jo@elmroad.example", ("RET=HDRS", "ENVID=QQ314"))[0] == 250
        assert client.rcpt("one@dsn.example", ("NOTIFY=FAILURE,DELAY", "ORCPT=rfc822;first+2B@dsn.example"))[0] == 250
        assert client.data(raw)[0] == 250
    (came,) = wait_for(behind.postfix, "dsn.example")
    assert b"RET=HDRS" in came.mail and b"ENVID=QQ314" in came.mail
    (rcpt,) = (line for line in came.commands if line.startswith(b"RCPT"))
    assert b"NOTIFY=FAILURE,DELAY" in rcpt and b"ORCPT=rfc822;first+2B@dsn.example" in rcpt


def test_a_big_message(behind: Behind) -> None:
    raw = message(to="one@big.example", body="0123456789abcdef\r\n" * 1_100_000)
    assert behind.submit(raw, ["one@big.example"])[0] == 250
    (came,) = wait_for(behind.postfix, "big.example")
    assert below_trace(came.content, raw) == raw


def test_many_at_once(behind: Behind) -> None:
    codes: list[int] = []

    def send(number: int) -> None:
        codes.append(behind.submit(message(number=number), [f"p{number}@many.example"])[0])

    threads = [threading.Thread(target=send, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [250] * 10
    wait_for(behind.postfix, "many.example", 10)
    assert len(arrived(behind.postfix, "many.example")) == 10


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            return True
    except OSError:
        return False


def connected(port: int) -> bool:
    """Whether anybody has a connection to the port: one that the guard kept would outlive it."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(remote.endswith(f":{port:04X}") and state == "01" for _, _, remote, state, *_ in lines)


def test_the_port_behind_the_guard_is_down(behind: Behind) -> None:
    """Before the queue: 451, and nothing kept. After the queue: it waits there, and leaves when the port is back."""
    master = behind.postfix._folder / "master.cf"
    text = master.read_text()
    master.write_text(text.replace(f"127.0.0.1:{behind.back} inet", f"127.0.0.1:{free_port()} inet"))
    behind.reload()
    eventually(lambda: not answers(behind.back), what="Postfix closed the port")
    eventually(lambda: not connected(behind.back), what="the guard let its connections go")
    raw = message(to="one@down.example")
    try:
        if behind.way == BEFORE:
            code, answer = behind.submit(raw, ["one@down.example"])
            assert code == 451 and answer.startswith("4.4.1"), answer
        else:
            assert behind.submit(raw, ["one@down.example"])[0] == 250
            deferred = re.compile(r"to=<one@down\.example>.*status=deferred .*451 4\.4\.1")
            eventually(lambda: deferred.search(behind.postfix.log()))
        assert not arrived(behind.postfix, "down.example")
    finally:
        master.write_text(text)
        behind.reload()
    eventually(lambda: answers(behind.back), what="Postfix opened the port again")
    if behind.way == BEFORE:
        assert behind.submit(raw, ["one@down.example"])[0] == 250
    (came,) = wait_for(behind.postfix, "down.example")
    assert below_trace(came.content, raw) == raw


def test_the_guard_is_down(behind: Behind) -> None:
    behind.guard.stop()
    raw = message(to="one@gone.example")
    code, _ = behind.submit(raw, ["one@gone.example"])
    assert code == (451 if behind.way == BEFORE else 250)
    behind.guard.start()
    if behind.way == BEFORE:
        assert behind.submit(raw, ["one@gone.example"])[0] == 250
    (came,) = wait_for(behind.postfix, "gone.example")
    assert below_trace(came.content, raw) == raw


def test_nothing_came_twice(behind: Behind) -> None:
    """After all of the above: no message was judged or delivered a second time."""
    for domain in ("bytes", "utf8", "dsn", "big", "down", "gone"):
        assert len(arrived(behind.postfix, f"{domain}.example")) == 1, domain
