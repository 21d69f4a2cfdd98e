"""What somebody typed about a message or an incident when their session had ended: kept through signing in, and filled
in again.

Contract: it travels in the page of signing in, which only the browser that typed it gets, and is stored only once
somebody has signed in there, sealed in that session and forgotten with it. It decides nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..core.packs.draft import MAX_TEXT
from ..core.reference import is_reference
from ..core.register.reference import is_incident
from .visit import CSRF, Visit

FIELDS = ("choice", "reject_note", "ask_to", "ask_note", "send_note", "why", "why_note", "wrong", "note",
          "text", "to_all", "inside", "incident")  # fmt: skip
MOST_CHARACTERS = 1_200
"""Of a field: a note that is a little too long is kept too, so that it can be shortened."""
MOST_TEXT = MAX_TEXT + MOST_CHARACTERS
"""Of an apology, likewise."""
PAGES = ("decide", "notes", "pack/apology", "report")
MOST_TOGETHER = 40_000
"""With what a form adds to it, it goes into one (visit.py)."""
NEW = "new"
ONCE = "once"
"""The field that tells a form from every other: sent a second time as it was, it makes no second record."""
KEPT = "kept"
"""In the address of a page of an incident that is to show what was kept: it has many forms, and each begins empty."""
_INCIDENT = re.compile(r"/incidents/(?:(new)|([^/]{1,40})/(revise|decide|close))")
_FIELD = re.compile(r"[a-z][A-Za-z0-9_.-]{0,80}")
_PAGE = re.compile(r"/m/([^/]{1,40})/(decide|notes|pack/apology|report)(?:/check)?")


@dataclass(frozen=True, slots=True)
class Draft:
    """page: of a message one of PAGES; of an incident (ref: its reference, or NEW) the one that it was. fields:
    by name, as typed.
    """

    ref: str
    page: str
    fields: Mapping[str, str]

    @property
    def path(self) -> str:
        if is_reference(self.ref):
            return f"/m/{self.ref}/{self.page}"
        return f"/incidents/{NEW if self.ref == NEW else f'{self.ref}/{self.page}'}?{KEPT}=yes"

    @property
    def valid(self) -> bool:
        """It has been through a browser."""
        if is_reference(self.ref):
            return self.page in PAGES
        here = self.page == NEW if self.ref == NEW else is_incident(self.ref)
        return here and self.page in (NEW, "revise", "decide", "close") and all(map(_FIELD.fullmatch, self.fields))


def typed_by(visit: Visit) -> Draft | None:
    """What a form that came without a session holds; None where nothing was typed, or on another page."""
    if (incident := _INCIDENT.fullmatch(visit.path)) is not None:
        return _of_incident(visit, incident[1] or incident[2], incident[1] or incident[3])
    found = _PAGE.fullmatch(visit.path)
    if found is None or not is_reference(found[1]):
        return None
    fields = {name: visit.typed(name)[: _most(name)] for name in FIELDS if visit.typed(name).strip()}
    return Draft(found[1], found[2], fields) if fields else None


def _of_incident(visit: Visit, ref: str, page: str) -> Draft | None:
    fields = {name: value for name, value in visit.form.items() if name != CSRF and value.strip()}
    draft = Draft(ref, page, fields)
    return draft if draft.valid and fields.keys() - {"seen", ONCE} else None


def to_text(draft: Draft) -> str:
    return json.dumps({"ref": draft.ref, "page": draft.page, "fields": dict(draft.fields)})


def from_text(text: str | None) -> Draft | None:
    """None for what is no draft: it has been through a browser."""
    if not text or len(text) > MOST_TOGETHER:
        return None
    try:
        read = json.loads(text)
        ref, page, fields = read["ref"], read["page"], read["fields"]
        if not all(isinstance(each, str) for each in (ref, page, *fields, *fields.values())):
            return None
        draft = Draft(ref, page, dict(fields))
        if not draft.valid:
            return None
        if not is_reference(ref):
            return draft
        return Draft(ref, page, {name: fields[name][: _most(name)] for name in FIELDS if name in fields})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _most(name: str) -> int:
    return MOST_TEXT if name == "text" else MOST_CHARACTERS


def of_session(visit: Visit, ref: str, page: str) -> Mapping[str, str]:
    """What this session keeps for a page of a message; nothing for any other."""
    draft = from_text(visit.signed_in.session.draft)
    return draft.fields if draft and (draft.ref, draft.page) == (ref, page) else {}


def of_incident(visit: Visit, ref: str, page: str) -> Mapping[str, str]:
    """As `of_session`, for a page of an incident that was asked to show it."""
    return of_session(visit, ref, page) if visit.query.get(KEPT) else {}
