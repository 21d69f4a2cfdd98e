"""The vocabulary: every condition there is, in the order of the reference. A new condition is added here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from . import content, contents, earlier, originators, people, recipients, same_attachment, structure, teams
from .declaration import Condition

CONDITIONS: tuple[Condition, ...] = (
    people.VISIBLE_EXTERNAL_RECIPIENTS,
    people.VISIBLE_EXTERNAL_DOMAINS,
    people.VISIBLE_CONSUMER_RECIPIENTS,
    people.VISIBLE_INTERNAL_RECIPIENTS,
    people.INTERNAL_RECIPIENTS_SHOWN_OUTSIDE,
    contents.BODY_EXTERNAL_ADDRESSES,
    contents.BODY_CONSUMER_ADDRESSES,
    contents.QUOTED_EXTERNAL_RECIPIENTS,
    contents.NESTED_EXTERNAL_RECIPIENTS,
    contents.CONTACT_EXTERNAL_ADDRESSES,
    earlier.BATCH_EXTERNAL_RECIPIENTS,
    earlier.RESHOWN_EXTERNAL_RECIPIENTS,
    earlier.RECALL,
    same_attachment.SAME_ATTACHMENT,
    recipients.ENVELOPE_RECIPIENTS,
    recipients.ENVELOPE_EXTERNAL_RECIPIENTS,
    recipients.RECIPIENT_DOMAIN,
    originators.SENDER,
    originators.SENDER_ANY,
    teams.SENDER_TEAM,
    teams.SENSITIVE_SENDER,
    originators.EXTERNAL_SENDERS,
    originators.FROM_FIELDS,
    content.SUBJECT,
    content.HEADER,
    content.MEDIA_TYPE,
    content.SIZE_BYTES,
    content.CALENDAR,
    content.HAS_ATTACHMENTS,
    contents.ENCRYPTED,
    structure.MALFORMED,
    structure.FINDING,
    structure.UNINSPECTABLE,
)

BY_KEY: Mapping[str, Condition] = MappingProxyType({condition.key: condition for condition in CONDITIONS})
