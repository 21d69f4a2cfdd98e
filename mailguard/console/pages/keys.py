"""Keyboard shortcuts: which there are, and the switch. Off until somebody switches them on (WCAG 2.1.4)."""

from __future__ import annotations

from .. import words_queue as said
from ..answers import Answer, Page, Redirect
from ..visit import Visit

PATH = "/keys"


async def show(visit: Visit) -> Answer:
    on = visit.signed_in.account.shortcuts
    return Page("keys.html", said.KEYS_TITLE, {"said": said, "on": on})


async def switch(visit: Visit) -> Answer:
    await visit.site.preferences.set_shortcuts(visit.signed_in, visit.typed("on") == "1")
    return Redirect(PATH)
