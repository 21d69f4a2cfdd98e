"""No regular expression of ours repeats a group possessively: CPython 3.11.0 to 3.11.4 (Debian 12 has 3.11.2) match
`(...)*+` wrongly (gh-106052), and the parser then saw no recipients and no defect. An atomic group means the same.
"""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "mailguard"
POSSESSIVE_GROUP = re.compile(r"(?<!\\)\)(?:[*+?]|\{[0-9,]+\})\+")


@pytest.mark.parametrize("file", sorted(ROOT.rglob("*.py")), ids=lambda file: str(file.relative_to(ROOT)))
def test_no_group_is_repeated_possessively(file: Path) -> None:
    for token in tokenize.generate_tokens(io.StringIO(file.read_text()).readline):
        if token.type == tokenize.STRING and not token.string.startswith(('"""', 'r"""')):
            assert not POSSESSIVE_GROUP.search(token.string), f"{file}:{token.start[0]}: {token.string}"
