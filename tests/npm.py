"""Packages from npm that tests need: installed once in a cache folder, exactly those of a committed lock."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

INSTALL_SECONDS = 240.0


def installed(here: Path, name: str) -> Path:
    """The folder with the packages of here/package-lock.json, called `name` in the cache of this user.

    A machine without npm is a failure, never a test that is left out.
    """
    lock = (here / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mailguard-tests"
    folder = cache / f"{name}-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not folder.exists():
        assert shutil.which("npm"), "npm is missing: tests/run.sh installs it"
        cache.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=cache))
        try:
            for each in ("package.json", "package-lock.json"):
                shutil.copy(here / each, work)
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            done = subprocess.run(command, cwd=work, capture_output=True, text=True, timeout=INSTALL_SECONDS)
            assert done.returncode == 0, done.stdout + done.stderr
            if not folder.exists():
                work.rename(folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return folder
