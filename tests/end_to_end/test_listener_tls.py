"""The real process with three listeners: what a client that speaks TLS gets, and a certificate that is renewed."""

from __future__ import annotations

import json
import re
import signal
import smtplib
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink
from tests.smtp.listen.certificates import make_pair

MESSAGE = b"From: anna@elmroad.example\r\nTo: bob@out.example\r\nSubject: x\r\n\r\nhello\r\n"


@pytest.fixture
def service(tmp_path: Path, sink: Sink) -> Iterator[Service]:
    """Plain, STARTTLS and implicit TLS; the files are named as from the settings file."""
    make_pair(tmp_path)
    files = {"certificate": "guard.pem", "key": "guard.key"}
    listen = [{"address": "127.0.0.1:0"}] + [
        {"address": "127.0.0.1:0", "tls": tls, **files} for tls in ("starttls", "implicit")
    ]
    with Service(tmp_path, sink.port, listen=listen) as found:
        yield found


def ports(service: Service) -> list[int]:
    (started,) = (each for each in service.events() if each.get("event") == "service_started")
    return [int(address.rpartition(":")[2]) for address in started["addresses"]]


def implicit(service: Service) -> smtplib.SMTP_SSL:
    """A session whose certificate was checked against the file as it is now."""
    context = ssl.create_default_context(cafile=str(service.folder / "guard.pem"))
    return smtplib.SMTP_SSL("localhost", ports(service)[2], "pc.example", timeout=20, context=context)


def count(service: Service, event: str) -> int:
    return sum(each.get("event") == event for each in service.events())


def test_each_listener_says_how_the_message_came(service: Service, sink: Sink) -> None:
    plain, switching, _ = ports(service)
    with smtplib.SMTP("localhost", plain, "pc.example", timeout=20) as session:
        session.sendmail("anna@elmroad.example", ["bob@out.example"], MESSAGE)
    with smtplib.SMTP("localhost", switching, "pc.example", timeout=20) as session:
        session.ehlo()
        with pytest.raises(smtplib.SMTPSenderRefused, match=r"5\.7\.0"):
            session.sendmail("anna@elmroad.example", ["bob@out.example"], MESSAGE)
        session.starttls(context=ssl.create_default_context(cafile=str(service.folder / "guard.pem")))
        session.sendmail("anna@elmroad.example", ["bob@out.example"], MESSAGE)
    with implicit(service) as session:
        session.sendmail("anna@elmroad.example", ["bob@out.example"], MESSAGE)
    words = [re.findall(rb"with (\w+)\r\n", each.content)[0] for each in sink.taken]
    assert words == [b"ESMTP", b"ESMTPS", b"ESMTPS"]


@pytest.mark.parametrize("how", ["signal", "change"])
def test_a_renewed_certificate_without_a_restart(service: Service, how: str) -> None:
    with implicit(service) as old:
        old.ehlo()
        make_pair(service.folder)
        if how == "signal":
            service.signal(signal.SIGHUP)
        eventually(lambda: count(service, "certificate_loaded") >= 2, what="both listeners loaded it")
        with implicit(service) as new:
            assert new.noop()[0] == 250
        assert old.noop()[0] == 250
        shown = (service.folder / "guard.pem").read_bytes()
        (service.folder / "guard.pem").write_text("broken")
        if how == "signal":
            service.signal(signal.SIGHUP)
        eventually(lambda: count(service, "certificate_not_loaded") >= 2, what="both listeners said so")
        assert "guard.pem" in json.loads(service.run("status", "--json").stdout)["certificate_problem"]
        (service.folder / "shown.pem").write_bytes(shown)
        context = ssl.create_default_context(cafile=str(service.folder / "shown.pem"))
        with smtplib.SMTP_SSL("localhost", ports(service)[2], timeout=20, context=context) as still:
            assert still.noop()[0] == 250
    assert service.stop() == 0
