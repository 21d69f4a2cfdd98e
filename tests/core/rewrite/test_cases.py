"""Runs tests/cases/rewrite: each folder is one message, its envelope, and what must become of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mailguard.core.envelope import Envelope
from mailguard.core.errors import CannotRewrite
from mailguard.core.mail.parse import parse
from mailguard.core.rewrite.content import Content
from mailguard.core.rewrite.copies import Copy, Rewritten
from mailguard.core.rewrite.hide import bcc, separate
from mailguard.core.rewrite.relay import relay

from .submission import ORGANISATION, RECEIVED, envelope

CASES = sorted(path for path in (Path(__file__).parents[2] / "cases" / "rewrite").iterdir() if path.is_dir())


def rewritten(raw: bytes, case: dict[str, Any], submission: Envelope) -> Rewritten:
    message = parse(raw)
    if case["rewrite"] == "relay":
        return Rewritten((Copy(submission.recipients, relay(message, RECEIVED)),), ())
    rewrite = {"bcc": bcc, "separate": separate}[case["rewrite"]]
    above = case.get("hide_inside_above")
    return rewrite(message, submission, ORGANISATION, hide_inside_above=above, top=RECEIVED)


def outcome(raw: bytes, case: dict[str, Any]) -> dict[str, Any]:
    """What happens, in the form of expected.yaml."""
    try:
        result = rewritten(raw, case, envelope(*case["recipients"], sender=case["mail_from"]))
    except CannotRewrite as error:
        return {"cannot": str(error)}
    copies = []
    for copy in result.copies:
        head, _, body = Content(raw, copy.edits).to_bytes().partition(b"\r\n\r\n")
        assert head.startswith(RECEIVED)
        shown = head.removeprefix(RECEIVED).replace(b"\r\n", b"\n").decode() + "\n"
        copies.append({"recipients": [each.address for each in copy.recipients], "header": shown})
        if body != raw.partition(b"\r\n\r\n")[2]:
            copies[-1]["body"] = body.replace(b"\r\n", b"\n").decode() + "\n"
    return {"changes": list(result.changes), "copies": copies}


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_case(folder: Path) -> None:
    raw = (folder / "message.eml").read_bytes().replace(b"\n", b"\r\n")
    case = yaml.safe_load((folder / "envelope.yaml").read_text())
    assert outcome(raw, case) == yaml.safe_load((folder / "expected.yaml").read_text())
    assert (folder / "README").read_text().strip()


def test_there_are_cases_of_every_kind() -> None:
    kinds = {yaml.safe_load((folder / "envelope.yaml").read_text())["rewrite"] for folder in CASES}
    assert kinds == {"relay", "bcc", "separate"} and len(CASES) >= 20
