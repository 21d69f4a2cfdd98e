"""The console as a process of its own: real `mailguard serve` and `mailguard console`, real sockets between them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from mailguard.config import load_settings
from mailguard.serve.console_socket import console_socket
from tests.end_to_end.mailing import message, submit
from tests.end_to_end.service import ROOT, Service, eventually
from tests.end_to_end.sink import Sink
from tests.end_to_end.test_console import console_on
from tests.end_to_end.test_console_decides import POLICY, Browser, decide, held_at, patients
from tests.ports import free_port


class Edge:
    """A running `mailguard console`. port: where it listens, if not where the settings say. prefix: what runs it."""

    def __init__(self, service: Service, port: int | None = None, prefix: tuple[str, ...] = ()) -> None:
        self._prefixed = bool(prefix)
        self.log = service.folder / f"console-{port}.jsonl"
        self.base = load_settings(service.settings_file).console.base_url  # type: ignore[union-attr]
        file = service.settings_file
        if port is not None:
            file = service.folder / f"console-{port}.yaml"
            own = self.base.rpartition("/")[2]
            text = service.settings_file.read_text()
            file.write_text(text.replace(f"address: {own}", f"address: 127.0.0.1:{port}"))
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, "-m", "mailguard", "-C", str(file), "console"],
                stdout=log,
                stderr=log,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
            )

    @property
    def pid(self) -> int:
        """Of the console itself, also where a prefix runs it."""
        pid = self.process.pid
        if self._prefixed:
            pid = int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
        return pid

    def __enter__(self) -> Edge:
        eventually(lambda: b"console_started" in self.log.read_bytes() or self.process.poll() is not None, 90)
        assert self.process.poll() is None, self.log.read_text()
        return self

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            os.kill(self.pid, number)
        return self.process.wait(60)

    def __exit__(self, *_: object) -> None:
        self.stop(signal.SIGKILL)


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink() as found:
        yield found


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[Service]:
    console = {**console_on(free_port()), "stop_seconds": 5, "process": "own"}
    with Service(tmp_path_factory.mktemp("process"), sink.port, POLICY, console=console) as found:
        yield found


@pytest.fixture(scope="module")
def edge(service: Service) -> Iterator[Edge]:
    with Edge(service) as found:
        yield found


def address_of(edge: Edge) -> tuple[str, int]:
    host, _, port = edge.base.removeprefix("http://").rpartition(":")
    return host, int(port)


def test_a_reviewer_decides_through_it(service: Service, sink: Sink, edge: Edge) -> None:
    with Browser(edge.base) as browser:
        browser.enters(service, "sam@elmroad.example", "reviewer")
        ref = held_at(service)
        outcome = decide(browser, ref, choice="separate")
        assert "You can stop this for 5 seconds" in outcome.text
        eventually(lambda: len(patients(sink)) == 288, 60)
        again = browser.get("/queue")
        names = [name.lower() for name, _ in again.headers.multi_items()]
        for once in ("date", "content-type", "content-length", "content-security-policy", "cache-control"):
            assert names.count(once) == 1, once
        assert "server" not in names and "default-src 'none'" in again.headers["content-security-policy"]


def test_the_socket_is_for_the_user_of_the_service_alone_and_the_console_opens_nothing_else(
    service: Service, edge: Edge
) -> None:
    path = console_socket(load_settings(service.settings_file).store_settings())
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
    assert path.parent == service.folder / "store" / "mailguard.db.console"
    assert service.rows("status")[0]["console"] == str(path)
    opened = {os.readlink(each) for each in Path(f"/proc/{edge.pid}/fd").iterdir()}
    assert not [each for each in opened if each.startswith(str(service.folder / "store"))]
    checked = service.run("check", check=False).stdout
    assert "in use by `mailguard console`" in checked and "PROBLEM  console" not in checked


def test_what_is_wrong_does_not_reach_the_service(service: Service, edge: Edge) -> None:
    with httpx.Client(base_url=edge.base, timeout=60) as browser:
        shown = browser.get("/sign-in")
        assert browser.get("/sign-in", headers={"Host": "evil.example"}).status_code == 421
        assert browser.head("/sign-in").status_code == 200
        assert browser.get("/nothing/there?a=b").status_code == 404
        assert browser.put("/queue").status_code in (404, 405)
        form = {"Content-Type": "application/x-www-form-urlencoded", "Origin": edge.base}
        assert browser.post("/sign-in", content=b"x" * 70_000, headers=form).status_code == 413
        style = next(part for part in shown.text.split('"') if part.startswith("/static/"))
        assert browser.get(style).headers["cache-control"].startswith("public")
    # Requests that never end stay with the console: the service answers others, and mail goes on.
    stuck = [socket.create_connection(address_of(edge)) for _ in range(20)]
    start = f"POST /sign-in HTTP/1.1\r\nHost: {edge.base[7:]}\r\nContent-Length: 9\r\n\r\ncsrf"
    for each in stuck:
        each.sendall(start.encode())
    assert submit(service.port, message(), ["a@council.example"])[0] == 250
    assert httpx.get(f"{edge.base}/sign-in", timeout=60).status_code == 200
    for each in stuck:
        each.close()


def test_the_service_hears_of_the_client_from_the_console_alone_and_an_answer_may_get_lost(
    service: Service, edge: Edge
) -> None:
    path = console_socket(load_settings(service.settings_file).store_settings())
    moved = path.with_name("moved.sock")
    path.rename(moved)
    answers = [b"204 No Content\r\nX-A: 1\r\nX-A: 2\r\n\r\n", b"200 OK\r\nContent-Length: 100\r\n\r\nhalf"]
    heard = []
    try:
        with socket.socket(socket.AF_UNIX) as listening, ThreadPoolExecutor(1) as pool:
            listening.bind(str(path))
            listening.listen()
            listening.settimeout(30)

            def serve() -> None:
                for answer in answers:
                    connection, _ = listening.accept()
                    heard.append(connection.recv(65536).lower())
                    connection.sendall(b"HTTP/1.1 " + answer)
                    connection.close()

            served = pool.submit(serve)
            lies = dict.fromkeys(("X-Forwarded-For", "X-Real-IP"), "192.0.2.9") | {"Forwarded": "for=192.0.2.9"}
            done = httpx.get(f"{edge.base}/queue?q=a%20b&x=%3Cb%3E", headers=lies, timeout=60)
            lost = httpx.get(f"{edge.base}/queue", timeout=60)
            served.result()
    finally:
        path.unlink()
        moved.rename(path)
    assert done.status_code == 204 and done.headers.get_list("x-a") == ["1", "2"]
    assert lost.status_code == 504 and "may or may not have been done" in lost.text
    (line, *fields) = heard[0].partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert line == b"get /queue?q=a%20b&x=%3cb%3e http/1.1"
    assert not [each for each in fields if b"192.0.2.9" in each]
    assert fields.count(b"x-forwarded-for: 127.0.0.1") == 1 and b"connection: close" in fields


def test_two_large_files_at_a_time_are_read_slowly_and_pages_are_shown(service: Service, edge: Edge) -> None:
    path = console_socket(load_settings(service.settings_file).store_settings())
    moved, large, heard = path.with_name("moved.sock"), 32 * 1024 * 1024, []
    path.rename(moved)
    slow = [socket.create_connection(address_of(edge)) for _ in range(2)]
    start = f"POST /m/MG-AAAA-22/download HTTP/1.1\r\nHost: {edge.base[7:]}\r\nContent-Length: 0\r\n\r\n"
    file = f"{edge.base}/m/MG-AAAA-22/download"
    before = memory_of(edge)
    try:
        with socket.socket(socket.AF_UNIX) as listening, ThreadPoolExecutor(1) as pool:
            listening.bind(str(path))
            listening.listen()
            listening.settimeout(60)

            def serve(answers: int) -> None:
                for _ in range(answers):
                    connection, _ = listening.accept()
                    with connection:
                        heard.append(connection.recv(65536).split(b"\r\n")[0])
                        octets = large if b"download" in heard[-1] else 4
                        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % octets + b"x" * octets)

            served = pool.submit(serve, 4)
            for each in slow:
                each.sendall(start.encode())
                assert each.recv(15) == b"HTTP/1.1 200 OK"
            refused = httpx.post(file, timeout=60)
            assert httpx.get(f"{edge.base}/queue", timeout=60).text == "xxxx"
            assert memory_of(edge) - before < 3 * large, "each is kept once"
            slow.pop().close()
            assert len(httpx.post(file, timeout=60).content) == large
            served.result(60)
    finally:
        for each in slow:
            each.close()
        path.unlink()
        moved.rename(path)
    assert refused.status_code == 503 and refused.headers["retry-after"] == "30" and "Too many files" in refused.text
    assert [each.split()[0] for each in heard] == [b"POST", b"POST", b"GET", b"POST"], "the third was not asked for"


def memory_of(edge: Edge) -> int:
    """In octets, as it is now."""
    (line,) = (each for each in Path(f"/proc/{edge.pid}/status").read_text().splitlines() if each.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def test_each_goes_on_without_the_other(service: Service, sink: Sink, edge: Edge) -> None:
    with Edge(service, free_port()) as second:
        assert httpx.get(f"{edge.base}/sign-in", timeout=60).status_code == 200
        second.stop(signal.SIGKILL)
        assert submit(service.port, message(number=2), ["b@council.example"])[0] == 250
    service.stop()
    away = httpx.get(f"{edge.base}/sign-in", timeout=60)
    assert away.status_code == 503 and "cannot reach the guard" in away.text and "manager@elmroad" in away.text
    assert not console_socket(load_settings(service.settings_file).store_settings()).exists()
    service.start()
    assert httpx.get(f"{edge.base}/sign-in", timeout=60).status_code == 200
    events = [line for line in edge.log.read_text().splitlines() if "console_service" in line]
    assert len(events) == 2 and "away" in events[0] and "back" in events[1]
    began = time.monotonic()
    assert edge.stop() == 0 and time.monotonic() - began < 20


def test_without_the_setting_it_does_not_start(tmp_path: Path) -> None:
    service = Service(tmp_path, 9, console=console_on(free_port()))
    ran = service.run("console", check=False)
    assert ran.returncode == 2 and "process: own" in ran.stderr
