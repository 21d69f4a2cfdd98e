"""The judgement to its end: judge, have read what a rule asks about, and judge again, until there is a verdict.

For whatever judges outside the way of a message: `policy try`, `policy test` and `policy replay`. Reading attachments
comes in as a function, so this stays pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from ..earlier.past import Past
from ..errors import MailguardError
from ..mail.message import Message
from ..observation import Observation, inspected
from ..verdict import Inspection, Verdict
from .judge import judge
from .model import Policy

Inspect = Callable[[Message, Sequence[str]], Mapping[str, Inspection]]
Learn = Callable[[Mapping[str, Inspection]], Past]


def decide(
    seen: Observation, policy: Policy, at: datetime, inspect: Inspect, learn: Learn | None = None
) -> tuple[Observation, Verdict]:
    """The observation with what was read, and the verdict on it.

    inspect: by path, what these parts of the message hold. learn: what earlier messages say, now that so much was read;
    without it that is what `seen` knows already. MailguardError where the policy asks for what neither can tell.
    """
    found = judge(seen, policy, at)
    inspections: dict[str, Inspection] = {}
    known = seen
    while not isinstance(found, Verdict) and not inspections.keys() >= set(found.inspections):
        inspections |= inspect(seen.message, [each for each in found.inspections if each not in inspections])
        if learn is not None:
            seen = replace(seen, past=learn(inspections))
        known = inspected(seen, inspections)
        found = judge(known, policy, at)
    if not isinstance(found, Verdict):
        raise MailguardError("the policy asks for something that this command cannot tell")
    return known, found
