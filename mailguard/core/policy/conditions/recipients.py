"""Conditions on the envelope: whom the message goes to, seen or not."""

from __future__ import annotations

from ...observation import Observation
from ...place import RECIPIENTS
from .. import sentences
from .counting import counted
from .declaration import Condition, Found
from .operands import Domain

ENVELOPE_RECIPIENTS = counted(
    "envelope_recipients",
    meaning="How many recipients the message goes to, hidden ones included.",
    unit="recipients",
    example="{at_least: 200}",
    consequence="Counts a correct Bcc mailing too, which shows nobody.",
    clause=lambda value: sentences.recipients(value),
    places=lambda observation: (RECIPIENTS,),
)
ENVELOPE_EXTERNAL_RECIPIENTS = counted(
    "envelope_external_recipients",
    meaning="How many different recipients are outside the organisation, hidden and trusted ones included.",
    unit="recipients",
    example="{at_least: 1}",
    consequence="At least 1 tells mail that leaves the organisation from mail that stays inside.",
    clause=lambda value: sentences.outside_recipients(value),
    places=lambda observation: (RECIPIENTS,),
)


def _recipient_domain(observation: Observation, operand: Domain) -> Found:
    number = sum(operand.holds(domain) for domain in observation.recipient_domains)
    return Found(number > 0, number)


RECIPIENT_DOMAIN = Condition(
    "recipient_domain",
    Domain,
    _recipient_domain,
    meaning="Holds if at least one recipient of the envelope is at such a domain.",
    unit="domain",
    example="[partner.example]",
    consequence="One such recipient among many is enough. A floor is lifted by it only if every recipient is at one.",
    places=lambda observation, operand: (RECIPIENTS,),
    narrows=lambda operand: operand.leaves_out(),
)
