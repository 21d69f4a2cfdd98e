"""The policies that archives are replayed with: parts of the default one."""

from __future__ import annotations

import re
from pathlib import Path

from mailguard.core.policy.load import load_policy
from mailguard.core.policy.model import Policy

DEFAULT = Path(__file__).resolve().parents[2] / "policies" / "default.yaml"
HIDDEN = """\
  - id: hidden-people
    describe: An attachment carries people whom the sender does not see in it.
    when:
      has_attachments: true
      envelope_external_recipients: {at_least: 1}
      finding: {kind: people_rows, hidden: true, count: {at_least: 5}}
    action: hold
"""


def text_without_inspection() -> str:
    """The default policy without the rules that have texts and attachments read."""
    head, *rules = re.split(r"(?m)^  - id: ", DEFAULT.read_text())
    kept = [each for each in rules if not re.search(r"(?m)^ *[^#\n]*(finding|uninspectable|same_attachment):", each)]
    return "".join([head, *("  - id: " + each for each in kept)])


def without_inspection() -> Policy:
    return load_policy({"lists.yaml": text_without_inspection().encode()})


def with_hidden_people() -> Policy:
    """With one rule more, which has the attachments of mail to outside read."""
    return load_policy({"lists.yaml": (text_without_inspection() + HIDDEN).encode()})
