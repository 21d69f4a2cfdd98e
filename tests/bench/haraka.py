"""Haraka from the npm registry, on two processes, with a plugin of eight lines that counts whom To and Cc show.

It is installed once, into the user's cache, and never into the repository; it relays before it answers, as the guard
does (queue/smtp_forward), and its log goes to a file. Its own native and optional modules are left out: no plugin that
needs one is loaded.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.counting_sink import wait_for_port
from tests.ports import free_port

VERSION = "3.3.4"
INSTALL_SECONDS = 240.0
START_SECONDS = 60.0
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mailguard-bench"
PLUGIN = """\
exports.hook_rcpt = (next) => next(OK)
exports.hook_data_post = (next, connection) => {
  const header = connection.transaction.header
  const shown = [...header.get_all('To'), ...header.get_all('Cc')].join(',').split('@').length - 1
  if (shown < 10) return next()
  connection.loginfo(`${shown} people would see each other`)
  next(DENY, 'These people would see each other')
}
"""


def installed() -> Path:
    """Where Haraka lies. AssertionError, with npm's own words, where it cannot be had."""
    folder = CACHE / f"haraka-{VERSION}"
    program = folder / "node_modules" / "haraka"
    if (folder / "complete").exists():
        return program
    assert shutil.which("npm") and shutil.which("node"), "npm is missing: apt-get install npm"
    folder.mkdir(parents=True, exist_ok=True)
    options = ["--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        done = subprocess.run(
            ["npm", "install", "--prefix", str(folder), *options, f"haraka@{VERSION}"],
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise AssertionError(f"npm did not install Haraka within {INSTALL_SECONDS:.0f} s") from None
    assert done.returncode == 0, f"npm cannot install Haraka: {done.stderr.strip()[-300:]}"
    (folder / "complete").touch()
    return program


@contextmanager
def haraka(folder: Path, sink_port: int, processes: int = 2) -> Iterator[tuple[int, int]]:
    """Its port, and the process whose children its workers are."""
    program = installed()
    port = free_port()
    config = folder / "config"
    shutil.copytree(program / "config", config)
    (folder / "plugins").mkdir()
    (folder / "plugins" / "visible.js").write_text(PLUGIN)
    for name, text in {
        "plugins": "visible\nqueue/smtp_forward\n",
        "smtp.ini": f"listen=127.0.0.1:{port}\nnodes={processes}\n",
        "smtp_forward.ini": f"host=127.0.0.1\nport={sink_port}\n",
        "me": "haraka.example\n",
    }.items():
        (config / name).write_text(text)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["node", str(program / "bin" / "haraka"), "-c", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_for_port(port, START_SECONDS)
        yield port, process.pid
    finally:
        os.killpg(process.pid, 9)  # the session that it leads: its workers too
        process.wait(10)
