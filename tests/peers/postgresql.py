"""A private PostgreSQL cluster from Debian's packages, for the tests that must not be satisfied with SQLite alone.

Contract: lives in a temporary folder, listens on 127.0.0.1, runs as user postgres when the tests run as root, is
stopped by its own process. A machine without PostgreSQL is a failure, never a skip.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg

from tests.ports import free_port
from tests.smtp.listen.certificates import make_pair


class Postgresql:
    """The running cluster."""

    def __init__(self) -> None:
        self.binaries = _binaries()
        self.folder = Path(tempfile.mkdtemp(prefix="mailguard-pg-"))
        self.data = self.folder / "data"
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        self._run("initdb", "-D", str(self.data), "-U", "mailguard", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        self.start()

    def start(self) -> None:
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            "max_connections": "60",
            "shared_buffers": "32MB",
        }
        arguments = [item for name, value in options.items() for item in ("-c", f"{name}={value}")]
        command = self._command("postgres", "-D", str(self.data), *arguments)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
        deadline = time.monotonic() + 60
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.folder / "log").read_text())
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Fast shutdown (SIGINT) unless told otherwise, of the server that was started here."""
        if self.process is not None:
            os.kill(self.postmaster(), how)
            self.process.wait(30)
            self.process = None

    def serve_tls(self, folder: Path) -> None:
        """Offer TLS, with a certificate that is made in a folder, until `serve_plain`. Nobody is made to use it."""
        made = make_pair(folder)
        for name, option in (("certificate", "ssl_cert_file"), ("key", "ssl_key_file")):
            there = self.folder / made[name].name
            shutil.copy(made[name], there)
            if os.geteuid() == 0:
                shutil.chown(there, "postgres", "postgres")
            self.execute(f"ALTER SYSTEM SET {option} = '{there}'")
        self._tls("on")

    def serve_plain(self) -> None:
        self._tls("off")

    def _tls(self, state: str) -> None:
        self.execute(f"ALTER SYSTEM SET ssl = {state}")
        self.execute("SELECT pg_reload_conf()")
        deadline = time.monotonic() + 60
        while self.ask("SHOW ssl") != state:
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.05)

    def postmaster(self) -> int:
        return int((self.data / "postmaster.pid").read_text().splitlines()[0])

    def close(self) -> None:
        # Immediate: a fast shutdown would first write out hundreds of databases that nobody wants any more.
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def new_database(self) -> str:
        """The URL of a new, empty database."""
        name = f"t{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        self.execute(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def url(self, database: str) -> str:
        return f"postgresql://mailguard@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        """Run one statement, whether or not an event loop runs in this thread."""
        self._with_connection(lambda connection: connection.execute(statement))

    def ask(self, query: str) -> Any:
        """The first value of the first row."""
        return self._with_connection(lambda connection: connection.fetchval(query))

    def _with_connection(self, use: Callable[[Any], Awaitable[Any]]) -> Any:
        async def run() -> Any:
            connection = await asyncpg.connect(self.url("postgres"))
            found = await use(connection)
            await connection.close()
            return found

        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, run()).result()

    def _answers(self) -> bool:
        try:
            self.execute("SELECT 1")
        except (OSError, asyncpg.PostgresError):
            return False
        return True

    def _run(self, *arguments: str) -> None:
        done = subprocess.run(self._command(*arguments), capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{arguments[0]} failed: {done.stderr.decode()}")

    def _command(self, program: str, *arguments: str) -> list[str]:
        command = [str(self.binaries / program), *arguments]
        return ["/usr/sbin/runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    if not found:
        raise RuntimeError("PostgreSQL is not installed; on Debian: apt-get install postgresql")
    return found[-1]
