"""The real process: `mailguard serve` with settings of its own, on loopback ports that the system picks."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

import yaml

from tests.end_to_end import warm

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90.0


class Service:
    """Start with `start()`; `port` is where clients submit. Everything lies in `folder`. root: whose mailguard."""

    def __init__(self, folder: Path, smarthost_port: int, policy: str | None = None, **settings: Any) -> None:
        self.folder = folder
        self.settings_file = folder / "mailguard.yaml"
        self.log_file = folder / "log.jsonl"
        self.port = 0
        self.root = ROOT
        self._process: subprocess.Popen[bytes] | warm.Forked | None = None
        self._prefixed = False
        policies = folder / "policies"
        policies.mkdir(parents=True, exist_ok=True)
        text = policy if policy is not None else (ROOT / "policies" / "default.yaml").read_text()
        (policies / "policy.yaml").write_text(text)
        values: dict[str, Any] = {
            "organisation": {"name": "Elm Road Surgery", "domains": ["elmroad.example"]},
            "listen": [{"address": "127.0.0.1:0"}],
            "smarthost": {"address": f"127.0.0.1:{smarthost_port}"},
            "store": f"sqlite:///{folder / 'store' / 'mailguard.db'}",
            "policies": "policies/",
            "notices": {"from": "mailguard@elmroad.example", "contact": "manager@elmroad.example"},
            "hostname": "guard.elmroad.example",
            # It adds to the ledger and to what the service does just after its start, which tests count.
            "canary": {"enabled": False},
        }
        if workers := os.environ.get("MAILGUARD_TEST_WORKERS"):
            # The same promises hold with several: the tests of this folder can be run so by hand.
            values["workers"] = int(workers)
        values.update(settings)
        if values["store"].startswith("sqlite:"):
            (folder / "store").mkdir(exist_ok=True)
        self.settings_file.write_text(yaml.safe_dump(values))

    @property
    def pid(self) -> int:
        """Of the service itself, also where a prefix runs it."""
        assert self._process is not None
        pid = self._process.pid
        if self._prefixed:
            pid = int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
        return pid

    def start(self, prefix: tuple[str, ...] = (), events_in: Path | None = None) -> Self:
        """prefix: a command that runs the service, such as strace. events_in: where its settings send the log."""
        seen = len(self.events(events_in))
        self._prefixed = bool(prefix)
        arguments = ["-C", str(self.settings_file), "serve"]
        env = os.environ | {"PYTHONPATH": str(self.root)}
        with self.log_file.open("ab") as log:
            if prefix or self.root != ROOT:
                self._process = subprocess.Popen(
                    [*prefix, sys.executable, "-m", "mailguard", *arguments],
                    stdout=log,
                    stderr=log,
                    cwd=self.folder,
                    env=env,
                )
            else:
                self._process = warm.start(arguments, env=env, cwd=self.folder, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            for event in self.events(events_in)[seen:]:
                if event.get("event") == "service_started":
                    self.port = int(event["addresses"][0].rpartition(":")[2])
                    return self
            if self._process.poll() is not None:
                break
            time.sleep(0.02)
        self.kill()
        raise AssertionError(f"the service did not start:\n{self.log_file.read_text()}")

    def stop(self) -> int:
        """SIGTERM, and the exit status."""
        assert self._process is not None
        self._end_by(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """The exit status of a service that was told to stop."""
        assert self._process is not None
        return self._process.wait(120)

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._end_by(signal.SIGKILL)
            self._process.wait(60)

    def _end_by(self, number: signal.Signals) -> None:
        """One that has just ended by itself is gone before its end is known here."""
        assert self._process is not None
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError, FileNotFoundError, IndexError):
                os.kill(self.pid, number)

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def events(self, file: Path | None = None) -> list[dict[str, Any]]:
        """The log so far, as events; a line that is no JSON is {"event": "not_json"}. One without its end is being
        written, and is not there yet.
        """
        log = file or self.log_file
        if not log.exists():
            return []
        found = []
        for line in log.read_text(errors="replace").rpartition("\n")[0].splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                found.append({"event": "not_json", "line": line})
        return found

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """A `mailguard` command with these settings."""
        line, env = ["-C", str(self.settings_file), *arguments], os.environ | {"PYTHONPATH": str(self.root)}
        if self.root == ROOT:
            done = warm.run(line, env=env)
        else:
            python = [sys.executable, "-m", "mailguard", *line]
            done = subprocess.run(python, env=env, cwd=self.folder, capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise AssertionError(f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def rows(self, *arguments: str) -> list[dict[str, Any]]:
        """The JSON objects, one a line, that a command prints."""
        return [json.loads(line) for line in self.run(*arguments, "--json").stdout.splitlines() if line.strip()]

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()


def eventually(condition: Any, seconds: float = 60.0, what: str = "") -> Any:
    """Wait until the condition gives something true, and give it back. seconds: only how long a failure takes."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"did not happen within {seconds} s: {what or condition}")
