"""The console in the real process: served beside the mail, for its own host alone, and no hindrance to a stop."""

from __future__ import annotations

import os
import pty
import re
import select
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.end_to_end.mailing import message, submit
from tests.end_to_end.service import ROOT, Service, eventually
from tests.end_to_end.sink import Sink
from tests.ports import free_port


def console_on(port: int) -> dict[str, Any]:
    return {"address": f"127.0.0.1:{port}", "base_url": f"http://127.0.0.1:{port}"}


def test_a_console_is_served_beside_the_mail(tmp_path: Path, sink: Sink) -> None:
    port = free_port()
    with Service(tmp_path, sink.port, console=console_on(port)) as service:
        base = f"http://127.0.0.1:{port}"
        assert service.rows("status")[0]["console"] == f"127.0.0.1:{port}"
        made = service.run("user", "link")
        url = made.stdout.strip()
        assert re.fullmatch(rf"{base}/start/[0-9a-f]{{64}}", url) and "first admin" in made.stderr
        with httpx.Client(base_url=base, timeout=60) as browser:
            assert browser.get(url).status_code == 200
            shown = browser.get("/sign-in")
            assert shown.status_code == 200 and "server" not in shown.headers and "date" in shown.headers
            assert browser.get("/sign-in", headers={"Host": "evil.example"}).status_code == 421
            # Requests that never end, beside which mail goes on.
            stuck = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
            form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\n"
            for each in stuck:
                start = f"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: {base}\r\n{form}csrf"
                each.sendall(start.encode())
            assert submit(service.port, message(), ["a@council.example"])[0] == 250
            assert len(sink.taken) == 1
            assert not select.select(stuck, [], [], 0)[0], "they are as stuck as before: the mail did not wait for them"
            log = service.log_file.read_text()
            assert url.rpartition("/")[2] not in log and "console_without_admin" in log
            began = time.monotonic()
            assert service.stop() == 0
            assert time.monotonic() - began < 20
            for each in stuck:
                each.close()
        assert all(event["event"] != "not_json" for event in service.events())


def test_an_address_that_is_taken_keeps_the_service_from_starting(tmp_path: Path, sink: Sink) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        service = Service(tmp_path, sink.port, console=console_on(taken.getsockname()[1]))
        with pytest.raises(AssertionError, match="Cannot serve the console on"):
            service.start()


@pytest.mark.parametrize(
    "console",
    [
        {"address": "0.0.0.0:8085", "base_url": "http://127.0.0.1:8085"},
        {"address": "127.0.0.1:8085", "base_url": "http://mail.elmroad.example"},
        {"address": "guard.elmroad.example:8085", "base_url": "http://guard.elmroad.example:8085"},
    ],
)
def test_without_tls_it_is_for_this_machine_alone(tmp_path: Path, console: dict[str, Any]) -> None:
    service = Service(tmp_path, 9, console=console)
    for command in ("serve", "check"):
        ran = service.run(command, check=False)
        assert ran.returncode and "would show passwords on the way" in ran.stdout + ran.stderr, command


def test_without_a_console_no_link_is_made(tmp_path: Path, sink: Sink) -> None:
    with Service(tmp_path, sink.port) as service:
        ran = service.run("user", "link", check=False)
        assert ran.returncode == 2 and 'console" is not set' in ran.stderr
        assert service.rows("status")[0]["console"] is None


@pytest.mark.parametrize("made_by", ["hand", "init"])
def test_on_a_terminal_the_first_admin_is_given_a_link(tmp_path: Path, sink: Sink, made_by: str) -> None:
    """init: as README says to begin, but for the ports."""
    service = Service(tmp_path, sink.port, console=console_on(free_port()))
    if made_by == "init":
        service.run("init", str(tmp_path / "new"))
        service.settings_file = tmp_path / "new" / "mailguard.yaml"
        text = service.settings_file.read_text()
        for usual, port in ((2525, 0), (2526, sink.port), (8085, free_port())):
            text = text.replace(f"127.0.0.1:{usual}", f"127.0.0.1:{port}")
        service.settings_file.write_text(text)
        assert "which only this computer can open" in service.run("check").stdout
    main, side = pty.openpty()
    command = [sys.executable, "-m", "mailguard", "-C", str(service.settings_file), "serve"]
    running = subprocess.Popen(command, stderr=side, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)})
    said = b""

    def link() -> bool:
        nonlocal said
        said += os.read(main, 4096)
        return re.search(rb"http://127\.0\.0\.1:\d+/start/[0-9a-f]{64}", said) is not None

    try:
        eventually(lambda: link() and b"within 30 minutes" in said, 90)
    finally:
        running.terminate()
        assert running.wait(30) == 0
        os.close(main)
        os.close(side)
