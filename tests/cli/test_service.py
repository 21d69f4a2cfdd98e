"""mailguard serve, status and the commands that speak to it, with a real process, store, socket and smarthost."""

from __future__ import annotations

import shutil
import signal
import smtplib
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from mailguard.config import load_settings
from mailguard.store.migrate import take_lock
from tests.ports import free_port

from .conftest import SETTINGS, Run, hold, process, wait_for


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def served(settings: Path, sink: str, port: int) -> Path:
    settings.write_text(SETTINGS.format(listen=port, smarthost=sink.rpartition(":")[2]))
    return settings


def submit(port: int, recipients: int) -> str:
    """Send a message to so many people in To; the guard's reply."""
    people = [f"p{number}@mailbox.example" for number in range(recipients)]
    raw = f"From: reception@elmroad.example\r\nTo: {', '.join(people)}\r\nSubject: Flu clinic\r\n\r\nHello\r\n"
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as session:
        session.ehlo_or_helo_if_needed()
        session.mail("reception@elmroad.example")
        for person in people:
            session.rcpt(person)
        code, text = session.data(raw)
    return f"{code} {text.decode()}"


def test_the_commands_work_a_running_service(run: Run, served: Path, port: int) -> None:
    config = ("-C", str(served))
    socket_file = served.parent / "mailguard.db.sock"
    with process("serve", *config) as service:
        wait_for(lambda: socket_file.exists() and run(*config, "status").status == 0)
        status = run(*config, "status", "--json").items()[0]
        assert status["running"] is True and status["listening"] == [f"127.0.0.1:{port}"]
        assert socket_file.stat().st_mode & 0o777 == 0o600

        reply = submit(port, 12)
        assert reply.startswith("250 2.0.0 Held for checking, ref MG-")
        ref = reply.split()[-1]
        assert run(*config, "held", "show", ref, "--json").items()[0]["state"] == "held"

        released = run(*config, "held", "release", ref, "--as", "separate", "--reason", "checked", "--by", "Sam")
        assert (released.status, released.err) == (0, "")
        done = wait_for(lambda: _ended(run, config, ref))
        assert done["delivery"] == {"accepted": 12}
        assert run(*config, "held", "reject", ref, "--note", "no").status == 5
        assert wait_for(lambda: not run(*config, "outbox", "list", "--json").out or None)

        explained = run(*config, "explain", ref, "--json").items()[0]
        assert explained["decision"]["disposition"] == "hold"
        assert "visible-list" in explained["policy"]["describe"]
        assert "message_released" in [entry["kind"] for entry in explained["happened"]]
        verified = run(*config, "audit", "verify", "--json")
        assert (verified.status, verified.items()[0]["whole"]) == (0, True)
        assert run(*config, "audit", "export", "-o", str(served.parent / "x.jsonl")).status == 0
        assert run("audit", "verify", str(served.parent / "x.jsonl")).status == 0
        assert run(*config, "data", "purge").status == 0
        checked = run(*config, "check", "--json")
        assert checked.status == 0, checked.out
        migrate = run(*config, "data", "migrate")
        assert migrate.status == 3 and migrate.err

        service.send_signal(signal.SIGTERM)
        assert service.wait(120) == 0
        assert service.stdout is not None and service.stdout.read() == ""
    assert not socket_file.exists()
    stopped = run(*config, "status", "--json")
    assert (stopped.status, stopped.items()[0]["running"]) == (3, False)


def _ended(run: Run, config: tuple[str, ...], ref: str) -> dict[str, Any] | None:
    (item,) = [item for item in run(*config, "held", "list", "--json").items() if item["ref"] == ref]
    return item if item["state"] == "released" else None


def test_a_second_service_on_the_same_store_is_3(run: Run, served: Path) -> None:
    with process("serve", "-C", str(served)) as first:
        wait_for(lambda: run("-C", str(served), "status").status == 0)
        with process("-C", str(served), "serve") as second:
            assert second.wait(120) == 3
            assert second.stderr is not None
            said = second.stderr.read().splitlines()
        assert [line for line in said if not line.startswith("{")] and "Traceback" not in "".join(said)
        assert first.poll() is None


def test_serve_ends_with_0_on_ctrl_c(run: Run, served: Path) -> None:
    with process("serve", "-C", str(served)) as service:
        wait_for(lambda: run("-C", str(served), "status").status == 0)
        service.send_signal(signal.SIGINT)
        assert service.wait(120) == 0


@pytest.mark.parametrize("broken", ["keys: [\n", "colour: red\n"])
def test_serve_with_broken_settings_is_2(served: Path, broken: str) -> None:
    served.write_text(served.read_text() + broken)
    with process("serve", "-C", str(served)) as service:
        assert service.wait(120) == 2
        assert service.stderr is not None and f"{served}:" in service.stderr.read()


def test_root_makes_no_store_in_the_folder_of_the_services_user(run: Run, served: Path) -> None:
    """The service could not open it. What is there already keeps its owner, so root may work on it."""
    shutil.chown(served.parent, "nobody")
    with process("serve", "-C", str(served)) as service:
        assert service.wait(120) == 2
        assert service.stderr is not None and "runuser -u nobody -- mailguard serve" in service.stderr.read()
    assert not list(served.parent.glob("mailguard.db*")) and not (served.parent / "mailguard.keys").exists()
    shutil.chown(served.parent, "root")
    hold(served, "MG-7Q4K-2F")
    shutil.chown(served.parent, "nobody")
    assert run("-C", str(served), "held", "list").status == 0


def test_serve_on_a_port_that_is_taken_says_so(served: Path, port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with process("serve", "-C", str(served)) as service:
            assert service.wait(120) == 2
            assert service.stderr is not None and f"127.0.0.1:{port}" in service.stderr.read()


def test_serve_with_a_metrics_port_that_is_taken_says_so(served: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        served.write_text(served.read_text() + f'metrics: {{address: "{address}"}}\n')
        with process("serve", "-C", str(served)) as service:
            assert service.wait(120) == 2
            assert service.stderr is not None
            assert f'Cannot serve metrics on "{address}": Address already in use.' in service.stderr.read()


def test_a_service_that_was_killed_leaves_a_socket_that_is_no_obstacle(run: Run, served: Path) -> None:
    with process("serve", "-C", str(served)) as service:
        wait_for(lambda: run("-C", str(served), "status").status == 0)
        service.kill()
        service.wait(10)
    assert (served.parent / "mailguard.db.sock").exists()
    assert run("-C", str(served), "held", "list").status == 0
    with process("serve", "-C", str(served)) as service:
        wait_for(lambda: run("-C", str(served), "status").status == 0)
        service.terminate()
        assert service.wait(120) == 0


def test_a_command_that_has_the_store_open_does_not_keep_the_service_from_starting(run: Run, served: Path) -> None:
    lock = take_lock(load_settings(served).store_settings())
    assert lock is not None
    with process("serve", "-C", str(served)) as service:
        time.sleep(2)
        assert service.poll() is None
        lock.release()
        wait_for(lambda: run("-C", str(served), "status").status == 0)
        service.terminate()
        assert service.wait(120) == 0
