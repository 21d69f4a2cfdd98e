"""The real process with every kind of listener at once, IPv6 too, and real clients on all of them at the same time."""

from __future__ import annotations

import re
import shutil
import smtplib
import ssl
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.end_to_end.mailing import message
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink
from tests.smtp.listen.certificates import make_pair

FILES = {"certificate": "guard.pem", "key": "guard.key"}
KINDS = ("plain", "starttls", "implicit", "six")


@pytest.fixture
def service(tmp_path: Path, sink: Sink) -> Iterator[Service]:
    make_pair(tmp_path)
    listen = [
        {"address": "127.0.0.1:0"},
        {"address": "127.0.0.1:0", "tls": "starttls", **FILES},
        {"address": "127.0.0.1:0", "tls": "implicit", **FILES},
        {"address": "[::1]:0", "tls": "starttls", **FILES},
    ]
    with Service(tmp_path, sink.port, listen=listen) as found:
        yield found


def ports(service: Service) -> dict[str, int]:
    (started,) = (each for each in service.events() if each.get("event") == "service_started")
    return dict(zip(KINDS, (int(address.rpartition(":")[2]) for address in started["addresses"]), strict=True))


def send(service: Service, kind: str, file: Path) -> tuple[int, str]:
    """One message with the client that suits the listener. Its exit status, and what it said."""
    port, trusted = ports(service)[kind], str(service.folder / "guard.pem")
    to = f"{kind}@out.example"
    swaks = ("swaks", "--server", "127.0.0.1", "--port", str(port), "--from", "jo@elmroad.example", "--to", to)
    data = ("--data", f"@{file}", "--suppress-data")
    commands = {
        "plain": (*swaks, *data),
        "starttls": (*swaks, *data, "--tls", "--tls-verify", "--tls-ca-path", trusted),
        "implicit": (
            *("curl", "-sS", f"smtps://localhost:{port}", "--cacert", trusted, "--upload-file", str(file)),
            *("--mail-from", "jo@elmroad.example", "--mail-rcpt", to),
        ),
    }
    if kind == "six":
        with smtplib.SMTP("::1", port, "pc.example", timeout=60) as session:
            session._host = "localhost"  # type: ignore[attr-defined]  # the name in the certificate
            session.starttls(context=ssl.create_default_context(cafile=trusted))
            session.sendmail("jo@elmroad.example", [to], file.read_bytes())
        return 0, ""
    done = subprocess.run(commands[kind], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_all_at_once(service: Service, sink: Sink, tmp_path: Path) -> None:
    file = tmp_path / "message.eml"
    file.write_bytes(message())
    with ThreadPoolExecutor(len(KINDS)) as pool:
        sent = [(kind, pool.submit(send, service, kind, file)) for kind in KINDS for _ in range(3)]
        for kind, each in sent:
            status, said = each.result()
            assert status == 0, (kind, said)
    assert Counter(sink.recipients()) == {f"{kind}@out.example": 3 for kind in KINDS}
    came = {taken.recipients[0]: re.findall(rb"with (\w+)\r\n", taken.content)[0] for taken in sink.taken}
    assert came.pop("plain@out.example") == b"ESMTP" and set(came.values()) == {b"ESMTPS"}
    six = next(taken.content for taken in sink.taken if taken.recipients == ["six@out.example"])
    assert b"[IPv6:::1]" in six.partition(b"with ESMTPS")[0]
    assert service.stop() == 0


@pytest.mark.parametrize("kind", ["starttls", "implicit"])
@pytest.mark.parametrize(
    ("offer", "taken"), [("-tls1", False), ("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)]
)
def test_tls_1_2_and_up(service: Service, kind: str, offer: str, taken: bool) -> None:
    more = ("-starttls", "smtp") if kind == "starttls" else ()
    done = subprocess.run(
        [
            *("openssl", "s_client", "-connect", f"127.0.0.1:{ports(service)[kind]}", *more, offer),
            *("-CAfile", str(service.folder / "guard.pem"), "-cipher", "ALL:@SECLEVEL=0", "-brief"),
        ],
        input=b"QUIT\r\n",
        capture_output=True,
        timeout=60,
    )
    said = (done.stdout + done.stderr).decode(errors="replace")
    assert (done.returncode == 0) is taken, said
    assert ("Verification: OK" in said) is taken and ("alert protocol version" in said) is not taken, said


def test_certificates_are_replaced_under_load_without_one_failed_handshake(service: Service, tmp_path: Path) -> None:
    """Clients trust all of the pairs; whichever they meet, the handshake is whole and its key is the certificate's."""
    pairs = [service.folder]
    for number in range(3):
        pairs.append(tmp_path / f"pair{number}")
        pairs[-1].mkdir()
        make_pair(pairs[-1], name=f"guard{number}.example")  # a trust store finds them by their names
    bundle = tmp_path / "all.pem"
    bundle.write_text("".join((pair / "guard.pem").read_text() for pair in pairs))
    ending, errors = threading.Event(), []
    seen: Counter[bytes] = Counter()

    def shake() -> None:
        context = ssl.create_default_context(cafile=str(bundle))
        while not ending.is_set():
            try:
                with smtplib.SMTP_SSL("127.0.0.1", ports(service)["implicit"], timeout=60, context=context) as session:
                    seen[session.sock.getpeercert(binary_form=True)] += 1  # type: ignore[union-attr, index]
            except Exception as cause:
                errors.append(cause)

    threads = [threading.Thread(target=shake) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        eventually(lambda: len(seen) == 1)
        for number, pair in enumerate(pairs[1:], 2):
            # One after the other, as certbot's hook does: between the two they do not fit.
            for name in ("guard.key", "guard.pem"):
                shutil.copy(pair / name, service.folder / name)
            eventually(lambda number=number: len(seen) == number or errors, 60, "clients that were shown the new one")
            assert errors == []
        eventually(lambda: sum(seen.values()) > 20 or errors, what="many handshakes")
    finally:
        ending.set()
        for thread in threads:
            thread.join()
    assert errors == [] and sum(seen.values()) > 20
    assert service.stop() == 0
