"""Judges a message as the service would, with what it carries read in this very process.

For tests of policies; the sandbox has its own (tests/inspection).
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

from mailguard.core.observation import Observation, inspected
from mailguard.core.policy.judge import judge
from mailguard.core.policy.load import Policy
from mailguard.core.verdict import Inspection, Verdict
from mailguard.inspection.enclosed import Enclosed
from mailguard.inspection.examine import Examined, examine
from mailguard.inspection.inspector import SandboxedInspector
from mailguard.inspection.process import Job
from mailguard.inspection.settings import InspectionSettings


class _ThisProcess:
    """In the place of the workers."""

    async def run(self, job: Job, seconds: float) -> tuple[Examined, float]:
        return examine(Enclosed(job.data, job.media_type, job.names), written=job.written), 0.0


def judged_with_contents(observation: Observation, policy: Policy, at: datetime) -> tuple[Observation, Verdict]:
    """The verdict, and the observation that it was made on."""
    pool: Any = _ThisProcess()
    known: dict[str, Inspection] = {}
    found = judge(observation, policy, at)
    while not isinstance(found, Verdict):
        parts = [path for path in found.inspections if path not in known]
        assert parts, "the policy asks for what a test cannot tell"
        answers = asyncio.run(SandboxedInspector(InspectionSettings(), pool).inspect(observation.message, parts))
        known |= {each.part: each for each in answers}
        observation = inspected(observation, known)
        found = judge(observation, policy, at)
    return observation, found
