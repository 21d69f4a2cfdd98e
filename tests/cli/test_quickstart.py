"""deploy/quickstart.sh. The whole way needs a network, so it runs with --soak; the rest runs always."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "deploy" / "quickstart.sh"
NEEDED = ("mailguard", "policies", "deploy", "pyproject.toml", "README.md", "LICENSE", "requirements.lock")


def test_the_script_is_sound_and_names_no_registry() -> None:
    subprocess.run(["bash", "-n", str(SCRIPT)], check=True)
    assert os.access(SCRIPT, os.X_OK)
    assert not re.search(r"https?://|index-url|--trusted", SCRIPT.read_text())


def test_without_a_way_to_install_it_names_the_missing_package(tmp_path: Path) -> None:
    python = tmp_path / "bin" / "python3"
    python.parent.mkdir()
    real = shutil.which("python3", path="/usr/bin") or shutil.which("python3")
    python.write_text(f'#!/bin/sh\ncase "$*" in *"-m pip"*|*ensurepip*) exit 1;; esac\nexec {real} "$@"\n')
    python.chmod(0o755)
    copy = _copy(tmp_path)
    text = (copy / "deploy" / "quickstart.sh").read_text()
    unlikely = text.replace("/usr/share/python-wheels/", str(tmp_path / "none") + "/")
    unlikely = unlikely.replace('[ "$(id -u)" -eq 0 ]', "false")
    (copy / "deploy" / "quickstart.sh").write_text(unlikely)
    ran = subprocess.run(
        [str(copy / "deploy" / "quickstart.sh"), "--once"],
        env={"PATH": f"{python.parent}:/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert (
        ran.stderr.splitlines()[-1]
        == "This python3 has neither ensurepip nor pip; as root: apt-get install python3-venv"
    )
    assert "Installing" not in ran.stderr
    assert not (copy / ".venv-quickstart").exists()


@pytest.mark.soak
def test_quickstart_twice(tmp_path: Path) -> None:
    copy = _copy(tmp_path)
    for attempt in range(2):
        ran = subprocess.run(
            [str(copy / "deploy" / "quickstart.sh"), "--once", "--smtp", "127.0.0.1:0"],
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert "288 patients in Cc" in ran.stdout
        assert ("Installing" in ran.stderr) == (attempt == 0)


def _copy(folder: Path) -> Path:
    copy = folder / "checkout"
    copy.mkdir()
    for name in NEEDED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    return copy
