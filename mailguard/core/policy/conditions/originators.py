"""Conditions on who sends: the reverse-path of the envelope, and what From and Sender claim."""

from __future__ import annotations

from ...observation import Observation
from ...place import FIELDS
from .. import sentences
from .counting import counted
from .declaration import Condition, Found
from .operands import Address


def sent_by(observation: Observation, operand: Address) -> bool:
    """Whether reverse-path and every originator match; false for the null path and where an originator is unclear."""
    if observation.reverse_path is None or not observation.originators_clear:
        return False
    return all(operand.holds(address) for address in (observation.reverse_path, *observation.originators))


def _sender(observation: Observation, operand: Address) -> Found:
    holds = sent_by(observation, operand)
    return Found(holds, holds)


def _sender_any(observation: Observation, operand: Address) -> Found:
    claims = {observation.reverse_path or "", *observation.originators} - {""}
    holds = any(operand.holds(address) for address in claims)
    return Found(holds, holds)


SENDER = Condition(
    "sender",
    Address,
    _sender,
    meaning="Holds if the reverse-path and every From and Sender address match.",
    unit="address",
    example='["newsletters@elmroad.example"]',
    consequence="A forged From does not make it hold, nor does the null path: fit for exceptions.",
    narrows=lambda operand: operand.leaves_out(),
)
SENDER_ANY = Condition(
    "sender_any",
    Address,
    _sender_any,
    meaning="Holds if the reverse-path or any From or Sender address matches.",
    unit="address",
    example='["clinic@elmroad.example"]',
    consequence="Catches all that looks as if it came from there: fit for stricter rules, never for exceptions.",
    claimed=True,
)
EXTERNAL_SENDERS = counted(
    "external_senders",
    meaning="How many different outside addresses stand in From, Sender, Reply-To and their like, or as an organiser.",
    unit="addresses",
    example="{at_least: 3}",
    consequence="Every recipient can read them there, although they are not recipients: a list in Reply-To is a list.",
    clause=lambda value: sentences.senders_outside(value),
)
FROM_FIELDS = counted(
    "from_fields",
    meaning="How many From fields the message has; there should be one.",
    unit="fields",
    example="{at_least: 2}",
    consequence="With two, each reader may show another sender.",
    clause=lambda value: sentences.from_fields(value),
    places=lambda observation: (FIELDS,),
)
