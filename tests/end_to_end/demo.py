"""The real `mailguard demo`, as somebody starts it: its addresses are read from what it prints."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.end_to_end.service import ROOT

START_SECONDS = 240.0


class Demo:
    """link: opens the console, once. base: where the console is. port: where mail is taken. said: all that was printed
    so far. ready_cpu: seconds of processor that the process had used when the link stood there.
    """

    def __init__(self, folder: Path, *arguments: str) -> None:
        """folder: for temporary files, which the demo should leave empty."""
        self.said = ""
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "mailguard",
                "demo",
                "--smtp",
                "127.0.0.1:0",
                "--console",
                "127.0.0.1:0",
                *arguments,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder)},
        )
        self._new_line = threading.Condition()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self.link = self.wait_for(r"Review console +(http://\S+/start/[0-9a-f]{64})")
        self.ready_cpu = self._cpu()
        self.base = self.link.partition("/start/")[0]
        self.port = int(self.wait_for(r"Send test mail +127\.0\.0\.1:(\d+)"))

    def wait_for(self, pattern: str, seconds: float = START_SECONDS) -> str:
        """The first group of what is printed sooner or later."""
        until = time.monotonic() + seconds
        with self._new_line:
            while not (found := re.search(pattern, self.said)):
                left = until - time.monotonic()
                if left <= 0 or not self._listener.is_alive():  # it ends with the last line of a demo that has ended
                    raise AssertionError(f"{pattern} was not printed:\n{self.said}")
                self._new_line.wait(min(left, 1))
        return found[1]

    def stop(self) -> int:
        """Ctrl+C, and the exit status."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        return self._process.wait(60)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as printed:
            for line in printed:
                with self._new_line:
                    self.said += line
                    self._new_line.notify_all()

    def _cpu(self) -> float:
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self) -> Demo:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)
        self._listener.join(10)
