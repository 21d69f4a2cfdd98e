"""Conditions on what the message says of itself: subject, header fields, size, and the kinds of its parts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from pydantic import model_validator

from ...observation import Observation
from ...place import FIELDS, Place, parts
from .. import sentences
from .counting import counted, flagged
from .declaration import Condition, Found, declared
from .operands import Text, Word, problem
from .whereabouts import attachments, invitation


class Header(Text):
    """A header field by its name, and what its text is."""

    name: Word = declared(
        "The name of the field, in any case.",
        otherwise="must be given",
        unit="field name",
        example="X-Classification",
        consequence="Every field of that name is looked at; one that matches is enough.",
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.is_ is None and self.ends_with is None and self.matches is None:
            raise problem("one of is, ends_with, matches is needed beside name")
        return self


def _header(observation: Observation, operand: Header) -> Found:
    holds = any(operand.holds(text) for text in observation.header(operand.name))
    return Found(holds, holds)


def _subject(observation: Observation, operand: Text) -> Found:
    holds = any(operand.holds(text) for text in observation.header("subject"))
    return Found(holds, holds)


def _media_type(observation: Observation, operand: Text) -> Found:
    number = sum(operand.holds(each) for each in observation.media_types)
    return Found(number > 0, number)


def _of_that_type(observation: Observation, operand: Text) -> Iterable[Place]:
    leaves = (part for part in observation.message.root.walk() if not part.children)
    return parts(part.path for part in leaves if operand.holds(part.media_type))


SUBJECT = Condition(
    "subject",
    Text,
    _subject,
    meaning="Holds if the subject matches, as it stands or decoded.",
    unit="text",
    example='{matches: "(?:^|\\\\W)embargo"}',
    consequence="The sender writes the subject: fit for stricter rules, not for exceptions.",
    places=lambda observation, operand: (FIELDS,),
    claimed=True,
)
HEADER = Condition(
    "header",
    Header,
    _header,
    meaning="Holds if a header field of this name matches, as it stands or decoded.",
    unit="text",
    example='{name: X-Classification, matches: "official"}',
    consequence="A field with more than 65,536 octets errs the rule, which holds the message.",
    claimed=True,
)
MEDIA_TYPE = Condition(
    "media_type",
    Text,
    _media_type,
    meaning="Holds if a part of the message has such a media type.",
    unit="type/subtype",
    example="[message/partial]",
    consequence="It is what the part calls itself, not what it is found to be.",
    places=_of_that_type,
    claimed=True,
)
SIZE_BYTES = counted(
    "size_bytes",
    meaning="How large the whole message is as it was submitted.",
    unit="bytes",
    example="{at_least: 26214400}",
    consequence="Attachments count encoded, about a third more than the files.",
    clause=lambda value: sentences.size(value),
)
CALENDAR = flagged(
    "calendar",
    meaning="Whether the message carries a calendar part, an .ics file, or TNEF, which may hold one.",
    consequence="Its attendees count as visible recipients as well; this condition tells that there is one at all.",
    clause=lambda value: sentences.CALENDAR,
    places=invitation,
)
HAS_ATTACHMENTS = flagged(
    "has_attachments",
    meaning="Whether it carries anything besides its text: a named part, an attachment, or another type.",
    consequence="Pictures in a signature count as well.",
    clause=lambda value: sentences.ATTACHED,
    places=attachments,
)
