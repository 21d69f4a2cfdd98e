"""The guard's own right to send, where clients sign in at the smarthost (`sign_in: smarthost`).

What a client may send goes on the connection that it signed in on. What the guard sends later (released mail, copies,
notices) cannot: nothing of the client's secret was kept. So a policy whose rules can make the guard send by itself is
not put in force without a right of its own. docs/decisions/routes.md "Pass-through".
"""

from __future__ import annotations

from collections.abc import Iterator

from ..config import Settings
from ..core.policy.load import Policy
from ..core.policy.model import Action, Mode
from .finding import Finding

GIVE_ONE = 'give it "username" and "password_file", or "trusts_address: true" if it takes mail from this machine'


def lacking(settings: Settings) -> list[str]:
    """Smarthosts at which the guard has no right of its own although clients sign in there; of every route, because
    the outbox uses them all.
    """
    if all(listener.sign_in != "smarthost" for listener in settings.listen):
        return []
    return [str(each.address) for each in settings.smarthosts if each.username is None and not each.trusts_address]


def why_refused(settings: Settings, policy: Policy) -> str | None:
    """A sentence if the policy must not be put in force with these settings, None if it may.

    Only what is enforced acts. `rewrite: bcc` counts too: a message that cannot be rewritten is held.
    """
    without = lacking(settings)
    acting = [rule.id for rule in policy.rules if rule.mode is Mode.ENFORCE and rule.action in _SENDS_LATER]
    if not without or not acting:
        return None
    return (
        f'the rule "{acting[0]}" can hold or rewrite, and with "sign_in: smarthost" the guard has no right of its own '
        f"to send what is released at {' and '.join(without)}: {GIVE_ONE}"
    )


_SENDS_LATER = (Action.HOLD, Action.REWRITE)


def check_own_right(settings: Settings, policy: Policy) -> Iterator[Finding]:
    """For `mailguard check`: what `serve` would refuse, or what the floors and notices would lack."""
    if (sentence := why_refused(settings, policy)) is not None:
        yield Finding("policies", False, sentence)
    elif without := lacking(settings):
        sentence = f"note: the guard has no right of its own to send at {' and '.join(without)}"
        yield Finding(
            "policies",
            True,
            f"{sentence}; notices and what a floor held or a server deferred could not leave: {GIVE_ONE}",
        )
