"""Conditions on the people whom the contents of a message name, besides its own recipient fields.

Where a part that can name people cannot be read here (Outlook's own formats, a message that is nested too deep), these
conditions ask for its inspection, so that the floor holds what nobody can read.
"""

from __future__ import annotations

from ...place import parts
from .. import sentences
from .counting import flagged, named

BODY_EXTERNAL_ADDRESSES = named(
    "body_external_addresses",
    meaning="How many different outside addresses the text names whose owners are not correspondents of this message.",
    unit="addresses",
    example="{at_least: 10}",
    consequence="All text counts: quoted, hidden, in header fields of any name, in the lines of an invitation; who"
    " stands in From, To or Cc, and offices (info@), do not.",
    clause=lambda value: sentences.written_people(value),
)
BODY_CONSUMER_ADDRESSES = named(
    "body_consumer_addresses",
    meaning="How many of those addresses are at a consumer mail provider, so are likely of private people.",
    unit="addresses",
    example="{at_least: 5}",
    consequence="Can be set lower than a count of all addresses.",
    clause=lambda value: sentences.written_private_people(value),
)
QUOTED_EXTERNAL_RECIPIENTS = named(
    "quoted_external_recipients",
    meaning="How many of those addresses stand in To, Cc or Bcc of a header block that the text quotes.",
    unit="addresses",
    example="{at_least: 5}",
    consequence="Tells a forwarded chain that shows whom others wrote to from addresses that somebody wrote here.",
    clause=lambda value: sentences.quoted_people(value),
)
NESTED_EXTERNAL_RECIPIENTS = named(
    "nested_external_recipients",
    meaning="How many different outside people the attached messages list as recipients, at any depth.",
    unit="mailboxes",
    example="{at_least: 10}",
    consequence="Correspondents of this message are not counted, nor is a message that goes back to its author.",
    clause=lambda value: sentences.nested_people(value),
)
CONTACT_EXTERNAL_ADDRESSES = named(
    "contact_external_addresses",
    meaning="How many different outside addresses stand in contact lists: vCards, CSV, LDIF.",
    unit="addresses",
    example="{at_least: 10}",
    consequence="Correspondents of this message are not counted. Spreadsheets are not contact lists here.",
    clause=lambda value: sentences.listed_contacts(value),
)
ENCRYPTED = flagged(
    "encrypted",
    meaning="Whether a part is encrypted with S/MIME or PGP, so that only its recipients can read it.",
    consequence="What it says and whom it names nobody here can tell; a rule decides whether it may leave so.",
    clause=lambda value: sentences.ENCRYPTED,
    places=lambda observation: parts(observation.parts.get("encrypted", ())),
)
