"""docs/guides: settings and policies load, links lead somewhere, each says where the guard stands to a DKIM signer.

That the Postfix page works as it stands: tests/end_to_end/test_behind_postfix.py.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mailguard.config import load_settings

DOCS = Path(__file__).resolve().parents[2] / "docs"
GUIDES = sorted((DOCS / "guides").glob("*.md"))
NEEDED = {
    "organisation": {"name": "Elm Road Surgery", "domains": ["elmroad.example"]},
    "notices": {"from": "mailguard@elmroad.example", "contact": "manager@elmroad.example"},
    "store": "sqlite:////var/lib/mailguard/mailguard.db",
    "policies": "policies/",
}


def blocks() -> list[tuple[str, str]]:
    """(guide and number, text) of every YAML block."""
    found = []
    for guide in GUIDES:
        each = re.findall(r"^```yaml\n(.*?)^```", guide.read_text(), re.MULTILINE | re.DOTALL)
        found += [(f"{guide.stem}-{number}", text) for number, text in enumerate(each)]
    return found


@pytest.mark.parametrize("text", [text for _, text in blocks()], ids=[name for name, _ in blocks()])
def test_settings_and_policies_in_it_load(text: str, tmp_path: Path) -> None:
    file = tmp_path / "file.yaml"
    file.write_text(text)
    if "rules" in yaml.safe_load(text):
        check = [sys.executable, "-m", "mailguard", "policy", "check", str(file)]
        done = subprocess.run(check, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
    else:
        file.write_text(yaml.safe_dump(NEEDED | yaml.safe_load(text)))
        assert load_settings(file).listen


@pytest.mark.parametrize("guide", GUIDES, ids=lambda each: each.stem)
def test_what_each_guide_has_to_say(guide: Path) -> None:
    text = guide.read_text()
    assert "DKIM" in text, "on which side of a signer the guard belongs"
    assert re.search(r"not run|could not be|could be\s+run|were run", text), "what was run here, and what was not"
    for page, anchor in re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", text):
        target = (guide.parent / page).resolve() if page else guide
        assert target.exists(), page
        headings = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE)
        assert not anchor or anchor in [re.sub(r"[^a-z0-9]+", "-", each.lower()) for each in headings], anchor


def test_the_pages_that_an_admin_reads_first_name_them() -> None:
    named = (DOCS / "operating.md").read_text() + (DOCS.parent / "README.md").read_text()
    assert all(f"guides/{guide.name}" in named for guide in GUIDES) and "docs/clients.md" in named
