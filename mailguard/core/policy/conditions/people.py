"""Conditions on the people whom a recipient of the message could see."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from functools import partial

from ...observation import Observation
from .. import sentences
from .counting import named
from .declaration import UNSEEN
from .whereabouts import shown_people

visible = partial(named, closed=lambda observation: observation.enclosing, places=shown_people)
"""Of closed parts only Outlook's own envelope (TNEF) lists recipients of this very message."""

_PEOPLE = visible(
    "visible_external_recipients",
    meaning="How many different people outside the recipients could see in To, Cc and their like, or as attendees.",
    unit="mailboxes",
    example="{at_least: 10}",
    consequence="The lower the bound, the shorter a list that is stopped. Trusted domains are not counted.",
    clause=lambda value: sentences.visible_people(value, ()),
)


def _shown_people(observation: Observation, value: int) -> str | None:
    """Also where they stand."""
    return sentences.visible_people(value, observation.shown_in) if value else None


def _glimpse(observation: Observation) -> Hashable:
    return UNSEEN if observation.enclosing else (observation.facts[_PEOPLE.key], observation.shown_in)


VISIBLE_EXTERNAL_RECIPIENTS = replace(_PEOPLE, clause=_shown_people, glimpse=_glimpse)
VISIBLE_EXTERNAL_DOMAINS = visible(
    "visible_external_domains",
    meaning="At how many different outside domains those people have their mailboxes.",
    unit="domains",
    example="{at_least: 8}",
    consequence="Misses a list of people who are all at one mail provider; use it beside a count of people.",
    clause=lambda value: sentences.visible_domains(value),
)
VISIBLE_CONSUMER_RECIPIENTS = visible(
    "visible_consumer_recipients",
    meaning="How many of those people have their mailbox at a consumer mail provider, so are likely private people.",
    unit="mailboxes",
    example="{at_least: 5}",
    consequence="Can be set lower than a count of all people: business mail rarely shows several private addresses.",
    clause=lambda value: sentences.consumer_people(value),
)
VISIBLE_INTERNAL_RECIPIENTS = visible(
    "visible_internal_recipients",
    meaning="How many different inside mailboxes the recipients could see.",
    unit="mailboxes",
    example="{at_least: 30}",
    consequence="Alone it also stops all-staff mail; combine it with envelope_external_recipients.",
    clause=lambda value: sentences.inside_people(value),
)
INTERNAL_RECIPIENTS_SHOWN_OUTSIDE = visible(
    "internal_recipients_shown_outside",
    meaning="How many different inside mailboxes could be seen, where somebody outside gets or is shown the message.",
    unit="mailboxes",
    example="{at_least: 30}",
    consequence="Nought for mail that stays inside. Trusted domains are outside here, too.",
    clause=lambda value: sentences.inside_people_outside(value),
)
