"""The real process with several smarthosts: each message goes where its sender's mail goes, and on to the next."""

from __future__ import annotations

import json
import smtplib
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.test_service import RULES
from tests.fakes.smarthost import ORDINARY, say_and_cut
from tests.fakes.threaded import ThreadedSmarthost

EIGHT_BIT = message(body="café\r\n")


@pytest.fixture
def smarthosts() -> Iterator[list[ThreadedSmarthost]]:
    """Two of the default route, one of ward.example's."""
    small = (*tuple(each for each in ORDINARY if not each.startswith((b"SIZE", b"DSN"))), b"SIZE 1000000")
    with ThreadedSmarthost() as one, ThreadedSmarthost(extensions=small) as two, ThreadedSmarthost() as ward:
        yield [one, two, ward]


@pytest.fixture
def service(tmp_path: Path, smarthosts: list[ThreadedSmarthost]) -> Iterator[Service]:
    one, two, ward = ({"address": f"127.0.0.1:{each.port}", "tls": "none"} for each in smarthosts)
    several = [one, two, ward | {"sender_domains": ["ward.example"]}]
    metrics = {"address": "127.0.0.1:0"}
    with Service(tmp_path, 0, RULES, smarthost=several, metrics=metrics) as found:
        yield found


def metrics_of(service: Service) -> str:
    (port,) = [each["health_port"] for each in service.events() if each["event"] == "service_started"]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        text: str = answer.read().decode()
        return text


def counts(smarthosts: list[ThreadedSmarthost]) -> list[int]:
    return [len(each.messages) for each in smarthosts]


def test_routes_failover_and_status(service: Service, smarthosts: list[ThreadedSmarthost]) -> None:
    one = smarthosts[0]
    for sender in ("jo@elmroad.example", "sister@north.ward.example", ""):
        assert submit(service.port, message(), ["a@council.example"], sender)[0] == 250
    assert counts(smarthosts) == [2, 0, 1]
    with smtplib.SMTP("127.0.0.1", service.port, timeout=20) as client:
        client.ehlo()
        assert client.esmtp_features["size"] == "1000000" and "8bitmime" in client.esmtp_features
        assert "dsn" not in client.esmtp_features  # the second one lacks it

    one.smarthost.say_from_now_on({"banner": say_and_cut(b"421 4.3.2 Not now"), "mail": say_and_cut(b"421 4.3.2 No")})
    for _ in range(3):
        assert submit(service.port, message(), ["a@council.example"])[0] == 250
    assert counts(smarthosts) == [2, 3, 1]
    status = json.loads(service.run("status", "--json").stdout)
    assert [each["trouble"] for each in status["smarthosts"]] == ["service not available (421)", None, None]
    assert status["smarthosts"][2]["sender_domains"] == ["ward.example"]
    assert f"127.0.0.1:{one.port} (service not available (421))" in service.run("status").stdout
    eventually(lambda: "mailguard_smarthosts_in_trouble 1.0" in metrics_of(service))
    (passed,) = [each for each in service.events() if each["event"] == "smarthost_passed_over"]
    assert passed["smarthost"] == f"127.0.0.1:{one.port}" and passed["next"] == f"127.0.0.1:{smarthosts[1].port}"


def test_the_outbox_takes_the_same_routes(service: Service, smarthosts: list[ThreadedSmarthost]) -> None:
    code, text = submit(service.port, message(people(6)), people(6), "sister@ward.example")
    assert code == 250 and text.startswith("2.0.0 Sending 6 separate copies")
    smarthosts[2].wait_for(6)
    eventually(lambda: service.rows("outbox", "list") == [])
    assert counts(smarthosts) == [0, 0, 6]


def test_while_no_smarthost_was_reached_mail_waits_and_is_not_refused(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with Service(tmp_path, closed.getsockname()[1], RULES) as service:
            for raw, options in (
                (message(), ()),
                (EIGHT_BIT, ()),
                (EIGHT_BIT, ("BODY=8BITMIME",)),
                (message(), ("RET=HDRS",)),
            ):
                code, text = submit(service.port, raw, ["a@council.example"], options=options)
                assert code == 451 and text.startswith("4.4.1 "), (options, text)
