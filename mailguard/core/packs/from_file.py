"""What a file of a message says by itself: whom it names, and what was found in its attachments. Pure."""

from __future__ import annotations

from ..envelope import Envelope
from ..observation import Observation
from ..subject import subject_of
from .exposure import Form
from .facts import Known
from .gaps import of_file, of_unread


def known_of_file(seen: Observation, envelope: Envelope, content_sha256: str, *, envelope_given: bool) -> Known:
    """seen: with the inspections of its attachments. envelope_given: somebody said who its recipients were."""
    unread = sum(each.uninspectable is not None for each in seen.inspections.values())
    path = envelope.reverse_path
    return Known(
        subject=subject_of(seen.message),
        recipients=tuple(each.address for each in envelope.recipients),
        visible=seen.visible,
        senders=tuple(dict.fromkeys([*([path.address] if path else []), *seen.originators])),
        form=Form.ORIGINAL,
        counts={name: each for name, each in seen.facts.items() if type(each) is int},
        findings=tuple(each.to_json() for each in seen.findings),
        inventory=tuple(each.to_json() for each in seen.inventory),
        content_sha256=content_sha256,
        gaps=(*of_file(envelope_given=envelope_given), *((of_unread(unread),) if unread else ())),
        from_file=True,
    )
