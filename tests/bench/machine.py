"""What the figures of bench_all.py were taken on."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).resolve().parents[2]


def machine_of(folder: Path) -> dict[str, str]:
    """Name -> what to know of it. folder: on the disk that carries stores and queues."""
    synced = fdatasync_ms(folder)
    names = re.findall(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return {
        "when": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "revision": _first_line("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"),
        "processor": f"{os.cpu_count()} cores, {names[0] if names else platform.machine()}",
        "Python": platform.python_version(),
        "Postfix": _first_line("/usr/sbin/postconf", "-h", "mail_version"),
        "Node.js": _first_line("node", "--version"),
        "fdatasync of 4 kB": f"{synced[0]:.2f} ms, 99th percentile {synced[1]:.2f} ms",
        "load at the start": f"{os.getloadavg()[0]:.1f}",
    }


def _first_line(*command: str) -> str:
    """What a program says of itself."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20).stdout.strip() or "unknown"
    except OSError:
        return "not there"


def fdatasync_ms(folder: Path, times: int = 200) -> tuple[float, float]:
    """Milliseconds, the median and the 99th percentile, of a durable write of 4 kB at the end of a file there."""
    found = []
    file = os.open(folder / "synced", os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        for _ in range(times):
            begun = time.perf_counter()
            os.write(file, b"x" * 4_096)
            os.fdatasync(file)
            found.append(1_000 * (time.perf_counter() - begun))
    finally:
        os.close(file)
    return median(found), quantiles(found, n=100, method="inclusive")[98]
