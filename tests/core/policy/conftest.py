"""Observations and policies for tests, made without the parser."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from mailguard.core.envelope import Envelope
from mailguard.core.mail.message import Defect
from mailguard.core.mail.parse import parse
from mailguard.core.observation import Observation, observe
from mailguard.core.organisation import Organisation
from mailguard.core.policy.judge import judge
from mailguard.core.policy.load import Policy, load_policy
from mailguard.core.policy.trial import envelope_of
from mailguard.core.verdict import Inspection, Needs, Verdict

ELM = Organisation(
    "Elm Road", frozenset({"elm.example"}), frozenset({"elm@nhs.example"}), frozenset({"partner.example"})
)
NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)


class World:
    """Builds what a test needs in one line each."""

    @staticmethod
    def observation(
        *fields: str,
        sender: str = "jo@elm.example",
        reverse_path: str | None = None,
        recipients: tuple[str, ...] = ("anna@outside.example",),
        body: str = "Hello",
        inspections: Mapping[str, Inspection] | None = None,
        defects: tuple[Defect, ...] = (),
        organisation: Organisation = ELM,
    ) -> Observation:
        lines = [f"From: {sender}", *fields, "Date: Thu, 12 Mar 2026 09:00:00 +0000", "", body, ""]
        message = parse("\r\n".join(lines).encode())
        envelope: Envelope = envelope_of(sender if reverse_path is None else reverse_path, list(recipients))
        found = observe(message, envelope, organisation, inspections)
        if defects:
            object.__setattr__(found, "defects", (*found.defects, *defects))
            object.__setattr__(found, "facts", {**found.facts, "malformed": any(each.holds for each in defects)})
        return found

    @staticmethod
    def policy(*rules: str) -> Policy:
        """rules: flow mappings without id and describe, which are filled in: r1, r2, ..."""
        lines = ["version: 1", "rules:" if rules else "rules: []"]
        lines += [
            f"  - {{id: r{number}, describe: Rule {number}., {rule}}}" for number, rule in enumerate(rules, start=1)
        ]
        return load_policy({"test.yaml": "\n".join(lines).encode()})

    def judge(self, observation: Observation, *rules: str) -> Verdict:
        found = judge(observation, self.policy(*rules), NOW)
        assert isinstance(found, Verdict)
        return found

    def needs(self, observation: Observation, *rules: str) -> tuple[str, ...]:
        found = judge(observation, self.policy(*rules), NOW)
        assert isinstance(found, Needs)
        return found.inspections

    def holds(self, condition: str, observation: Observation) -> bool:
        """Whether one `when` holds of an observation."""
        verdict = self.judge(observation, f"when: {{{condition}}}, action: hold")
        assert verdict.rules[0].error is None
        return verdict.rules[0].matched

    @staticmethod
    def many(count: int, domain: str = "outside.example") -> str:
        return ", ".join(f"p{number}@{domain}" for number in range(count))


@pytest.fixture
def world() -> World:
    return World()


Loader = Callable[..., Any]
