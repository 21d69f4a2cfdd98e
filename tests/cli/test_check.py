"""mailguard check: each thing that would keep a start from working is found, with a sentence; nothing is changed."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mailguard.inspection.settings import InspectionSettings
from mailguard.serve import inspecting
from tests.fakes.smarthost import Act, raw, say
from tests.fakes.threaded import ThreadedSmarthost
from tests.ports import free_port
from tests.smtp.listen.certificates import make_pair

from .conftest import SETTINGS, Ran, Run, hold


@pytest.fixture
def sound(settings: Path, sink: str) -> Path:
    """Settings with which a start would work."""
    settings.write_text(SETTINGS.format(listen=0, smarthost=sink.rpartition(":")[2]))
    return settings


@pytest.fixture(scope="module")
def namespaces() -> bool:
    return asyncio.run(inspecting._try(InspectionSettings()))


@pytest.fixture(autouse=True)
def worker_was_tried(namespaces: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What trying to start a worker comes to here, tried once: it takes a second of the processor's time each time."""

    async def tried(settings: InspectionSettings) -> bool:
        return namespaces

    monkeypatch.setattr(inspecting, "_try", tried)


def findings(ran: Ran) -> dict[str, tuple[bool, str]]:
    return {item["part"].split()[0]: (item["ok"], item["sentence"]) for item in ran.items()}


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_all_is_well_and_nothing_is_changed(run: Run, sound: Path) -> None:
    before = files(sound.parent)
    ran = run("-C", str(sound), "check", "--json")
    assert ran.status == 0, ran.out
    found = findings(ran)
    assert list(found) == ["reading", "settings", "policies", "listener", "smarthost", "store", "keys", "attachments"]
    assert all(ok for ok, _ in found.values())
    assert "mailguard serve" in found["store"][1]
    assert files(sound.parent) == before


def test_for_people_with_a_store(run: Run, sound: Path) -> None:
    hold(sound, "MG-7Q4K-2F")
    ran = run("check", "-C", str(sound))
    assert ran.status == 0
    assert all(line.startswith(("ok  ", "   ")) for line in ran.out.splitlines())
    assert "PIPELINING" in ran.out and "has the schema of this version" in ran.out


def test_broken_settings_are_the_only_finding(run: Run, sound: Path) -> None:
    sound.write_text("colour: red\n")
    ran = run("-C", str(sound), "check", "--json")
    assert ran.status == 1
    (item,) = ran.items()
    assert (item["part"], item["ok"]) == ("settings", False)
    assert f"{sound}:1:1: " in item["sentence"]


def _no_policy(settings: Path) -> None:
    (settings.parent / "policies" / "policy.yaml").unlink()


def _unknown_team(settings: Path) -> None:
    path = settings.parent / "policies" / "policy.yaml"
    path.write_text(path.read_text().replace("when: {", "when: {sender_team: shelter, "))


def _broken_policy(settings: Path) -> None:
    (settings.parent / "policies" / "policy.yaml").write_text("version: 1\nrules:\n  - {id: x}\n")


def _nothing_enforced(settings: Path) -> None:
    path = settings.parent / "policies" / "policy.yaml"
    path.write_text(path.read_text() + "    mode: monitor\n")


def _smarthost_down(settings: Path) -> None:
    port = free_port()
    settings.write_text(SETTINGS.format(listen=0, smarthost=port))


def _no_starttls(settings: Path) -> None:
    settings.write_text(settings.read_text().replace("tls: none", "tls: required"))


def _outside_notices(settings: Path) -> None:
    settings.write_text(settings.read_text().replace("from: mailguard@elmroad.example", "from: x@other.example"))


def _open_keys(settings: Path) -> None:
    hold(settings, "MG-7Q4K-2F")
    next((settings.parent / "mailguard.keys").iterdir()).chmod(0o644)


def _lost_keys(settings: Path) -> None:
    hold(settings, "MG-7Q4K-2F")
    (settings.parent / "mailguard.keys").rename(settings.parent / "elsewhere")


def _witness_is_a_folder(settings: Path) -> None:
    (settings.parent / "witness").mkdir()
    settings.write_text(settings.read_text() + "witness: witness\n")


def _no_database(settings: Path) -> None:
    (settings.parent / "mailguard.db").write_text("this is no database at all, only some text\n" * 100)


@pytest.mark.parametrize(
    ("part", "breaks", "says"),
    [
        ("policies", _no_policy, "no policy file"),
        ("policies", _broken_policy, "policy.yaml:3:"),
        ("policies", _unknown_team, 'the settings have no team "shelter"'),
        ("policies", _nothing_enforced, "nothing but defects"),
        ("smarthost", _smarthost_down, "cannot be reached"),
        ("smarthost", _no_starttls, "STARTTLS"),
        ("notices", _outside_notices, "not inside"),
        ("store", _open_keys, "mailguard.keys"),
        ("store", _lost_keys, "key"),
        ("store", _no_database, ""),
        ("witness", _witness_is_a_folder, "is no file"),
    ],
)
def test_each_problem_is_a_finding(run: Run, sound: Path, part: str, breaks: Callable[[Path], None], says: str) -> None:
    breaks(sound)
    ran = run("-C", str(sound), "check", "--json")
    assert ran.status == 1
    assert [each for each, (ok, _) in findings(ran).items() if not ok] == [part]
    assert says in findings(ran)[part][1]
    assert ran.err == ""


def test_a_port_that_is_taken_is_a_finding(run: Run, sound: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        sound.write_text(sound.read_text().replace("127.0.0.1:0", f"127.0.0.1:{taken.getsockname()[1]}"))
        ran = run("-C", str(sound), "check", "--json")
    assert ran.status == 1
    assert findings(ran)["listener"] == (False, "cannot be opened: Address already in use")


def test_a_metrics_port_that_is_taken_is_a_finding(run: Run, sound: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with sound.open("a") as written:
            written.write(f'metrics: {{address: "127.0.0.1:{taken.getsockname()[1]}"}}\n')
        ran = run("-C", str(sound), "check", "--json")
    assert ran.status == 1
    assert findings(ran)["metrics"] == (False, "cannot be opened: Address already in use")


def test_a_console_whose_address_is_taken_is_a_finding(run: Run, sound: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with sound.open("a") as written:
            written.write(f"console: {{address: '{address}'}}\n")
        ran = run("-C", str(sound), "check", "--json")
    assert findings(ran)["console"] == (False, "cannot be opened: Address already in use")


def test_a_silent_smarthost_is_a_finding(run: Run, sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailguard.serve.smarthost_checks.CONNECT_SECONDS", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        sound.write_text(SETTINGS.format(listen=0, smarthost=silent.getsockname()[1]))
        ran = run("-C", str(sound), "check", "--json")
    assert ran.status == 1
    assert "does not answer" in findings(ran)["smarthost"][1]


@pytest.mark.parametrize(
    "greeting", [b"", b"554 go away\r\n", b"nonsense\r\n", b"\x00\xff\r\n", b"220 " + b"x" * 99_999]
)
def test_a_strange_smarthost_is_a_finding(run: Run, sound: Path, greeting: bytes) -> None:
    with socket.socket() as strange:
        strange.bind(("127.0.0.1", 0))
        strange.listen()
        thread = threading.Thread(target=_greet, args=(strange, greeting))
        thread.start()
        sound.write_text(SETTINGS.format(listen=0, smarthost=strange.getsockname()[1]))
        ran = run("-C", str(sound), "check", "--json")
        thread.join()
    assert ran.status == 1
    assert findings(ran)["smarthost"][0] is False


def _greet(listening: socket.socket, greeting: bytes) -> None:
    connection, _ = listening.accept()
    with connection:
        connection.sendall(greeting)


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """Port and certificate of a smarthost that speaks TLS from the first byte."""
    certificate, key = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        thread = threading.Thread(target=_speak, args=(listening, context))
        thread.start()
        yield listening.getsockname()[1], certificate
        thread.join()


def _speak(listening: socket.socket, context: ssl.SSLContext) -> None:
    connection, _ = listening.accept()
    with connection:
        try:
            with context.wrap_socket(connection, server_side=True) as session:
                session.sendall(b"220 secure.example\r\n")
                while line := session.recv(1000):
                    session.sendall(
                        b"250-secure.example\r\n250 PIPELINING\r\n" if line[:4].lower() == b"ehlo" else b"221 ok\r\n"
                    )
        except (ssl.SSLError, OSError):
            pass  # the client did not trust us: what it says of that is the test


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "secure.example")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    return folder / "cert.pem", folder / "key.pem"


@pytest.mark.parametrize("trusted", [True, False])
def test_tls_is_tried_as_the_settings_ask_for_it(
    run: Run, sound: Path, secure: tuple[int, Path], trusted: bool
) -> None:
    port, certificate = secure
    tls = "tls: implicit" + (f", ca_file: {certificate}" if trusted else "")
    sound.write_text(SETTINGS.format(listen=0, smarthost=port).replace("tls: none", tls))
    ran = run("-C", str(sound), "check", "--json")
    assert ran.status == (0 if trusted else 1), ran.out
    if not trusted:
        assert "TLS failed: this computer does not know who issued its certificate" in findings(ran)["smarthost"][1]
        assert "`ca_file`" in findings(ran)["smarthost"][1]


@pytest.mark.parametrize(
    ("name", "days", "says"),
    [("localhost", -1, "has expired"), ("other.example", 90, "not valid: .*mismatch"), (None, 90, "does not know who")],
)
def test_why_a_certificate_is_not_trusted(run: Run, sound: Path, name: str | None, days: int, says: str) -> None:
    pair = make_pair(sound.parent, name=name or "localhost", days=days)
    (sound.parent / "other").mkdir()
    trusted = pair if name else make_pair(sound.parent / "other")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair["certificate"], pair["key"])
    with ThreadedSmarthost(tls=context, implicit_tls=True) as smarthost:
        there = {"address": f"localhost:{smarthost.port}", "tls": "implicit", "ca_file": str(trusted["certificate"])}
        with_smarthosts(sound, there)
        ran = run("-C", str(sound), "check", "--json")
    ok, sentence = findings(ran)["smarthost"]
    assert not ok and re.search(f"TLS failed: .*{says}", sentence), ran.out


def test_tls_from_the_first_byte_where_it_comes_with_starttls(run: Run, sound: Path, sink: str) -> None:
    with_smarthosts(sound, {"address": f"127.0.0.1:{sink.rpartition(':')[2]}", "tls": "implicit"})
    ok, sentence = findings(run("-C", str(sound), "check", "--json"))["smarthost"]
    assert not ok and "does not begin with TLS" in sentence and "`tls: required`" in sentence


def test_what_the_guard_would_refuse_is_no_smarthost(run: Run, sound: Path) -> None:
    """Octets behind the reply to STARTTLS: another library reads past them, the guard sends nothing there."""
    injected = raw(b"220 2.0.0 Go ahead\r\n250 injected\r\n")
    pair = make_pair(sound.parent)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair["certificate"], pair["key"])
    with ThreadedSmarthost({"starttls": injected}, tls=context) as smarthost:
        there = {"address": f"localhost:{smarthost.port}", "tls": "required", "ca_file": str(pair["certificate"])}
        with_smarthosts(sound, there)
        ok, sentence = findings(run("-C", str(sound), "check", "--json"))["smarthost"]
    assert not ok and "out of step" in sentence


def test_authorities_that_cannot_be_read(run: Run, sound: Path, sink: str) -> None:
    there = {"address": f"127.0.0.1:{sink.rpartition(':')[2]}", "tls": "required", "ca_file": "none.pem"}
    with_smarthosts(sound, there)
    ok, sentence = findings(run("-C", str(sound), "check", "--json"))["smarthost"]
    assert not ok and 'none.pem" (`ca_file`) cannot be read' in sentence


def with_certificate(settings: Path, **files: str) -> Path:
    """Settings whose listener speaks TLS, with files named as from the settings file."""
    values = yaml.safe_load(settings.read_text())
    values["listen"] = [{"address": "127.0.0.1:0", "tls": "starttls", **files}]
    settings.write_text(yaml.safe_dump(values))
    return settings


@pytest.mark.parametrize(
    ("days", "ok", "says"),
    [(90, True, "fits its key, valid until"), (20, True, "note: .* expires in 19 days"), (-1, False, "has expired")],
)
def test_how_long_a_certificate_lasts(run: Run, sound: Path, days: int, ok: bool, says: str) -> None:
    make_pair(sound.parent, days=days)
    with_certificate(sound, certificate="guard.pem", key="guard.key")
    ran = run("-C", str(sound), "check", "--json")
    found = findings(ran)["certificate"]
    assert found[0] is ok and re.search(says, found[1]), ran.out
    assert ran.status == (0 if ok else 1)


def test_a_certificate_that_cannot_be_used(run: Run, sound: Path) -> None:
    pair = make_pair(sound.parent)
    (sound.parent / "other").mkdir()
    make_pair(sound.parent / "other")
    for files, says in (
        ({"certificate": "none.pem"}, "cannot be read"),
        ({"certificate": "guard.pem", "key": "other/guard.key"}, "does not fit"),
        ({"certificate": "guard.pem", "key": "mailguard.yaml"}, "PEM form"),
    ):
        with_certificate(sound, **files)
        ran = run("-C", str(sound), "check", "--json")
        assert ran.status == 1 and findings(ran)["certificate"][0] is False
        assert says in findings(ran)["certificate"][1]
    pair["key"].chmod(0o644)
    with_certificate(sound, certificate="guard.pem", key="guard.key")
    ran = run("-C", str(sound), "check", "--json")
    assert ran.status == 0 and "every user of this computer may read the key" in ran.out


def with_smarthosts(settings: Path, *each: dict[str, object]) -> None:
    values = yaml.safe_load(settings.read_text())
    values["smarthost"] = list(each)
    settings.write_text(yaml.safe_dump(values))


def sentences(ran: Ran, port: int) -> list[tuple[bool, str]]:
    """What was found at the smarthost on that port."""
    part = f"smarthost 127.0.0.1:{port}"
    return [(item["ok"], item["sentence"]) for item in ran.items() if item["part"].startswith(part)]


@pytest.mark.parametrize(
    ("domains", "tls", "noted"),
    [((), "none", True), ((), "opportunistic", True), ((), "implicit", False), (("ward.example",), "none", False)],
)
def test_a_weaker_smarthost_behind_a_verified_one_is_noted(
    run: Run, sound: Path, domains: tuple[str, ...], tls: str, noted: bool
) -> None:
    """Whoever keeps the first one from being reached gets the mail as the second one takes it (THREATS.md T4)."""
    with_smarthosts(
        sound,
        {"address": "localhost:1", "tls": "required"},
        {"address": "mail.invalid:25", "tls": tls, "sender_domains": list(domains)},
    )
    ran = run("-C", str(sound), "check", "--json")
    said = [item["sentence"] for item in ran.items() if item["part"].startswith("smarthost mail.invalid:25")]
    assert any("without a checked certificate" in each for each in said) is noted


def test_each_smarthost_is_tried(run: Run, sound: Path, sink: str) -> None:
    port = int(sink.rpartition(":")[2])
    with ThreadedSmarthost() as other, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        down = closed.getsockname()[1]
        with_smarthosts(
            sound,
            {"address": f"127.0.0.1:{port}", "tls": "none"},
            {"address": f"127.0.0.1:{other.port}", "tls": "none", "sender_domains": ["ward.example"]},
            {"address": f"127.0.0.1:{down}", "tls": "none"},
        )
        ran = run("-C", str(sound), "check", "--json")
    assert ran.status == 1
    assert sentences(ran, port)[0][0] and sentences(ran, other.port)[0][0]
    assert any(item["part"].endswith("for ward.example") for item in ran.items())
    ((ok, sentence),) = sentences(ran, down)
    assert not ok and "cannot be reached" in sentence


@pytest.mark.parametrize(
    ("script", "offered", "password", "ok", "says"),
    [
        ({}, b"AUTH PLAIN", "s3cret", True, "takes the name and the password"),
        (
            {"auth": say(b"535 5.7.8 s3cret")},
            b"AUTH PLAIN",
            "s3cret",
            False,
            "or asked for, it answers 535",
        ),
        ({"auth": say(b"454 4.7.0 Later")}, b"AUTH PLAIN", "s3cret", False, "answers 454 4.7.0"),
        ({}, b"AUTH GSSAPI", "s3cret", False, "sign-in not offered"),
    ],
)
def test_the_guards_own_sign_in_is_tried_once(
    run: Run, sound: Path, script: dict[str, Act], offered: bytes, password: str, ok: bool, says: str
) -> None:
    (sound.parent / "password").write_text(password)
    with ThreadedSmarthost(script, extensions=(b"PIPELINING", b"8BITMIME", offered)) as smarthost:
        own = {"username": "guard", "password_file": "password", "tls": "none"}
        with_smarthosts(sound, {"address": f"127.0.0.1:{smarthost.port}", **own})
        ran = run("-C", str(sound), "check", "--json")
        tried = [line for line in smarthost.smarthost.lines if line.startswith(b"AUTH")]
    assert ran.status == (0 if ok else 1) and len(tried) == (1 if offered == b"AUTH PLAIN" else 0)
    found, sentence = sentences(ran, smarthost.port)[-1]
    assert found is ok and says in sentence and password not in ran.out


@pytest.mark.parametrize(("way", "ok"), [("xclient", False), ("xforward", True)])
def test_a_smarthost_that_cannot_be_told_of_clients(run: Run, sound: Path, sink: str, way: str, ok: bool) -> None:
    port = int(sink.rpartition(":")[2])
    with_smarthosts(sound, {"address": f"127.0.0.1:{port}", "tls": "none", "tell_client": way})
    ran = run("-C", str(sound), "check", "--json")
    found, sentence = sentences(ran, port)[-1]
    assert found is ok and f"smtpd_authorized_{way}_hosts" in sentence and ran.status == (0 if ok else 1)


@pytest.mark.parametrize(
    ("offered", "says"),
    [
        (b"AUTH LOGIN", None),
        (b"AUTH NTLM GSSAPI", "of AUTH it offers only NTLM and GSSAPI"),
        (b"8BITMIME", "of AUTH it offers none"),
    ],
)
def test_a_smarthost_where_clients_could_not_sign_in(run: Run, sound: Path, offered: bytes, says: str | None) -> None:
    with ThreadedSmarthost(extensions=(b"PIPELINING", offered)) as first, ThreadedSmarthost() as second:
        ports = first.port, second.port
        with_smarthosts(
            sound, *({"address": f"127.0.0.1:{port}", "tls": "none", "trusts_address": True} for port in ports)
        )
        values = yaml.safe_load(sound.read_text())
        values["listen"] = [{"address": "127.0.0.1:0", "sign_in": "smarthost"}]
        sound.write_text(yaml.safe_dump(values))
        ran = run("-C", str(sound), "check", "--json")
    ok, sentence = sentences(ran, first.port)[-1]
    assert ok is (says is None) and (says or "") in sentence and ran.status == (0 if says is None else 1)
    assert all(each for each, _ in sentences(ran, second.port))  # sign-in is never failed over


@pytest.mark.parametrize(("mode", "noted"), [(0o600, False), (0o640, False), (0o644, True)])
def test_a_password_that_everybody_may_read_is_noted(run: Run, sound: Path, mode: int, noted: bool) -> None:
    (sound.parent / "password").write_text("s3cret")
    (sound.parent / "password").chmod(mode)
    with ThreadedSmarthost(extensions=(b"PIPELINING", b"8BITMIME", b"AUTH PLAIN")) as smarthost:
        own = {"username": "guard", "password_file": "password", "tls": "none"}
        with_smarthosts(sound, {"address": f"127.0.0.1:{smarthost.port}", **own})
        ran = run("-C", str(sound), "check", "--json")
    assert ran.status == 0
    assert any("every user of this computer may read the password" in item["sentence"] for item in ran.items()) is noted


@pytest.mark.parametrize(
    ("script", "ok"),
    [
        ({}, True),
        ({"rcpt": say(b"554 5.7.1 Relay access denied")}, False),
        ({"mail": say(b"530 Sign in first")}, False),
        ({"rcpt": say(b"450 4.7.1 Greylisted")}, True),
        ({"rcpt": say(b"556 5.1.10 That domain takes no mail")}, True),
    ],
)
def test_whether_a_smarthost_trusts_this_machine(run: Run, sound: Path, script: dict[str, Act], ok: bool) -> None:
    with ThreadedSmarthost(script) as smarthost:
        with_smarthosts(sound, {"address": f"127.0.0.1:{smarthost.port}", "tls": "none", "trusts_address": True})
        ran = run("-C", str(sound), "check", "--json")
        said = [line.upper() for line in smarthost.smarthost.lines]
    found, sentence = sentences(ran, smarthost.port)[-1]
    assert found is ok and ("`trusts_address` does not hold" in sentence) is not ok, ran.out
    assert any(line.startswith(b"RSET") for line in said) and not any(line.startswith(b"DATA") for line in said)
