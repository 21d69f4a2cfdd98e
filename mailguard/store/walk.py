"""What every audit shares: the report, and the steps along one chain.

Contract: bounded memory; after trouble a walk goes on from what is stored, so that one edit is one finding.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, field
from typing import Any

from .chain import VERSION, authenticate, genesis, hash_body
from .keys import Keyring

SHOWN_FINDINGS = 100


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is not as it was written. kind: kebab-case; sequence: where, None where there is no one place."""

    kind: str
    ledger: str
    sequence: int | None
    detail: str


@dataclass(slots=True)
class Report:
    """What an audit found. troubles: the first hundred; trouble_count: all of them.

    records: revisions of records of incidents. key_known: whether signatures were checked with a public key that did
    not come out of the export itself.
    """

    ledgers: dict[str, int] = field(default_factory=dict)
    entries: int = 0
    checkpoints: int = 0
    evidence: int = 0
    evidence_gone: int = 0
    records: int = 0
    witnessed: int = 0
    key_known: bool = True
    troubles: list[Trouble] = field(default_factory=list)
    trouble_count: int = 0

    @property
    def whole(self) -> bool:
        return self.trouble_count == 0

    def add(self, kind: str, ledger: str, sequence: int | None, detail: str) -> None:
        self.trouble_count += 1
        if len(self.troubles) < SHOWN_FINDINGS:
            self.troubles.append(Trouble(kind, ledger, sequence, detail))

    def to_json(self) -> dict[str, Any]:
        return {
            "whole": self.whole,
            "ledgers": dict(self.ledgers),
            "entries": self.entries,
            "checkpoints": self.checkpoints,
            "evidence": self.evidence,
            "evidence_gone": self.evidence_gone,
            "records": self.records,
            "witnessed": self.witnessed,
            "key_known": self.key_known,
            "trouble_count": self.trouble_count,
            "troubles": [
                {"kind": each.kind, "ledger": each.ledger, "sequence": each.sequence, "detail": each.detail}
                for each in self.troubles
            ],
        }


class ChainWalk:
    """Steps along one chain. After trouble it goes on from what is stored, so that one edit is one finding."""

    def __init__(self, ledger: str, keyring: Keyring | None, report: Report) -> None:
        self.ledger = ledger
        self.sequence = 0
        self.count = 0
        self.hash = genesis(ledger)
        self._keyring = keyring
        self._report = report

    def step(self, sequence: int, text: str, digest: str, mac: str | None) -> dict[str, Any]:
        """Check one entry against the one before it. Its body, {} where that cannot be read."""
        if sequence != self.sequence + 1:
            missing = f"after {self.sequence} comes {sequence}"
            self._report.add("entry-missing", self.ledger, self.sequence + 1, missing)
        try:
            expected = hash_body(self.hash, text)
            body = json.loads(text)
        except (ValueError, UnicodeEncodeError):
            expected, body = "", {}
        if not isinstance(body, dict) or expected != digest:
            self._report.add("entry-changed", self.ledger, sequence, "the hash does not follow from the entries")
        body = dict(body) if isinstance(body, dict) else {}
        self._check_mac(sequence, body, digest, mac)
        if body.get("sequence") != sequence or body.get("ledger") != self.ledger or body.get("version") != VERSION:
            self._report.add("entry-moved", self.ledger, sequence, "the entry belongs into another place")
        self.sequence, self.hash, self.count = sequence, digest, self.count + 1
        return body

    def _check_mac(self, sequence: int, body: dict[str, Any], digest: str, mac: str | None) -> None:
        if self._keyring is None:
            return
        key = self._keyring.find("ledger", str(body.get("key")))
        try:
            genuine = key is not None and hmac.compare_digest(authenticate(key.octets, digest), mac or "")
        except (ValueError, TypeError):
            genuine = False
        if not genuine:
            self._report.add("entry-forged", self.ledger, sequence, "no key of ours authenticated this entry")
