"""Whether a policy fits the settings: teams that it names are known, its exceptions leave somebody guarded."""

from __future__ import annotations

from collections.abc import Iterator

from ..config import Settings
from ..core.policy.fit import misfits
from ..core.policy.load import Policy
from .finding import Finding


def why_unfit(settings: Settings, policy: Policy) -> str | None:
    """A sentence if the policy must not be put in force with these settings, None if it may."""
    found = misfits(policy, settings.organisation.organisation())
    return f"{found[0].file}:{found[0].line}: {found[0].message}" if found else None


def check_fit(settings: Settings, policy: Policy) -> Iterator[Finding]:
    """For `mailguard check`: all that `serve` would refuse."""
    for each in misfits(policy, settings.organisation.organisation()):
        yield Finding("policies", False, f"{each.file}:{each.line}: {each.message}")
