"""What somebody typed about a message when their session had ended: kept through signing in, and filled in again.

Contract: it travels in the page of signing in, which only the browser that typed it gets, and is stored only once
somebody has signed in there, sealed in that session and forgotten with it. It decides nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..core.reference import is_reference
from .visit import Visit

FIELDS = ("choice", "reject_note", "ask_to", "ask_note", "send_note", "why", "why_note", "wrong", "note")
MOST_CHARACTERS = 1_200
"""Of a field: a note that is a little too long is kept too, so that it can be shortened."""
MOST_TOGETHER = 20_000
_PAGE = re.compile(r"/m/([^/]{1,40})/(decide|notes)(?:/check)?")


@dataclass(frozen=True, slots=True)
class Draft:
    """page: "decide" or "notes". fields: by name, as typed."""

    ref: str
    page: str
    fields: Mapping[str, str]

    @property
    def path(self) -> str:
        return f"/m/{self.ref}/{self.page}"


def typed_by(visit: Visit) -> Draft | None:
    """What a form that came without a session holds; None where nothing was typed, or on another page."""
    found = _PAGE.fullmatch(visit.path)
    if found is None or not is_reference(found[1]):
        return None
    fields = {name: visit.typed(name)[:MOST_CHARACTERS] for name in FIELDS if visit.typed(name).strip()}
    return Draft(found[1], found[2], fields) if fields else None


def to_text(draft: Draft) -> str:
    return json.dumps({"ref": draft.ref, "page": draft.page, "fields": dict(draft.fields)})


def from_text(text: str | None) -> Draft | None:
    """None for what is no draft: it has been through a browser."""
    if not text or len(text) > MOST_TOGETHER:
        return None
    try:
        read = json.loads(text)
        ref, page, fields = read["ref"], read["page"], read["fields"]
        whole = isinstance(ref, str) and is_reference(ref) and page in ("decide", "notes")
        if not whole or not all(isinstance(each, str) for each in fields.values()):
            return None
        return Draft(ref, page, {name: fields[name][:MOST_CHARACTERS] for name in FIELDS if name in fields})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def of_session(visit: Visit, ref: str, page: str) -> Mapping[str, str]:
    """What this session keeps for a page of a message; nothing for any other."""
    draft = from_text(visit.signed_in.session.draft)
    return draft.fields if draft and (draft.ref, draft.page) == (ref, page) else {}
