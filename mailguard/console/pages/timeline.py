"""What happened to one held message, as the last section of its page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ...guard.console.looking import Looked
from ...guard.console.timeline import DELIVERIES
from .. import words_timeline as said
from ..entry_words import in_words
from ..visit import Visit


async def timeline_of(visit: Visit, looked: Looked) -> dict[str, Any]:
    """The model of the section; the sentences are those of the audit trail."""
    found = await visit.site.timeline.of(looked)
    events = [] if found.earlier else [_event(visit, looked.held.received_at, said.RECEIVED)]
    events += [_event(visit, each.entry.at, in_words(each)) for each in found.events]
    delivered = [
        said.DELIVERIES[kind][count > 1].format(count=count, last=visit.site.in_words(last))
        for kind in sorted(DELIVERIES)
        if kind in found.deliveries
        for count, last in [found.deliveries[kind]]
    ]
    return {"timeline": said, "happened": events, "earlier": found.earlier, "delivered": delivered}


def _event(visit: Visit, at: datetime, sentence: str) -> dict[str, str]:
    return {"at": at.isoformat(), "moment": visit.site.in_words(at), "sentence": sentence}
