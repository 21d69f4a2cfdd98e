"""A real PgBouncer before a test's PostgreSQL, on loopback, ended by its own process id."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from tests.ports import free_port


class Pgbouncer:
    """mode: session or transaction. port: where it listens."""

    def __init__(self, server_port: int, mode: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mailguard-bouncer-"))
        self.port = free_port()
        settings = {
            "listen_addr": "127.0.0.1",
            "listen_port": self.port,
            "auth_type": "any",
            "pool_mode": mode,
            "unix_socket_dir": "",
            "ignore_startup_parameters": "synchronous_commit",
            "logfile": self.folder / "log",
        }
        lines = [f"* = host=127.0.0.1 port={server_port} user=mailguard", "[pgbouncer]"]
        lines += [f"{name} = {value}" for name, value in settings.items()]
        (self.folder / "pgbouncer.ini").write_text("[databases]\n" + "\n".join(lines) + "\n")
        command = ["/usr/sbin/pgbouncer", str(self.folder / "pgbouncer.ini")]
        if os.geteuid() == 0:
            for path in (self.folder, self.folder / "pgbouncer.ini"):
                shutil.chown(path, "postgres", "postgres")
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.folder / "log").read_text()[-2000:])
            time.sleep(0.05)

    def _listens(self) -> bool:
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", self.port)) == 0

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
